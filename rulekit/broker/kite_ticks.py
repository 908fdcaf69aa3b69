"""What the ticker hands over: a bounded store between its thread and the one that decides, and the times of ticks."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from rulekit.market.numbers import scale_of
from rulekit.market.ticks import Tick
from rulekit.model.instant import SECOND, Instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import UNKNOWN, to_units

Heard = tuple[Mapping[str, Any], Instant]
"""A tick as the client gives it, and when it came."""


class Handover:
    """Takes ticks and wake-ups from the ticker's thread at once, however slow the other side is.

    Args:
        most: ticks that may wait; beyond it only the latest of each instrument stays.
    """

    BEHIND = 2 * SECOND
    """If the oldest tick has waited that long, only the latest of each instrument is worth deciding on."""
    AT_ONCE = 256
    """So many ticks are given at a time, so that one who takes long over them is seen to be behind."""

    def __init__(self, most: int = 5000) -> None:
        self._most = most
        self._ticks: deque[Heard] = deque()
        self._updates = 0
        self._there = threading.Condition()
        self.left_out = 0
        """How many ticks were overtaken by newer ones before anybody took them."""

    def put(self, ticks: list[Mapping[str, Any]], now: Instant) -> None:
        """Hand ticks over."""
        with self._there:
            self._ticks.extend((tick, now) for tick in ticks)
            if len(self._ticks) > self._most:
                self._thin_out()
            self._there.notify()

    def _thin_out(self) -> None:
        latest = {heard[0].get("instrument_token"): heard for heard in self._ticks}
        self.left_out += len(self._ticks) - len(latest)
        self._ticks = deque(sorted(latest.values(), key=lambda heard: heard[1]))

    def wake(self) -> None:
        """Say that the book should be read."""
        with self._there:
            self._updates += 1
            self._there.notify()

    def take(self, seconds: float, now: Instant | None = None) -> list[Heard]:
        """Return what waits; wait at most so many real seconds for something to come.

        Args:
            seconds: the longest wait.
            now: tells whether the one who takes is behind.
        """
        with self._there:
            if not self._ticks and not self._updates:
                self._there.wait(seconds)
            elif now is not None and self._ticks and now - self._ticks[0][1] > self.BEHIND:
                self._thin_out()
            return [self._ticks.popleft() for _ in range(min(len(self._ticks), self.AT_ONCE))]

    def updates(self) -> int:
        """Return how often somebody said that the book should be read, since the last call."""
        with self._there:
            count, self._updates = self._updates, 0
            return count


class Ages:
    """Tells how old a tick was when it came, though the exchange's clock and ours need not agree.

    The smallest difference of the last minute counts as the clocks' own; what a tick took longer is its age.
    """

    WINDOW = 60 * SECOND

    def __init__(self) -> None:
        self._least: deque[tuple[Instant, int]] = deque()

    def made(self, stamped: Instant, came: Instant) -> Instant:
        """Return when a tick was made, by our clock."""
        difference = came - stamped
        while self._least and self._least[-1][1] >= difference:
            self._least.pop()
        self._least.append((came, difference))
        while self._least[0][0] < came - self.WINDOW:
            self._least.popleft()
        return came - (difference - self._least[0][1])


def stamp_of(tick: Mapping[str, Any]) -> Instant | None:
    """Return the exchange's time of a tick; the client gives it in the zone of this machine, without saying so."""
    stamp = tick.get("exchange_timestamp")
    try:
        return None if stamp is None else round(stamp.timestamp() * SECOND)
    except (AttributeError, OSError, OverflowError, ValueError):
        return None


def tick_of(seq: int, key: InstrumentKey, heard: Mapping[str, Any], at: Instant) -> Tick | None:
    """Return a tick; None for one without a price."""
    scale = scale_of(key.exchange)
    price = heard.get("last_price")
    if not isinstance(price, (int, float)) or not price > 0:
        return None
    volume = heard.get("volume_traded", heard.get("volume"))
    depth = heard.get("depth")
    bid, ask = _touch(depth, "buy", scale), _touch(depth, "sell", scale)
    return Tick(seq, *key, at, to_units(price, scale), None if volume is None else float(volume), bid, ask)


def _touch(depth: Any, side: str, scale: int) -> float:
    try:
        price = depth[side][0]["price"]
    except (KeyError, IndexError, TypeError):
        return UNKNOWN
    return to_units(price, scale) if price else UNKNOWN
