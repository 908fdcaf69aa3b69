"""Averages over completed bars, by talipp: one bar at a time gives the same value as the whole day at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import nan
from typing import Any, Protocol

LEAST = {"atr": 1, "sma": 1, "ema": 1, "rsi": 2}
"""Facts that talipp computes, and the fewest bars that each can be taken over."""


class Prices(Protocol):
    """The prices of the bars of one day, in smallest units."""

    @property
    def opens(self) -> Sequence[float]:
        """The first price of each bar."""

    @property
    def highs(self) -> Sequence[float]:
        """The highest."""

    @property
    def lows(self) -> Sequence[float]:
        """The lowest."""

    @property
    def closes(self) -> Sequence[float]:
        """The last."""


class Average:
    """One running average of one instrument on one day; it catches up with the bars when it is asked."""

    __slots__ = ("_feed", "_indicator", "_moved", "_taken")

    def __init__(self, name: str, bars: int) -> None:
        self._indicator, self._feed = _INDICATORS[name](bars)
        self._taken = 0
        # without any move there is neither gain nor loss, and the library's RSI of 100 would read as overbought
        self._moved = name != "rsi"

    def value(self, bars: Prices, complete: int) -> float:
        """Return the value after so many bars in smallest units (RSI: 0 to 100), NaN while too few."""
        for index in range(self._taken, complete):
            self._indicator.add(self._feed(bars, index))
            if not self._moved and bars.closes[index] != bars.closes[0]:
                self._moved = True
        self._taken = complete
        found = self._indicator[-1] if complete else None
        return nan if found is None or not self._moved else float(found)


def _close(bars: Prices, index: int) -> float:
    return bars.closes[index]


def _atr(count: int) -> tuple[Any, Callable[[Prices, int], Any]]:
    """Average true range, Wilder (1978): the mean of the first `count` ranges, then smoothed by 1/count."""
    from talipp.indicators import ATR
    from talipp.ohlcv import OHLCV

    return ATR(count), lambda bars, i: OHLCV(bars.opens[i], bars.highs[i], bars.lows[i], bars.closes[i])


def _sma(count: int) -> tuple[Any, Callable[[Prices, int], Any]]:
    """Simple moving average of closes."""
    from talipp.indicators import SMA

    return SMA(count), _close


def _ema(count: int) -> tuple[Any, Callable[[Prices, int], Any]]:
    """Exponential moving average of closes: begins with their mean, then weighs the new close by 2/(count+1)."""
    from talipp.indicators import EMA

    return EMA(count), _close


def _rsi(count: int) -> tuple[Any, Callable[[Prices, int], Any]]:
    """Relative strength index of closes, Wilder (1978)."""
    from talipp.indicators import RSI

    return RSI(count), _close


_INDICATORS = {"atr": _atr, "sma": _sma, "ema": _ema, "rsi": _rsi}
