"""Q108: a book that repeats beyond the whole position."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.words import number_text, plural
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("Q108", "repeats-over-everything", WARNING, "a book that repeats until more than all is sold")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every book of a share of the original that, as often as it may act, comes to more than all."""
    for rule in subject.tree.rules:
        times = rule.limit.times
        if not isinstance(rule.verb, t.Book) or times is None:
            continue
        amount = rule.verb.amount
        if amount.kind is t.AmountKind.PERCENT_ORIGINAL and amount.value * times > 100:
            enough = 100 // amount.value
            yield Finding(
                rule.limit.span,
                f"{times} times {number_text(amount.value)}% of the original are {number_text(amount.value * times)}%:"
                f" after {plural(Fraction(enough), 'time')} {_left(100 - amount.value * enough)}",
                f"write at most `up to {enough} times`, or a smaller share",
            )


def _left(share: Fraction) -> str:
    return f"only {number_text(share)}% is left" if share else "nothing is left"
