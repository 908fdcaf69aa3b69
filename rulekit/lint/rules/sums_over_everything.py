"""Q109: books that together are more than there was."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.words import number_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.protection import needs_profit
from rulekit.lint.subject import TREE, Subject

CODE = Code("Q109", "sums-over-everything", WARNING, "books in profit that together are more than the original")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the first book in profit with which the shares of the original come to more than all of it."""
    total = Fraction(0)
    earlier: list[t.Rule] = []
    for rule in subject.tree.rules:
        if not isinstance(rule.verb, t.Book) or rule.verb.amount.kind is not t.AmountKind.PERCENT_ORIGINAL:
            continue
        if not needs_profit(rule) or rule.limit.times is None:
            continue
        share = min(rule.verb.amount.value * rule.limit.times, Fraction(100))
        if total <= 100 < total + share:
            yield Finding(
                rule.verb.amount.span,
                f"with this book the books in profit are of {number_text(total + share)}% of the original position;"
                f" {_left(100 - total)}",
                "make them 100% together, or write `up to`: `book up to 75%`",
                tuple((each.span, "counts too") for each in earlier),
            )
        total += share
        earlier.append(rule)


def _left(share: Fraction) -> str:
    return f"it finds at most {number_text(share)}% of it" if share else "nothing is left for it"
