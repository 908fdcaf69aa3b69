"""Facts of a series in columns, made of whole days at once where its prices stand in a plain order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rulekit.compile.layout import FactSlot
from rulekit.compile.slots import BOUND
from rulekit.market.bar_path import offsets
from rulekit.market.heard import Prices, by_part
from rulekit.market.numbers import scale_of
from rulekit.market.requests import read_request
from rulekit.market.whole_days import INDIA_US, WholeDays
from rulekit.model.calendar import Calendar
from rulekit.model.instant import DAY, MINUTE
from rulekit.model.prices import UNKNOWN, to_units
from rulekit.replay.bars import Series
from rulekit.replay.fact_column import BAR, PRICE, Column, lowest
from rulekit.replay.gathering import one_piece

PART = 1 << 14
"""Bars or ticks of which the facts are made at once, and what is left of their day."""


def whole_columns(slots: Sequence[FactSlot], series: Series, calendar: Calendar, at_close: bool) -> list[Column] | None:
    """Return the facts by arrays, or None where the prices are not in a plain order."""
    import numpy as np

    rows = _Rows.of(series)
    if rows is None:
        return None
    requests = [request for slot in slots if (request := read_request(slot.phrase)) is not None]
    days = WholeDays(series.key.exchange, series.length or MINUTE, calendar)
    steps = 1 if series.is_ticks else 4
    found = [_Growing(series.rows, steps, at_close) for _ in slots]
    for first, behind in rows.parts():
        facts = days.facts(rows.prices(first, behind), requests)
        for slot, column, values in zip(slots, found, facts, strict=True):
            column.put(first, behind, all_shaped(slot, np.asarray(values), scale_of(series.key.exchange)))
    return [column.column() for column in found]


def all_shaped(slot: FactSlot, values: Any, scale: int) -> Any:
    """Do what `shaped` does to a whole column, to the same bits."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        values = np.where((lowest(slot) < values) & (values < BOUND), values, UNKNOWN)
        if not slot.money:
            return values
        units = values * scale
        millionth = units * 1e6
        near = np.rint(millionth)
        # the quotient of two whole numbers is the nearest float, if it is sure which whole number is meant
        found = near / 1e6
        slack = np.abs(millionth) * 4e-16 + 1e-6
        unsure = (np.abs(np.abs(millionth - near) - 0.5) < slack) | (slack > 0.1)
        whole = np.rint(found)
        found = np.where(np.abs(found - whole) < 1e-6, whole, found)
    for place in np.flatnonzero(unsure):
        found[place] = to_units(float(values[place]), scale)
    return found


class _Growing:
    """A column while it is made: one value a bar, until the prices of a bar have different ones."""

    def __init__(self, rows: int, steps: int, at_close: bool) -> None:
        import numpy as np

        self._steps = steps
        self._at_close = at_close
        self._shift = BAR if steps == 4 and not at_close else PRICE
        self._values = np.empty(rows)

    def put(self, first: int, behind: int, values: Any) -> None:
        """Take the values at the prices of some rows."""
        import numpy as np

        if self._steps == 4 and self._at_close:
            values = values[3::4]
        elif self._shift == BAR:
            of_bars = values.reshape(-1, 4)
            opening = of_bars[:, :1]
            if ((of_bars == opening) | ((of_bars != of_bars) & (opening != opening))).all():
                values = of_bars[:, 0]
            else:
                whole = np.empty(len(self._values) * 4)
                whole[: first * 4] = np.repeat(self._values[:first], 4)
                self._values, self._shift = whole, PRICE
        times = self._steps if self._steps == 4 and self._shift == PRICE and not self._at_close else 1
        self._values[first * times : behind * times] = values

    def column(self) -> Column:
        """Return what was made."""
        return Column(self._values, self._shift)


