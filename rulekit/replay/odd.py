"""Oddities of a series that only the exchange's hours tell: holes, times outside them, a wrong zone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rulekit.errors import InputError
from rulekit.model.calendar import Calendar
from rulekit.model.instant import DAY, SECOND, day_of, iso
from rulekit.replay.bars import Series
from rulekit.replay.gathering import one_piece
from rulekit.replay.sessions import days_between
from rulekit.replay.soundness import Note

SILENCE = 90 * SECOND
"""Ticks further apart than this leave a hole."""


PART = 1 << 16
"""Prices that are looked at at once."""


def places_inside(series: Series, calendar: Calendar, every: int) -> list[int]:
    """Return every so manyth place of a price within the exchange's hours.

    Where most are not within, all count: their zone is wrong, which is said elsewhere.
    """
    import pyarrow.compute as pc

    found: list[int] = []
    count = 0
    for start, at, _, inside in _pieces(series, calendar):
        places = pc.indices_nonzero(inside.slice(0, min(PART, len(at))))
        chosen = places[-count % every :: every]
        found += [start + place for place in chosen.to_pylist()]
        count += len(places)
    return found if count * 2 >= series.rows else list(range(0, series.rows, every))


def _pieces(series: Series, calendar: Calendar) -> Iterator[tuple[int, Any, Any, Any]]:
    """Yield the place of some prices, their times, their days, and whether they lie within that day's hours.

    The first price behind them comes with them.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = one_piece(series.table["at"])
    days = days_between(
        calendar, series.key.exchange, whole[0].as_py(), whole[-1].as_py(), always=False, squares=False
    )  # fmt: skip
    columns = [pa.array(column, pa.int64()) for column in (days.opens, days.closes)]
    for start in range(0, len(whole), PART):
        at = whole.slice(start, PART + 1)
        rows = pc.divide(pc.subtract(at, days.starts[0]), DAY)
        opens, closes = (pc.take(column, rows) for column in columns)
        yield start, at, rows, pc.and_(pc.less_equal(opens, at), pc.less(at, closes))


def odd_series(series: Series, calendar: Calendar) -> list[Note]:
    """Note holes within sessions and prices outside them.

    Raises:
        InputError: most prices lie outside the exchange's hours, so the times are another zone's.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    name = f"{series.key.exchange}:{series.key.symbol}"
    outside, first, first_at = 0, -1, 0
    holes: list[tuple[int, int]] = []
    for start, at, rows, inside in _pieces(series, calendar):
        own = inside.slice(0, min(PART, len(at)))
        outside += len(own) - (pc.sum(own).as_py() or 0)
        if first < 0 and (place := pc.index(own, pa.scalar(False)).as_py()) >= 0:
            first, first_at = start + place, at[place].as_py()
        holes += _holes(series, at, rows, inside)
    if outside * 2 > series.rows:
        raise InputError(
            f"the prices of {name} lie mostly outside its hours: {outside:,} of {series.rows:,}, the first at "
            f"{iso(first_at)} (row {first + 1:,} of the symbol)",
            "are the times of another zone? write them with their offset (2026-11-20T09:15:00+05:30), "
            "or decide at any time: --sessions always",
        )
    notes = []
    if outside:
        what = f"{outside:,} prices lie outside the hours of {series.key.exchange}; they are heard and not decided upon"
        notes.append(Note(f"{name}, {iso(first_at)}", what, "", False))
    if holes:
        notes.append(_told(name, holes))
    return notes


def _holes(series: Series, at: Any, rows: Any, inside: Any) -> list[tuple[int, int]]:
    """Return where prices of one session are further apart than a bar."""
    import pyarrow.compute as pc

    if len(at) < 2:
        return []
    far = pc.greater(pc.subtract(at[1:], at[:-1]), series.length or SILENCE)
    together = pc.and_(pc.equal(rows[1:], rows[:-1]), pc.and_(inside[1:], inside[:-1]))
    places = pc.indices_nonzero(pc.and_(far, together)).to_pylist()
    return [(at[place].as_py(), at[place + 1].as_py()) for place in places]


def _told(name: str, holes: list[tuple[int, int]]) -> Note:
    before, after = holes[0]
    longest_hole = max(holes, key=lambda hole: hole[1] - hole[0])
    count = f"{len(holes):,} hole{'s' if len(holes) > 1 else ''}"
    what = (
        f"{count} within sessions, the first from {iso(before)[11:19]} to {iso(after)[11:19]}, the "
        f"longest {_minutes(longest_hole)} on {day_of(longest_hole[0])}; prices are unknown in them as in a live run"
    )
    return Note(f"{name}, {iso(before)}", what, "fill them if the source has more", False)


def _minutes(hole: tuple[int, int]) -> str:
    minutes: Any = round((hole[1] - hole[0]) / (60 * SECOND))
    return f"{minutes:,} minutes"
