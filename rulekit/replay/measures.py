"""What trades come to: R-multiples, time in trade, how far price went for and against, drawdown, and the sums."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from statistics import fmean, median
from typing import Any

from attrs import frozen

from rulekit.model.instant import MINUTE, SECOND, Instant
from rulekit.model.prices import UNKNOWN
from rulekit.replay.bars import Series
from rulekit.replay.trades import Trade


@frozen
class Measured:
    """One trade measured; NaN is unknown.

    Args:
        risk: rupees between the entry and its first stop, for all that was entered.
        r: profit in units of that risk.
        minutes: from the entry to the end.
        best, worst: how far price went for and against the entry, in percent of it.
    """

    risk: float
    r: float
    minutes: float
    best: float
    worst: float


@frozen
class Drawdown:
    """The deepest fall of the sum of profits from its highest point.

    Args:
        rupees: how deep. began, bottom: when the highest point and the lowest after it were reached.
        recovered: when the sum was as high again, or None.
    """

    rupees: float
    began: Instant | None = None
    bottom: Instant | None = None
    recovered: Instant | None = None


def value_of(trade: Trade) -> float:
    """Return the rupees that one smallest unit of price on one share or unit is worth."""
    return trade.multiplier / trade.scale


def ended_at(trade: Trade) -> Instant:
    """Return when a trade ended, or the time of the last price where some is still held."""
    return trade.last if trade.exited is None else trade.exited


def first_stop(trade: Trade) -> float:
    """Return the first stop on the losing side of the entry: the entry's own, else the first that a rule set."""
    if trade.stop is not None:
        return trade.stop
    prices = (mark.price for mark in trade.marks if mark.kind == "stop")
    return next((price for price in prices if (trade.entry - price) * trade.side > 0), UNKNOWN)


def measure(trade: Trade, series: Series | None = None) -> Measured:
    """Measure one trade.

    Args:
        series: its prices; bars that lie wholly within the trade count, and the prices of its fills.
    """
    distance = (trade.entry - first_stop(trade)) * trade.side
    risk = distance * trade.quantity * value_of(trade) if distance > 0 else UNKNOWN
    ends = [trade.entry, trade.ended, *(fill.price for fill in trade.fills)]
    if series is not None:
        ends += _ends_within(series, trade.entered, ended_at(trade))
    best, worst = (max(ends), min(ends)) if trade.side > 0 else (min(ends), max(ends))
    return Measured(
        risk=risk,
        r=trade.profit / risk if risk > 0 else UNKNOWN,
        minutes=(ended_at(trade) - trade.entered) / MINUTE,
        best=100 * (best - trade.entry) * trade.side / trade.entry,
        worst=100 * (worst - trade.entry) * trade.side / trade.entry,
    )


def _ends_within(series: Series, first: Instant, last: Instant) -> list[float]:
    """Return the highest and the lowest price of the bars between two instants; nothing if there are none."""
    import pyarrow.compute as pc

    at = series.table["at"].combine_chunks()
    column = at.to_numpy()
    closes = min(SECOND, series.length // 10)  # the last price of a bar comes that much before its end
    begins, ends = bisect_left(column, first), bisect_right(column, last - series.length + closes)
    if ends <= begins:
        return []
    high, low = ("close", "close") if series.is_ticks else ("high", "low")
    part = series.table.slice(begins, ends - begins)
    return [float(pc.max(part[high]).as_py()), float(pc.min(part[low]).as_py())]


def equity(trades: Iterable[Trade]) -> list[tuple[Instant, float]]:
    """Return the sum of profits after each trade, in the order in which the trades ended."""
    ordered = sorted(trades, key=lambda trade: (ended_at(trade), trade.row))
    sums = accumulate(trade.profit for trade in ordered)
    return [(ended_at(trade), total) for trade, total in zip(ordered, sums, strict=True)]


def drawdown(curve: Sequence[tuple[Instant, float]]) -> Drawdown:
    """Return the deepest fall of a curve that begins at 0."""
    high, high_at = 0.0, curve[0][0] if curve else None
    found = Drawdown(0.0)
    level = 0.0
    for at, total in curve:
        if found.rupees > 0 and found.recovered is None and total >= level:
            found = Drawdown(found.rupees, found.began, found.bottom, at)
        if total > high:
            high, high_at = total, at
        elif high - total > found.rupees:
            found, level = Drawdown(high - total, high_at, at), high
    return found


def figures(trades: Sequence[Trade], measured: Sequence[Measured]) -> dict[str, Any]:
    """Return the sums over all trades; amounts in rupees, None where there is nothing to tell."""
    profits = [trade.profit for trade in trades]
    won, lost = [one for one in profits if one > 0], [one for one in profits if one < 0]
    multiples = [one.r for one in measured if one.r == one.r]
    minutes = [one.minutes for one in measured]
    curve = equity(trades)
    fall = drawdown(curve)
    return {
        "trades": len(trades),
        "won": len(won),
        "lost": len(lost),
        "still_held": sum(trade.exited is None for trade in trades),
        "profit": round(math.fsum(profits), 2),
        "charges": round(math.fsum(trade.charges for trade in trades), 2),
        "average": _rounded(profits, fmean),
        "average_win": _rounded(won, fmean),
        "average_loss": _rounded(lost, fmean),
        "best": _rounded(profits, max),
        "worst": _rounded(profits, min),
        "profit_factor": round(math.fsum(won) / -math.fsum(lost), 4) if lost else None,
        "losses_in_a_row": _longest_losing(trades),
        "drawdown": round(fall.rupees, 2),
        "drawdown_began": fall.began if fall.rupees else None,
        "drawdown_bottom": fall.bottom,
        "drawdown_recovered": fall.recovered,
        "with_r": len(multiples),
        "average_r": _rounded(multiples, fmean, 4),
        "median_r": _rounded(multiples, median, 4),
        "average_minutes": _rounded(minutes, fmean),
        "median_minutes": _rounded(minutes, median),
        "longest_minutes": _rounded(minutes, max),
    }


def _rounded(values: Sequence[float], of: Any, places: int = 2) -> float | None:
    return round(float(of(values)), places) if values else None


def _longest_losing(trades: Iterable[Trade]) -> int:
    """Return how many trades lost in a row at most, in the order in which they ended."""
    longest = run = 0
    for trade in sorted(trades, key=lambda trade: (ended_at(trade), trade.row)):
        run = run + 1 if trade.profit < 0 else 0
        longest = max(longest, run)
    return longest
