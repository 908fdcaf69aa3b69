"""The days of an exchange as columns: when each opens and closes, when intraday products are squared off."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta

from attrs import frozen

from rulekit.errors import InputError
from rulekit.model.calendar import Calendar, HorizonError
from rulekit.model.instant import DAY, Instant, at, day_of

FAR_OFF = 1 << 62


@frozen
class Days:
    """One row a calendar day; `counts` is the number of sessions up to and including it."""

    starts: list[int]
    opens: list[int]
    closes: list[int]
    square: list[int]
    counts: list[float]

    def row(self, instant: Instant) -> int:
        """Return the row of an instant's day."""
        return max(0, bisect_right(self.starts, instant) - 1)

    def is_open(self, instant: Instant) -> bool:
        """Tell whether the exchange trades at an instant."""
        row = self.row(instant)
        return self.opens[row] <= instant < self.closes[row]


def days_between(
    calendar: Calendar, exchange: str, first: Instant, last: Instant, *, always: bool, squares: bool
) -> Days:
    """List the days from one instant's to another's.

    Args:
        always: every day is open from midnight to midnight.
        squares: whether the product is squared off by the broker.

    Raises:
        InputError: the calendar does not know one of them.
    """
    days = Days([], [], [], [], [])
    day, end = day_of(first), day_of(last)
    sessions = 0
    while day <= end:
        opens, closes, square = _hours(calendar, exchange, day, always, squares)
        sessions += closes > 0
        for column, value in zip(
            (days.starts, days.opens, days.closes, days.square), (at(day, 0), opens, closes, square), strict=True
        ):
            column.append(value)
        days.counts.append(float(sessions))
        day += timedelta(days=1)
    return days


def _hours(calendar: Calendar, exchange: str, day: date, always: bool, squares: bool) -> tuple[int, int, int]:
    """Return when a day opens, closes and is squared off; zeros where the exchange is closed."""
    if always:
        return at(day, 0), at(day, DAY), FAR_OFF
    try:
        session = calendar.session(exchange, day)
        if session is None:
            return 0, 0, FAR_OFF
        square = calendar.square_off(exchange, day) if squares else None
    except HorizonError as error:
        raise InputError(error.message, f"{error.help}; or let it decide at any time: --sessions always") from None
    return session.opens, session.closes, FAR_OFF if square is None else square
