"""The only reader of wall time, monotonic time and the system's randomness.

Everything else is handed a clock; a test plants a direct read elsewhere and sees it caught.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from typing import Protocol

from rulekit.errors import UsageError
from rulekit.model.instant import SECOND, Instant, parse_instant


class Clock(Protocol):
    """A source of time, and the only way to wait."""

    def now(self) -> Instant:
        """Return the current instant."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait that many of this clock's seconds."""
        ...


class WallClock:
    """Real time, or a start of its own that runs `speed` times as fast."""

    def __init__(self, start: Instant | None = None, speed: float = 1.0) -> None:
        self.speed = speed
        self._real = time.monotonic_ns()
        # Wall time only grows with the monotonic clock here; a jump of the system's clock is seen by `drift`.
        self._start = start if start is not None else time.time_ns() // 1000
        self._simulated = start is not None

    def now(self) -> Instant:
        """Return the current instant."""
        return self._start + int((time.monotonic_ns() - self._real) / 1000 * self.speed)

    def sleep(self, seconds: float) -> None:
        """Wait that many of this clock's seconds."""
        if seconds > 0:
            time.sleep(seconds / self.speed)

    def move_to(self, instant: Instant) -> None:
        """Move a clock of its own on to an instant; one that has passed leaves it where it is."""
        if self._simulated:
            self._start += max(0, instant - self.now())

    def drift(self) -> float:
        """Return by how many seconds the system's clock has jumped since the start; 0 for a clock of its own."""
        if self._simulated:
            return 0.0
        return (time.time_ns() // 1000 - self.now()) / SECOND


class SimulatedClock:
    """Time that moves only when told to, or when someone waits."""

    def __init__(self, start: Instant) -> None:
        self._now = start

    def now(self) -> Instant:
        """Return the current instant."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move on by that many seconds at once."""
        self._now += max(0, round(seconds * SECOND))

    def move_to(self, instant: Instant) -> None:
        """Move on to an instant; one that has passed leaves the clock where it is."""
        self._now = max(self._now, instant)


_FORM = re.compile(r"^(?P<start>[^*]+?)(?:\*(?P<speed>\d+(?:\.\d+)?))?$")


def parse_clock(text: str) -> WallClock:
    """Read `2026-11-20T09:15:00+05:30*10`: start there and run ten times as fast."""
    found = _FORM.match(text.strip())
    if not found:
        raise UsageError(f"`{text}` is not a clock", "write it like 2026-11-20T09:15:00+05:30*10")
    speed = float(found["speed"] or 1)
    if speed <= 0:
        raise UsageError(f"`{text}` runs at no speed", "the number after * must be above 0")
    return WallClock(parse_instant(found["start"]), speed)


def fresh_bytes(count: int) -> bytes:
    """Draw bytes that nobody else has: for identities, never for decisions."""
    return os.urandom(count)


def elapsed() -> float:
    """Return real seconds from an arbitrary start; they pass too while the process is stopped or the machine sleeps.

    For leases, which run on elsewhere meanwhile. Linux's monotonic clock stands still in a machine that sleeps.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def bare_stopwatch() -> Callable[[], float]:
    """Return what `stopwatch` asks, for what is timed at every price: a call in between would cost as much again."""
    return time.perf_counter


def stopwatch() -> float:
    """Return real seconds from an arbitrary start: for measuring how long work took, never for deciding."""
    return time.perf_counter()
