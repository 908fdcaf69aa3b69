"""What an engine shows of itself: plain values that its own thread writes and any other may read, without a lock.

Counters and histograms only grow; everything else is published as one value that is replaced whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping

from attrs import define, field, frozen

from rulekit.model.instant import Instant

FAST = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Bounds in seconds for the engine's own work and the disk."""
SLOW = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Bounds in seconds for the broker's answers and for waiting."""


class Histogram:
    """Counts durations by their size. The reader copies `counts` and adds them up, so that a sum always fits."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration; a bound belongs to what is below it."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds


@frozen
class Budget:
    """One budget of requests: how many the engine allows itself, how many are used, how many are kept for exits."""

    limit: int
    used: int
    reserve: int

    @property
    def left(self) -> int:
        """Return how many may still be sent, the reserve included."""
        return max(0, self.limit - self.used)


@frozen
class Figures:
    """Where one account stands at one moment.

    Args:
        at: by the engine's clock; ages are counted to the moment of reading, so that a dead engine is seen.
        queued: by lane, how many actions wait to be sent. oldest: since when the one that waits longest does.
        open: by state, actions without an end.
        budgets: by window: second, minute, day.
        mode: the trading state, and `reason` why.
        newest: the last price of anything that is held, and `stalest` the oldest last price; None for none.
        never: how many held instruments never had a price. stale: how many had none for `stale_after` seconds.
        trading: whether an exchange is open on which something is held.
        failures: readings of the broker's book that failed in a row; `read` is the last good one.
        prices: by instrument, its last price, where that is asked for.
    """

    at: Instant
    queued: Mapping[str, int]
    oldest: Instant | None
    open: Mapping[str, int]
    budgets: Mapping[str, Budget]
    mode: str
    reason: str
    positions: int
    instruments: int
    newest: Instant | None
    stalest: Instant | None
    never: int
    stale: int
    stale_after: float
    trading: bool
    failures: int
    read: Instant | None
    prices: Mapping[str, Instant] = field(factory=dict)


@define(eq=False)
class Meters:
    """Everything that one account's engine shows.

    Args:
        account: whose.
        watch: real seconds; without one nothing is timed and nothing is published, and so nothing is paid.
        per_instrument: the largest number of instruments that are shown one by one.
        lease_held: whether this process may write for the account; None where there is no lease.
        moment: when something last began or ended, by the watch; it saves asking again.
        published: when the figures were, by the watch; `due` is when it is worth looking whether they should be again.
        alerts_open: alerts that nobody has acknowledged; None before the first publication.
        journal_failed: why the journal takes nothing, or empty.
        policies: title and digest of each that runs.
    """

    account: str
    watch: Callable[[], float] | None = None
    per_instrument: int = 0
    lease_held: bool | None = None
    alerts_open: int | None = None
    journal_failed: str = ""
    policies: tuple[tuple[str, str], ...] = ()
    figures: Figures | None = None
    moment: float = 0.0
    published: float = 0.0
    due: float = 0.0
    flushed: float = 0.0
    decision: Histogram = field(factory=lambda: Histogram(FAST))
    cycle: Histogram = field(factory=lambda: Histogram(FAST))
    tick_to_intent: Histogram = field(factory=lambda: Histogram(FAST))
    flush: Histogram = field(factory=lambda: Histogram(FAST))
    send: Histogram = field(factory=lambda: Histogram(SLOW))
    waits: dict[str, Histogram] = field(factory=dict)
    states: dict[tuple[str, str], int] = field(factory=dict)
    alerts: dict[str, int] = field(factory=dict)

    def begin(self) -> float:
        """Return the moment at which something begins, 0 where nothing is timed."""
        if self.watch is None:
            return 0.0
        self.moment = self.watch()
        return self.moment

    def took(self, histogram: Histogram, began: float) -> None:
        """Count how long something took."""
        if self.watch is not None:
            # Written out here: each price comes by, and a call costs as much as what it would do.
            self.moment = self.watch()
            seconds = self.moment - began
            histogram.counts[bisect_left(histogram.bounds, seconds)] += 1
            histogram.total += seconds

    def waited(self, lane: str, seconds: float) -> None:
        """Count how long an action waited from its decision to its request."""
        if lane not in self.waits:
            self.waits[lane] = Histogram(SLOW)
        self.waits[lane].add(seconds)

    def entered(self, lane: str, state: str) -> None:
        """Count an action that has come to a state."""
        self.states[lane, state] = self.states.get((lane, state), 0) + 1

    def alerted(self, level: str) -> None:
        """Count an alert."""
        self.alerts[level] = self.alerts.get(level, 0) + 1
