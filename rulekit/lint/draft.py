"""A position while its values are settled: entry, price, quantity and risk so that picked measures come out so."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor

from attrs import define, field

from rulekit.engine.examples import EXAMPLE_DAY
from rulekit.language.tree import FactRef, PriceExpr, PriceFact, Unit
from rulekit.language.words import DAY_NAMES, window_text
from rulekit.lint.axes import OTHER
from rulekit.lint.meaning import Meaning
from rulekit.lint.picks import Picks
from rulekit.lint.scales import OVERNIGHT
from rulekit.lint.witness import Witness
from rulekit.model.calendar import default as default_calendar
from rulekit.model.instant import DAY, MINUTE, at

TICK = Fraction(1, 20)
QUANTITY = 100
PROFIT = "profit"


@define
class Draft:
    """A position while its values are settled.

    Args:
        up: prices between two ticks are rounded away from the entry, else towards it.
    """

    meaning: Meaning
    chosen: Picks
    side: int
    entry: Fraction
    up: bool
    facts: dict[str, Fraction | str] = field(factory=dict)
    quantity: int = QUANTITY

    def pick(self, *key: Hashable) -> Fraction | None:
        """Return the number picked for an axis, None if there is none."""
        value = self.chosen.get(key)
        return value if isinstance(value, Fraction) else None

    def witness(self) -> Witness | None:
        """Return the position, None where the picks do not go together."""
        price = self._price()
        if price is None or price <= 0 or self.entry <= 0:
            return None
        clock, day = self._clock()
        held, days = self._held(day, clock)
        for settle in (self._counted, self._extremes, self._stated, self._words):
            settle(price)
        if ("to expiry",) in self.chosen and self.pick("to expiry") is not None:
            self.facts["days to expiry"] = self.pick("to expiry") or Fraction(0)
        self._differences(price)
        return Witness(
            "long" if self.side > 0 else "short",
            self.quantity,
            self._symbol(),
            self.entry,
            price,
            held,
            tuple(self.facts.items()),
            clock,
            day,
            1,
            (),
            days,
        )

    # --- prices --------------------------------------------------------------------------------------------

    def on_tick(self, value: Fraction, *, up: bool | None = None) -> Fraction:
        """Round a price to the tick."""
        return (ceil if (self.up if up is None else up) else floor)(value / TICK) * TICK

    def _price(self) -> Fraction | None:
        """Settle entry and price by the measures of profit that were picked; return the price."""
        price, percent = self.pick("price", "price", None), self.pick(PROFIT, Unit.PERCENT)
        points, given = self.pick(PROFIT, Unit.POINTS), self.pick("price", "entry", None)
        if given is not None:
            self.entry = given
        if price is not None and percent is not None and given is None:
            share = 1 + self.side * percent / 100
            if share <= 0:
                return None
            self.entry = self.on_tick(price / share)
        elif price is not None and points is not None and given is None:
            self.entry = price - self.side * points
        elif points is not None and percent and given is None and points / percent > 0:
            self.entry = self.on_tick(points * 100 / percent)
        if price is None:
            gain = self._gain(percent, points)
            price = self.on_tick(self.entry + self.side * gain, up=self.up)
        self._tied(price)
        return price

    def _gain(self, percent: Fraction | None, points: Fraction | None) -> Fraction:
        """Return the gain of one share in rupees."""
        if percent is not None:
            return self.entry * percent / 100
        if points is not None:
            return points
        money, ticks, risk = self.pick(PROFIT, Unit.RUPEES), self.pick(PROFIT, Unit.TICKS), self.pick(PROFIT, Unit.R)
        if money is not None:
            held = self.pick("quantity", Unit.COUNT) or Fraction(self.quantity)
            return money / held
        if ticks is not None:
            return ticks * TICK
        if risk is not None:
            return risk * self._risk()
        ranges, back = self.pick(PROFIT, Unit.ATR), self.pick("giveback", Unit.PERCENT)
        if ranges is None and back is not None:
            return (self._peak() or self.entry / 20) * (1 - back / 100)  # of a peak of 5% where none is picked
        return Fraction(0) if ranges is None else ranges * (self.pick("atr", None) or Fraction(10))

    def _risk(self) -> Fraction:
        percent, rupees = self.pick("initial risk", Unit.PERCENT), self.pick("initial risk", Unit.RUPEES)
        if percent is not None:
            return self.entry * percent / 100
        return rupees or self.pick("initial risk", Unit.POINTS) or Fraction(max(1, floor(self.entry / 100)))

    def _tied(self, price: Fraction) -> None:
        """Choose quantity, first stop and ATR so that the other measures of the same gain come out as picked."""
        gain = (price - self.entry) * self.side
        money, risk, ranges = (self.pick(PROFIT, unit) for unit in (Unit.RUPEES, Unit.R, Unit.ATR))
        count, lots = self.pick("quantity", Unit.COUNT), self.pick("lots", Unit.COUNT)
        value = self.pick("value", Unit.RUPEES)
        wanted = count or lots
        if wanted is None and value is not None and price > 0:
            wanted = value / price
        if wanted is None and money is not None and gain and money / gain > 0:
            wanted = money / gain
        if wanted is not None:
            self.quantity = max(1, (ceil if self.up else floor)(wanted))
        atr = self.pick("atr", None)
        if ranges is not None or atr is not None:
            tied = gain / ranges if ranges and gain / ranges > 0 else Fraction(10)
            self.facts["atr"] = atr if atr is not None else self.on_tick(tied) or TICK
        if risk is not None or any(
            self.pick("initial risk", unit) for unit in (Unit.PERCENT, Unit.RUPEES, Unit.POINTS)
        ):
            one = gain / risk if risk and gain / risk > 0 else self._risk()
            self.facts["initial stop"] = self.entry - self.side * self.on_tick(one)

    def _extremes(self, price: Fraction) -> None:
        """State the best price where a peak or what was given back is picked."""
        gain = (price - self.entry) * self.side
        peak, back = self._peak(), self.pick("giveback", Unit.PERCENT)
        if peak is None and back is not None:
            peak = gain / (1 - back / 100) if back != 100 else self.entry / 100
        if peak is not None and peak > gain:
            self.facts["best price"] = self.entry + self.side * self.on_tick(peak)

    def _peak(self) -> Fraction | None:
        """Return the best gain of one share that the picks ask for, in rupees."""
        percent, points = self.pick("peak profit", Unit.PERCENT), self.pick("peak profit", Unit.POINTS)
        money, risk = self.pick("peak profit", Unit.RUPEES), self.pick("peak profit", Unit.R)
        if percent is not None:
            return self.entry * percent / 100
        if points is not None:
            return points
        if money is not None:
            return money / self.quantity
        if risk is None:
            return None
        stop = self.facts.setdefault("initial stop", self.entry - self.side * self.on_tick(self._risk()))
        assert isinstance(stop, Fraction)
        return risk * (self.entry - stop) * self.side

    # --- the rest ------------------------------------------------------------------------------------------

    def _counted(self, price: Fraction) -> None:
        for name in ("times booked", "times added"):
            value = self.pick(name, Unit.COUNT)
            if value is not None:
                self.facts[name] = value
        total = self.pick("total profit", Unit.RUPEES)
        if total is not None:
            self.facts["total profit"] = total

    def _stated(self, price: Fraction) -> None:
        """State what the market or the book is to say."""
        for key, value in self.chosen.items():
            if not isinstance(key, tuple) or not isinstance(value, Fraction):
                continue
            if key[0] == "fact":
                self.facts[key[1]] = _decimal(value)
            elif key[0] == "moved":  # an example states a change in the position's favour
                self.facts[_phrase("change", key[1])] = _decimal(value) * self.side
            elif key == ("day profit",):
                self.facts["day profit"] = _decimal(value)
            elif key[0] == "price" and key[1] not in ("price", "entry"):
                self.facts[_phrase(key[1], key[2])] = value
            elif key[0] == "atr" and key[1] is not None:
                self.facts[_phrase("atr", key[1])] = value

    def _words(self, price: Fraction) -> None:
        for name in ("exchange", "product", "strategy"):
            value = self.chosen.get(("word", name))
            if isinstance(value, str):
                self.facts[name] = "another" if value == OTHER else self._spelt(name, value)

    def _spelt(self, name: str, folded: str) -> str:
        return folded.upper() if name in ("exchange", "product") else folded

    def _symbol(self) -> str:
        value, listed = self.chosen.get(("word", "symbol")), self.meaning.tree.applies.symbols
        if isinstance(value, str) and value != OTHER:
            return value.upper()
        if value is None and listed:
            return listed[0]
        return "KOTAKBANK" if value is None or not self._named("kotakbank") else "INFY"

    def _named(self, word: str) -> bool:
        place = self.meaning.axes.find(("word", "symbol"))
        return place is not None and word in self.meaning.axes.axes[place].words  # type: ignore[union-attr]

    def _clock(self) -> tuple[int | None, date | None]:
        """Return the time of day and the day, None where they do not matter."""
        day, ordinary = None, date.fromisoformat(EXAMPLE_DAY)
        named = self.chosen.get(("word", "day"))
        if isinstance(named, str):
            wanted = [name.lower() for name in DAY_NAMES].index(named)
            day = ordinary + timedelta(days=wanted - ordinary.weekday())
        clock, left = self.pick("time"), self.pick("to close")
        if clock is None and left is not None:
            exchange = (self.meaning.tree.applies.exchanges or ("NSE",))[0]
            session = default_calendar().session(exchange, day or ordinary)
            if session is not None:
                clock = Fraction(session.closes - at(day or ordinary, 0)) - left
        return (None if clock is None or not 0 <= clock < DAY else int(clock)), day

    def _held(self, day: date | None, clock: int | None) -> tuple[int | None, int | None]:
        """Return since when it is held, in microseconds and, where that is asked, in trading days."""
        days = self.pick("age", Unit.DAYS)
        if self.chosen.get(("age", Unit.DAYS)) == OVERNIGHT:
            return None, None
        age, bars = self.pick("age", Unit.DURATION), self.pick("age", Unit.BARS)
        if ("age", Unit.DURATION) in self.chosen and age is None:
            return None, None
        if days is not None and days > 0 and (age is None or age < DAY):
            return self._days_ago(int(days), day, clock), int(days)
        if age is not None:
            return int(age), None
        return (int(bars * MINUTE) if bars is not None else 10 * MINUTE), None

    def _days_ago(self, days: int, day: date | None, clock: int | None) -> int:
        """Return the age of a position that was opened that many trading days ago, at the same time of day."""
        calendar, first = default_calendar(), day or date.fromisoformat(EXAMPLE_DAY)
        back = first
        for _ in range(days):
            back = calendar.previous_session("NSE", back).day
        return (first - back).days * DAY

    def _differences(self, price: Fraction) -> None:
        """Give the market's prices so that comparisons between them come out as picked."""
        for key, value in self.chosen.items():
            if isinstance(key, tuple) and key[0] in ("difference", "ahead of") and isinstance(value, Fraction):
                left, right = (key[1], key[2]) if key[0] == "difference" else (PriceExpr(PriceFact("price")), key[1])
                wanted = value * (self.side if key[0] == "ahead of" else 1)
                self._apart(left, right, wanted, price)

    def _apart(self, left: object, right: object, wanted: Fraction, price: Fraction) -> None:
        a, b = self._known(left, price), self._known(right, price)
        if a is None and b is None:
            self._give(left, price)
            a = self._known(left, price)
        if a is not None and b is None:
            self._give(right, a - wanted)
        elif a is None and b is not None:
            self._give(left, b + wanted)

    def _known(self, operand: object, price: Fraction) -> Fraction | None:
        """Return an operand's value where it is settled: a price, or a fact that was given, and a step from it."""
        name, share, step = _taken_apart(operand, self.side)
        found = {"price": price, "entry": self.entry}.get(name or "", self.facts.get(name or ""))
        return found * share + step if isinstance(found, Fraction) else None

    def _give(self, operand: object, value: Fraction) -> None:
        """Give the fact of an operand so that the operand comes to a value, rounded away from it where it must be."""
        name, share, step = _taken_apart(operand, self.side)
        if name is not None and value > step:
            base = (value - step) / share
            self.facts.setdefault(name, base if share == 1 else self.on_tick(base))


def _decimal(value: Fraction) -> Fraction:
    """Return the decimal that a host's measurement is read as."""
    return Fraction(repr(float(value)))


def _taken_apart(operand: object, side: int) -> tuple[str | None, Fraction, Fraction]:
    """Return the one fact that an operand is made of, the share of it and the step in rupees that make the operand."""
    plain = Fraction(1), Fraction(0)
    if isinstance(operand, FactRef):
        return operand.phrase, *plain
    if not isinstance(operand, PriceExpr) or not isinstance(operand.base, PriceFact):
        return None, *plain
    name, offset = _phrase(operand.base.name, operand.base.window), operand.offset
    if offset is None:
        return name, *plain
    value = offset.value * (side if operand.towards_profit else -side)
    if offset.unit is Unit.PERCENT:
        return name, 1 + value / 100, Fraction(0)
    steps = {Unit.RUPEES: value, Unit.POINTS: value, Unit.TICKS: value * TICK}
    return (name, Fraction(1), steps[offset.unit]) if offset.unit in steps else (None, *plain)


def _phrase(name: str, window: object) -> str:
    return name if window is None else f"{name} {window_text(window)}"  # type: ignore[arg-type]
