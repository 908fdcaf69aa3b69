"""Facts, prices and distances read from a snapshot in exact fractions: slow, readable, and never wrong by a rounding.

None is unknown. This is the second implementation of what `measures` and `lower` turn into the generated function.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

from rulekit.compile.slots import FAR
from rulekit.compile.unknowns import Value, known_number, known_price, minus, over, plus, times
from rulekit.language import tree
from rulekit.language.tree import FactRef, Unit, Window
from rulekit.language.vocabulary import PRICE, STANDARD, TEXT, Vocabulary
from rulekit.language.words import DAY_NAMES, window_text
from rulekit.model.decision import RuleMemory
from rulekit.model.instant import DAY, MINUTE, day_of, time_of_day
from rulekit.model.prices import to_units
from rulekit.model.snapshot import Snapshot


def phrase_of(name: str, window: Window | None) -> str:
    """Return the full phrase of a fact: `momentum over 15 minutes`."""
    return name if window is None else f"{name} {window_text(window)}"


NOTHING_REMEMBERED = RuleMemory()


class Reader:
    """Reads one snapshot; `memory` is what the rule that is judged remembers.

    `lacks_data` says whether another rule cannot be judged for want of data, where somebody has looked.
    """

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary = STANDARD, memory: RuleMemory | None = None) -> None:
        self.snapshot = snapshot
        self.vocabulary = vocabulary
        self.memory = memory or NOTHING_REMEMBERED
        self.lacks_data: bool | None = None

    def remembering(self, memory: RuleMemory) -> Reader:
        """Return a reader of the same snapshot for a rule that remembers this."""
        return Reader(self.snapshot, self.vocabulary, memory)

    # --- the position --------------------------------------------------------------------------------------

    @property
    def side(self) -> int:
        """+1 long, -1 short."""
        return self.snapshot.side

    @property
    def price(self) -> Value:
        """The last price in smallest units."""
        return known_price(self.snapshot.price)

    @property
    def entry(self) -> Value:
        """The average entry in smallest units."""
        return known_price(self.snapshot.entry)

    @property
    def stop(self) -> Value:
        """The tracked stop in smallest units, unknown where there is none."""
        return known_price(self.snapshot.stop)

    @property
    def tick(self) -> Value:
        """The step of its price in smallest units."""
        return known_price(self.snapshot.tick)

    @property
    def lot(self) -> Value:
        """The step of its quantity."""
        return known_price(self.snapshot.lot)

    @property
    def scale(self) -> Fraction:
        """Smallest units in a rupee."""
        return Fraction(self.snapshot.scale)

    @property
    def multiplier(self) -> Value:
        """Rupees of value per rupee of price and unit of quantity."""
        return known_price(self.snapshot.multiplier)

    @property
    def quantity(self) -> Fraction:
        """Held now."""
        return Fraction(self.snapshot.quantity)

    @property
    def original(self) -> Fraction:
        """The largest quantity this position has had."""
        return Fraction(max(self.snapshot.original, self.snapshot.quantity))

    @property
    def gain(self) -> Value:
        """Profit of one share in smallest units."""
        return times(minus(self.price, self.entry), Fraction(self.side))

    @property
    def best(self) -> Value:
        """Best price since entry."""
        return self._extreme(known_price(self.snapshot.best), self.side)

    @property
    def worst(self) -> Value:
        """Worst price since entry."""
        return self._extreme(known_price(self.snapshot.worst), -self.side)

    def _extreme(self, heard: Value, direction: int) -> Value:
        """Return the furthest of what was heard, the price and the entry; the entry alone says nothing."""
        if heard is None and self.price is None:
            return None
        values = [value for value in (heard, self.price, self.entry) if value is not None]
        return max(values, key=lambda value: value * direction)

    @property
    def peak(self) -> Value:
        """The best profit of one share; unknown until there has been one."""
        peak = times(minus(self.best, self.entry), Fraction(self.side))
        return peak if peak is not None and peak > 0 else None

    @property
    def risk(self) -> Value:
        """1R: from entry to the initial stop, which must stand on the losing side."""
        risk = times(minus(self.entry, known_price(self.snapshot.initial_stop)), Fraction(self.side))
        return risk if risk is not None and risk > 0 else None

    # --- time ----------------------------------------------------------------------------------------------

    def age(self, unit: Unit, threshold: Fraction | None = None) -> Value:
        """Return the age in microseconds, trading days or bars.

        An overnight position of unknown age is older than a `threshold` of up to one day, else unknown.
        """
        s = self.snapshot
        if unit is Unit.DAYS:
            if s.opened is None and not s.age_days > 1:
                return Fraction(FAR) if threshold is not None and threshold <= 1 else None
            return known_number(s.age_days)
        short = threshold is not None and threshold <= DAY and unit is Unit.DURATION
        age = Fraction(s.now - s.opened) if s.opened is not None else (Fraction(FAR) if short else None)
        return over(age, self.bar) if unit is Unit.BARS else age

    @property
    def bar(self) -> Value:
        """The length of a bar in microseconds: the fact `bar minutes`, else one minute."""
        return times(known_price(self.snapshot.facts.get("bar minutes", 1.0)), Fraction(MINUTE))

    @property
    def time(self) -> Fraction:
        """Microseconds since the exchange's midnight."""
        return Fraction(time_of_day(self.snapshot.now))

    @property
    def weekday(self) -> int:
        """0 Monday … 6 Sunday."""
        return day_of(self.snapshot.now).weekday()

    @property
    def to_close(self) -> Value:
        """Microseconds until the session closes."""
        session = self.snapshot.session
        return None if session is None else Fraction(session.closes - self.snapshot.now)

    @property
    def expiry(self) -> date | None:
        """The day on which the instrument expires."""
        return self.snapshot.expiry

    @property
    def to_expiry(self) -> Value:
        """Calendar days until then."""
        return None if self.expiry is None else Fraction((self.expiry - day_of(self.snapshot.now)).days)

    # --- facts ---------------------------------------------------------------------------------------------

    def heard(self, name: str, window: Window | None = None) -> float | None:
        """Look a market or book fact up by its full phrase, then by its bare name."""
        facts = self.snapshot.facts
        phrase = phrase_of(name, window)
        return facts[phrase] if phrase in facts else facts.get(name)

    def heard_price(self, name: str, window: Window | None = None) -> Value:
        """Look a price up, in smallest units."""
        value = self.heard(name, window)
        return None if known_price(value) is None else Fraction(to_units(value or 0.0, self.snapshot.scale))

    def fact(self, ref: FactRef, threshold: Fraction | None = None) -> Value:
        """Return a fact in its measure: percent, rupees, R, microseconds, times normal."""
        if ref.name in PER_SHARE:
            return self.of_share(PER_SHARE[ref.name](self), ref.unit)
        if ref.name == "age":
            return self.age(ref.unit, threshold)
        if ref.name in FACTS:
            return FACTS[ref.name](self, ref.unit)
        if ref.name == "atr":
            return over(self.heard_price("atr", ref.window), self.scale)
        row = self.vocabulary[ref.name]
        if row.kind == PRICE:
            return over(self.named_price(ref.name, ref.window), self.scale)
        value = known_number(self.heard(ref.name, ref.window))
        return times(value, Fraction(self.side)) if row.signed else value

    def of_share(self, gain: Value, unit: Unit) -> Value:
        """Express a gain of one share in a measure."""
        if unit is Unit.PERCENT:
            return over(times(gain, Fraction(100)), self.entry)
        if unit is Unit.RUPEES:
            return over(times(times(gain, self.quantity), self.multiplier), self.scale)
        bottoms: dict[Unit, Callable[[], Value]] = {
            Unit.R: lambda: self.risk,
            Unit.TICKS: lambda: self.tick,
            Unit.ATR: lambda: self.heard_price("atr"),
            Unit.POINTS: lambda: self.scale,
        }
        return over(gain, bottoms[unit]())

    def text(self, name: str) -> str | None:
        """Return a fact that is a word, in lower case; None if it is not given."""
        if name == "side":
            return "long" if self.side > 0 else "short"
        if name == "day":
            return DAY_NAMES[self.weekday].lower()
        value: str = getattr(self.snapshot, name)
        return value.casefold() or None

    def mark(self, key: str) -> float | None:
        """Return what the rule remembers of a condition, None if nothing."""
        return next((value for known, value in self.memory.marks if known == key), None)

    def change(self, window: Window) -> Value:
        """Return how far price has moved over a window in percent; only the full phrase will do."""
        change = known_number(self.snapshot.facts.get(phrase_of("change", window)))
        return None if change is None or change <= -100 else change

    def moved(self, node: tree.Moves) -> Value:
        """Return how far price has moved over a window in percent, or what that was for the profit or the loss."""
        change = self.change(node.window)
        if change is None or node.subject.name == "price":
            return change
        before = over(times(self.price, Fraction(100)), 100 + change)
        gained = over(times(times(minus(self.price, before), Fraction(self.side)), Fraction(100)), self.entry)
        return gained if node.subject.name == "profit" else times(gained, Fraction(-1))

    def threshold(self, level: tree.Level) -> Fraction:
        """Return what must be reached: of a ladder one step more than the rule has fired."""
        return level.value * (self.memory.fired + 1) if level.every else level.value

    def is_text(self, name: str) -> bool:
        """Tell whether a fact is a word."""
        return name in self.vocabulary and self.vocabulary[name].kind == TEXT

    def is_natural(self, operand: tree.Operand) -> bool:
        """Tell whether an operand is a decimal that a host measured."""
        if not isinstance(operand, FactRef) or operand.name in PER_SHARE:
            return False
        if operand.name in ("day profit", "day loss"):
            return True
        if operand.name in FACTS or operand.name in ("age", "atr"):
            return False
        return self.vocabulary[operand.name].kind != PRICE

    # --- prices --------------------------------------------------------------------------------------------

    def named_price(self, name: str, window: Window | None = None) -> Value:
        """Return a price by name, in smallest units."""
        if name == "break-even":
            charges = self.snapshot.facts.get("charges")
            known = known_price(charges)
            extra = Fraction(0) if known is None else Fraction(to_units(charges or 0.0, self.snapshot.scale))
            return plus(self.entry, extra * self.side)
        found = POSITION_PRICES.get(name)
        return found(self) if found else self.heard_price(name, window)

    def price_of(self, node: tree.PriceExpr) -> Value:
        """Return a price in smallest units; `+` is towards profit."""
        base = self._base(node.base)
        if node.offset is None:
            return base
        sign = self.side if node.towards_profit else -self.side
        return plus(base, times(self.distance(node.offset, base), Fraction(sign)))

    def _base(self, base: tree.PriceFact | tree.PriceConstant | tree.PriceAtProfit) -> Value:
        if isinstance(base, tree.PriceConstant):
            return base.value * self.scale
        if isinstance(base, tree.PriceFact):
            return self.named_price(base.name, base.window)
        if base.unit is Unit.RUPEES:
            share = over(base.value * self.scale, times(self.quantity, self.multiplier))
        else:
            share = self.distance(tree.Distance(base.value, base.unit), self.entry)
        return plus(self.entry, times(share, Fraction(self.side)))

    def distance(self, node: tree.Distance, base: Value) -> Value:
        """Return a distance of price in smallest units; a percentage is of `base`."""
        if node.unit is Unit.PERCENT:
            return times(base, node.value / 100)
        if node.unit is Unit.ATR:
            return times(self.heard_price("atr", node.window), node.value)
        if node.unit is Unit.R:
            return times(self.risk, node.value)
        return times(self.tick if node.unit is Unit.TICKS else self.scale, node.value)


