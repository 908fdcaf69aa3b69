"""L107: adds that multiply."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import (
    amount_text,
)
from rulekit.language.words import number_text, plural
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

_COUNTED = 1000
"""Beyond so many times the bound bounds nothing."""

CODE = Code("L107", "adds-multiply", WARNING, "adds that make a position several times as large")
NEEDS = TREE


_MUCH = 4


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every bounded `add` that may by itself make the position four times as large, or larger."""
    for rule in subject.tree.rules:
        times = rule.limit.times
        if not isinstance(rule.verb, t.Add) or times is None or times > _COUNTED:
            continue
        grown = _grown(rule.verb.amount, times)
        if grown >= _MUCH:
            yield Finding(
                rule.limit.span if rule.limit.written else rule.verb.amount.span,
                f"{plural(Fraction(times), 'add')} of {amount_text(rule.verb.amount)} make the position"
                f" {number_text(Fraction(round(grown * 10), 10))} times as large",
                "write a smaller share, or fewer times",
            )


def _grown(amount: t.Amount, times: int) -> Fraction:
    """Return how many times as large a position becomes; the original is the largest quantity, so it grows as well."""
    if amount.kind not in (t.AmountKind.PERCENT_HELD, t.AmountKind.PERCENT_ORIGINAL):
        return Fraction(1)
    return (1 + amount.value / 100) ** times
