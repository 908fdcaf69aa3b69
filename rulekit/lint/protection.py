"""Which rules of a policy limit a loss."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.lint.parts import closes, demands, every_rule, opened, slots
from rulekit.lint.ranges import Range, range_while

_TELLS_OF_LOSS = ("profit", "loss", "total profit")
"""Facts by which an exit notices that a position loses."""


def protections(tree: t.PolicyTree) -> list[t.Rule]:
    """List the rules that limit a loss: an exit that a loss brings about, or a stop that needs no profit first.

    One that exits the whole book counts among them.
    """
    return [rule for rule in every_rule(tree) if limits_loss(rule)]


def limits_loss(rule: t.Rule) -> bool:
    """Tell whether a rule may act on a position that loses, because it loses."""
    if needs_profit(rule):
        return False
    if isinstance(rule.verb, t.MoveStop | t.TrailStop):
        return True
    if isinstance(rule.verb, t.WholeBook):
        return t.BookAction.EXIT_EVERYTHING in rule.verb.actions
    return closes(rule) and any(_looks_at_loss(leaf) for slot in slots(rule) for leaf in opened(slot))


def _looks_at_loss(leaf: t.Condition) -> bool:
    if isinstance(leaf, t.Level):
        return True  # a level of profit asks for profit, which has been seen before
    if isinstance(leaf, t.Comparison):
        sides: Iterator[t.Operand] = iter((leaf.left, leaf.right))
    elif isinstance(leaf, t.Between):
        sides = iter((leaf.operand,))
    else:
        return False
    return any(isinstance(side, t.FactRef) and side.name in _TELLS_OF_LOSS for side in sides)


def needs_profit(rule: t.Rule) -> bool:
    """Tell whether a rule acts only on a position that is in profit."""
    if isinstance(rule.level, t.PriceLevel):
        return True
    return any(_in_profit(range_while(each)) for each in demands(rule))


def _in_profit(found: Range | None) -> bool:
    return found is not None and found.within(Range(("profit", found.of[1]), low=Fraction(0)))