PER_SHARE: dict[str, Callable[[Reader], Value]] = {
    "profit": lambda r: r.gain,
    "loss": lambda r: times(r.gain, Fraction(-1)),
    "peak profit": lambda r: times(minus(r.best, r.entry), Fraction(r.side)),
}
"""Facts that are a gain of one share before they are measured."""

POSITION_PRICES: dict[str, Callable[[Reader], Value]] = {
    "price": lambda r: r.price,
    "entry": lambda r: r.entry,
    "stop": lambda r: r.stop,
    "initial stop": lambda r: known_price(r.snapshot.initial_stop),
    "target": lambda r: known_price(r.snapshot.target),
    "best price": lambda r: r.best,
    "worst price": lambda r: r.worst,
    "high since entry": lambda r: r.best if r.side > 0 else r.worst,
    "low since entry": lambda r: r.worst if r.side > 0 else r.best,
}
"""Prices of the position."""


def _total(r: Reader, unit: Unit) -> Value:
    earned = plus(times(r.gain, r.quantity), known_number(r.snapshot.realised))
    if unit is Unit.RUPEES:
        return over(times(earned, r.multiplier), r.scale)
    return over(r.of_share(earned, unit), r.original)


def _initial_risk(r: Reader, unit: Unit) -> Value:
    return over(times(r.risk, Fraction(100)), r.entry) if unit is Unit.PERCENT else over(r.risk, r.scale)