class _Rows:
    """The rows of a series as arrays, cut into parts of whole days."""

    def __init__(self, series: Series, columns: dict[str, Any]) -> None:
        self._series = series
        self._columns = columns

    @classmethod
    def of(cls, series: Series) -> _Rows | None:
        """Return the rows, or None where some are late, repeated, or of two days."""
        import pyarrow.compute as pc

        names = ("close", "volume", "bid", "ask") if series.is_ticks else ("open", "high", "low", "close", "volume")
        columns = {"at": _array(series.table["at"])}
        for name in names:
            column = series.table[name] if name in series.table.column_names else None
            if column is None or column.null_count == series.rows:
                columns[name] = None
                continue
            if name == "volume" and not pc.all(pc.is_finite(column)).as_py():
                return None  # null is left out of `all`
            columns[name] = _array(column)
        plain = _plain_ticks if series.is_ticks else _plain_bars
        starts = range(0, series.rows, PART)
        if not all(plain(_cut(columns, start, start + PART + 1), series.length) for start in starts):
            return None
        return cls(series, columns)

    def parts(self) -> Iterator[tuple[int, int]]:
        """Yield the first row and the one behind the last, of some whole days at a time."""
        import numpy as np

        at = self._columns["at"]
        first = 0
        while first < len(at):
            last = min(first + PART, len(at)) - 1
            midnight = ((int(at[last]) + INDIA_US) // DAY + 1) * DAY - INDIA_US
            behind = int(np.searchsorted(at, midnight))
            yield first, behind
            first = behind

    def prices(self, first: int, behind: int) -> Any:
        """Return the prices of some rows as a feed would give them."""
        part = _cut(self._columns, first, behind)
        if self._series.is_ticks:
            volume = part["volume"] if part["volume"] is not None else _unknown(behind - first)
            return Prices(part["at"], part["close"], volume, part["bid"], part["ask"])
        return _walked(part, self._series.length)


def _cut(columns: Mapping[str, Any], first: int, behind: int) -> dict[str, Any]:
    """Return some rows of each column."""
    return {name: None if column is None else column[first:behind] for name, column in columns.items()}


def _plain_ticks(columns: Mapping[str, Any], length: int) -> bool:
    """Tell whether each tick comes after the one before, and is another one."""
    at = columns["at"]
    again = at[1:] == at[:-1]
    for name in ("close", "volume"):
        column = columns[name]
        if column is not None:
            unknown = column != column
            again &= (column[1:] == column[:-1]) | (unknown[1:] & unknown[:-1])
    return not ((at[1:] < at[:-1]).any() or again.any())


def _plain_bars(columns: Mapping[str, Any], length: int) -> bool:
    """Tell whether each bar begins when the one before is over, and is of one day."""
    at = columns["at"]
    ends = (at + (offsets(length)[-1] + INDIA_US)) // DAY
    return not ((at[1:] - at[:-1] < length).any() or (ends != (at + INDIA_US) // DAY).any())


def _array(column: Any) -> Any:
    """Return a column of Arrow as an array, without a copy where that is possible."""
    return one_piece(column).to_numpy(zero_copy_only=False)


def _unknown(count: int) -> Any:
    import numpy as np

    return np.full(count, UNKNOWN)


def _walked(bars: Mapping[str, Any], length: int) -> Any:
    """Turn bars into four prices each, as `walk_bars` does."""
    import numpy as np

    starts, opens, highs, lows, closes = (bars[name] for name in ("at", "open", "high", "low", "close"))
    red = closes < opens
    at = starts[:, None] + np.array(offsets(length))
    price = np.stack([opens, np.where(red, highs, lows), np.where(red, lows, highs), closes], axis=1)
    volume = _unknown(at.size)
    if bars["volume"] is not None:
        days = (starts + INDIA_US) // DAY
        firsts = np.flatnonzero(np.r_[True, days[1:] != days[:-1]])
        known = np.where(bars["volume"] == bars["volume"], bars["volume"], 0.0)
        before = np.r_[0.0, by_part(known, firsts, np.add.accumulate)[:-1]]
        before[firsts] = 0.0
        volume = (before[:, None] + bars["volume"][:, None] * np.arange(4.0) / 3.0).reshape(-1)
    return Prices(at.reshape(-1), price.reshape(-1), volume)
