"""L105: a book that halves and halves."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import (
    amount_text,
    limit_text,
)
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.parts import (
    closes,
)
from rulekit.lint.subject import TREE, Subject

CODE = Code("L105", "endless-book", INFO, "a book of a share of what is held that repeats for ever")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every repeating book of a share of what is held without `up to N times`."""
    for rule in subject.tree.rules:
        limit = rule.limit
        if not isinstance(rule.verb, t.Book) or limit.times is not None:
            continue
        if rule.verb.amount.kind is t.AmountKind.PERCENT_HELD and not closes(rule):
            place = limit if limit.written else rule.level
            assert place is not None  # what repeats without a limit is a ladder
            yield Finding(
                place.span,
                f"each time {amount_text(rule.verb.amount)} of what is left are booked: the books become smaller and"
                " smaller and never close the position",
                f"say of what and how often: `book {amount_text(rule.verb.amount)} of the original"
                f" …, {_enough(rule.verb.amount.value)}{_every(limit)}`",
            )


def _enough(share: Fraction) -> str:
    times = int(100 // share)
    return f"up to {times} times" if times > 1 else "once"


def _every(limit: t.Limit) -> str:
    return f" {limit_text(limit)}" if limit.written else ""
