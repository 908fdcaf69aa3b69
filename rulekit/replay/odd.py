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


def places_inside(series: Series, calendar: Calendar) -> Any:
    """Return the places of the prices within the exchange's hours; all where most are not, for their zone is wrong."""
    import pyarrow as pa
    import pyarrow.compute as pc

    places = pc.indices_nonzero(_inside(series, calendar)[1])
    return places if len(places) * 2 >= series.rows else pa.array(range(series.rows), pa.uint64())


def _inside(series: Series, calendar: Calendar) -> tuple[Any, Any]:
    """Return for each price its day, and whether it lies within that day's hours, as columns."""
    import pyarrow as pa
    import pyarrow.compute as pc

    at = series.table["at"].combine_chunks()
    days = days_between(calendar, series.key.exchange, at[0].as_py(), at[-1].as_py(), always=False, squares=False)
    rows = pc.divide(pc.subtract(at, days.starts[0]), DAY)
    opens, closes = (pc.take(pa.array(column, pa.int64()), rows) for column in (days.opens, days.closes))
    return rows, pc.and_(pc.less_equal(opens, at), pc.less(at, closes))


def odd_series(series: Series, calendar: Calendar) -> list[Note]:
    """Note holes within sessions and prices outside them.

    Raises:
        InputError: most prices lie outside the exchange's hours, so the times are another zone's.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    at = series.table["at"].combine_chunks()
    name = f"{series.key.exchange}:{series.key.symbol}"
    rows, inside = _inside(series, calendar)
    outside = series.rows - (pc.sum(inside).as_py() or 0)
    first = pc.index(inside, pa.scalar(False)).as_py()
    notes: list[Note] = []
    if outside * 2 > series.rows:
        raise InputError(
            f"the prices of {name} lie mostly outside its hours: {outside:,} of {series.rows:,}, the first at "
            f"{iso(at[first].as_py())} (row {first + 1:,} of the symbol)",
            "are the times of another zone? write them with their offset (2026-11-20T09:15:00+05:30), "
            "or decide at any time: --sessions always",
        )
    if outside:
        what = f"{outside:,} prices lie outside the hours of {series.key.exchange}; they are heard and not decided upon"
        notes.append(Note(f"{name}, {iso(at[first].as_py())}", what, "", False))
    notes += _holes(series, name, at, rows, inside)
    return notes


def _holes(series: Series, name: str, at: Any, rows: Any, inside: Any) -> list[Note]:
    """Note where prices of one session are further apart than a bar."""
    import pyarrow.compute as pc

    if len(at) < 2:
        return []
    far = pc.greater(pc.subtract(at[1:], at[:-1]), series.length or SILENCE)
    together = pc.and_(pc.equal(rows[1:], rows[:-1]), pc.and_(inside[1:], inside[:-1]))
    places = pc.indices_nonzero(pc.and_(far, together)).to_pylist()
    if not places:
        return []
    holes: list[tuple[int, int]] = [(at[place].as_py(), at[place + 1].as_py()) for place in places]
    before, after = holes[0]
    longest_hole = max(holes, key=lambda hole: hole[1] - hole[0])
    count = f"{len(holes):,} hole{'s' if len(holes) > 1 else ''}"
    what = (
        f"{count} within sessions, the first from {iso(before)[11:19]} to {iso(after)[11:19]}, the "
        f"longest {_minutes(longest_hole)} on {day_of(longest_hole[0])}; prices are unknown in them as in a live run"
    )
    return [Note(f"{name}, {iso(before)}", what, "fill them if the source has more", False)]


def _minutes(hole: tuple[int, int]) -> str:
    minutes: Any = round((hole[1] - hole[0]) / (60 * SECOND))
    return f"{minutes:,} minutes"
