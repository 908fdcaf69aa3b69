"""S109: a level or a target that the price has reached before it moves at all."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import distance_text, price_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("S109", "reached-already", WARNING, "a level or a target that the price has reached from the beginning")
NEEDS = TREE

_BEHIND = ("price", "stop", "initial stop", "worst price")
"""Prices that the market is never on the losing side of while the position is held."""
_ENTRY = ("entry", "break-even")
_STOP = ("stop", "initial stop")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every level and every target that lies where the price is, or on its losing side."""
    for rule in subject.tree.rules:
        if isinstance(rule.level, t.PriceLevel) and _is_reached(rule.level.price, rule):
            yield _level(rule.level)
        elif isinstance(rule.verb, t.SetTarget) and (_is_reached(rule.verb.price, rule) or _at_a_loss(rule)):
            text = price_text(rule.verb.price)
            yield Finding(
                rule.verb.price.span,
                f"the price has reached a target at `{text}` already, so the position is closed at the next look",
                "a target lies in profit: `set target to 5% profit`"
                + ("" if _is_reached(rule.verb.price, rule) else f"; a stop is `move stop to {text}`"),
            )


def _level(level: t.PriceLevel) -> Finding:
    text, base = price_text(level.price), level.price.base
    name = base.name if isinstance(base, t.PriceFact) else ""
    if name in _STOP:
        help = "a stop is watched without a sentence; set one: `move stop to 2% loss`"
    elif name == "best price":
        behind = level.price.offset and distance_text(level.price.offset)
        help = f"to follow the best price write `trail stop {behind or '2%'}`"
    else:
        help = "say how far it has to come: `at 5% profit`"
    return Finding(
        level.span,
        f"`at {text}` means that the price has come to it in the direction of profit, which it has from the beginning",
        help,
    )


def _is_reached(price: t.PriceExpr, rule: t.Rule) -> bool:
    """Tell whether the market stands at that price or on its profit side whenever nothing else is asked for."""
    if not isinstance(price.base, t.PriceFact) or (price.offset is not None and price.towards_profit):
        return False
    if price.base.name in _BEHIND:
        return True
    return price.base.name == "best price" and (price.offset is not None or _waits_for_nothing(rule))


def _at_a_loss(rule: t.Rule) -> bool:
    """Tell whether a target lies at the entry or at a loss, and the rule does not wait for a loss or anything else."""
    assert isinstance(rule.verb, t.SetTarget)
    price, level = rule.verb.price, rule.level
    if isinstance(price.base, t.PriceAtProfit):
        no_profit = price.base.value <= 0 and price.offset is None
    else:
        at_entry = isinstance(price.base, t.PriceFact) and price.base.name in _ENTRY
        no_profit = at_entry and (price.offset is None or not price.towards_profit)
    if isinstance(level, t.Level):
        return no_profit and level.profit
    return no_profit and level is None and _waits_for_nothing(rule)


def _waits_for_nothing(rule: t.Rule) -> bool:
    return rule.when is None and rule.unless is None and not rule.times
