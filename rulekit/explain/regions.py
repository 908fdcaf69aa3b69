"""Where in profit and age each rule that changes the quantity can act: one box a rule, and what else must hold."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from attrs import evolve, frozen

from rulekit.explain.rows import TIMES, spelt_out
from rulekit.language import tree as t
from rulekit.language.sentences import level_text
from rulekit.language.tree import Op, TimeForm, Unit
from rulekit.model.instant import MINUTE


@frozen
class Region:
    """A box of profit in % of the entry and age in minutes; None has no bound on that side.

    Args:
        also: what else must hold, which profit and age do not show. Within an empty list the rule acts in all the box.
    """

    rule: t.Rule
    least_profit: Fraction | None = None
    most_profit: Fraction | None = None
    least_age: Fraction | None = None
    most_age: Fraction | None = None
    also: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Tell whether no profit or no age fits."""
        return _crossed(self.least_profit, self.most_profit) or _crossed(self.least_age, self.most_age)

    @property
    def needs_profit(self) -> bool:
        """Tell whether it can act only in profit."""
        level = self.rule.level
        by_level = isinstance(level, t.Level) and level.profit and level.value > 0
        return by_level or (self.least_profit is not None and self.least_profit > 0)


def _crossed(low: Fraction | None, high: Fraction | None) -> bool:
    return low is not None and high is not None and low > high


def region(rule: t.Rule) -> Region:
    """Return where a rule can act, as far as profit in % and age in minutes show it."""
    box = Region(rule)
    if rule.level is not None:
        box = _at_level(box, rule.level)
    for each in rule.times:
        if each.form is TimeForm.AGE and each.unit is Unit.DURATION:
            box = _older(box, Fraction(each.value, MINUTE))
        else:
            box = _also(box, TIMES[each.form](each))
    if rule.when is not None:
        for part in _joined(rule.when):
            box = _condition(box, part)
    return box if rule.unless is None else _also(box, f"not ({spelt_out(rule.unless)})")


def _also(box: Region, what: str) -> Region:
    return evolve(box, also=(*box.also, what))


def _at_level(box: Region, level: t.Level | t.PriceLevel) -> Region:
    if isinstance(level, t.PriceLevel) or level.unit is not Unit.PERCENT:
        box = _also(box, f"{level_text(level)} is reached")
        winning = isinstance(level, t.Level) and level.profit
        return _richer(box, Fraction(0)) if winning else box
    return _richer(box, level.value) if level.profit else _poorer(box, -level.value)


def _richer(box: Region, profit: Fraction) -> Region:
    return evolve(box, least_profit=profit if box.least_profit is None else max(profit, box.least_profit))


def _poorer(box: Region, profit: Fraction) -> Region:
    return evolve(box, most_profit=profit if box.most_profit is None else min(profit, box.most_profit))


def _older(box: Region, minutes: Fraction) -> Region:
    return evolve(box, least_age=minutes if box.least_age is None else max(minutes, box.least_age))


def _younger(box: Region, minutes: Fraction) -> Region:
    return evolve(box, most_age=minutes if box.most_age is None else min(minutes, box.most_age))


# --- conditions ------------------------------------------------------------


def _joined(condition: t.Condition) -> Iterator[t.Condition]:
    """List what must hold together; a definition that only bounds profit and age is taken apart."""
    if isinstance(condition, t.And):
        for item in condition.items:
            yield from _joined(item)
    elif isinstance(condition, t.Named) and all(_bounds(part) is not None for part in _joined(condition.condition)):
        yield from _joined(condition.condition)
    else:
        yield condition


Bounds = list[tuple[str, Op, Fraction]]
_TURNED = {Op.AT_LEAST: Op.AT_MOST, Op.AT_MOST: Op.AT_LEAST, Op.ABOVE: Op.BELOW, Op.BELOW: Op.ABOVE, Op.IS: Op.IS}


def _bounds(part: t.Condition) -> Bounds | None:
    """Return the bounds of profit in % or age in minutes that a part sets; None if it speaks of something else."""
    if isinstance(part, t.Between):
        low, high = _bound(part.operand, Op.AT_LEAST, part.low), _bound(part.operand, Op.AT_MOST, part.high)
        return None if low is None or high is None else [low, high]
    if not isinstance(part, t.Comparison) or part.op not in _TURNED:
        return None
    bound = _bound(part.left, part.op, part.right)
    return None if bound is None else [bound]


def _bound(left: t.Operand, op: Op, right: t.Operand) -> tuple[str, Op, Fraction] | None:
    if not isinstance(left, t.FactRef) or not isinstance(right, t.Number):
        return None
    if left.name in ("profit", "loss") and right.unit is Unit.PERCENT:
        return ("profit", op, right.value) if left.name == "profit" else ("profit", _TURNED[op], -right.value)
    return ("age", op, right.value / MINUTE) if left.name == "age" and right.unit is Unit.DURATION else None


def _condition(box: Region, part: t.Condition) -> Region:
    bounds = _bounds(part)
    if bounds is None:
        return _also(box, spelt_out(part))
    for fact, op, value in bounds:
        up, down = (_richer, _poorer) if fact == "profit" else (_older, _younger)
        if op in (Op.AT_LEAST, Op.ABOVE, Op.IS):
            box = up(box, value)
        if op in (Op.AT_MOST, Op.BELOW, Op.IS):
            box = down(box, value)
    return box
