"""What a search varies: for every fact that two policies speak of, the values at and beside their thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from attrs import field, frozen, mutable

from rulekit.compile.program import times_allowed
from rulekit.language import tree as t
from rulekit.language.tree import AmountKind, TimeForm, Unit
from rulekit.language.vocabulary import PRICE, STANDARD, TEXT
from rulekit.language.words import DAY_NAMES, window_text
from rulekit.model.instant import DAY, HOUR, MINUTE, SECOND

Axes = dict[str, tuple[Any, ...]]
"""By name, the values to try; the first is the ordinary one."""


@frozen
class At:
    """A price, said in a measure, and moved by whole ticks towards profit.

    Args:
        form: `%`, `₹`, `R`, `points`, `ticks` and `ATR` are of profit (negative: of loss); `price` is a price in
            rupees, `worth` the price at which the position is worth that, `giveback` the best price from which that
            share of the profit was lost, `share` a share of the present price, and `before %` and its like the price
            from which the present one lies at that distance.
        nudge: how many ticks; it lies between two of them where it is no whole number.
        base: the price from which a profit is measured; None for the entry.
    """

    form: str
    value: Fraction
    nudge: Fraction | int = 0
    base: At | None = None


def near(form: str, value: Fraction, base: At | None = None) -> tuple[At, ...]:
    """Return a price and its neighbours on both sides."""
    return At(form, value, 0, base), At(form, value, -1, base), At(form, value, 1, base)


def percent(value: int) -> At:
    """Return the price at a profit in percent."""
    return At("%", Fraction(value))


_TEXTS = {
    "symbol": ("KOTAKBANK", "INFY"),
    "exchange": ("NSE", "BSE"),
    "product": ("MIS", "CNC"),
    "strategy": ("", "other"),
}
CLOSE = 15 * HOUR + 30 * MINUTE
USUAL: Axes = {
    "side": (1, -1),
    "quantity": (100,),
    "entry": (Fraction(1000),),
    "price": (percent(5), percent(0), percent(-5), percent(20), None),
    "age": (45 * MINUTE,),
    "clock": (12 * HOUR,),
    "day": (2,),
}
"""What every search begins with: a position of 100 at ₹1,000, 45 minutes old, on a Wednesday at noon."""


@mutable
class _Gathered:
    axes: dict[str, dict[Any, None]] = field(factory=dict)
    constants: dict[str, set[Fraction]] = field(factory=dict)

    def add(self, name: str, values: Iterable[Any]) -> None:
        known = self.axes.setdefault(name, dict.fromkeys(USUAL.get(name, ())))
        known.update(dict.fromkeys(values))

    def around(self, name: str, value: Fraction, step: Fraction) -> None:
        """Take a threshold with both its sides, and what lies between it and the others of its kind."""
        others = self.constants.setdefault(name, set())
        self.add(name, (value, value - step, value + step, *((value + other) / 2 for other in others)))
        others.add(value)

    # --- conditions ------------------------------------------------------------

    def condition(self, node: t.Condition) -> None:
        reading = _READINGS.get(type(node))
        if reading is not None:
            reading(self, node)

    def joined(self, node: t.And | t.Or) -> None:
        for item in node.items:
            self.condition(item)

    def comparison(self, node: t.Comparison) -> None:
        self.compared(node.left, node.right)
        self.compared(node.right, node.left)

    def between(self, node: t.Between) -> None:
        for other in (node.low, node.high):
            self.compared(node.operand, other)
            self.compared(other, node.operand)

    def compared(self, left: t.Operand, right: t.Operand) -> None:
        if isinstance(left, t.PriceExpr):
            self.price(left)
        elif isinstance(left, t.FactRef) and isinstance(right, t.Number):
            self.threshold(left, right)
        elif isinstance(left, t.FactRef) and isinstance(right, t.Text):
            self.text(left.name, right.value)
        elif isinstance(left, t.FactRef):
            self.price_fact(left.name, left.window)
            if isinstance(right, t.PriceExpr) and isinstance(right.base, t.PriceConstant):
                self.threshold(left, t.Number(right.base.value, Unit.RUPEES))

    def lasting(self, node: t.Lasting) -> None:
        self.condition(node.item)
        length = node.length.value * (MINUTE if node.length.unit is Unit.BARS else 1)
        self.add("lasted", (Fraction(0),))
        self.around("lasted", length, Fraction(SECOND))
        self.history()

    def crosses(self, node: t.Crosses) -> None:
        self.comparison(node.beyond)
        self.history()

    def moves(self, node: t.Moves) -> None:
        name = f"fact:change {window_text(node.window)}"
        self.add(name, (None,))
        for value in (node.by.value, -node.by.value):
            self.around(name, value, _step(value))

    def history(self) -> None:
        """Let there be a look before this one, at another price and with other readings."""
        self.add("before", (None, *(At("share", Fraction(part, 100)) for part in (100, 97, 103))))
        self.add("read before", [Fraction(part, 100) for part in (100, 80, 90, 99, 110, 125)])

    def text(self, name: str, value: str) -> None:
        if name == "day":
            self.add("day", [DAY_NAMES.index(day) for day in DAY_NAMES if day.casefold() == value.casefold()])
        elif name != "side":
            self.add(f"text:{name}", (*_TEXTS.get(name, ("",)), value))

    def threshold(self, ref: t.FactRef, number: t.Number) -> None:
        value, unit = number.value, number.unit
        if ref.name in ("profit", "loss", "peak profit"):
            axis = "best" if ref.name == "peak profit" else "price"
            self.measured(axis, -value if ref.name == "loss" else value, unit)
        elif ref.name in _THRESHOLDS:
            _THRESHOLDS[ref.name](self, value, unit)
        elif ref.name == "age":
            self.age(value, unit)
        else:
            self.host_fact(ref, value)

    def host_fact(self, ref: t.FactRef, value: Fraction) -> None:
        row = STANDARD.find(ref.name)
        if (row is not None and row.kind == PRICE) or ref.name == "atr":
            self.add(f"price:{ref.phrase}", (None, *near("price", value)))
        elif row is None or row.kind != TEXT:
            name = f"fact:{ref.phrase}"
            self.add(name, (None,))
            self.around(name, value, _step(value))

    def age(self, value: Fraction, unit: Unit) -> None:
        if unit is Unit.DAYS:
            self.around("age days", value, Fraction(1))
            self.add("age days", (Fraction(0),))
        else:
            length = value * MINUTE if unit is Unit.BARS else value
            self.around("age", length, Fraction(MINUTE if length % MINUTE == 0 else SECOND))

    # --- prices ------------------------------------------------------------

    def measured(self, axis: str, value: Fraction, unit: Unit) -> None:
        """Take a profit, or where it is negative a loss, as a price."""
        self.add(axis, near(unit.value, value))
        others = self.constants.setdefault(f"{axis} {unit.value}", set())
        self.add(axis, (At(unit.value, (value + other) / 2) for other in others))
        others.add(value)
        self.unit(unit)

    def unit(self, unit: Unit, window: t.Window | None = None) -> None:
        """Take what a measure needs: a first stop for R, an ATR."""
        if unit is Unit.R:
            self.add("risk", (At("%", Fraction(-2)), None))
        elif unit is Unit.ATR:
            phrase = "atr" if window is None else f"atr {window_text(window)}"
            self.add(f"price:{phrase}", (At("price", Fraction(10)), At("price", Fraction(20)), None))

    def price_fact(self, name: str, window: t.Window | None = None, offsets: Iterable[Fraction] = ()) -> None:
        """Take a price by name, beside the present one."""
        shares = [At("share", Fraction(1)), At("share", Fraction(1), -1), At("share", Fraction(1), 1)]
        shares += [
            each for offset in (*offsets, Fraction(3)) for way in (1, -1) for each in _shares(1 + way * offset / 100)
        ]
        if name in _POSITION_PRICES:
            for axis in _POSITION_PRICES[name]:
                self.add(axis, (None, *(percent(value) for value in (8, -8, 2, -2))))
        elif name not in ("price", "entry", "break-even"):
            phrase = name if window is None else f"{name} {window_text(window)}"
            self.add(f"price:{phrase}", (None, *shares, percent(0)))

    def price(self, node: t.PriceExpr) -> None:
        offset, base = node.offset, node.base
        offsets = [offset.value] if offset is not None and offset.unit is Unit.PERCENT else []
        if offset is not None:
            self.unit(offset.unit, offset.window)
            self.offset_of(base, offset)
            self.before(base, offset, 1 if node.towards_profit else -1)
        if isinstance(base, t.PriceFact):
            self.price_fact(base.name, base.window, offsets)
        elif isinstance(base, t.PriceConstant):
            self.constant(base.value)
        else:
            self.measured("price", base.value, base.unit)
        if offset is not None and not isinstance(base, t.PriceFact):
            start = At("price", base.value) if isinstance(base, t.PriceConstant) else At(base.unit.value, base.value)
            unit = Unit.POINTS if offset.unit is Unit.RUPEES else offset.unit
            self.add("price", near(unit.value, offset.value if node.towards_profit else -offset.value, start))
            if isinstance(base, t.PriceConstant) and (away := _rupees_away(base.value, offset)) is not None:
                self.add("entry", (base.value + away, base.value - away))  # for an entry that is compared with it

    def offset_of(self, base: Any, offset: t.Distance) -> None:
        """Take the price at a distance from the entry, which a stop or a level may need to have been passed."""
        if isinstance(base, t.PriceFact) and base.name in ("entry", "break-even"):
            for value in (offset.value, -offset.value):
                self.measured("price", value, offset.unit if offset.unit is not Unit.RUPEES else Unit.POINTS)

    def before(self, base: Any, offset: t.Distance, way: int) -> None:
        """Take the prices from which the present one is just at an offset."""
        if not isinstance(base, t.PriceFact):
            return
        unit = Unit.POINTS if offset.unit is Unit.RUPEES else offset.unit
        values = (None, *near(f"before {unit.value}", offset.value * way))
        if base.name in _POSITION_PRICES:
            for axis in _POSITION_PRICES[base.name]:
                self.add(axis, values)
        elif base.name not in ("price", "entry", "break-even"):
            phrase = base.name if base.window is None else f"{base.name} {window_text(base.window)}"
            self.add(f"price:{phrase}", values)

    def constant(self, value: Fraction) -> None:
        self.add("price", near("price", value))
        self.add("entry", (Fraction(round(value * part)) for part in (Fraction(20, 21), Fraction(22, 21))))
        self.add("entry", (value,))

    # --- triggers ------------------------------------------------------------

    def level(self, node: t.Level) -> None:
        for step in range(1, 4 if node.every else 2):
            self.measured("price", (node.value if node.profit else -node.value) * step, node.unit)

    def time(self, node: t.When) -> None:
        if node.form is TimeForm.AGE:
            self.age(Fraction(node.value), node.unit)
        elif node.form is TimeForm.ON_DAY:
            self.add("day", (node.value,))
        elif node.form is TimeForm.ON_EXPIRY:
            self.add("expiry", (None, 0, 1))
        else:
            values = [CLOSE - node.value] if node.form is TimeForm.BEFORE_CLOSE else [node.value]
            values += [node.high] if node.form is TimeForm.BETWEEN_CLOCK else []
            for value in values:
                self.clock(Fraction(value))

    def clock(self, value: Fraction) -> None:
        self.around("clock", value, Fraction(MINUTE if value % MINUTE == 0 else SECOND))

    # --- actions and limits ------------------------------------------------------------

    def amount(self, amount: t.Amount) -> None:
        if amount.kind in (AmountKind.PERCENT_ORIGINAL, AmountKind.UP_TO):
            self.add("original", (Fraction(1), Fraction(2), Fraction(3, 2)))
        if amount.kind is AmountKind.LOTS:
            self.add("lot", (1, 25))
        if amount.kind in (AmountKind.SHARES, AmountKind.LOTS):
            self.add("quantity", (int(amount.value * 4), int(amount.value) + 1))
        self.add("quantity", (40, 1000, 7))

    def verb(self, verb: t.Verb) -> None:
        if isinstance(verb, t.Book | t.Add):
            self.amount(verb.amount)
            return
        if isinstance(verb, t.Exit | t.Alert | t.WholeBook):
            return
        if isinstance(verb, t.SetTarget):
            self.price(verb.price)
            self.add("target", (None, percent(61), percent(23)))
            return
        self.add("stop", (None, percent(-10)))
        if isinstance(verb, t.MoveStop):
            self.price(verb.price)
            if verb.price.offset is None:  # a stop at the market itself is set only between two ticks
                self.add("price", (At("%", Fraction(5), Fraction(1, 2)),))
        elif isinstance(verb, t.TightenStopBy):
            self.add("stop", (percent(-5), percent(-1)))
        elif isinstance(verb, t.TrailStop):
            self.unit(verb.distance.unit, verb.distance.window)
            unit = Unit.POINTS if verb.distance.unit is Unit.RUPEES else verb.distance.unit
            behind = near(f"before {unit.value}", -verb.distance.value)
            self.add("best", (None, percent(10), percent(25), *behind))
            self.add("trailed", (None, percent(10), *behind))
        elif isinstance(verb, t.LockIn):
            self.add("best", (None, percent(10), percent(25), *near("giveback", 100 - verb.percent)))

    def limits(self, rule: t.Rule) -> None:
        limit, times = rule.limit, times_allowed(rule)
        ladder = isinstance(rule.level, t.Level) and rule.level.every
        if times is not None or limit.every is not None or limit.daily or ladder:
            self.add("fired", (0, 1, 2))
        if times is not None:
            self.add("fired", (times, max(times - 1, 0), times + 1))
        if limit.every is not None and limit.every_unit is Unit.DAYS:
            self.add("waited", (DAY * 30, *(DAY * (limit.every + more) for more in (0, -1, 1) if limit.every + more)))
        elif limit.every is not None:
            length = limit.every * (MINUTE if limit.every_unit is Unit.BARS else 1)
            self.add("waited", (DAY * 30, length, length - SECOND, length + SECOND))
        if limit.daily:
            self.add("waited", (DAY * 30, HOUR, DAY))


def _rupees_away(price: Fraction, offset: t.Distance) -> Fraction | None:
    """Return a distance from a price in rupees; None where it depends on the position."""
    if offset.unit is Unit.PERCENT:
        return price * offset.value / 100
    return offset.value if offset.unit in (Unit.POINTS, Unit.RUPEES) else None


def _shares(factor: Fraction) -> tuple[At, ...]:
    return near("share", factor)


def _step(value: Fraction) -> Fraction:
    """Return a step as fine as a number's last decimal: 0.1 for 1.5, 1 for 20."""
    step = Fraction(1)
    while value % step and step > Fraction(1, 10**6):
        step /= 10
    return step


