"""S104: a stop further in profit than the level at which its rule begins to act."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language.sentences import level_text, price_text
from rulekit.language.tree import Level, MoveStop, PriceAtProfit, PriceExpr, PriceFact, Unit
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("S104", "stop-ahead-of-level", WARNING, "a stop further in profit than the level of its rule")
NEEDS = TREE

_COSTLESS = (PriceFact("entry"), PriceFact("break-even"))
"""Prices at which profit begins; charges put break-even a little further still."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every stop that lies at its rule's level of profit or beyond, both in one unit."""
    for rule in subject.tree.rules:
        level = rule.level
        if not isinstance(rule.verb, MoveStop) or not isinstance(level, Level) or not level.profit:
            continue
        kept = _profit_at(rule.verb.price, level.unit)
        if kept is not None and kept >= level.value:
            yield Finding(
                rule.verb.price.span,
                f"at {level_text(level)} the price has not passed `{price_text(rule.verb.price)}`, so the stop waits",
                "put the stop below the level: it acts only once the price is beyond it",
                ((level.span, "the level"),),
            )


def _profit_at(price: PriceExpr, unit: Unit) -> Fraction | None:
    """Return the profit that a price keeps, in that unit; None where constants do not tell."""
    offset = price.offset
    if isinstance(price.base, PriceAtProfit):
        return price.base.value if offset is None and price.base.unit is unit else None
    if price.base not in _COSTLESS or offset is None:
        return None
    if offset.unit is not unit or unit is Unit.RUPEES:  # rupees of profit are of the quantity, rupees of price are not
        return None
    return offset.value if price.towards_profit else -offset.value
