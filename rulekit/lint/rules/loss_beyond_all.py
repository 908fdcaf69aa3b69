"""U108: a loss that a long position cannot have."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.words import number_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    written,
)
from rulekit.lint.ranges import range_of
from rulekit.lint.subject import TREE, Subject

CODE = Code("U108", "loss-beyond-all", WARNING, "a loss of more than the whole price")
NEEDS = TREE


_ALL = Fraction(100)


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every level and every comparison with a loss above 100%."""
    if subject.tree.applies.sides == ("short",):
        return
    for leaf in written(subject.tree):
        found = range_of(leaf)
        if found is None or found.of != ("profit", t.Unit.PERCENT) or found.low is not None:
            continue
        assert found.high is not None  # a range has an end
        if found.high < -_ALL:
            yield Finding(
                leaf.span,
                f"a long position can lose at most 100%, so it never comes to a loss of {number_text(-found.high)}%",
                f"write the loss that is meant, for example `{number_text(-found.high / 10)}% loss`; "
                "for shorts say `applies to short positions`",
            )
