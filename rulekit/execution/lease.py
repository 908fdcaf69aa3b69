"""What a process may believe of its lease without asking: it is held for a while after it was last renewed."""

from __future__ import annotations

from collections.abc import Callable

from rulekit.model.clock import elapsed

LEASE_S = 5.0
"""Seconds for which an account is held after each renewal, by the clock of the journal's server."""
SEND_MARGIN_S = 1.0
"""What must be left of it when a request to the broker begins."""
RENEWALS = 4
"""So often it is renewed while it runs; a lost answer or two do not cost it."""


def never() -> bool:
    """Wait no longer."""
    return False


class Lease:
    """The time that is left of a lease, by this machine's own clock.

    The server counts from when it hears of a renewal, this side from when it asked, which is never later: what is
    left here is never more than what is left there.

    Args:
        seconds: for which each renewal holds.
        clock: real seconds that pass also while the process is stopped or the machine sleeps.
    """

    def __init__(self, seconds: float = LEASE_S, clock: Callable[[], float] = elapsed) -> None:
        self.seconds = seconds
        self._clock = clock
        self._asked = float("-inf")

    def now(self) -> float:
        """Return the moment to be given to `renewed`, taken before the server is asked."""
        return self._clock()

    def renewed(self, asked: float) -> None:
        """Note that the server has renewed it."""
        self._asked = max(self._asked, asked)

    @property
    def left(self) -> float:
        """Return the seconds for which it is surely held; below 0 it may be another's by now."""
        return self._asked + self.seconds - self._clock()

    @property
    def covers_a_send(self) -> bool:
        """Tell whether a request to the broker may begin now."""
        return self.left > min(SEND_MARGIN_S, self.seconds / 3)

    @property
    def is_due(self) -> bool:
        """Tell whether it should be renewed."""
        return self.left < self.seconds * (1 - 1 / RENEWALS)
