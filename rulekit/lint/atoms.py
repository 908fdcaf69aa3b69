"""Conditions as combinations of atoms, each about one axis; what constants do not settle is an axis of truth."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from fractions import Fraction
from typing import Any

from attrs import define, field, fields

from rulekit.language import tree as t
from rulekit.language.sentences import operand_text
from rulekit.language.tree import Op, TimeForm, Unit
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.language.words import DAY_NAMES
from rulekit.lint.axes import UNKNOWN_CELL, Axis, Mask, NumberAxis, TruthAxis, WordAxis
from rulekit.lint.scales import (
    NO_EXPIRY,
    OVERNIGHT,
    PRICE_NOW,
    TIME,
    TO_CLOSE,
    TO_EXPIRY,
    Scale,
    moved_scale,
    profit_scale,
    scale_of,
)
from rulekit.lint.terms import FLIPPED, Every, NumberAtom, Opposite, Some, Term, TruthAtom, WordAtom
from rulekit.model.instant import DAY

Truth = bool | None
ZERO = Fraction(0)


_FAR = {Op.AT_LEAST: True, Op.ABOVE: True, Op.IS_NOT: True, Op.AT_MOST: False, Op.BELOW: False, Op.IS: False}
"""What holds for an age beyond all bounds."""


@define(eq=False)
class Axes:
    """The axes of a policy, numbered in the order in which its conditions name them."""

    vocabulary: Vocabulary = STANDARD
    axes: list[Axis] = field(factory=list)
    places: dict[Hashable, int] = field(factory=dict)
    alls: list[Mask] = field(factory=list)

    def seal(self) -> None:
        """Order the thresholds of every axis; no more are taken."""
        for axis in self.axes:
            axis.seal()
        self.alls = [axis.all for axis in self.axes]

    def find(self, key: Hashable) -> int | None:
        """Return the number of an axis, None if the policy does not name it."""
        return self.places.get(key)

    def number(self, scale: Scale) -> int:
        """Return the axis of a scale."""
        return self._taken(scale.key, lambda: NumberAxis(scale.key, scale.bounds, scale.extras))

    def word(self, name: str) -> int:
        """Return the axis of a word."""
        return self._taken(("word", name), lambda: _word_axis(name))

    def truth(self, key: Hashable) -> int:
        """Return an axis of truth."""
        return self._taken(("truth", key), lambda: TruthAxis(key))

    def _taken(self, key: Hashable, new: Callable[[], Axis]) -> int:
        if key not in self.places:
            self.places[key] = len(self.axes)
            self.axes.append(new())
        return self.places[key]

    # --- terms ---------------------------------------------------------------------------------------------

    def bound(self, scale: Scale, op: Op, value: Fraction, extras: Mapping[str, bool] | None = None) -> NumberAtom:
        """Return an atom, its value already in the axis' measure."""
        place = self.number(scale)
        axis = self.axes[place]
        assert isinstance(axis, NumberAxis)
        axis.learn(value)
        return NumberAtom(place, op, value, tuple((extras or {}).items()))

    def is_word(self, name: str, word: str, same: bool = True) -> Term:
        """Return an atom about a word."""
        place = self.word(name)
        axis = self.axes[place]
        assert isinstance(axis, WordAxis)
        axis.learn(word)
        return WordAtom(place, word, same)

    def term(self, node: Any) -> Term:
        """Translate a condition or a trigger; one that is not known here becomes an axis of truth."""
        translate = _NODES.get(type(node))
        if translate is None or not familiar(node):
            return TruthAtom(self.truth(node))
        return translate(self, node)


def _word_axis(name: str) -> WordAxis:
    if name == "side":
        return WordAxis(("word", name), True, ["long", "short"])
    if name == "day":
        return WordAxis(("word", name), True, [day.lower() for day in DAY_NAMES])
    return WordAxis(("word", name))


# --- comparisons -----------------------------------------------------------------------------------------------


def _comparison(axes: Axes, node: t.Comparison) -> Term:
    return compared(axes, node.left, node.op, node.right)


def _between(axes: Axes, node: t.Between) -> Term:
    return Every(
        (compared(axes, node.operand, Op.AT_LEAST, node.low), compared(axes, node.operand, Op.AT_MOST, node.high))
    )


