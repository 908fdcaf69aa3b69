"""The exchange calendar: sessions with their hours, counted days, and a horizon beyond which it refuses to guess."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

from rulekit.errors import InputError, RulekitError
from rulekit.model import calendar_days as table
from rulekit.model.instant import HOUR, MINUTE, Instant, at, day_of
from rulekit.model.snapshot import SessionTimes

EXCHANGES = tuple(table.MARKETS)
WARNING_DAYS = 30
"""From so many days before the horizon on, `Calendar.warning` speaks."""

LOOKED_UP = 1024
"""So many days of exchanges are remembered; then it begins afresh."""

Hours = tuple[str, str]
"""Opening and closing time of day, `HH:MM`."""


class HorizonError(RulekitError):
    """A day that the calendar does not know: it refuses instead of guessing."""


class Calendar:
    """Sessions of India's exchanges.

    Args:
        closed: further closed days by exchange, for a holiday that was declared after this version was made.
        sessions: further sessions by exchange and day, or other hours for one that is known.
    """

    def __init__(
        self,
        closed: Mapping[str, frozenset[date]] | None = None,
        sessions: Mapping[str, Mapping[date, Hours]] | None = None,
    ) -> None:
        self._closed = {_exchange(name): days for name, days in (closed or {}).items()}
        self._sessions = {_exchange(name): dict(days) for name, days in (sessions or {}).items()}
        self._found: dict[tuple[str, date], SessionTimes | None] = {}
        self._ordinals: dict[str, list[int]] = {}

    def session(self, exchange: str, day: date) -> SessionTimes | None:
        """Return the session of a day, or None if the exchange is closed on it.

        Raises:
            HorizonError: the calendar does not know the day.
            InputError: it does not know the exchange.
        """
        try:
            return self._found[exchange, day]
        except KeyError:
            pass
        self._refuse_unknown(exchange, day)
        hours = self._hours(exchange, day)
        found = None if hours is None else SessionTimes(_moment(day, hours[0]), _moment(day, hours[1]), day)
        if len(self._found) >= LOOKED_UP:
            self._found.clear()
        self._found[exchange, day] = found
        return found

    def open_at(self, exchange: str, instant: Instant) -> bool:
        """Tell whether the exchange trades at that instant: opening included, close and breaks left out."""
        day = day_of(instant)
        session = self.session(exchange, day)
        if session is None or not session.opens <= instant < session.closes:
            return False
        pause = table.BREAKS.get(exchange, {}).get(day.isoformat())
        return pause is None or not _moment(day, pause[0]) <= instant < _moment(day, pause[1])

    def square_off(self, exchange: str, day: date) -> Instant | None:
        """Return when the broker closes what is left in product MIS, or None on a closed day."""
        session = self.session(exchange, day)
        if session is None:
            return None
        fixed = table.SQUARE_OFF.get(exchange)
        ordinary = table.HOURS[table.MARKETS[exchange]][1]
        if fixed is not None and session.closes == _moment(day, ordinary):
            return _moment(day, fixed)
        return session.closes - table.SQUARE_OFF_BEFORE_CLOSE_MINUTES[exchange] * MINUTE

    def trading_days_between(self, exchange: str, first: date, last: date) -> int:
        """Count the sessions after the day `first`, up to and including the day `last`; 0 if `last` is not later."""
        self._refuse_unknown(exchange, first)
        self._refuse_unknown(exchange, last)
        if last <= first:
            return 0
        days = self._days(exchange)
        return bisect_right(days, last.toordinal()) - bisect_right(days, first.toordinal())

    def next_session(self, exchange: str, day: date) -> SessionTimes:
        """Return the first session after a day."""
        return self._walk(exchange, day, 1)

    def previous_session(self, exchange: str, day: date) -> SessionTimes:
        """Return the last session before a day."""
        return self._walk(exchange, day, -1)

    def horizon(self, exchange: str = "NSE") -> tuple[date, date]:
        """Return the first and the last day that the calendar knows."""
        first, last = table.KNOWN[table.MARKETS[_exchange(exchange)]]
        return date.fromisoformat(first), date.fromisoformat(last)

    def warning(self, today: date, exchange: str = "NSE") -> str | None:
        """Return a sentence from 30 days before the horizon on, else None."""
        last = self.horizon(exchange)[1]
        left = (last - today).days
        if left > WARNING_DAYS:
            return None
        when = f"in {left} days" if left > 1 else {1: "tomorrow", 0: "today"}.get(left, f"{-left} days ago")
        return (
            f"the exchange calendar ends on {last.isoformat()}, {when}: install a newer version; later days are refused"
        )

    def _hours(self, exchange: str, day: date) -> Hours | None:
        """Look a day up: what was added, special sessions, closed days, then the ordinary week."""
        if (added := self._sessions.get(exchange, {}).get(day)) is not None:
            return added
        if day in self._closed.get(exchange, ()):
            return None
        market, key = table.MARKETS[exchange], day.isoformat()
        for place in (exchange, market):
            if (special := table.SPECIAL.get(place, {}).get(key)) is not None:
                return special
        if day.weekday() >= 5 or _listed(table.CLOSED[market], day):
            return None
        return _commodity_hours(day) if market == table.COMMODITY else table.HOURS[market]

    def _days(self, exchange: str) -> list[int]:
        """List the ordinals of all session days, once for each exchange."""
        if exchange not in self._ordinals:
            first, last = (day.toordinal() for day in self.horizon(exchange))
            self._ordinals[exchange] = [
                day for day in range(first, last + 1) if self._hours(exchange, date.fromordinal(day)) is not None
            ]
        return self._ordinals[exchange]

    def _walk(self, exchange: str, day: date, step: int) -> SessionTimes:
        """Go on day by day until there is a session; the horizon ends it."""
        while True:
            day += timedelta(days=step)
            if (session := self.session(exchange, day)) is not None:
                return session

    def _refuse_unknown(self, exchange: str, day: date) -> None:
        """Raise unless the day lies within the horizon of its exchange."""
        first, last = self.horizon(exchange)
        if not first <= day <= last:
            raise HorizonError(
                f"the exchange calendar knows {exchange} from {first.isoformat()} to {last.isoformat()}, "
                f"and not `{day.isoformat()}`",
                "install a version of rulekit that knows the year, or use prices of a year that it knows",
            )


@cache
def default() -> Calendar:
    """Return the calendar as it ships."""
    return Calendar()


def _exchange(name: str) -> str:
    """Return the name of an exchange that the table knows."""
    if name not in table.MARKETS:
        raise InputError(f"`{name}` is not an exchange that the calendar knows", f"use one of {', '.join(EXCHANGES)}")
    return name


def _listed(years: Mapping[int, str], day: date) -> bool:
    """Tell whether a day stands in a table of years."""
    return day.strftime("%m-%d") in years.get(day.year, "").split()


def _commodity_hours(day: date) -> Hours:
    """Return the hours of an ordinary or half commodity day; its close follows New York's summer time."""
    first, last = table.SUMMER_TIME[day.year]
    summer = first <= day.strftime("%m-%d") <= last
    opens, closes = table.HOURS[table.COMMODITY]
    if not summer:
        closes = table.WINTER_CLOSE
    if _listed(table.EVENING_ONLY, day):
        return table.EVENING, closes
    if _listed(table.MORNING_ONLY, day):
        return opens, table.EVENING
    return opens, closes


def _moment(day: date, time: str) -> Instant:
    """Return the instant of `HH:MM` on an exchange day."""
    hours, minutes = time.split(":")
    return at(day, int(hours) * HOUR + int(minutes) * MINUTE)
