"""The broker's counters: by the calendar second, minute and day of its own clock."""

from __future__ import annotations

from collections import Counter

from rulekit.kite_server.answers import ApiError
from rulekit.kite_server.clock import SECOND, day_of
from rulekit.kite_server.settings import Limits

TOO_MANY = "Too many requests"
DAY_IS_FULL = "Maximum allowed order requests for the day exceeded."


class Budgets:
    """Counts requests; what is refused with 429 has not been counted."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._counts: Counter[tuple[str, int | str]] = Counter()

    def order(self, at: int) -> None:
        """Count a placement.

        Raises:
            ApiError: one of the three limits is reached.
        """
        limits = self.limits
        self._take(
            (("order second", at // SECOND, limits.orders_per_second, TOO_MANY),
             ("order minute", at // (60 * SECOND), limits.orders_per_minute, TOO_MANY),
             ("order day", day_of(at), limits.orders_per_day, DAY_IS_FULL))
        )  # fmt: skip

    def change(self, at: int) -> None:
        """Count a modification or cancellation."""
        if self.limits.changes_count:
            self.order(at)
        else:
            self.read(at)

    def read(self, at: int) -> None:
        """Count any other request."""
        self._take((("read", at // SECOND, self.limits.reads_per_second, TOO_MANY),))

    def quote(self, at: int) -> None:
        """Count a request for quotes."""
        self._take((("quote", at // SECOND, self.limits.quotes_per_second, TOO_MANY),))

    def used(self, at: int) -> dict[str, int]:
        """Return what is used of the order budgets."""
        return {
            "second": self._counts["order second", at // SECOND],
            "minute": self._counts["order minute", at // (60 * SECOND)],
            "day": self._counts["order day", day_of(at)],
        }

    def _take(self, windows: tuple[tuple[str, int | str, int | None, str], ...]) -> None:
        for name, window, most, message in windows:
            if most is not None and self._counts[name, window] >= most:
                raise ApiError(429, "NetworkException", message)
        for name, window, _, _ in windows:
            self._counts[name, window] += 1
