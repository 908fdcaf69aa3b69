"""What a fact of a plug-in is computed from: the complete bars of one instrument on one day."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

from attrs import field, frozen


def _floats(values: Sequence[float]) -> array[float]:
    return values if isinstance(values, array) else array("d", values)


def _whole(values: Sequence[int]) -> array[int]:
    return values if isinstance(values, array) else array("q", values)


@frozen
class DayBars:
    """The complete bars of one instrument on one day, oldest first; every column is as long as there are bars.

    Columns are `array.array`, which `numpy.asarray` takes as they are.

    Args:
        exchange, symbol: of the instrument.
        at: when each bar ended, in microseconds since 1970 UTC.
        open, high, low, close: in rupees.
        volume: traded in the bar; NaN is unknown.
        underlying: last price in rupees of what a derivative is written on, at the end of each bar; NaN is unknown.
            Only for a fact that needs it.
        length: of a bar, in microseconds.
    """

    exchange: str
    symbol: str
    at: array[int] = field(converter=_whole)
    open: array[float] = field(converter=_floats)
    high: array[float] = field(converter=_floats)
    low: array[float] = field(converter=_floats)
    close: array[float] = field(converter=_floats)
    volume: array[float] = field(converter=_floats)
    underlying: array[float] = field(converter=_floats)
    length: int = 60_000_000

    def __len__(self) -> int:
        return len(self.at)

    def first(self, count: int) -> DayBars:
        """Return the first bars only: what was known earlier on that day."""
        cut = {name: getattr(self, name)[:count] for name in COLUMNS}
        return DayBars(self.exchange, self.symbol, **cut, length=self.length)

    def as_row(self) -> dict[str, Any]:
        """Return it as plain values, for another process."""
        columns = {name: list(getattr(self, name)) for name in COLUMNS}
        return {"exchange": self.exchange, "symbol": self.symbol, "length": self.length, **columns}

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> DayBars:
        """Read it back."""
        return cls(**row)


COLUMNS = ("at", "open", "high", "low", "close", "volume", "underlying")
"""The columns, in their order."""


def sample_day(count: int = 120, *, exchange: str = "NSE", symbol: str = "SAMPLE") -> DayBars:
    """Make a day of bars up, the same each time: prices that rise and fall, for trying a plug-in."""
    opens = 1_795_146_300_000_000  # 2026-11-20 09:15 in India
    minute = 60_000_000
    closes = [100.0 + ((step * 37) % 23 - 11) * 0.25 + step * 0.05 for step in range(count)]
    starts = [100.0, *closes[:-1]]
    pairs = list(zip(starts, closes, strict=True))
    return DayBars(
        exchange,
        symbol,
        at=[opens + (step + 1) * minute for step in range(count)],
        open=starts,
        high=[max(pair) + 0.25 for pair in pairs],
        low=[min(pair) - 0.25 for pair in pairs],
        close=closes,
        volume=[float(1000 + (step * 53) % 400) if step % 40 else nan for step in range(count)],
        underlying=[24_000.0 + ((step * 31) % 19 - 9) * 4.0 for step in range(count)],
    )
