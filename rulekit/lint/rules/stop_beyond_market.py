"""S101: a stop at the price, or on its profit side: it could never be set."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.sentences import distance_text, price_text
from rulekit.language.tree import MoveStop, PriceExpr, PriceFact
from rulekit.lint.finding import ERROR, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("S101", "stop-beyond-market", ERROR, "a stop at the price or on its profit side, which is never set")
NEEDS = TREE

_AT_OR_BEYOND = ("price", "best price")
"""Prices that the market has not left behind: the best price is never worse than the price."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every stop whose price is the market's own or better."""
    for rule in subject.tree.rules:
        if isinstance(rule.verb, MoveStop) and (help := _mended(rule.verb.price)):
            yield Finding(
                rule.verb.price.span,
                f"a stop at `{price_text(rule.verb.price)}` is at the market or beyond it, so it is never set",
                help,
            )


def _mended(price: PriceExpr) -> str:
    """Return what to write instead of a price at the market or beyond it; empty for any other price."""
    if not isinstance(price.base, PriceFact) or price.base.name not in _AT_OR_BEYOND:
        return ""
    if price.offset is None:
        return f"leave room for the price to move: `1% from {price.base.name}`"
    if price.towards_profit:
        return f"`+` is towards profit; write `{distance_text(price.offset)} from {price.base.name}`"
    return ""
