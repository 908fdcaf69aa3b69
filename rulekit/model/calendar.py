"""The exchange calendar: sessions with their hours, counted days, and a horizon beyond which it refuses to guess."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from rulekit.errors import InputError, RulekitError
from rulekit.model import calendar_days as table
from rulekit.model.calendar_year import SATURDAY, YearList, summer_time
from rulekit.model.instant import HOUR, MINUTE, Instant, at, day_of
from rulekit.model.snapshot import SessionTimes

EXCHANGES = tuple(table.MARKETS)
WARNING_DAYS = 30
"""From so many days before the horizon on, `Calendar.warning` speaks."""

HOW_TO_EXTEND = (
    "install a newer version, or write the exchange's list of the next year into a file "
    "(`rulekit new holidays YEAR` begins one) and name it under [calendar] in rulekit.toml"
)

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
        years: whole years by market (`equity`, `currency`, `commodity`); a year that the table knows too is taken from
            here. They carry the horizon on as far as one follows the other.

    Raises:
        InputError: there is no such exchange or market, or a list that cannot be.
    """

    def __init__(
        self,
        closed: Mapping[str, frozenset[date]] | None = None,
        sessions: Mapping[str, Mapping[date, Hours]] | None = None,
        years: Mapping[str, Iterable[YearList]] | None = None,
    ) -> None:
        self._closed = {_exchange(name): days for name, days in (closed or {}).items()}
        self._sessions = {_exchange(name): dict(days) for name, days in (sessions or {}).items()}
        self._years = {market: _by_year(market, lists) for market, lists in (years or {}).items()}
        self._horizons = {market: self._known(market) for market in table.KNOWN}
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
        return self._horizons[table.MARKETS[_exchange(exchange)]]

    def horizons(self) -> dict[date, list[str]]:
        """Return the exchanges by the last day that is known of each, the nearest first."""
        found: dict[date, list[str]] = {}
        for exchange, market in table.MARKETS.items():
            found.setdefault(self._horizons[market][1], []).append(exchange)
        return dict(sorted(found.items()))

    def differing(self) -> dict[str, list[date]]:
        """Return the days on which a list that was given contradicts the table, by the market's first exchange."""
        shipped, found = Calendar(), {}
        for market, lists in self._years.items():
            exchange = next(name for name, each in table.MARKETS.items() if each == market)
            first, last = shipped.horizon(exchange)
            days = [day for year in sorted(lists) if first.year <= year <= last.year for day in _days_of(year)]
            if differ := [day for day in days if shipped._hours(exchange, day) != self._hours(exchange, day)]:
                found[exchange] = differ
        return found

    def warning(self, today: date, exchange: str = "NSE") -> str | None:
        """Return a sentence from 30 days before the horizon on, else None."""
        if (self.horizon(exchange)[1] - today).days > WARNING_DAYS:
            return None
        return f"the exchange calendar {self.ending(today, exchange)}: later days are refused; {HOW_TO_EXTEND}"

    def ending(self, today: date, exchange: str = "NSE") -> str:
        """Say on which day the horizon of an exchange is reached, and how far that is away."""
        last = self.horizon(exchange)[1]
        left = (last - today).days
        when = f"in {left} days" if left > 1 else {1: "tomorrow", 0: "today"}.get(left, f"{-left} days ago")
        return f"ends on {last.isoformat()}, {when}"

    def _hours(self, exchange: str, day: date) -> Hours | None:
        """Look a day up: what was added, special sessions, closed days, then the ordinary week."""
        if (added := self._sessions.get(exchange, {}).get(day)) is not None:
            return added
        if day in self._closed.get(exchange, ()):
            return None
        market, key = table.MARKETS[exchange], day.isoformat()
        if (listed := self._years.get(market, {}).get(day.year)) is not None:
            return _listed_hours(market, listed, day)
        for place in (exchange, market):
            if (special := table.SPECIAL.get(place, {}).get(key)) is not None:
                return special
        if day.weekday() >= SATURDAY or _listed(table.CLOSED[market], day):
            return None
        if market != table.COMMODITY:
            return table.HOURS[market]
        return _commodity_hours(day, _listed(table.EVENING_ONLY, day), _listed(table.MORNING_ONLY, day))

    def _known(self, market: str) -> tuple[date, date]:
        """Return the first and the last day that the table and the lists behind it answer for."""
        first, last = (date.fromisoformat(day) for day in table.KNOWN[market])
        while last.year + 1 in self._years.get(market, {}):
            last = date(last.year + 1, 12, 31)
        return first, last

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
                HOW_TO_EXTEND,
            )


_in_force: list[Calendar] = []
"""What `put_in_force` was given last; one calendar holds in the whole of a process."""


def default() -> Calendar:
    """Return the calendar in force: the one that a program put there as it began, else the one that ships."""
    if not _in_force:
        _in_force.append(Calendar())
    return _in_force[0]


def put_in_force(calendar: Calendar | None) -> None:
    """Let a calendar answer wherever none is handed over; None brings the one that ships back."""
    _in_force[:] = [] if calendar is None else [calendar]


def _exchange(name: str) -> str:
    """Return the name of an exchange that the table knows."""
    if name not in table.MARKETS:
        raise InputError(f"`{name}` is not an exchange that the calendar knows", f"use one of {', '.join(EXCHANGES)}")
    return name


def _days_of(year: int) -> list[date]:
    """List the days of a year."""
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


def _listed(years: Mapping[int, str], day: date) -> bool:
    """Tell whether a day stands in a table of years."""
    return day.strftime("%m-%d") in years.get(day.year, "").split()


def _by_year(market: str, lists: Iterable[YearList]) -> dict[int, YearList]:
    """Return the lists of a market by their years; each must make sense by itself."""
    if market not in table.KNOWN:
        raise InputError(f"`{market}` is not a market that the calendar knows", f"use one of {', '.join(table.KNOWN)}")
    found: dict[int, YearList] = {}
    for listed in lists:
        listed.refuse_what_cannot_be(table.FEWEST_CLOSED[market])
        if listed.year in found:
            raise InputError(f"{market} has two lists of {listed.year}", "leave one of them out")
        found[listed.year] = listed
    return found


def _listed_hours(market: str, listed: YearList, day: date) -> Hours | None:
    """Look a day up in the list of its year."""
    if (special := listed.sessions.get(day)) is not None:
        return special
    if day.weekday() >= SATURDAY or day in listed.closed:
        return None
    if market != table.COMMODITY:
        return table.HOURS[market]
    return _commodity_hours(day, day in listed.evening_only, day in listed.morning_only)


def _commodity_hours(day: date, evening_only: bool, morning_only: bool) -> Hours:
    """Return the hours of an ordinary or half commodity day; its close follows New York's summer time."""
    first, last = summer_time(day.year)
    opens, closes = table.HOURS[table.COMMODITY]
    if not first <= day <= last:
        closes = table.WINTER_CLOSE
    if evening_only:
        return table.EVENING, closes
    if morning_only:
        return opens, table.EVENING
    return opens, closes


def _moment(day: date, time: str) -> Instant:
    """Return the instant of `HH:MM` on an exchange day."""
    hours, minutes = time.split(":")
    return at(day, int(hours) * HOUR + int(minutes) * MINUTE)
