"""A year of an exchange's days that somebody else wrote down, and what tells that such a list cannot be whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from attrs import field, frozen

from rulekit.errors import InputError

NATIONAL = {"01-26": "Republic Day", "08-15": "Independence Day", "10-02": "Gandhi Jayanti"}
"""No exchange of India trades on these days of any year, whatever else its list says."""

_COPY_ALL = "copy every weekday of the exchange's circular"
SATURDAY = 5
SUNDAY = 6


@frozen
class YearList:
    """The days of one market in one year.

    Args:
        closed: weekdays without an ordinary session; days of a weekend may stand among them and change nothing.
        sessions: opening and closing time of day of sessions on days otherwise closed, or with other hours.
        evening_only: commodities: no session in the morning. morning_only: none in the evening.
    """

    year: int
    closed: frozenset[date]
    sessions: Mapping[date, tuple[str, str]] = field(factory=dict)
    evening_only: frozenset[date] = frozenset()
    morning_only: frozenset[date] = frozenset()

    def refuse_what_cannot_be(self, fewest: int = 0) -> None:
        """Refuse days of another year, and a list that lacks days: national holidays, or too many of all.

        Args:
            fewest: closed weekdays that any year of this market has.

        Raises:
            InputError: says which, or how many.
        """
        for days in (self.closed, self.sessions, self.evening_only, self.morning_only):
            for day in sorted(days):
                if day.year != self.year:
                    raise InputError(
                        f"`{day.isoformat()}` is not a day of {self.year}", "give each year a file of its own"
                    )
        for day, name in national_holidays(self.year):
            if day not in self.closed:
                raise InputError(
                    f"`closed` lacks {day.isoformat()}, {name}: the list of {self.year} is not whole",
                    _COPY_ALL,
                )
        count = sum(day.weekday() < SATURDAY for day in self.closed)
        if count < fewest:
            raise InputError(
                f"no year has fewer than {fewest} closed weekdays, and `closed` lists {count}: "
                f"the list of {self.year} is not whole",
                _COPY_ALL,
            )


def national_holidays(year: int) -> list[tuple[date, str]]:
    """List the weekdays of a year on which no exchange trades in any year, with their names."""
    days = [(date.fromisoformat(f"{year}-{key}"), name) for key, name in NATIONAL.items()]
    return [(day, name) for day, name in days if day.weekday() < SATURDAY]


def summer_time(year: int) -> tuple[date, date]:
    """Return the first and the last day of New York's daylight saving, after which commodities close later.

    Source: the Energy Policy Act of 2005: from the second Sunday of March to the first Sunday of November.
    """
    march, november = date(year, 3, 1), date(year, 11, 1)
    first = march + timedelta(days=(SUNDAY - march.weekday()) % 7 + 7)
    return first, november + timedelta(days=(SUNDAY - november.weekday()) % 7 - 1)
