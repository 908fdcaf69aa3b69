"""The server's own time: real, or a start of its own that runs at its own speed, or one that only a test moves."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone

IST = timezone(timedelta(hours=5, minutes=30), "IST")
SECOND = 1_000_000


class ServerClock:
    """Microseconds since 1970; a speed of 0 stands still until `move`."""

    def __init__(self, start: str | None = None, speed: float = 1.0) -> None:
        if speed < 0:
            raise ValueError("a clock cannot run backwards")
        self.speed = speed
        self._lock = threading.Lock()
        self._real = time.monotonic_ns()
        self._start = instant(start) if start is not None else time.time_ns() // 1000

    def now(self) -> int:
        """Return the current instant."""
        with self._lock:
            return self._start + int((time.monotonic_ns() - self._real) / 1000 * self.speed)

    def move(self, seconds: float) -> None:
        """Move on by that many seconds at once."""
        with self._lock:
            self._start += max(0, round(seconds * SECOND))


def instant(text: str) -> int:
    """Read an ISO date and time; without a zone it is Indian time.

    Raises:
        ValueError: it is not a date and time.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=IST)
    return round(moment.timestamp() * SECOND)


def moment(at: int) -> datetime:
    """Return an instant as Indian date and time."""
    return datetime.fromtimestamp(at // SECOND, IST)


def stamp(at: int) -> str:
    """Write an instant as Kite does: `2026-11-20 09:15:00`, Indian time without a zone."""
    return moment(at).strftime("%Y-%m-%d %H:%M:%S")


def day_of(at: int) -> str:
    """Return the Indian date of an instant."""
    return moment(at).strftime("%Y-%m-%d")


def at_time(at: int, clock: str) -> int:
    """Return the instant of `HH:MM` on the Indian day of an instant."""
    hour, minute = clock.split(":")
    return round(moment(at).replace(hour=int(hour), minute=int(minute), second=0).timestamp()) * SECOND


def next_time(at: int, clock: str) -> int:
    """Return the next instant after one at which Indian clocks show `HH:MM`."""
    found = at_time(at, clock)
    return found if found > at else found + 86_400 * SECOND
