"""Q111: an `add` of more than the whole position."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import (
    amount_text,
)
from rulekit.language.words import number_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject
from rulekit.model.cautions import ADD_MAX_SHARE

_SHARES = (t.AmountKind.PERCENT_HELD, t.AmountKind.PERCENT_ORIGINAL)

CODE = Code("Q111", "add-beyond-guard", WARNING, "an `add` that the guard of the execution refuses")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every `add` of a larger share than the guard lets through."""
    allowed = Fraction(100) * Fraction(ADD_MAX_SHARE)
    for rule in subject.tree.rules:
        if isinstance(rule.verb, t.Add) and rule.verb.amount.kind in _SHARES and rule.verb.amount.value > allowed:
            yield Finding(
                rule.verb.amount.span,
                f"an add of {amount_text(rule.verb.amount)} is refused: one add may be at most"
                f" {number_text(allowed)}% of the original position",
                "write a smaller share, or raise `add_max_share` under [execution] in rulekit.toml",
            )
