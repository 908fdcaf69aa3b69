"""The broker's budgets of requests, shared by all lanes, with a share kept for what is urgent.

The broker counts by the calendar second of its own clock, which nobody here knows exactly; a sliding window of one
second stays within every calendar second at any offset, and one of sixty within every minute.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from rulekit.execution.settings import ExecutionSettings
from rulekit.model.instant import DAY, MINUTE, SECOND, Instant, day_number, time_of_day
from rulekit.model.meters import Budget


class Budgets:
    """Counts every POST, PUT and DELETE on orders. The day's count is restored from the journal."""

    def __init__(self, settings: ExecutionSettings, posts: Iterable[Instant] = ()) -> None:
        self._reserve = settings.reserve
        share = 1.0 - settings.margin
        self._limits: tuple[tuple[int, int], ...] = (
            (SECOND, max(1, int(settings.per_second * share))),
            (MINUTE, max(1, int(settings.per_minute * share))),
        )
        self._day_limit = max(1, int(settings.per_day * share))
        self._posts: deque[Instant] = deque(posts)
        self._day = -1
        self._day_count = 0
        for at in self._posts:
            self._count_day(at)

    def _count_day(self, at: Instant) -> None:
        if day_number(at) != self._day:
            self._day, self._day_count = day_number(at), 0
        self._day_count += 1

    def spend(self, at: Instant) -> None:
        """Count one request."""
        self._posts.append(at)
        self._count_day(at)
        while self._posts and self._posts[0] <= at - MINUTE:
            self._posts.popleft()

    def give_back(self) -> None:
        """Take back the latest request: it never left."""
        if self._posts:
            self._posts.pop()
            self._day_count -= 1

    def due(self, now: Instant, *, urgent: bool) -> Instant:
        """Return from when a request may be sent: `now` or earlier means at once.

        Args:
            now: the current instant.
            urgent: whether the reserve may be used.
        """
        share = 1.0 if urgent else 1.0 - self._reserve
        due = now
        for window, limit in self._limits:
            allowed = max(1, int(limit * share))
            recent = [at for at in self._posts if at > now - window]
            if len(recent) >= allowed:
                due = max(due, recent[-allowed] + window)
        if self._used_today(now) >= max(1, int(self._day_limit * share)):
            due = max(due, _next_midnight(now))
        return due

    def _used_today(self, now: Instant) -> int:
        return self._day_count if day_number(now) == self._day else 0

    def left(self, now: Instant) -> dict[str, int]:
        """Return what is left of each budget, the reserve included."""
        return {window: budget.left for window, budget in self.figures(now).items()}

    def figures(self, now: Instant) -> dict[str, Budget]:
        """Return each budget with what is used of it and what is kept for urgent actions."""
        (second, per_second), (minute, per_minute) = self._limits
        used = {
            "second": (per_second, sum(at > now - second for at in self._posts)),
            "minute": (per_minute, sum(at > now - minute for at in self._posts)),
            "day": (self._day_limit, self._used_today(now)),
        }
        return {
            window: Budget(limit, count, limit - max(1, int(limit * (1.0 - self._reserve))))
            for window, (limit, count) in used.items()
        }


def _next_midnight(now: Instant) -> Instant:
    return now - time_of_day(now) + DAY
