"""Points of a search as positions that the evaluator can judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from math import nan
from typing import Any

from attrs import evolve, field, frozen, mutable

from rulekit.difference.axes import At, percent
from rulekit.language import tree as t
from rulekit.language.vocabulary import STANDARD
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import RuleMemory
from rulekit.model.instant import DAY, HOUR, MINUTE, at
from rulekit.model.snapshot import SessionTimes, Snapshot

Point = Mapping[str, Any]
"""A value for each axis; a missing one is the ordinary."""
MONDAY = date(2025, 6, 9)
"""Of an ordinary week in which every exchange traded each day."""
TICK, SCALE = 5, 100
USUAL_POINT: Point = {
    "side": 1,
    "quantity": 100,
    "entry": Fraction(1000),
    "price": percent(5),
    "age": Fraction(45 * MINUTE),
    "clock": Fraction(12 * HOUR),
    "day": 2,
}


@frozen
class Place:
    """A position of a search.

    Args:
        fired: how often the rule in question has acted. waited: microseconds since it last did.
        trailed: best price since its condition began to hold, in smallest units.
        earlier: the looks before this one, from which conditions that must last or cross remember.
    """

    snapshot: Snapshot
    fired: int = 0
    waited: int = 30 * DAY
    trailed: float = nan
    earlier: tuple[Snapshot, ...] = ()

    @property
    def is_fresh(self) -> bool:
        """Tell whether nothing has happened in this position yet."""
        return not self.fired and self.trailed != self.trailed

    def memory(self, rule: str) -> dict[str, RuleMemory]:
        """Return what a rule remembers here."""
        if self.is_fresh:
            return {}
        fired_at = self.snapshot.now - self.waited if self.fired else None
        since = self.snapshot.now - MINUTE if self.trailed == self.trailed else None
        return {rule: RuleMemory(self.fired, fired_at, since, self.trailed)}


@mutable
class _Frame:
    """What prices are measured by."""

    side: int
    quantity: int
    entry: Fraction  # smallest units, like all below
    risk: Fraction | None = None
    atr: Fraction | None = None
    price: Fraction = Fraction(0)

    def units(self, where: At | None) -> float:
        """Return a price in smallest units on the tick; one that cannot be measured is unknown."""
        exact = None if where is None else self.exact(where)
        if where is None or exact is None:
            return nan
        return float((exact // TICK) * TICK + where.nudge * TICK * self.side)

    def exact(self, where: At) -> Fraction | None:
        """Return a price in smallest units, not yet on the tick; None where it cannot be measured."""
        if where.base is None:
            return _FORMS[where.form](self, where.value)
        start = self.exact(where.base)
        return None if start is None else _FORMS[where.form](evolve(self, entry=start), where.value)

    def away(self, distance: Fraction) -> Fraction:
        """Return the price at a profit per share."""
        return self.entry + self.side * distance


def _giveback(frame: _Frame, value: Fraction) -> Fraction | None:
    gain = (frame.price - frame.entry) * frame.side
    return frame.away(gain / (1 - value / 100)) if gain > 0 and value < 100 else None


_FORMS: dict[str, Callable[[_Frame, Fraction], Fraction | None]] = {
    "%": lambda frame, value: frame.away(frame.entry * value / 100),
    "₹": lambda frame, value: frame.away(value * SCALE / frame.quantity),
    "R": lambda frame, value: None if frame.risk is None else frame.away(frame.risk * value),
    "points": lambda frame, value: frame.away(value * SCALE),
    "ticks": lambda frame, value: frame.away(value * TICK),
    "ATR": lambda frame, value: None if frame.atr is None else frame.away(frame.atr * value),
    "price": lambda frame, value: value * SCALE,
    "worth": lambda frame, value: value * SCALE / frame.quantity,
    "share": lambda frame, value: frame.price * value,
    "giveback": _giveback,
    "before %": lambda frame, value: frame.price / (1 + frame.side * value / 100),
    "before points": lambda frame, value: frame.price - frame.side * value * SCALE,
    "before ticks": lambda frame, value: frame.price - frame.side * value * TICK,
    "before R": lambda frame, value: None if frame.risk is None else frame.price - frame.side * value * frame.risk,
    "before ATR": lambda frame, value: None if frame.atr is None else frame.price - frame.side * value * frame.atr,
}


@frozen
class Builder:
    """Builds the positions of one search; texts that no rule speaks of are those that the policies are for."""

    applies: t.Applies = field(factory=t.Applies)

    def place(self, point: Point) -> Place | None:
        """Return the position of a point; None where it makes no sense, as with a price that cannot be measured."""
        full = {**USUAL_POINT, **point}
        side, quantity, entry = full["side"], full["quantity"], full["entry"] * SCALE
        lot = full.get("lot", 1)
        if quantity < 1 or (quantity % lot and quantity > lot):  # less than a lot is what a partial fill may leave
            return None
        frame = _Frame(side, quantity, entry)
        first = frame.units(full.get("risk"))
        if first == first and (entry - Fraction(first)) * side > 0:
            frame.risk = (entry - Fraction(first)) * side
        atr = next((each for name, each in full.items() if name.startswith("price:atr") and each is not None), None)
        frame.atr = None if atr is None else Fraction(frame.units(atr))
        price = frame.units(full["price"])
        if full["price"] is not None and not 0 < price < 10**12:
            return None
        frame.price = entry if full["price"] is None else Fraction(price)
        return self._placed(full, frame, price, first)

    def _placed(self, full: dict[str, Any], frame: _Frame, price: float, first: float) -> Place:
        day = MONDAY + timedelta(days=full["day"])
        now = at(day, int(full["clock"]))
        days = full.get("age days")
        opened = now - (int(full["age"]) if not days else int(days) * DAY)
        snapshot = Snapshot(
            symbol=self._text(full, "symbol", "KOTAKBANK"),
            side=frame.side,
            quantity=frame.quantity,
            entry=float(frame.entry),
            price=price,
            now=now,
            opened=opened,
            exchange=self._text(full, "exchange", "NSE"),
            product=self._text(full, "product", "MIS"),
            strategy=self._text(full, "strategy", ""),
            original=int(frame.quantity * full.get("original", 1)),
            stop=frame.units(full.get("stop")),
            initial_stop=first,
            target=frame.units(full.get("target")),
            best=frame.units(full.get("best")),
            worst=frame.units(full.get("worst")),
            booked=full.get("booked", 0),
            added=full.get("added", 0),
            realised=_realised(full.get("total"), frame, price),
            age_days=float(days or 0),
            lot=full.get("lot", 1),
            tick=float(TICK),
            session=_session(day),
            expiry=None if full.get("expiry") is None else day + timedelta(days=full["expiry"]),
            kind=self._kind(full),
            facts=_facts(full, frame),
        )
        waited = int(full.get("waited", 30 * DAY))
        earlier = _earlier(full, frame, snapshot)
        return Place(snapshot, full.get("fired", 0), waited, frame.units(full.get("trailed")), earlier)

    def _text(self, full: dict[str, Any], name: str, usual: str) -> str:
        accepted: tuple[str, ...] = getattr(self.applies, _ACCEPTED[name])
        found: str = full.get(f"text:{name}", accepted[0] if accepted else usual)
        return found

    def _kind(self, full: dict[str, Any]) -> str:
        if self.applies.kinds:
            return self.applies.kinds[0]
        return "equity" if full.get("expiry") is None else "future"


def _earlier(full: dict[str, Any], frame: _Frame, now: Snapshot) -> tuple[Snapshot, ...]:
    """Return a look at another price a minute before things stood as they do, and one when they began to."""
    lasted, before = int(full.get("lasted", 0)), full.get("before")
    found = [evolve(now, now=now.now - lasted)] if lasted else []
    if before is not None:
        part = float(full.get("read before", 1))
        facts = {name: None if value is None else value * part for name, value in now.facts.items()}
        price = frame.units(before)
        found = [evolve(now, now=now.now - lasted - MINUTE, price=price, facts=facts), *found]
    return tuple(each for each in found if each.opened is None or each.opened <= each.now)


_ACCEPTED = {"symbol": "symbols", "exchange": "exchanges", "product": "products", "strategy": "strategies"}
_SESSIONS: dict[date, SessionTimes | None] = {}


def _session(day: date) -> SessionTimes | None:
    if day not in _SESSIONS:
        _SESSIONS[day] = default_calendar().session("NSE", day)
    return _SESSIONS[day]


def _realised(total: Fraction | None, frame: _Frame, price: float) -> float:
    if total is None or price != price:
        return 0.0
    return float(total * SCALE - (Fraction(price) - frame.entry) * frame.side * frame.quantity)


def _facts(full: dict[str, Any], frame: _Frame) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, value in full.items():
        kind, _, phrase = name.partition(":")
        if kind == "price" and phrase:
            units = frame.units(value)
            found[phrase] = None if units != units or units <= 0 else units / SCALE
        elif kind == "fact":
            row = STANDARD.find(phrase.partition(" over ")[0])
            sign = frame.side if row is not None and row.signed else 1
            found[phrase] = None if value is None else float(value) * sign
    return found
