"""L106: a repetition beyond the day."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    limit_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.sessions import is_intraday, session_of
from rulekit.lint.subject import TREE, Subject
from rulekit.model.instant import MINUTE

CODE = Code("L106", "rarer-than-session", WARNING, "a repetition that an intraday position never sees")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every limit of an intraday policy that comes round only after the session."""
    if not is_intraday(subject.tree):
        return
    length = session_of(subject.tree).length
    for rule in subject.tree.rules:
        limit = rule.limit
        if limit.daily or (limit.every is not None and _beyond(limit.every, limit.every_unit, length)):
            yield Finding(
                limit.span,
                f"an intraday position is gone before `{limit_text(limit)}` comes round: this is `once`",
                "write `once`, or a shorter time: `every 30 minutes`",
            )


def _beyond(every: int, unit: t.Unit, length: int) -> bool:
    if unit is t.Unit.DURATION:
        return every >= length
    return unit is t.Unit.DAYS or every * MINUTE >= length
