"""Runs worlds, each from one seed, and checks the ten invariants after every step.

python -m tests.simulation --seeds N [--from K] [--faults mild|harsh]
python -m tests.simulation --crash-points 5 [--from K] [--second S]
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.simulation.invariants import ViolationError
from tests.simulation.mix import HARSH, MILD, NONE
from tests.simulation.world import World


class Life(NamedTuple):
    """What came of one seed; the story is empty unless something broke."""

    seed: int
    hours: float
    faults: dict[str, int]
    orders: int
    deaths: int
    story: str
    points: int


def live(seed: int, level: str, crash_at: frozenset[int] = frozenset()) -> Life:
    """Live through one seed."""
    world = World(seed, level, crash_at)
    story = ""
    try:
        world.run()
    except ViolationError as error:
        story = "\n".join([*world.story, f"VIOLATION: {error}"])
    except Exception:
        story = "\n".join([*world.story, traceback.format_exc()])
    return Life(seed, world.hours, world.mix.struck, len(world.exchange.sent), world.lives, story, world.passed)


def _live(job: tuple[int, str, frozenset[int]]) -> Life:
    return live(*job)


def crash_jobs(first: int, scenarios: int, second: int) -> list[tuple[int, str, frozenset[int]]]:
    """Return a job for each point at which a scenario without other faults can die.

    Args:
        first: the first seed. scenarios: how many.
        second: so many points later, in the recovery, it dies again in a job of its own; 0: it does not.
    """
    jobs = []
    for seed in range(first, first + scenarios):
        for point in range(1, live(seed, NONE).points + 1):
            jobs.append((seed, NONE, frozenset({point})))
            jobs.extend((seed, NONE, frozenset({point, point + later})) for later in range(1, second + 1))
    return jobs


def main(words: list[str] | None = None) -> int:
    """Run the seeds and say what came of them; 0 only without violations."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed")
    parser.add_argument("--faults", choices=(MILD, HARSH), default=HARSH)
    parser.add_argument("--crash-points", type=int, default=0, help="die at every point of so many scenarios")
    parser.add_argument("--second", type=int, default=0, help="and once more up to so many points later")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--stories", type=int, default=1, help="how many stories of violations to print")
    parser.add_argument("--last", type=int, default=60, help="how many lines of a story to print")
    asked = parser.parse_args(words)
    hours, faults, broken = 0.0, Counter[str](), []
    orders = lives = 0
    if asked.crash_points:
        jobs = crash_jobs(asked.first, asked.crash_points, asked.second)
    else:
        jobs = [(seed, asked.faults, frozenset[int]()) for seed in range(asked.first, asked.first + asked.seeds)]
    with ProcessPoolExecutor(asked.processes) as pool:
        for life in pool.map(_live, jobs, chunksize=10):
            hours += life.hours
            orders += life.orders
            lives += life.deaths
            faults.update(life.faults)
            if life.story:
                broken.append(life.seed)
                lines = life.story.splitlines()
                shown = lines[-asked.last :] if len(broken) <= asked.stories else lines[-1:]
                print(f"seed {life.seed}:", *shown, sep="\n", flush=True)
    print(f"{orders:8}  requests, {lives} deaths and restarts")
    for name, count in sorted(faults.items(), key=lambda item: -item[1]):
        print(f"{count:8}  {name}")
    print(f"{len(jobs)} seeds, {hours:.1f} simulated hours, {faults.total()} faults, {len(broken)} violations")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
