"""What recording a look costs: bytes of its entry, and time against deciding and a flushed commit in the same run.

Run with `python -m tests.benchmarks.looks`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from rulekit.engine.decide import decide
from rulekit.execution.journal import Journal
from rulekit.execution.journal_schema import text_of
from rulekit.model.book import NO_ORDERS
from rulekit.model.calendar import default
from rulekit.model.clock import SimulatedClock
from rulekit.model.instant import day_of, parse_instant
from rulekit.model.snapshot import Snapshot
from rulekit.runtime.looks import digest_of, look_at_position
from rulekit.runtime.policy import Policy
from tests.runtime.real_days import SEVEN_SCALED

NOON = parse_instant("2026-11-20T12:00:00+05:30")
TIMES = 2000


def main() -> int:
    """Measure and print."""
    policy = Policy.from_text(SEVEN_SCALED)
    facts: dict[str, float | None] = dict.fromkeys((*policy.market_facts, "open positions"), 1.23456789)
    snapshot = Snapshot(
        "KOTAKBANK", 1, 100, 169_000.0, 170_123.45, NOON, opened=NOON - 3_600_000_000, original=100, stop=168_000.0,
        initial_stop=167_500.0, best=170_200.0, worst=168_900.0, age_days=0.0,
        session=default().session("NSE", day_of(NOON)), facts=facts,
    )  # fmt: skip
    decision = decide(policy.compiled, snapshot, {})
    body = look_at_position(policy.digest, digest_of(snapshot), snapshot, {}, NO_ORDERS, decision)
    print(f"a look is an entry of {len(text_of(body).encode())} bytes, {len(decision.actions)} actions in it")
    with TemporaryDirectory() as folder, Journal.open(Path(folder) / "j", clock=SimulatedClock(NOON)) as journal:
        took: dict[str, list[float]] = {"decide": [], "record": [], "flush": []}
        for number in range(TIMES):
            began = perf_counter()
            decide(policy.compiled, snapshot, {})
            took["decide"].append(perf_counter() - began)
            began = perf_counter()
            look = look_at_position(policy.digest, body["digest"], snapshot, {}, NO_ORDERS, decision)
            journal.add("looked", look)
            took["record"].append(perf_counter() - began)
            if number % 20 == 0:
                began = perf_counter()
                journal.flush()
                took["flush"].append(perf_counter() - began)
    half = {name: median(times) for name, times in took.items()}
    for name, seconds in half.items():
        print(f"{name:7} {seconds * 1e6:8.1f} us (median), {seconds / half['decide']:6.1f} times deciding")
    return 0


if __name__ == "__main__":
    sys.exit(main())
