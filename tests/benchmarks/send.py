"""From a decision to the call of the broker port, with the durable journal, against one bare flushed write.

Run as `python -m tests.benchmarks.send`; both are measured in turns within one run, on one disk.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from rulekit.execution.executor import Decided, Executor
from rulekit.execution.journal import Journal
from rulekit.model.clock import SimulatedClock, stopwatch
from rulekit.model.decision import Decision
from rulekit.model.orders import BUY, OrderRequest, Outcome
from tests.execution.scripted import KOTAK, START, ScriptedBroker, book, session

ROUNDS = 300
POSITIONS = 40


class TimedBroker(ScriptedBroker):
    """Notes when it is called."""

    called: float = 0.0

    def place(self, request: OrderRequest) -> Outcome:
        """Take the time, then place."""
        self.called = stopwatch()
        return super().place(request)


def bare_write(folder: Path) -> Any:
    """Return a function that makes one flushed write of a row as long as a typical entry."""
    database = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL").fetchone()
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, body TEXT)")
    body = "x" * 600

    def write() -> float:
        began = stopwatch()
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO entry (body) VALUES (?)", (body,))
        database.execute("COMMIT")
        return stopwatch() - began

    return write


def measure(folder: Path) -> tuple[list[float], list[float]]:
    """Return the times of bare writes and of decisions, in seconds, taken in turns."""
    clock = SimulatedClock(START)
    broker = TimedBroker(clock)
    broker.prices[KOTAK] = 169_000.0
    for number in range(POSITIONS):
        broker.trade(KOTAK._replace(symbol=f"S{number:03d}"), "MIS", BUY, 10_000, 169_000.0)
    write, bare, sent = bare_write(folder), [], []
    with Journal.open(folder / "bench.journal", clock=clock) as journal:
        executor = Executor(broker=broker, journal=journal, clock=clock, session=session)
        executor.start()
        for number in range(ROUNDS):
            position = executor.positions()[number % POSITIONS]
            decision = Decision(position.key.symbol, (book(5, rule=f"target {number}"),))
            decided = Decided(position, decision, 169_000.0, "p" * 64, "s" * 64)
            bare.append(write())
            began = stopwatch()
            executor.commit([decided], {"seq": number, "now": clock.now()})
            sent.append(broker.called - began)
            clock.sleep(1)
            executor.sync()
    return bare, sent


def main() -> None:
    """Print the medians, their difference in milliseconds, and the ratio."""
    with tempfile.TemporaryDirectory(prefix="rulekit-bench-", dir=Path.cwd()) as folder:
        bare, sent = measure(Path(folder))
    over = sorted(after - before for before, after in zip(bare, sent, strict=True))
    print(f"one bare flushed write        median {median(bare) * 1e3:.3f} ms")
    print(f"decision to the broker's port median {median(sent) * 1e3:.3f} ms")
    print(f"above the bare write          median {(median(sent) - median(bare)) * 1e3:.3f} ms (at most 1)")
    print(f"                              pairwise median {median(over) * 1e3:.3f} ms")
    print(f"ratio {median(sent) / median(bare):.2f}")


if __name__ == "__main__":
    main()
