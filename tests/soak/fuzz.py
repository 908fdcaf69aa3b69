"""Whatever bytes come in, the language ends in a tree or in findings: no crash, no hang, no growing memory.

    python -m tests.soak.fuzz --minutes 10
    python -m tests.soak.fuzz --seed 7 --only 1234      # one input again

Every input has a number, and is made from the seed and that number alone. The inputs are read in a process of their
own: one that takes too long is ended with it, and what failed is saved as a file under `fuzz-failures`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import traceback
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from attrs import frozen

from tests.soak.fuzz_inputs import made
from tests.soak.resident import resident_mb

INPUT_S = 10.0
"""So much of a processor's time one input of at most 64 KB may take; the slowest takes a second or two."""
PATIENCE_S = 120.0
"""An input that takes so long by the clock hangs, however busy the computer is."""
GROWTH_MB = 200.0
"""So much may a reading process grow after its first inputs; a leak of 1 KB an input shows within minutes."""
WARM = 200
FAILURES = Path("fuzz-failures")


@frozen
class Outcome:
    """What became of one input: its kind, `tree`, `findings`, `unreadable` or a traceback, and how long it took."""

    number: int
    kind: str
    ended: str
    seconds: float
    memory_mb: float
    failed: bool = False


def read_one(seed: int, number: int) -> Outcome:
    """Make an input and read it in every way that a person's text is read."""
    from tests.language.ending import ends_well

    kind, raw = made(seed, number)
    start = time.process_time()
    try:
        ended, failed = ends_well(raw), False
    except BaseException:
        ended, failed = traceback.format_exc(), True
    return Outcome(number, kind, ended, time.process_time() - start, resident_mb(), failed)


def _work(pipe: Connection, seed: int) -> None:
    while (number := pipe.recv()) is not None:
        pipe.send(read_one(seed, number))


class Reading:
    """A process that reads inputs, begun anew when one has to be ended."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.begin()

    def begin(self) -> None:
        """Start the process."""
        self.pipe, other = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=_work, args=(other, self.seed), daemon=True)
        self.process.start()
        self.first_mb: float | None = None
        self.done = 0

    def ask(self, number: int) -> Outcome:
        """Have one input read."""
        self.pipe.send(number)
        if not self.pipe.poll(PATIENCE_S):
            self.end()
            self.begin()
            return Outcome(number, made(self.seed, number)[0], "it hangs", PATIENCE_S, 0.0, True)
        try:
            outcome: Outcome = self.pipe.recv()
        except EOFError:
            self.begin()
            return Outcome(number, made(self.seed, number)[0], "the process died", 0.0, 0.0, True)
        self.done += 1
        if self.done == WARM:
            self.first_mb = outcome.memory_mb
        return outcome

    def growth_mb(self, outcome: Outcome) -> float:
        """Return how much the process has grown since its first inputs."""
        return outcome.memory_mb - self.first_mb if self.first_mb is not None else 0.0

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()


def save(seed: int, number: int, said: str) -> Path:
    """Keep a failing input and what was said about it; return the file."""
    FAILURES.mkdir(exist_ok=True)
    file = FAILURES / f"{seed}-{number}.policy"
    file.write_bytes(made(seed, number)[1])
    file.with_suffix(".txt").write_text(said, encoding="utf-8")
    return file


def run(seed: int, minutes: float) -> int:
    """Read inputs for so long; return how many failed."""
    print(f"seed {seed}, {minutes:g} minutes", flush=True)
    reading = Reading(seed)
    counts: Counter[str] = Counter()
    slowest: dict[str, Outcome] = {}
    failures, most_mb, number = 0, 0.0, 0
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        outcome = reading.ask(number)
        grown = reading.growth_mb(outcome)
        most_mb = max(most_mb, grown)
        said = outcome.ended if outcome.failed else ""
        if outcome.seconds > INPUT_S:
            said = said or f"it took {outcome.seconds:.0f} s of a processor's time"
        if grown > GROWTH_MB:
            said = said or f"the reading process grew by {grown:.0f} MB"
            reading.end()
            reading.begin()
        if said:
            failures += 1
            print(
                f"FAILED {outcome.kind}: --seed {seed} --only {number}\n  {save(seed, number, said)}\n  {said}",
                flush=True,
            )
        counts[f"{outcome.kind}: {'failed' if said else outcome.ended}"] += 1
        if outcome.seconds > slowest.get(outcome.kind, outcome).seconds or outcome.kind not in slowest:
            slowest[outcome.kind] = outcome
        number += 1
    reading.end()
    for what, count in sorted(counts.items()):
        print(f"  {what:44} {count:7}")
    for kind, outcome in sorted(slowest.items()):
        print(f"  slowest {kind}: {outcome.seconds:.2f} s (--only {outcome.number})")
    print(f"{number} inputs, {failures} failed; the reading process grew by {most_mb:.0f} MB at most")
    return failures


def main() -> int:
    """Run the trial from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--only", type=int, help="read one input, in this process")
    asked = parser.parse_args()
    if asked.only is None:
        return 1 if run(asked.seed, asked.minutes) else 0
    outcome = read_one(asked.seed, asked.only)
    print(f"{outcome.kind}: {outcome.ended} after {outcome.seconds:.2f} s, {outcome.memory_mb:.0f} MB")
    return int(outcome.failed)


if __name__ == "__main__":
    sys.exit(main())
