"""U109: a long age counted in hours, nights and holidays included."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.words import duration_text, plural
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.parts import (
    written,
)
from rulekit.lint.ranges import range_of
from rulekit.lint.subject import TREE, Subject
from rulekit.model.instant import DAY

CODE = Code("U109", "hours-for-days", INFO, "an age of a day or more in hours")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every age of 24 hours and more that is written in hours or minutes."""
    for leaf in written(subject.tree):
        found = range_of(leaf)
        if found is None or found.of != ("age", t.Unit.DURATION):
            continue
        end = found.high if found.low is None else found.low
        assert end is not None  # a range has an end
        if end >= DAY:
            days = plural(Fraction(int(end) // DAY), "day")
            yield Finding(
                leaf.span,
                f"`{duration_text(int(end))}` counts nights, weekends and holidays too",
                f"if trading days are meant, write `{days}`",
            )