def _prices(*axes: str) -> Callable[[_Gathered, Fraction, Unit], None]:
    def take(gathered: _Gathered, value: Fraction, unit: Unit) -> None:
        for axis in axes:
            gathered.add(axis, (None, *near("price", value)))

    return take


def _count(axis: str, *, lots: bool = False) -> Callable[[_Gathered, Fraction, Unit], None]:
    def take(gathered: _Gathered, value: Fraction, unit: Unit) -> None:
        least = 1 if axis == "quantity" else 0
        gathered.add(axis, (0,) if axis != "quantity" else ())
        gathered.add(axis, [int(each) for each in (value, value - 1, value + 1) if each >= least])
        if lots:
            gathered.add("lot", (1, 25))

    return take


def _price_now(gathered: _Gathered, value: Fraction, unit: Unit) -> None:
    gathered.constant(value)


def _entry(gathered: _Gathered, value: Fraction, unit: Unit) -> None:
    gathered.add("entry", (value, value - Fraction(1, 20), value + Fraction(1, 20)))


def _risk(gathered: _Gathered, value: Fraction, unit: Unit) -> None:
    form = "%" if unit is Unit.PERCENT else "points"
    gathered.add("risk", (None, *near(form, -value)))


def _to_close(gathered: _Gathered, value: Fraction, unit: Unit) -> None:
    gathered.clock(CLOSE - value * (1 if unit is Unit.DURATION else MINUTE))


