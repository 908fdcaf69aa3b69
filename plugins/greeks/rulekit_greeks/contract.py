"""What an option's symbol says: strike, right and the moment it expires."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache

from attrs import frozen

from rulekit.errors import RulekitError
from rulekit.model import calendar
from rulekit.model.instant import HOUR, MINUTE, Instant, at

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKLY_MONTHS = "123456789OND"
_SYMBOL = re.compile(
    r"(?P<name>[A-Z0-9&-]*?[A-Z&-])(?P<year>\d{2})"
    r"(?:(?P<month>[A-Z]{3})|(?P<short>[1-9OND])(?P<day>\d{2}))(?P<strike>\d+(?:\.\d+)?)(?P<right>CE|PE)"
)
_INDEX_WITH_DIGITS = "NIFTYNXT50"
TUESDAY, THURSDAY = 1, 3
_LAST_OF_MONTH = (
    (date(2025, 1, 1), {"NFO": THURSDAY, "BFO": TUESDAY}),
    (date(2025, 9, 1), {"NFO": TUESDAY, "BFO": THURSDAY}),
)
"""From when on monthly contracts expire on which last weekday of their month, as the exchanges announced it."""
EXPIRES = 15 * HOUR + 30 * MINUTE


@frozen
class Contract:
    """One option: `right` is 1 for a call, -1 for a put; the strike is in rupees."""

    strike: float
    right: int
    expires: Instant


@cache
def contract(exchange: str, symbol: str) -> Contract | None:
    """Read an option's symbol: `NIFTY26NOV24500CE` (monthly), `NIFTY26N2424500PE` (weekly, 24 November 2026).

    None for what is no option of NFO or BFO, and for a monthly one whose day of expiry is not known: before 2025.
    """
    plain = symbol.upper()
    if plain.startswith(_INDEX_WITH_DIGITS):
        plain = "NIFTYNXT" + plain[len(_INDEX_WITH_DIGITS) :]
    found = _SYMBOL.fullmatch(plain)
    if found is None or exchange not in ("NFO", "BFO"):
        return None
    year = 2000 + int(found["year"])
    if found["month"]:
        if found["month"] not in _MONTHS:
            return None
        day = _monthly(exchange, year, _MONTHS.index(found["month"]) + 1)
    else:
        day = _dated(year, _WEEKLY_MONTHS.index(found["short"]) + 1, int(found["day"]))
    return day and Contract(float(found["strike"]), 1 if found["right"] == "CE" else -1, at(day, EXPIRES))


def _dated(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _monthly(exchange: str, year: int, month: int) -> date | None:
    """Return the last such weekday of a month, or the session before it where that is a holiday."""
    last = (date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    weekdays = next((days for since, days in reversed(_LAST_OF_MONTH) if last >= since), None)
    if weekdays is None:
        return None
    day = last - timedelta(days=(last.weekday() - weekdays[exchange]) % 7)
    try:
        known = calendar.default()
        return day if known.session(exchange, day) is not None else known.previous_session(exchange, day).day
    except RulekitError:
        return day  # beyond the days that the calendar knows