def compared(axes: Axes, left: t.Operand, op: Op, right: t.Operand) -> Term:
    """Translate one comparison."""
    if isinstance(left, t.Number) or (isinstance(left, t.Text) and not isinstance(right, t.Text)):
        left, op, right = right, FLIPPED[op], left
    if isinstance(right, t.Text):
        assert isinstance(left, t.FactRef)
        return axes.is_word(left.name, right.value.casefold(), op is Op.IS)
    fact = _as_fact(left)
    if isinstance(right, t.Number) and fact is not None:
        return _against_number(axes, fact, op, right)
    return _difference(axes, left, op, right)


def _as_fact(operand: t.Operand) -> t.FactRef | None:
    """Return an operand that is a fact, or a price that is one."""
    if isinstance(operand, t.FactRef):
        return operand
    if not isinstance(operand, t.PriceExpr) or operand.offset is not None:
        return None
    base = operand.base
    if isinstance(base, t.PriceFact) and base.name != "break-even":
        return t.FactRef(base.name, Unit.RUPEES, base.window)
    return None


def _against_number(axes: Axes, fact: t.FactRef, op: Op, number: t.Number) -> Term:
    scale = scale_of(fact, axes.vocabulary)
    if scale is None:
        return _difference(axes, fact, op, number)
    value = scale.value(number.value)
    extras = {}
    if scale.key == ("age", Unit.DURATION) and number.value <= DAY:
        extras = {UNKNOWN_CELL: _FAR[op]}
    elif scale.key == ("age", Unit.DAYS) and number.value <= 1:
        extras = {OVERNIGHT: _FAR[op]}
    return axes.bound(scale, FLIPPED[op] if scale.sign < 0 else op, value, extras)


def _difference(axes: Axes, left: t.Operand, op: Op, right: t.Operand) -> Term:
    """Compare two things that both vary: the axis is their difference, its one threshold is zero."""
    left, right = _as_fact(left) or left, _as_fact(right) or right
    if operand_text(right) < operand_text(left):
        left, op, right = right, FLIPPED[op], left
    return axes.bound(Scale(("difference", left, right)), op, ZERO)


def _lasting(axes: Axes, node: t.Lasting) -> Term:
    """Translate a condition that must last: it holds now, and for how long is a matter of memory."""
    return Every((axes.term(node.item), TruthAtom(axes.truth(node))))


def _crosses(axes: Axes, node: t.Crosses) -> Term:
    """Translate a crossing: it is beyond now, and where it was before is a matter of memory."""
    return Every((axes.term(node.beyond), TruthAtom(axes.truth(node))))


def _moves(axes: Axes, node: t.Moves) -> Term:
    """Translate a move of the price over a window: a figure of the market; what it is for the profit stays open."""
    if node.subject.name != "price":
        return TruthAtom(axes.truth(node))
    by = moved_scale(node.window).value(node.by.value)
    return axes.bound(moved_scale(node.window), Op.AT_LEAST if node.up else Op.AT_MOST, by if node.up else -by)


# --- triggers --------------------------------------------------------------------------------------------------


def _level(axes: Axes, node: t.Level) -> Term:
    """Translate a level; of a ladder it is the first rung, without which no other is reached."""
    if node.profit:
        return axes.bound(profit_scale(node.unit), Op.AT_LEAST, node.value)
    return axes.bound(profit_scale(node.unit), Op.AT_MOST, -node.value)


def profit_at(price: t.PriceExpr) -> tuple[Fraction, Unit] | None:
    """Return the profit that a position shows at a price, where constants tell; else None."""
    at_entry = not isinstance(price.base, t.PriceFact) or price.base.name == "entry"
    return profit_kept(price) if at_entry else None


def profit_kept(price: t.PriceExpr) -> tuple[Fraction, Unit] | None:
    """Return the same for a stop, counting break-even as the entry: what a position keeps there, before charges."""
    base, offset = price.base, price.offset
    if isinstance(base, t.PriceAtProfit):
        return (base.value, base.unit) if offset is None else None
    if not isinstance(base, t.PriceFact) or base.name not in ("entry", "break-even"):
        return None
    if offset is None:
        return ZERO, Unit.PERCENT
    if offset.window is not None:
        return None
    unit = Unit.POINTS if offset.unit is Unit.RUPEES else offset.unit
    return (offset.value if price.towards_profit else -offset.value), unit