def _expiry(gathered: _Gathered, value: Fraction, unit: Unit) -> None:
    gathered.add("expiry", (None, *(int(each) for each in (value, value - 1, value + 1) if each >= 0)))


def _total(gathered: _Gathered, value: Fraction, unit: Unit) -> None:
    gathered.add("total", (None,))
    gathered.around("total", value, _step(value))


_POSITION_PRICES = {
    "stop": ("stop",),
    "initial stop": ("risk",),
    "target": ("target",),
    "best price": ("best",),
    "worst price": ("worst",),
    "high since entry": ("best", "worst"),
    "low since entry": ("best", "worst"),
}
"""Prices of the position, and the axes that move them."""

_THRESHOLDS: dict[str, Callable[[_Gathered, Fraction, Unit], None]] = {
    **{name: _prices(*axes) for name, axes in _POSITION_PRICES.items()},
    "price": _price_now,
    "entry": _entry,
    "initial risk": _risk,
    "giveback": lambda gathered, value, unit: gathered.add(
        "best", (None, At("giveback", value), At("giveback", value, 1), At("giveback", value, -1))
    ),
    "quantity": _count("quantity"),
    "lots": _count("quantity", lots=True),
    "times booked": _count("booked"),
    "times added": _count("added"),
    "value": lambda gathered, value, unit: gathered.add("price", near("worth", value)),
    "time": lambda gathered, value, unit: gathered.clock(value),
    "minutes to close": _to_close,
    "days to expiry": _expiry,
    "total profit": _total,
}

