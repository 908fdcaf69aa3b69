"""T107: an intraday age beyond the session."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.words import duration_text, measure_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    all_lastings,
    written,
)
from rulekit.lint.ranges import range_of
from rulekit.lint.sessions import is_intraday, session_of
from rulekit.lint.subject import TREE, Subject
from rulekit.model.instant import MINUTE

CODE = Code("T107", "longer-than-session", WARNING, "an age that an intraday position never reaches")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every age in an intraday policy that is as long as the session or longer."""
    if not is_intraday(subject.tree):
        return
    length = session_of(subject.tree).length
    most = {t.Unit.DURATION: length, t.Unit.BARS: length // MINUTE, t.Unit.DAYS: 1}
    for lasting in all_lastings(subject.tree):
        if lasting.length.value >= most[lasting.length.unit]:
            yield Finding(
                lasting.span,
                f"a session has {duration_text(length)}, so nothing lasts as long for an intraday position",
                "write a shorter time: `for 5 minutes`",
            )
    for leaf in written(subject.tree):
        found = range_of(leaf)
        if found is None or found.of[0] != "age" or found.low is None:
            continue
        unit = found.of[1]
        if found.low >= most[unit]:
            yield Finding(
                leaf.span,
                f"a session has {duration_text(length)}, so an intraday position never is"
                f" {measure_text(found.low, unit)} old",
                "write a shorter age, or a time of day: `after 14:30`",
            )
