"""How a condition stands: what is, what is needed, and how far away it is, in a trader's words."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import Any

from attrs import evolve, frozen

from rulekit.compile.exact import Reader
from rulekit.compile.predicate import Truth, held_for, holds, length_of, operand_value, opposite, was_before
from rulekit.compile.unknowns import Value
from rulekit.language import tree
from rulekit.language.sentences import condition_text, operand_text, price_text
from rulekit.language.tree import Op, TimeForm, Unit
from rulekit.language.words import DAY_NAMES, clock_text, duration_text, measure_text, rupee_text
from rulekit.model.instant import DAY, MINUTE, SECOND
from rulekit.model.prices import rupees


@frozen
class Standing:
    """One comparison as it stands: `profit` is `14.2%` and needs `15%`, `(0.8 points short, at ₹1,943.50)`."""

    truth: Truth
    subject: str
    current: str
    needed: str
    gap: str = ""
    said: str = ""

    def text(self, *, met: str = "enough") -> str:
        """Write it; `met` is said of what is satisfied, and an empty one repeats what was needed."""
        if self.truth is None:
            return f"{self.subject} is unknown"
        if self.said:
            return self.said
        if not self.current:
            return self.needed if not self.truth else f"{self.subject} {met or 'as needed'}".rstrip()
        if self.truth:
            return f"{self.subject} {self.current}, {met or f'needs {self.needed}'}"
        return f"{self.subject} {self.current}, needs {self.needed}{self.gap}"


def standings(node: tree.Condition, reader: Reader) -> list[Standing]:
    """List the comparisons of a condition as they stand; of an `or`, one that holds or all of them."""
    if isinstance(node, tree.And):
        return [standing for item in node.items for standing in standings(item, reader)]
    if isinstance(node, tree.Named):
        found = standings(node.condition, reader)
        return [evolve(found[0], subject=f"{node.name}: {found[0].subject}"), *found[1:]]
    if isinstance(node, tree.Or):
        return [_either(node, reader)]
    if isinstance(node, tree.Not):
        return _excluded(node.item, reader)
    if isinstance(node, tree.Lasting):
        return _lasting(node, reader)
    if isinstance(node, tree.Crosses):
        return [_crossing(node, reader)]
    return [_ATOMS[type(node)](node, reader)]


def _either(node: tree.Or, reader: Reader) -> Standing:
    truth = holds(node, reader)
    for item in node.items:
        if truth and holds(item, reader):
            return standings(item, reader)[0]
    texts = ["; ".join(standing.text() for standing in standings(item, reader)) for item in node.items]
    if truth is None:
        return Standing(None, f"`{condition_text(node)}`", "", "")
    return Standing(False, "", "", " or ".join(texts))


def _excluded(item: tree.Condition, reader: Reader) -> list[Standing]:
    """Describe a condition that must not hold."""
    if isinstance(item, tree.Not):
        return standings(item.item, reader)
    truth = opposite(holds(item, reader))
    text = f"`{condition_text(item)}`"
    if truth is None:
        return [Standing(None, text, "", "")]
    return [Standing(truth, text, "does not hold" if truth else "holds", "it not to")]


def _lasting(node: tree.Lasting, reader: Reader) -> list[Standing]:
    """Describe what must hold, or for how long it has."""
    if holds(node.item, reader) is not True:
        return standings(node.item, reader)
    passed, length, truth = held_for(node, reader), length_of(node, reader), holds(node, reader)
    if truth is None or passed is None or length is None:
        return [Standing(None, "the length of a bar", "", "")]
    text, needed = condition_text(node.item), measure_text(node.length.value, node.length.unit)
    short = "" if truth else f" ({gap_text(length - passed, Unit.DURATION)} short)"
    return [Standing(truth, f"`{text}` has held for", shown(passed, Unit.DURATION, length), needed, short)]


def _crossing(node: tree.Crosses, reader: Reader) -> Standing:
    """Describe on which side it is, and was at the look before."""
    now, before = _comparison(node.beyond, reader), was_before(node, reader)
    if now.truth is not True or before is None:
        unknown = Standing(None, f"the side of `{condition_text(node)}` at the look before", "", "")
        return now if now.truth is not True else unknown
    side, right = "above" if node.above else "below", _value_or_text(node.right, node.left, reader)
    subject = f"{now.subject} {now.current}"
    if before:
        return evolve(now, truth=True, said=f"{subject} has crossed {side} {right}")
    return evolve(now, truth=False, said=f"{subject} is {side} {right} since an earlier look, and has to cross it")


HALF = Fraction(1, 2)


# --- single comparisons ----------------------------------------------------------------------------------------


def shown(value: Fraction, unit: Unit, near: Value = None) -> str:
    """Write a measured value for people, with as many decimals as tell it apart from what it is compared with."""
    if unit is Unit.DURATION:
        if value < 0:
            return f"-{duration_text(-int(value))}"
        whole, seconds = int(value) // MINUTE * MINUTE, int(value) // SECOND * SECOND
        if whole and whole != near:
            return duration_text(whole)
        return duration_text(seconds if seconds and seconds != near else int(value))
    if unit is Unit.CLOCK:
        whole = int(value) // MINUTE * MINUTE
        return clock_text(int(value) if whole == near else whole)
    rounded = value
    for places in range(2 if unit is Unit.RUPEES else 1, 7):
        rounded = Fraction(floor(value * 10**places + HALF), 10**places)
        if near is None or rounded != near or value == near:
            break
    return measure_text(rounded, unit)


_GAPS: dict[Unit, Callable[[Fraction], str]] = {
    Unit.PERCENT: lambda gap: measure_text(gap, Unit.POINTS),
    Unit.RUPEES: rupee_text,
}


def gap_text(gap: Fraction, unit: Unit) -> str:
    """Write how far a value is from what is needed: `0.8 points`, `₹800`, `19 minutes`."""
    if unit in (Unit.DURATION, Unit.CLOCK):
        return duration_text(ceil(gap / MINUTE) * MINUTE)
    places = 2 if unit is Unit.RUPEES else 1
    while places < 6 and round(gap * 10**places) == 0:
        places += 1
    rounded = Fraction(round(gap * 10**places), 10**places)
    written = _GAPS.get(unit)
    return measure_text(rounded, unit) if written is None else written(rounded)


def _level(node: tree.Level, reader: Reader) -> Standing:
    name = "profit" if node.profit else "loss"
    value, needs = reader.fact(tree.FactRef(name, node.unit)), reader.threshold(node)
    needed = measure_text(needs, node.unit)
    if node.every:
        needed += f" (step {reader.memory.fired + 1} of {measure_text(node.value, node.unit)} each)"
    if value is None:
        return Standing(None, name if node.unit is not Unit.R else f"{name} in R", "", needed)
    gap = ""
    if value < needs:
        gap = f" ({gap_text(needs - value, node.unit)} short{_reached_at(evolve(node, value=needs), reader)})"
    if not node.profit and value < 0:
        return Standing(False, "profit", shown(-value, node.unit), f"a loss of {needed}", gap)
    return Standing(value >= needs, name, shown(value, node.unit, needs), needed, gap)


def level_price(node: tree.Level, reader: Reader) -> float | None:
    """Return the first price on the tick at which a level is reached, in smallest units; None where it is not known."""
    sign = 1 if node.profit else -1
    if node.unit is Unit.ATR:
        atr = reader.heard_price("atr")
        price = None if atr is None or reader.entry is None else reader.entry + node.value * atr * sign * reader.side
    else:
        price = reader.price_of(tree.PriceExpr(tree.PriceAtProfit(node.value * sign, node.unit)))
    if price is None or reader.tick is None or price <= 0:
        return None
    up = reader.side * sign > 0
    steps = ceil(price / reader.tick) if up else floor(price / reader.tick)
    return float(steps * reader.tick)


def _reached_at(node: tree.Level, reader: Reader) -> str:
    """Name the price at which a level is reached."""
    price = level_price(node, reader)
    return "" if price is None else f", at {rupees(price, reader.snapshot.scale)}"


def _price_level(node: tree.PriceLevel, reader: Reader) -> Standing:
    price, level = reader.price, reader.price_of(node.price)
    if price is None or level is None:
        return Standing(None, "the price" if price is None else f"`{price_text(node.price)}`", "", "")
    scale = reader.snapshot.scale
    reached = (price - level) * reader.side >= 0
    gap = f" ({rupees(float(abs(level - price)), scale)} short)"
    return Standing(reached, "price", rupees(float(price), scale), rupees(float(level), scale), gap)


_WORDED = {
    Op.AT_LEAST: "at least ",
    Op.AT_MOST: "at most ",
    Op.ABOVE: "above ",
    Op.BELOW: "below ",
    Op.IS: "",
    Op.IS_NOT: "anything but ",
}


def _comparison(node: tree.Comparison, reader: Reader) -> Standing:
    truth = holds(node, reader)
    subject, needed = operand_text(node.left), f"{_WORDED[node.op]}{_value_or_text(node.right, node.left, reader)}"
    if truth is None:
        return Standing(None, _unknown_side(node.left, node.right, reader), "", needed)
    current = _value_text(node.left, node.right, reader)
    gap = ""
    left, right = _numbers(node.left, node.right, reader)
    if not truth and left is not None and right is not None and node.op in (Op.AT_LEAST, Op.AT_MOST):
        gap = f" ({gap_text(abs(right - left), _unit(node.left, node.right))} {'short' if left < right else 'over'})"
    return Standing(truth, subject, current, needed, gap)


def _between(node: tree.Between, reader: Reader) -> Standing:
    truth = holds(node, reader)
    subject = operand_text(node.operand)
    needed = f"between {operand_text(node.low)} and {operand_text(node.high)}"
    if truth is None:
        return Standing(None, subject, "", needed)
    return Standing(truth, subject, _value_text(node.operand, node.low, reader), needed)


def _unit(left: tree.Operand, right: tree.Operand) -> Unit:
    for operand in (left, right):
        if isinstance(operand, tree.FactRef | tree.Number):
            return operand.unit
    return Unit.RUPEES


def _numbers(left: tree.Operand, right: tree.Operand, reader: Reader) -> tuple[Value, Value]:
    if isinstance(left, tree.Text) or isinstance(right, tree.Text):
        return None, None
    return operand_value(left, right, reader), operand_value(right, left, reader)


def _unknown_side(left: tree.Operand, right: tree.Operand, reader: Reader) -> str:
    if isinstance(left, tree.Text) or isinstance(right, tree.Text):
        return operand_text(right if isinstance(left, tree.Text) else left)
    return operand_text(left if operand_value(left, right, reader) is None else right)


def _value_text(operand: tree.Operand, other: tree.Operand, reader: Reader) -> str:
    if isinstance(other, tree.Text) and isinstance(operand, tree.FactRef):
        return reader.text(operand.name) or "unknown"
    if isinstance(operand, tree.Text):
        return operand.value
    value, near = _numbers(operand, other, reader)
    return "unknown" if value is None else shown(value, _unit(operand, other), near)


def _value_or_text(operand: tree.Operand, other: tree.Operand, reader: Reader) -> str:
    """Write the needed side: a number as it is, a fact or price with what it is now."""
    if isinstance(operand, tree.Number | tree.Text):
        return operand.value if isinstance(operand, tree.Text) else measure_text(operand.value, operand.unit)
    value = operand_value(operand, other, reader)
    text = operand_text(operand)
    return text if value is None else f"{text} ({shown(value, _unit(operand, other))})"


# --- times -----------------------------------------------------------------------------------------------------


def _age(node: tree.When, reader: Reader) -> Standing:
    age, needed = reader.age(node.unit, Fraction(node.value)), measure_text(Fraction(node.value), node.unit)
    if age is None:
        return Standing(None, "age", "", needed)
    if reader.snapshot.opened is None and node.unit is not Unit.DAYS:
        return Standing(age >= node.value, "age", f"over {duration_text(DAY)}", needed)
    return Standing(age >= node.value, "age", shown(age, node.unit, Fraction(node.value)), needed)


def _before_close(node: tree.When, reader: Reader) -> Standing:
    left = reader.to_close
    needed = f"{duration_text(node.value)} or less"
    if left is None:
        return Standing(None, "the session's close", "", needed)
    return Standing(left <= node.value, "time to close", shown(left, Unit.DURATION, Fraction(node.value)), needed)


_CLOCKS: dict[TimeForm, Callable[[tree.When], str]] = {
    TimeForm.FROM_CLOCK: lambda node: f"{clock_text(node.value)} or later",
    TimeForm.BEFORE_CLOCK: lambda node: f"before {clock_text(node.value)}",
    TimeForm.BETWEEN_CLOCK: lambda node: f"{clock_text(node.value)} to {clock_text(node.high)}",
}


def _when(node: tree.When, reader: Reader) -> Standing:
    if node.form is TimeForm.AGE:
        return _age(node, reader)
    if node.form is TimeForm.BEFORE_CLOSE:
        return _before_close(node, reader)
    truth = holds(node, reader)
    if node.form is TimeForm.ON_DAY:
        return Standing(truth, "day", DAY_NAMES[reader.weekday], DAY_NAMES[node.value])
    if node.form is TimeForm.ON_EXPIRY:
        if truth is None:
            return Standing(None, "the expiry", "", "today")
        expiry = "none" if reader.expiry is None else reader.expiry.isoformat()
        return Standing(truth, "expiry", expiry, "today")
    return Standing(truth, "time", shown(reader.time, Unit.CLOCK, Fraction(node.value)), _CLOCKS[node.form](node))


def _moves(node: tree.Moves, reader: Reader) -> Standing:
    window = measure_text(Fraction(node.window.length), node.window.unit)
    moved, truth = reader.moved(node), holds(node, reader)
    needed = f"a {'rise' if node.up else 'fall'} of {measure_text(node.by.value, node.by.unit)}"
    if moved is None:
        return Standing(None, f"the change of price over {window}", "", needed)
    near = node.by.value if node.up else -node.by.value
    said = "fell" if moved < 0 else "rose"
    current = f"{said} {shown(abs(moved), Unit.PERCENT, abs(near))} in {window}"
    return Standing(truth, node.subject.name, current, needed)


_ATOMS: dict[type, Callable[[Any, Reader], Standing]] = {
    tree.Level: _level,
    tree.PriceLevel: _price_level,
    tree.FactLevel: lambda node, reader: _comparison(node.comparison, reader),
    tree.Comparison: _comparison,
    tree.Between: _between,
    tree.When: _when,
    tree.Moves: _moves,
    tree.DataMissing: lambda node, reader: Standing(False, "", "", "nothing that a rule needs is missing"),
}
