"""What is still to happen, in the order of the server's clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count


class Schedule:
    """A queue of things that are due at an instant; equal instants keep the order of their coming."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Callable[[int], None]]] = []
        self._number = count()

    def add(self, at: int, what: Callable[[int], None]) -> None:
        """Let `what(at)` be called when its time has come."""
        heapq.heappush(self._heap, (at, next(self._number), what))

    def next_due(self) -> int | None:
        """Return the instant of what comes next."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: int) -> tuple[int, Callable[[int], None]] | None:
        """Take out what is due, the earliest first."""
        if self._heap and self._heap[0][0] <= now:
            at, _, what = heapq.heappop(self._heap)
            return at, what
        return None
