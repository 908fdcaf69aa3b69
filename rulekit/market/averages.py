"""Averages over completed bars, by talipp: one bar at a time gives the same value as the whole day at once."""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import Any

from rulekit.market.bars import Bars

LEAST = {"atr": 1, "sma": 1, "ema": 1, "rsi": 2}
"""Facts that talipp computes, and the fewest bars that each can be taken over."""


class Average:
    """One running average of one instrument on one day; it catches up with the bars when it is asked."""

    __slots__ = ("_feed", "_indicator", "_taken")

    def __init__(self, name: str, bars: int) -> None:
        self._indicator, self._feed = _INDICATORS[name](bars)
        self._taken = 0

    def value(self, bars: Bars) -> float:
        """Return the value after the last complete bar in smallest units (RSI: 0 to 100), NaN while too few."""
        for index in range(self._taken, bars.complete):
            self._indicator.add(self._feed(bars, index))
        self._taken = bars.complete
        found = self._indicator[-1] if self._taken else None
        return nan if found is None else float(found)


def _close(bars: Bars, index: int) -> float:
    return bars.closes[index]


def _atr(count: int) -> tuple[Any, Callable[[Bars, int], Any]]:
    """Average true range, Wilder (1978): the mean of the first `count` ranges, then smoothed by 1/count."""
    from talipp.indicators import ATR
    from talipp.ohlcv import OHLCV

    return ATR(count), lambda bars, i: OHLCV(bars.opens[i], bars.highs[i], bars.lows[i], bars.closes[i])


def _sma(count: int) -> tuple[Any, Callable[[Bars, int], Any]]:
    """Simple moving average of closes."""
    from talipp.indicators import SMA

    return SMA(count), _close


def _ema(count: int) -> tuple[Any, Callable[[Bars, int], Any]]:
    """Exponential moving average of closes: begins with their mean, then weighs the new close by 2/(count+1)."""
    from talipp.indicators import EMA

    return EMA(count), _close


def _rsi(count: int) -> tuple[Any, Callable[[Bars, int], Any]]:
    """Relative strength index of closes, Wilder (1978)."""
    from talipp.indicators import RSI

    return RSI(count), _close


_INDICATORS = {"atr": _atr, "sma": _sma, "ema": _ema, "rsi": _rsi}