def _giveback(r: Reader, unit: Unit) -> Value:
    lost = times(minus(r.best, r.price), Fraction(r.side))
    return over(times(lost, Fraction(100)), r.peak)


def _minutes_to_close(r: Reader, unit: Unit) -> Value:
    return r.to_close if unit is Unit.DURATION else over(r.to_close, Fraction(MINUTE))


def _day_profit(r: Reader, unit: Unit) -> Value:
    profit, loss = r.snapshot.facts.get("day profit"), r.snapshot.facts.get("day loss")
    if profit is not None:
        return known_number(profit)
    return None if loss is None else known_number(-loss)


FACTS: dict[str, Callable[[Reader, Unit], Value]] = {
    "total profit": _total,
    "initial risk": _initial_risk,
    "giveback": _giveback,
    "quantity": lambda r, unit: r.quantity,
    "lots": lambda r, unit: over(r.quantity, r.lot),
    "value": lambda r, unit: over(times(times(r.price, r.quantity), r.multiplier), r.scale),
    "times booked": lambda r, unit: Fraction(r.snapshot.booked),
    "times added": lambda r, unit: Fraction(r.snapshot.added),
    "time": lambda r, unit: r.time,
    "minutes to close": _minutes_to_close,
    "days to expiry": lambda r, unit: r.to_expiry,
    "day profit": _day_profit,
    "day loss": lambda r, unit: times(_day_profit(r, unit), Fraction(-1)),
}
"""Facts of the position, the moment and the day's book."""