_READINGS: dict[type, Callable[[_Gathered, Any], None]] = {
    t.Comparison: _Gathered.comparison,
    t.Between: _Gathered.between,
    t.Lasting: _Gathered.lasting,
    t.Crosses: _Gathered.crosses,
    t.Moves: _Gathered.moves,
    t.And: _Gathered.joined,
    t.Or: _Gathered.joined,
    t.Not: lambda gathered, node: gathered.condition(node.item),
    t.Named: lambda gathered, node: gathered.condition(node.condition),
    t.Level: _Gathered.level,
    t.FactLevel: lambda gathered, node: gathered.comparison(node.comparison),
    t.PriceLevel: lambda gathered, node: gathered.price(node.price),
    t.When: _Gathered.time,
}


def axes_of(rules: Iterable[t.Rule]) -> Axes:
    """Gather what the rules speak of; the search of a rule's firings needs the rules of one pair only."""
    gathered = _Gathered()
    for name in ("side", "price"):
        gathered.add(name, ())
    for rule in rules:
        for part in (rule.level, *rule.times, rule.when, rule.unless):
            if part is not None:
                gathered.condition(part)
        gathered.verb(rule.verb)
        gathered.limits(rule)
    for name in USUAL:
        gathered.add(name, ())
    found = {name: tuple(values) for name, values in gathered.axes.items()}
    first, *others = found["entry"]
    # Where a rule speaks of a price in rupees, the ordinary position was opened near it.
    found["entry"] = (*others, first)
    return found
