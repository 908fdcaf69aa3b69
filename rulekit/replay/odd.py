"""Oddities of a series that only the exchange's hours tell: holes, times outside them, a wrong zone."""

from __future__ import annotations

from typing import Any

from rulekit.errors import InputError
from rulekit.model.calendar import Calendar
from rulekit.model.instant import DAY, SECOND, day_of, iso
from rulekit.replay.bars import Series
from rulekit.replay.sessions import days_between
from rulekit.replay.soundness import Note

SILENCE = 90 * SECOND
"""Ticks further apart than this leave a hole."""


def places_inside(series: Series, calendar: Calendar) -> list[int]:
    """Return the places of the prices within the exchange's hours; all where most are not, for their zone is wrong."""
    starts = series.table["at"].to_pylist()
    inside = _inside(series, calendar, starts)[1]
    places = [place for place, is_inside in enumerate(inside) if is_inside]
    return places if len(places) * 2 >= len(starts) else list(range(len(starts)))


def _inside(series: Series, calendar: Calendar, starts: list[int]) -> tuple[list[int], list[bool]]:
    """Return for each start its day, and whether it lies within that day's hours."""
    days = days_between(calendar, series.key.exchange, starts[0], starts[-1], always=False, squares=False)
    rows = _rows_of(starts, days.starts)
    opens, closes = days.opens, days.closes
    return rows, [opens[row] <= start < closes[row] for start, row in zip(starts, rows, strict=True)]


def odd_series(series: Series, calendar: Calendar) -> list[Note]:
    """Note holes within sessions and prices outside them.

    Raises:
        InputError: most prices lie outside the exchange's hours, so the times are another zone's.
    """
    starts = series.table["at"].to_pylist()
    name = f"{series.key.exchange}:{series.key.symbol}"
    rows, inside = _inside(series, calendar, starts)
    outside = inside.count(False)
    notes: list[Note] = []
    if outside * 2 > len(starts):
        first = inside.index(False)
        raise InputError(
            f"the prices of {name} lie mostly outside its hours: {outside:,} of {len(starts):,}, the first at "
            f"{iso(starts[first])} (row {first + 1:,} of the symbol)",
            "are the times of another zone? write them with their offset (2026-11-20T09:15:00+05:30), "
            "or decide at any time: --sessions always",
        )
    if outside:
        first = inside.index(False)
        notes.append(
            Note(f"{name}, {iso(starts[first])}", f"{outside:,} prices lie outside the hours of {series.key.exchange}; "
                 "they are heard and not decided upon", "", False)
        )  # fmt: skip
    notes += _holes(series, name, starts, rows, inside)
    return notes


def _rows_of(starts: list[int], days: list[int]) -> list[int]:
    """Return the day of each start."""
    first = days[0]
    return [(start - first) // DAY for start in starts]


def _holes(series: Series, name: str, starts: list[int], rows: list[int], inside: list[bool]) -> list[Note]:
    """Note where prices of one session are further apart than a bar."""
    longest = series.length or SILENCE
    holes: list[tuple[int, int]] = [
        (before, after)
        for before, after, day, next_day, here, there in zip(
            starts, starts[1:], rows, rows[1:], inside, inside[1:], strict=False
        )
        if after - before > longest and day == next_day and here and there
    ]
    if not holes:
        return []
    before, after = holes[0]
    longest_hole: tuple[int, int] = max(holes, key=lambda hole: hole[1] - hole[0])
    what = (
        f"{len(holes):,} holes within sessions, the first from {iso(before)[11:19]} to {iso(after)[11:19]}, the "
        f"longest {_minutes(longest_hole)} on {day_of(longest_hole[0])}; prices are unknown in them as in a live run"
    )
    return [Note(f"{name}, {iso(before)}", what, "fill them if the source has more", False)]


def _minutes(hole: tuple[int, int]) -> str:
    minutes: Any = round((hole[1] - hole[0]) / (60 * SECOND))
    return f"{minutes:,} minutes"
