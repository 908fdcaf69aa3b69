"""A burst of management actions against the broker's budgets: how long it takes, and how long it must take at least.

Run `python -m tests.benchmarks.burst`. The real executor and journal under a virtual clock; the broker is a local port
that fills at once, counts by its own calendar seconds and minutes, and refuses what is too much. The least time is
worked out apart from the engine's code: each request as early as no window of a second or a minute is overfull.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from rulekit.execution.executor import Decided, Executor
from rulekit.execution.journal import Journal
from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.signal import RegularSignal
from rulekit.model.clock import SimulatedClock
from rulekit.model.decision import EXIT, IMMEDIATE, Action, Decision
from rulekit.model.events import Event
from rulekit.model.instant import MINUTE, SECOND, Instant, parse_instant
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.orders import BUY, SELL
from tests.benchmarks.counting import CountingBroker
from tests.execution.scripted import session

START = parse_instant("2026-11-20T10:00:00+05:30")
PRICE = 50_000.0


@frozen
class Drained:
    """What became of a burst: when each request came, for management and for the host's own signals, and the log."""

    management: list[Instant]
    regular: list[Instant]
    began: Instant
    bypassed: list[Event]
    refused: int

    @property
    def seconds(self) -> float:
        """Return how long the management actions took, from the decision to the last request."""
        return (self.management[-1] - self.began) / SECOND


def burst(
    folder: Path, actions: int, regular: int, settings: ExecutionSettings, *, offset: int = 0, latency_s: float = 0.0
) -> Drained:
    """Decide on so many positions at once, behind so many waiting regular signals, and drain.

    Args:
        offset: microseconds by which the burst begins after a full minute of the broker's clock.
        latency_s: of each request.
    """
    clock, events = SimulatedClock(START + offset - 5 * SECOND), list[Event]()
    broker = CountingBroker("burst", clock, latency_s)
    for number in range(actions):
        broker.enter(InstrumentKey("NSE", f"S{number:04d}"), "MIS", 10, PRICE)
    journal = Journal.open(folder / "burst.journal", account="burst", clock=clock, durable=False)
    with journal:
        executor = Executor(
            broker=broker, journal=journal, clock=clock, settings=settings, session=session, emit=events.append
        )
        executor.start()
        clock.move_to(START + offset)
        executor.sync()
        for number in range(regular):
            key = PositionKey("burst", "NSE", f"NEW{number:04d}", "MIS")
            executor.submit_regular(RegularSignal(f"R{number}", key, BUY, 1, PRICE))
        late = [number * 12 * SECOND for number in range(5)] if regular else []
        exits = Action("Leave", EXIT, SELL, 10, None, IMMEDIATE, "all at once")
        began = clock.now()
        executor.commit(
            [Decided(one, Decision(one.key.symbol, (exits,)), PRICE, "p", "s") for one in executor.positions()]
        )
        while (due := executor.next_due()) is not None:
            clock.move_to(max(due, clock.now() + 1000))
            if late and clock.now() - began > late[0]:
                # The host goes on with entries of its own while the exits are on their way.
                key = PositionKey("burst", "NSE", f"LATE{late.pop(0)}", "MIS")
                executor.submit_regular(RegularSignal(key.symbol, key, BUY, 1, PRICE))
            executor.sync()
            executor.drain()
        left = executor.pending_management_actions
    assert not left, "something was left behind"
    return Drained(
        management=[at for at, request in broker.posts if request.side == SELL],
        regular=[at for at, request in broker.posts if request.side == BUY],
        began=began,
        bypassed=[event for event in events if event.name == "regular_bypassed"],
        refused=overfull([at for at, _ in broker.posts]),
    )


def overfull(posts: Sequence[Instant], per_second: int = 10, per_minute: int = 400) -> int:
    """Count the requests that the broker would have refused: beyond its figures of a calendar second or minute."""
    seconds, minutes = Counter(at // SECOND for at in posts), Counter(at // MINUTE for at in posts)
    beyond = sum(max(0, count - per_second) for count in seconds.values())
    return beyond + sum(max(0, count - per_minute) for count in minutes.values())


def least(actions: int, per_second: int, per_minute: int) -> float:
    """Return the least seconds in which so many requests fit, if no second and no minute may ever hold more.

    Nobody here knows where the broker's own seconds and minutes begin, so that no window of that length may be overfull
    wherever it begins. Each request is as early as the one so many places before it allows, which nothing can beat.
    """
    at: list[int] = []
    for number in range(actions):
        soonest = at[number - 1] if number else 0
        if number >= per_second:
            soonest = max(soonest, at[number - per_second] + SECOND)
        if number >= per_minute:
            soonest = max(soonest, at[number - per_minute] + MINUTE)
        at.append(soonest)
    return at[-1] / SECOND


CASES = (
    ("as shipped: nine tenths of the broker's budgets", 0.10, 0, 0.0),
    ("no margin: all of them", 0.0, 0, 0.0),
    ("no margin, beginning 0.7 s into a second", 0.0, 700_000, 0.0),
    ("as shipped, each request takes 60 ms", 0.10, 0, 0.060),
)


def main() -> None:
    """Print each case with the least time, and what regular signals did."""
    told_by = argparse.ArgumentParser(description=__doc__)
    told_by.add_argument("--actions", type=int, default=500)
    told_by.add_argument("--regular", type=int, default=40)
    asked = told_by.parse_args()
    worst = 0.0
    for name, margin, offset, latency in CASES:
        settings = ExecutionSettings(margin=margin, regular_max_age_s=600.0, regular_per_minute=400)
        per_second, per_minute = int(10 * (1 - margin)), int(400 * (1 - margin))
        with tempfile.TemporaryDirectory(prefix="rulekit-burst-") as folder:
            done = burst(Path(folder), asked.actions, asked.regular, settings, offset=offset, latency_s=latency)
        bound = least(asked.actions, per_second, per_minute)
        worst = max(worst, done.seconds / bound)
        passed = sum(at <= done.management[-1] for at in done.regular)
        print(f"{name}: {len(done.management)} actions in {done.seconds:.2f} s, at least {bound:.2f} s "
              f"({done.seconds / bound - 1:+.1%}); "
              f"{passed} of {len(done.regular)} regular signals went before the last, "
              f"{done.refused} requests beyond the broker's figures")  # fmt: skip
        last = done.bypassed[-1].data
        print(f"   the last one passed {last['waiting']} waiting regular signals, and waited {last['waited']:.1f} s")
    print(f"worst {worst - 1:+.1%} (at most +5%)")


if __name__ == "__main__":
    main()
