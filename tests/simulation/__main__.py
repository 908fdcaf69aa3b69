"""Runs worlds, each from one seed, and checks the ten invariants after every step.

python -m tests.simulation --seeds N [--from K] [--faults mild|harsh] [--jobs P]
python -m tests.simulation --broker nameless --seeds N
python -m tests.simulation --crash-points 5 [--from K] [--second S] [--jobs P]

Ctrl-C and SIGTERM end it with the sum of what was done; the line before the last says how to go on from there.
"""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

from tests.simulation.lives import Job, Life, Summary, crash_jobs, lives
from tests.simulation.mix import HARSH, MILD
from tests.simulation.scenarios import SCENARIOS

EVERY = 10_000
"""Lives after which a long run says where it is."""
INTERRUPTED = 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed")
    parser.add_argument("--faults", choices=(MILD, HARSH), default=HARSH)
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="", help="worlds that are made for one thing")
    parser.add_argument("--broker", choices=("tagged", "nameless"), default="tagged", help="whether tags come back")
    parser.add_argument("--crash-points", type=int, default=0, help="die at every point of so many scenarios")
    parser.add_argument("--second", type=int, default=0, help="and once more up to so many points later")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes; the results do not depend on it")
    parser.add_argument("--stories", type=int, default=1, help="how many stories of violations to print")
    parser.add_argument("--last", type=int, default=60, help="how many lines of a story to print")
    return parser


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _tell(life: Life, broken: int, stories: int, last: int) -> None:
    lines = life.story.splitlines()
    shown = lines[-last:] if broken <= stories else lines[-1:]
    print(f"seed {life.seed}:", *shown, sep="\n", flush=True)


def main(words: list[str] | None = None) -> int:
    """Run the seeds and say what came of them; 0 only if all of them were lived without a violation."""
    asked = _parser().parse_args(words)
    if asked.broker != "tagged":
        asked.scenario = asked.scenario or asked.broker
    summary, stopped = Summary(), False
    if asked.crash_points:
        jobs = crash_jobs(asked.first, asked.crash_points, asked.second, asked.scenario)
    else:
        jobs = (
            Job(seed, asked.faults, scenario=asked.scenario) for seed in range(asked.first, asked.first + asked.seeds)
        )
    signal.signal(signal.SIGTERM, _stop)
    try:
        for life in lives(jobs, asked.jobs):
            summary.add(life)
            if life.story:
                _tell(life, len(summary.broken), asked.stories, asked.last)
            if summary.lives % EVERY == 0:
                print(f"... {summary.lives} lives, {len(summary.broken)} violations", flush=True)
    except KeyboardInterrupt:
        stopped = True
    *lines, last = summary.lines()
    print(*lines, sep="\n")
    if stopped:
        where = "" if asked.crash_points else f"; go on with --from {asked.first + summary.lives}"
        print(f"stopped after {summary.lives} lives{where}")
    print(last, flush=True)
    return 1 if summary.broken else INTERRUPTED if stopped else 0


if __name__ == "__main__":
    sys.exit(main())
