"""One seed's life, many of them in order, and what they add up to; the number of processes changes nothing."""

from __future__ import annotations

import gc
import signal
import traceback
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import NamedTuple

from attrs import define, field

from tests.simulation.invariants import ViolationError
from tests.simulation.mix import NONE
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.world import World

CHUNK = 20
"""Lives that a process is given at a time."""


class Job(NamedTuple):
    """A life to live: its seed, how hard its faults are, and the points at which its process dies besides.

    A scenario is the name of a kind of world that is made for one thing.
    """

    seed: int
    level: str
    crash_at: frozenset[int] = frozenset()
    scenario: str = ""


class Life(NamedTuple):
    """What came of one seed; the story is empty unless something broke."""

    seed: int
    hours: float
    faults: dict[str, int]
    orders: int
    deaths: int
    story: str
    points: int


@define
class Summary:
    """What lives add up to."""

    lives: int = 0
    hours: float = 0.0
    orders: int = 0
    deaths: int = 0
    faults: Counter[str] = field(factory=Counter)
    broken: list[int] = field(factory=list)

    def add(self, life: Life) -> None:
        """Count one more."""
        self.lives += 1
        self.hours += life.hours
        self.orders += life.orders
        self.deaths += life.deaths
        self.faults.update(life.faults)
        if life.story:
            self.broken.append(life.seed)

    def lines(self) -> Iterator[str]:
        """Say it; the last line is the one that programs read."""
        yield f"{self.orders:8}  requests, {self.deaths} deaths and restarts"
        for name, count in sorted(self.faults.items(), key=lambda item: (-item[1], item[0])):
            yield f"{count:8}  {name}"
        yield (
            f"{self.lives} seeds, {self.hours:.1f} simulated hours, {self.faults.total()} faults, "
            f"{len(self.broken)} violations"
        )


def live(seed: int, level: str, crash_at: frozenset[int] = frozenset(), scenario: str = "") -> Life:
    """Live through one seed."""
    world = SCENARIOS.get(scenario, World)(seed, level, crash_at)
    story = ""
    try:
        world.run()
    except ViolationError as error:
        story = "\n".join([*world.story, f"VIOLATION: {error}"])
    except Exception:
        story = "\n".join([*world.story, traceback.format_exc()])
    return Life(seed, world.hours, world.mix.struck, len(world.exchange.sent), world.lives, story, world.passed)


def live_all(jobs: Iterable[Job]) -> list[Life]:
    """Live through some seeds, one after the other, with the collector of cycles at rest while one lives."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        found = []
        for job in jobs:
            found.append(live(*job))
            if len(found) % 10 == 0:
                gc.collect(1)
        return found
    finally:
        if was_on:
            gc.enable()


def lives(jobs: Iterable[Job], processes: int, chunk: int = CHUNK) -> Iterator[Life]:
    """Live through all jobs and give back what came of them in the order of the jobs.

    Args:
        jobs: drawn on as the processes become free. processes: 1 stays in this one.
        chunk: how many lives a process is given at a time.
    """
    waiting = iter(jobs)
    chunks = iter(lambda: list(islice(waiting, chunk)), [])
    if processes <= 1:
        for some in chunks:
            yield from live_all(some)
        return
    pool = ProcessPoolExecutor(processes, initializer=_begin)
    try:
        under_way: deque[Future[list[Life]]] = deque(
            pool.submit(live_all, one) for one in islice(chunks, processes * 2)
        )
        while under_way:
            found = under_way.popleft().result()
            under_way.extend(pool.submit(live_all, some) for some in islice(chunks, 1))
            yield from found
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Leave an interruption to the process that counts, and the modules out of every collection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.collect()
    gc.freeze()


def crash_jobs(first: int, scenarios: int, second: int, scenario: str = "") -> Iterator[Job]:
    """Return a job for each point at which a scenario without other faults can die.

    Args:
        first: the first seed. scenarios: how many.
        scenario: the kind of world.
        second: so many points later, in the recovery, it dies again in a job of its own; 0: it does not.
    """
    for seed in range(first, first + scenarios):
        for point in range(1, live(seed, NONE, scenario=scenario).points + 1):
            yield Job(seed, NONE, frozenset({point}), scenario)
            for later in range(1, second + 1):
                yield Job(seed, NONE, frozenset({point, point + later}), scenario)
