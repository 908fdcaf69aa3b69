"""Lowers conditions, prices and amounts of the checked tree to arithmetic and comparisons: a small function a node."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any as AnyNode

from attrs import frozen

from rulekit.compile.expressions import (
    ALWAYS,
    ONE,
    ZERO,
    Binary,
    Compare,
    Const,
    Expr,
    Load,
    Ratio,
    Remembered,
    Test,
    add,
    all_of,
    any_of,
    compare,
    multiply,
    negate,
    subtract,
)
from rulekit.compile.layout import FIRED_SLOT, LASTS, SIDE_OF, FactSlot, LayoutBuilder
from rulekit.compile.measures import HUNDRED, TEXT_SLOTS, WHOLE, Measures
from rulekit.errors import RulekitError
from rulekit.language import tree
from rulekit.language.tree import AmountKind, Op, TimeForm, Unit
from rulekit.language.unnamed import memory_key
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.language.words import window_text
from rulekit.model.instant import DAY

OPERATORS = {Op.AT_LEAST: ">=", Op.AT_MOST: "<=", Op.ABOVE: ">", Op.BELOW: "<", Op.IS: "=="}
DAY_NUMBERS = {"monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6}
SIDE_NUMBERS = {"long": 1, "short": -1}


@frozen
class Lasts:
    """A memory slot that holds since when a test has held without a break."""

    slot: int
    holds: Test


@frozen
class Side:
    """A memory slot that holds how far beyond its level a crossing was at the last look."""

    slot: int
    beyond: Expr


class Lowering(Measures):
    """Turns the nodes of one policy into expressions over its slots; `rule` is the place of the rule at hand."""

    rule = 0

    def __init__(self, slots: LayoutBuilder, vocabulary: Vocabulary = STANDARD) -> None:
        super().__init__(slots, vocabulary)
        self.watches: list[Lasts | Side] = []

    # --- conditions ----------------------------------------------------------------------------------------

    def rule_condition(self, rule: tree.Rule) -> Test:
        """Return all that must hold before a rule acts: level, times, `when`, and not `unless`."""
        parts = [self.condition(part) for part in (rule.level, *rule.times, rule.when) if part is not None]
        if rule.unless is not None:
            parts.append(negate(self.condition(rule.unless)))
        return all_of(*parts) if parts else ALWAYS

    def condition(self, node: tree.Condition) -> Test:
        """Return the comparisons that a condition stands for."""
        return _CONDITIONS[type(node)](self, node)

    def _comparison(self, node: tree.Comparison) -> Test:
        return self.compared(node.left, node.op, node.right)

    def compared(self, left: tree.Operand, op: Op, right: tree.Operand) -> Test:
        """Compare two operands; words are compared as numbers."""
        if op is Op.IS_NOT:
            return negate(self.compared(left, Op.IS, right))
        if isinstance(left, tree.Text) or isinstance(right, tree.Text):
            return self._words(left, right)
        return compare(OPERATORS[op], self.operand(left, right), self.operand(right, left))

    def operand(self, node: tree.Operand, other: tree.Operand) -> Ratio:
        """Return an operand in the measure of its comparison; prices in rupees."""
        if isinstance(node, tree.Number):
            return Ratio(node.value)
        if isinstance(node, tree.PriceExpr):
            return self.price_of(node).scaled_bottom(self.load("scale"))
        if isinstance(node, tree.FactRef):
            if node.name == "age" and isinstance(other, tree.Number):
                return self.age(node.unit, other.value)
            return self.fact(node)
        raise RulekitError(f"`{node.value}` is a word and cannot be compared with a number")

    def _words(self, left: tree.Operand, right: tree.Operand) -> Test:
        fact, word = (right, left) if isinstance(left, tree.Text) else (left, right)
        if not isinstance(fact, tree.FactRef) or not isinstance(word, tree.Text):
            raise RulekitError("a word can be compared with a fact only")
        value = word.value.casefold()
        if fact.name == "side":
            return Compare("==", self.side, Const(float(SIDE_NUMBERS.get(value, 0))))
        if fact.name == "day":
            return Compare("==", self.load("weekday"), Const(float(DAY_NUMBERS.get(value, -1))))
        if fact.name not in TEXT_SLOTS:
            raise RulekitError(f"`{fact.name}` is not a word")
        return Compare("==", self.load(fact.name), Const(self.slots.text(value)))

    def _between(self, node: tree.Between) -> Test:
        return all_of(
            self.compared(node.operand, Op.AT_LEAST, node.low), self.compared(node.operand, Op.AT_MOST, node.high)
        )

    def _lasting(self, node: tree.Lasting) -> Test:
        """Require that it holds, and has for as long: its moment is noted before any rule is judged."""
        holds = self.condition(node.item)
        slot = self.slots.remembered(self.rule, LASTS + memory_key(node))
        self._watch(Lasts(slot, holds))
        passed, length = subtract(self.load("now"), Remembered(slot)), Const(float(node.length.value))
        needed = multiply(length, self.load("bar")) if node.length.unit is Unit.BARS else length
        return all_of(holds, Compare(">=", passed, needed))

    def _crosses(self, node: tree.Crosses) -> Test:
        """Require that it is beyond, and was not at the look before."""
        beyond = self._comparison(node.beyond)
        assert isinstance(beyond, Compare)
        ends = (beyond.left, beyond.right) if beyond.op == ">" else (beyond.right, beyond.left)
        slot = self.slots.remembered(self.rule, SIDE_OF + memory_key(node))
        self._watch(Side(slot, subtract(*ends)))
        return all_of(beyond, Compare("<=", Remembered(slot), ZERO))

    def _moves(self, node: tree.Moves) -> Test:
        """Hold the change of price over the window, or what it means for the profit, against the move."""
        phrase = f"change {window_text(node.window)}"
        # The bare `change` is that of the day, so only the full phrase will do.
        change = Load(self.slots.fact(FactSlot(phrase, phrase, literal=True)))
        op = ">=" if node.up else "<="
        by = Ratio(node.by.value if node.up else -node.by.value)
        if node.subject.name == "price":
            return compare(op, Ratio(WHOLE, change, natural=True), by)
        towards = multiply(self.directed("price"), change)
        moved = Ratio(HUNDRED, towards, multiply(add(Const(100.0), change), self.load("entry")))
        if node.subject.name == "loss":
            moved = moved.times(Fraction(-1))
        return compare(op, moved, by)

    def _watch(self, watch: Lasts | Side) -> None:
        if watch not in self.watches:
            self.watches.append(watch)

    def _level(self, node: tree.Level) -> Test:
        name = "profit" if node.profit else "loss"
        needed = Ratio(node.value)
        if node.every:
            needed = Ratio(node.value, add(Remembered(self.slots.remembered(self.rule, FIRED_SLOT)), ONE))
        return compare(">=", self.fact(tree.FactRef(name, node.unit)), needed)

    def _price_level(self, node: tree.PriceLevel) -> Test:
        return compare(">=", Ratio(WHOLE, self.directed("price")), self.directed_price(node.price))

    def _when(self, node: tree.When) -> Test:
        return _TIMES[node.form](self, node)

    def age(self, unit: Unit, threshold: Fraction) -> Ratio:
        """Return the age; up to one day an overnight position of unknown age is simply older."""
        if unit is Unit.DAYS:
            return Ratio(WHOLE, self.load("age_days" if threshold <= 1 else "age_days_beyond_one"))
        if unit is Unit.BARS:
            return self.fact(tree.FactRef("age", Unit.BARS))
        return Ratio(WHOLE, self.load("age" if threshold <= DAY else "age_beyond_a_day"))

    # --- prices --------------------------------------------------------------------------------------------

    def price_of(self, node: tree.PriceExpr) -> Ratio:
        """Return a price in smallest units, as the market quotes it."""
        if node.offset is None and not isinstance(node.base, tree.PriceAtProfit):
            return self._quoted(node.base)
        return self.directed_price(node).scaled(self.side)

    def directed_price(self, node: tree.PriceExpr) -> Ratio:
        """Return a price turned by the side, so that more is better; there `+` simply adds."""
        base = self._directed_base(node.base)
        if node.offset is None:
            return base
        quoted = self.price_of(tree.PriceExpr(node.base))
        distance = self.distance(node.offset, quoted)
        return base.plus(distance if node.towards_profit else distance.times(Fraction(-1)))

    def _quoted(self, base: tree.PriceFact | tree.PriceConstant) -> Ratio:
        if isinstance(base, tree.PriceConstant):
            return Ratio(base.value, self.load("scale"))
        return self.price(base.name, base.window)

    def _directed_base(self, base: tree.PriceFact | tree.PriceConstant | tree.PriceAtProfit) -> Ratio:
        if isinstance(base, tree.PriceFact) and base.name == "break-even":
            return Ratio(WHOLE, add(self.directed("entry"), self.load("charges")))
        if not isinstance(base, tree.PriceAtProfit):
            return self._quoted(base).scaled(self.side, first=True)
        entry = Ratio(WHOLE, self.directed("entry"))
        if base.unit is Unit.RUPEES:
            return entry.plus(Ratio(base.value, self.load("scale"), self.size))
        return entry.plus(self.distance(tree.Distance(base.value, base.unit), Ratio(WHOLE, self.load("entry"))))

    def distance(self, node: tree.Distance, base: Ratio) -> Ratio:
        """Return a distance of price in smallest units; a percentage is of the price it is measured from."""
        if node.unit is Unit.PERCENT:
            return base.times(node.value / HUNDRED)
        if node.unit is Unit.ATR:
            return Ratio(node.value, self.atr(node.window))
        return Ratio(node.value, self.load(_DISTANCES[node.unit]))

    def on_tick(self, price: Ratio) -> Expr:
        """Return a directed stop rounded to the tick on the side that tightens least."""
        return _floor(price, self.load("tick"))

    def on_next_tick(self, price: Ratio) -> Expr:
        """Return a directed price rounded to the first tick that has reached it."""
        return subtract(ZERO, _floor(price.times(Fraction(-1)), self.load("tick")))

    # --- amounts -------------------------------------------------------------------------------------------

    def amount(self, node: tree.Amount) -> Ratio:
        """Return how many shares an amount is, before it is rounded to the lot."""
        return _AMOUNTS[node.kind](self, node.value)

    def in_lots(self, amount: Ratio) -> Expr:
        """Round an amount down to whole lots."""
        return _floor(amount, self.load("lot"))


def _floor(value: Ratio, step: Expr) -> Expr:
    """Return a ratio rounded down to a multiple of the step, with one exact division."""
    top = multiply(Const(float(value.factor.numerator)), value.top or ONE)
    bottom = multiply(Const(float(value.factor.denominator)), value.bottom or ONE)
    return multiply(Binary("//", top, multiply(bottom, step)), step)


_DISTANCES = {Unit.RUPEES: "scale", Unit.POINTS: "scale", Unit.TICKS: "tick", Unit.R: "risk"}
_AMOUNTS: dict[AmountKind, Callable[[Lowering, Fraction], Ratio]] = {
    AmountKind.PERCENT_HELD: lambda low, value: Ratio(value / HUNDRED, low.load("quantity")),
    AmountKind.PERCENT_ORIGINAL: lambda low, value: Ratio(value / HUNDRED, low.load("original")),
    # What is already closed counts, however it was closed: 75% booked means that 25% of the original is left.
    AmountKind.UP_TO: lambda low, value: Ratio(WHOLE, low.load("quantity")).plus(
        Ratio(value / HUNDRED - 1, low.load("original"))
    ),
    AmountKind.SHARES: lambda low, value: Ratio(value),
    AmountKind.LOTS: lambda low, value: Ratio(value, low.load("lot")),
    AmountKind.WORTH: lambda low, value: Ratio(
        value, low.load("scale"), multiply(low.load("price"), low.load("multiplier"))
    ),
    AmountKind.EVERYTHING: lambda low, value: Ratio(WHOLE, low.load("quantity")),
}


def _clock(op: str) -> Callable[[Lowering, tree.When], Test]:
    return lambda low, node: Compare(op, low.load("time"), Const(float(node.value)))


def _age(low: Lowering, node: tree.When) -> Test:
    return compare(">=", low.age(node.unit, Fraction(node.value)), Ratio(Fraction(node.value)))


def _between_clock(low: Lowering, node: tree.When) -> Test:
    time = low.load("time")
    later, earlier = Compare(">=", time, Const(float(node.value))), Compare("<=", time, Const(float(node.high)))
    return all_of(later, earlier) if node.value <= node.high else any_of(later, earlier)


_TIMES: dict[TimeForm, Callable[[Lowering, tree.When], Test]] = {
    TimeForm.AGE: _age,
    TimeForm.FROM_CLOCK: _clock(">="),
    TimeForm.BEFORE_CLOCK: _clock("<"),
    TimeForm.BETWEEN_CLOCK: _between_clock,
    TimeForm.BEFORE_CLOSE: lambda low, node: Compare("<=", low.load("to_close"), Const(float(node.value))),
    TimeForm.ON_DAY: lambda low, node: Compare("==", low.load("weekday"), Const(float(node.value))),
    TimeForm.ON_EXPIRY: lambda low, node: Compare("==", low.load("expires_today"), ONE),
}

_CONDITIONS: dict[type, Callable[[Lowering, AnyNode], Test]] = {
    tree.Comparison: Lowering._comparison,
    tree.Between: Lowering._between,
    tree.Lasting: Lowering._lasting,
    tree.Crosses: Lowering._crosses,
    tree.Moves: Lowering._moves,
    tree.DataMissing: lambda low, node: ALWAYS,  # judged by what becomes of the other rules
    tree.And: lambda low, node: all_of(*(low.condition(item) for item in node.items)),
    tree.Or: lambda low, node: any_of(*(low.condition(item) for item in node.items)),
    tree.Not: lambda low, node: negate(low.condition(node.item)),
    tree.Named: lambda low, node: low.condition(node.condition),
    tree.Level: Lowering._level,
    tree.PriceLevel: Lowering._price_level,
    tree.When: Lowering._when,
}
