"""Builds the snapshot of one position: what is tracked, the last price, the market's facts and the exchange's day."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rulekit.model.calendar import Calendar
from rulekit.model.instant import SECOND, Instant, day_number, day_of
from rulekit.model.instrument import Instrument
from rulekit.model.orders import Quote
from rulekit.model.position import TrackedPosition
from rulekit.model.prices import UNKNOWN
from rulekit.model.snapshot import SessionTimes, Snapshot

Facts = Mapping[str, float | None]
FactSource = Callable[[TrackedPosition], Facts]
"""What a host knows of the market for a position, in natural units, by the names of the language."""


class Snapshots:
    """Turns tracked positions into snapshots; looks sessions and trading days up once a day.

    Args:
        stale_s: a price older than that many seconds is unknown.
    """

    def __init__(self, calendar: Calendar, stale_s: float) -> None:
        self._calendar = calendar
        self._stale = round(stale_s * SECOND)
        self._sessions: dict[tuple[str, int], SessionTimes | None] = {}
        self._ages: dict[tuple[str, int, int], float] = {}
        self._day = -1

    def _turn_day(self, day: int) -> None:
        """Forget what was looked up for another day."""
        if day != self._day:
            self._day = day
            self._sessions.clear()
            self._ages.clear()

    def session(self, exchange: str, now: Instant) -> SessionTimes | None:
        """Return the session of the exchange's day, None if it is closed all day."""
        key = (exchange, day_number(now))
        if key not in self._sessions:
            self._turn_day(day_number(now))
            self._sessions[key] = self._calendar.session(exchange, day_of(now))
        return self._sessions[key]

    def is_open(self, exchange: str, now: Instant) -> bool:
        """Tell whether the exchange trades at that instant."""
        session = self.session(exchange, now)
        return session is not None and session.opens <= now < session.closes

    def age_days(self, exchange: str, opened: Instant | None, now: Instant) -> float:
        """Count the trading days since a position was opened; an overnight one of unknown age counts as one."""
        if opened is None:
            return 1.0
        key = (exchange, day_number(opened), day_number(now))
        if key not in self._ages:
            self._turn_day(day_number(now))
            self._ages[key] = float(self._calendar.trading_days_between(exchange, day_of(opened), day_of(now)))
        return self._ages[key]

    def is_stale(self, quote: Quote | None, now: Instant) -> bool:
        """Tell whether a price is too old, or was never heard."""
        return quote is None or now - quote.at > self._stale

    def build(
        self,
        position: TrackedPosition,
        instrument: Instrument,
        quote: Quote | None,
        facts: Facts,
        now: Instant,
    ) -> Snapshot:
        """Return the snapshot; a stale price makes the price unknown, and with it all that rests on it."""
        key = position.key
        stale = self.is_stale(quote, now)
        return Snapshot(
            symbol=key.symbol,
            side=position.side,
            quantity=position.quantity,
            entry=position.entry,
            price=UNKNOWN if stale or quote is None else quote.price,
            now=now,
            opened=position.opened,
            exchange=key.exchange,
            product=key.product,
            strategy=position.strategy,
            original=position.original,
            stop=position.stop,
            initial_stop=position.initial_stop,
            target=position.target,
            best=position.best,
            worst=position.worst,
            booked=position.booked,
            added=position.added,
            realised=position.realised,
            age_days=self.age_days(key.exchange, position.opened, now),
            lot=instrument.lot,
            tick=instrument.tick,
            scale=instrument.scale,
            multiplier=instrument.multiplier,
            session=self.session(key.exchange, now),
            expiry=instrument.expiry,
            kind=instrument.kind,
            facts=facts,
            in_flight=position.in_flight or position.frozen,
        )