def _price_level(axes: Axes, node: t.PriceLevel) -> Term:
    shown = profit_at(node.price)
    if shown is not None:
        return axes.bound(profit_scale(shown[1]), Op.AT_LEAST, shown[0])
    if isinstance(node.price.base, t.PriceConstant) and node.price.offset is None:
        value = node.price.base.value
        long = Every((axes.is_word("side", "long"), axes.bound(PRICE_NOW, Op.AT_LEAST, value)))
        short = Every((axes.is_word("side", "short"), axes.bound(PRICE_NOW, Op.AT_MOST, value)))
        return Some((long, short))
    return axes.bound(Scale(("ahead of", node.price)), Op.AT_LEAST, ZERO)


def _age(axes: Axes, node: t.When) -> Term:
    fact = t.FactRef("age", node.unit)
    return _against_number(axes, fact, Op.AT_LEAST, t.Number(Fraction(node.value), node.unit))


def _between_clock(axes: Axes, node: t.When) -> Term:
    parts = (
        axes.bound(TIME, Op.AT_LEAST, Fraction(node.value)),
        axes.bound(TIME, Op.AT_MOST, Fraction(node.high)),
    )
    return Every(parts) if node.value <= node.high else Some(parts)


_TIMES: dict[TimeForm, Callable[[Axes, t.When], Term]] = {
    TimeForm.AGE: _age,
    TimeForm.FROM_CLOCK: lambda axes, node: axes.bound(TIME, Op.AT_LEAST, Fraction(node.value)),
    TimeForm.BEFORE_CLOCK: lambda axes, node: axes.bound(TIME, Op.BELOW, Fraction(node.value)),
    TimeForm.BETWEEN_CLOCK: _between_clock,
    TimeForm.BEFORE_CLOSE: lambda axes, node: axes.bound(TO_CLOSE, Op.AT_MOST, Fraction(node.value)),
    TimeForm.ON_DAY: lambda axes, node: axes.is_word("day", DAY_NAMES[node.value].lower()),
    TimeForm.ON_EXPIRY: lambda axes, node: axes.bound(TO_EXPIRY, Op.IS, ZERO, {NO_EXPIRY: False}),
}


def _when(axes: Axes, node: t.When) -> Term:
    translate = _TIMES.get(node.form)
    return TruthAtom(axes.truth(node)) if translate is None else translate(axes, node)


_NODES: dict[type, Callable[[Axes, Any], Term]] = {
    t.Comparison: _comparison,
    t.Between: _between,
    t.Lasting: _lasting,
    t.Crosses: _crosses,
    t.Moves: _moves,
    t.And: lambda axes, node: Every(tuple(axes.term(item) for item in node.items)),
    t.Or: lambda axes, node: Some(tuple(axes.term(item) for item in node.items)),
    t.Not: lambda axes, node: Opposite(axes.term(node.item)),
    t.Named: lambda axes, node: axes.term(node.condition),
    t.Level: _level,
    t.FactLevel: lambda axes, node: _comparison(axes, node.comparison),
    t.PriceLevel: _price_level,
    t.When: _when,
}

_FAMILIAR: dict[type, frozenset[str]] = {
    t.Level: frozenset(("value", "unit", "profit", "name", "span", "every")),
    t.FactLevel: frozenset(("value", "unit", "profit", "name", "span", "every", "fact")),
    t.PriceLevel: frozenset(("price", "span")),
    t.When: frozenset(("form", "value", "high", "unit", "worded", "name", "span")),
    t.Comparison: frozenset(("left", "op", "right", "span")),
    t.Between: frozenset(("operand", "low", "high", "span")),
    t.Lasting: frozenset(("item", "length", "span")),
    t.Moves: frozenset(("subject", "up", "by", "window", "span")),
    t.Crosses: frozenset(("left", "above", "right", "span")),
    t.And: frozenset(("items", "span")),
    t.Or: frozenset(("items", "span")),
    t.Not: frozenset(("item", "span")),
    t.Named: frozenset(("name", "condition", "span")),
    t.Limit: frozenset(("times", "every", "every_unit", "daily", "written", "span")),
    t.Rule: frozenset(("name", "label", "verb", "level", "times", "when", "unless", "limit", "span")),
}
"""What is understood of each node; a field beyond these that is not at its default makes it one that is not."""


def familiar(node: Any) -> bool:
    """Tell whether all that a node says is understood here."""
    known = _FAMILIAR.get(type(node))
    if known is None:
        return False
    return all(each.name in known or getattr(node, each.name) == each.default for each in fields(type(node)))
