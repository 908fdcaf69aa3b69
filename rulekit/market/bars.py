"""Bars built from ticks, and what each minute of the day traded and moved."""

from __future__ import annotations

from math import nan

from rulekit.market.relative import added
from rulekit.model.instant import SECOND, Instant

SILENCE = 90 * SECOND
"""A longer pause between two ticks is a hole: what was traded in it, and when, is unknown."""


class Bars:
    """The bars of one instrument on one day; a bar is complete once a tick behind its end was heard.

    Bars are counted by slots of `length` from `origin`. A slot without a tick has no bar; its volume is 0, or
    unknown (NaN) where it touches a hole.

    Attributes:
        opens, highs, lows, closes: of each bar in smallest units, the last one still growing.
        slots: the slot of each bar.
        volumes: of every slot from the first bar's on, complete ones only.
        squares: squared change of the close against the slot before in percent, for every slot after the first; 0 for
            a slot without a tick, NaN where it touches a hole.
    """

    __slots__ = (
        "_at", "_base", "_hole", "_top", "_traded", "closes", "highs", "length", "lows", "opens", "origin", "prices",
        "slots", "squares", "traded", "volumes",
    )  # fmt: skip

    def __init__(self, origin: Instant, length: int) -> None:
        self.origin = origin
        self.length = length
        self.opens: list[float] = []
        self.highs: list[float] = []
        self.lows: list[float] = []
        self.closes: list[float] = []
        self.slots: list[int] = []
        self.volumes: list[float] = []
        self.squares: list[float] = []
        self.prices: list[float] = []  # price × volume of every complete slot
        self.traded = 0.0  # heard today, in all
        self._at: Instant = origin
        self._top: float | None = None  # the day's volume as last heard; it never falls
        self._base = (0.0, 0.0)  # traded and price × volume when the growing slot began
        self._traded = 0.0  # price × volume of the day
        self._hole = False  # the growing slot touches a hole

    @property
    def complete(self) -> int:
        """Number of complete bars."""
        return max(0, len(self.slots) - 1)

    @property
    def vwap(self) -> float:
        """Volume-weighted average price of what was heard today, NaN without volume."""
        return self._traded / self.traded if self.traded > 0 else nan

    def hear(self, at: Instant, price: float, volume: float | None) -> bool:
        """Take in a tick of this day; tell whether it completed a bar. Times must not fall."""
        slot = (at - self.origin) // self.length
        silent = at - self._at > SILENCE
        turned = not self.slots or slot != self.slots[-1]
        if turned:
            self._turn(slot, price, silent)
        else:
            if price > self.highs[-1]:
                self.highs[-1] = price
            elif price < self.lows[-1]:
                self.lows[-1] = price
            self.closes[-1] = price
            if silent:
                self._hole = True
        self._at = at
        if volume is not None:
            top = self._top
            if top is None or volume > top:
                if top is not None and not silent:
                    self.traded += volume - top
                    self._traded += price * (volume - top)
                self._top = volume
        return turned

    def _turn(self, slot: int, price: float, silent: bool) -> None:
        """Complete the growing bar, and begin the one of a later slot."""
        if self.slots:
            hole = self._hole or silent
            known = self._top is not None and not hole
            self.volumes.append(self.traded - self._base[0] if known else nan)
            self.prices.append(self._traded - self._base[1] if known else nan)
            previous = len(self.slots) > 1 and not hole
            if len(self.slots) > 1:
                before = self.closes[-2]
                change = (self.closes[-1] - before) * 100.0 / before
                self.squares.append(change * change if previous else nan)
            between = slot - self.slots[-1] - 1
            if between:
                empty = nan if silent or self._top is None else 0.0
                self.volumes.extend([empty] * between)
                self.prices.extend([empty] * between)
                self.squares.extend([nan if silent else 0.0] * between)
        self._base = (self.traded, self._traded)
        self._hole = silent
        self.slots.append(slot)
        for series in (self.opens, self.highs, self.lows, self.closes):
            series.append(price)


def windowed_vwap(prices: list[float], volumes: list[float], window: int) -> float:
    """Return the volume-weighted average price of the last `window` complete slots, NaN if one is unknown."""
    if len(volumes) < window:
        return nan
    volume = added(volumes[-window:])
    return added(prices[-window:]) / volume if volume > 0 else nan
