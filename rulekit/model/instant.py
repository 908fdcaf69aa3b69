"""Instants: whole microseconds since 1970 UTC, exact in a float64 until the year 2255.

The exchange's wall clock is India's, which has had no daylight saving since 1945, so the zone is a fixed offset.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from rulekit.errors import InputError

Instant = int
"""Whole microseconds since 1970-01-01T00:00:00Z."""

IST = timezone(timedelta(hours=5, minutes=30), "IST")
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_IST_OFFSET = 5 * HOUR + 30 * MINUTE
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_of(moment: datetime) -> Instant:
    """Return the instant of an aware `datetime`; a naive one is refused."""
    if moment.tzinfo is None:
        raise InputError(
            f"`{moment.isoformat()}` has no time zone",
            "write the offset, for example 2026-11-20T09:15:00+05:30",
        )
    return (moment - _EPOCH) // timedelta(microseconds=1)


def parse_instant(text: str) -> Instant:
    """Read an ISO 8601 time with its offset, for example `2026-11-20T09:15:00+05:30`."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"`{text}` is not a time", "write it like 2026-11-20T09:15:00+05:30") from None
    return instant_of(moment)


def exchange_instant(text: str) -> tuple[Instant, bool]:
    """Read an ISO 8601 time; one without an offset is taken for India's. Also tell whether the offset lacked."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return parse_instant(text), False
    naive = moment.tzinfo is None
    return instant_of(moment.replace(tzinfo=IST) if naive else moment), naive


def moment_of(instant: Instant) -> datetime:
    """Return the exchange's local time of an instant."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(IST)


def iso(instant: Instant) -> str:
    """Write an instant in ISO 8601 with India's offset, microseconds only where there are some."""
    day, rest = divmod(instant + _IST_OFFSET, DAY)
    seconds, micro = divmod(rest, SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_date_text(day)}T{hour:02}:{minute:02}:{second:02}{f'.{micro:06}' if micro else ''}+05:30"


@lru_cache(maxsize=16)
def _date_text(day: int) -> str:
    """Write a day, counted from 1970-01-01: lines of a log are of few days."""
    return (_EPOCH + timedelta(days=day)).date().isoformat()


def day_of(instant: Instant) -> date:
    """Return the exchange's calendar day of an instant."""
    return moment_of(instant).date()


def time_of_day(instant: Instant) -> int:
    """Return the microseconds since the exchange's midnight."""
    return (instant + _IST_OFFSET) % DAY


def day_number(instant: Instant) -> int:
    """Return the number of the exchange's calendar day, counted from 1970-01-01."""
    return (instant + _IST_OFFSET) // DAY


def at(day: date, time_us: int) -> Instant:
    """Return the instant of a time of day (microseconds since midnight) on an exchange day."""
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * DAY + time_us - _IST_OFFSET
