"""How a stretch of the day compares with what came before it: sums that grow as slots are completed."""

from __future__ import annotations

from collections.abc import Iterable
from math import nan


class Relative:
    """The last `window` slots of a day as times the mean of as long a stretch before them.

    What lies before the window is summed up once, from the first slot on, so that asking costs the same all day; a
    whole column comes to the same bits by the same sums (`rulekit.market.whole_days`).

    Args:
        window: in slots. least: so many windows of known slots must lie before the one that is judged.
    """

    __slots__ = ("_known", "_least", "_taken", "_usual", "_window")

    def __init__(self, window: int, least: int) -> None:
        self._window = window
        self._least = least
        self._taken = 0
        self._known = 0
        self._usual = 0.0

    def value(self, amounts: list[float]) -> float:
        """Return the ratio after the last slot.

        Unknown (NaN) if a slot of the window is unknown, or too few known ones lie before it, or nothing was in them.

        Args:
            amounts: of all slots of the day so far; it only ever grows.
        """
        earlier = len(amounts) - self._window
        if earlier <= 0:
            return nan
        for amount in amounts[self._taken : earlier]:
            if amount == amount:
                self._usual += amount
                self._known += 1
        self._taken = earlier
        if self._known < self._least * self._window or self._usual <= 0:
            return nan
        return added(amounts[earlier:]) * self._known / (self._usual * self._window)


def added(amounts: Iterable[float]) -> float:
    """Add one after the other; `sum` rounds otherwise from Python 3.12 on."""
    total = 0.0
    for amount in amounts:
        total += amount
    return total
