"""How long a start takes on a journal of many actions, from its sealed state and without it.

    python -m tests.benchmarks.restart --actions 1000000

The journal is written through the real chain into the real store, in large commits. Every fourth action is an exit
with the rows of a real one: decided, sending, accepted, its trade, filled; the others move a stop. Every 4,000 actions
a new day begins: a million of them are a year of a busy account.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rulekit.execution.actions import action_id, attempt_tag
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.history import pending_of
from rulekit.execution.journal import Journal, open_shelf, read_ledger
from rulekit.execution.journal_seals import Seal, to_drop
from rulekit.execution.journal_store import TakesSeals
from rulekit.execution.ledger import Ledger
from rulekit.execution.recent import recent_history
from rulekit.execution.seals import SHAPE, text_of_state
from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.status import status_of
from rulekit.execution.summary import summarise_since
from rulekit.model.clock import SimulatedClock
from rulekit.model.instant import DAY, Instant, parse_instant, time_of_day
from rulekit.model.instrument import PositionKey

START = parse_instant("2020-01-01T09:15:00+05:30")
A_DAY = 4_000
SYMBOLS = tuple(f"SHARE{number:02}" for number in range(50))
STOPS = 3
"""Moves of a stop for each order."""

Written = tuple[str, dict[str, Any], str, str | None]


def actions(journal: Journal, count: int, clock: SimulatedClock) -> Iterator[list[Written]]:
    """Make the entries of so many actions, a list for each; every fourth is an exit, the others move a stop."""
    numbers = dict.fromkeys(SYMBOLS, 0)
    for made in range(0, count, STOPS + 1):
        symbol = SYMBOLS[made // (STOPS + 1) % len(SYMBOLS)]
        if made % A_DAY == 0:
            clock.move_to(START + made // A_DAY * DAY)
        clock.sleep(1.0)
        numbers[symbol] += 1
        key = PositionKey(journal.account, "NSE", symbol, "MIS")
        episode = f"{key}/{numbers[symbol]}"
        yield [_trade(key, "BUY", f"E{made}", clock.now())]
        for moves in range(STOPS):
            yield _stop(journal, key, episode, moves)
        yield _order(journal, key, episode, made, clock.now())


def _decided(
    journal: Journal, key: PositionKey, episode: str, rule: str, ordinal: int, **more: Any
) -> tuple[str, Written]:
    name = action_id(journal.account, episode, rule, ordinal)
    body = {
        "key": list(key), "episode": episode, "ordinal": ordinal, "strategy": "MarketMicrostructureEdge", "rule": rule,
        "kind": "stop", "side": None, "quantity": None, "stop": None, "lane": "next cycle",
        "why": "profit is 4.2%, above 3%", "price": 169_850.0, "scale": 100, "policy_digest": "a" * 64,
        "snapshot_digest": "b" * 64, "program": "0.1.0", **more,
    }  # fmt: skip
    return name, ("decided", body, name, name)


def _stop(journal: Journal, key: PositionKey, episode: str, moves: int) -> list[Written]:
    price = 160_000.0 + 5 * moves
    name, decided = _decided(journal, key, episode, "UP", moves, stop=price)
    return [decided, ("state", {"state": "applied", "evidence": f"stop {price / 100}", "stop": price}, name, None)]


def _order(journal: Journal, key: PositionKey, episode: str, made: int, now: Instant) -> list[Written]:
    name, decided = _decided(
        journal, key, episode, "OUT", 0, kind="exit", side="SELL", quantity=100, lane="immediate"
    )  # fmt: skip
    tag, order = attempt_tag(journal.id, name, 1), f"2026112000{made:07}"
    return [
        decided,
        ("sending", {"tag": tag, "quantity": 100, "protection": None, "value": 1698.5}, name, tag),
        ("attempt", {"n": 1, "state": "accepted", "order_id": order}, name, None),
        ("state", {"state": "accepted", "evidence": f"order {order}"}, name, None),
        _trade(key, "SELL", f"X{made}", now),
        ("attempt", {"n": 1, "state": "ended", "status": "COMPLETE", "filled": 100, "average": 169_800.0}, name, None),
        ("state", {"state": "filled", "evidence": "100 of 100 filled"}, name, None),
    ]


def _trade(key: PositionKey, side: str, trade: str, now: Instant) -> Written:
    body = {
        "trade": trade, "order": f"O{trade}", "key": list(key), "side": side, "quantity": 100, "price": 169_800.0,
        "at": now,
    }  # fmt: skip
    return "trade", body, "", None


def write(path: Path, count: int) -> None:
    """Write a journal, and seal its state once a day and at the end."""
    clock = SimulatedClock(START)
    journal = Journal.open(path, account="paper", clock=clock, durable=False)
    ledger = Ledger(journal.entries())
    for number, entries in enumerate(actions(journal, count, clock)):
        for entry in entries:
            ledger.apply(journal.add(*entry))
        ledger.changes.clear()
        if number % (A_DAY // 4) == 0:
            seal(journal, ledger)
    seal(journal, ledger)
    journal.close()


def seal(journal: Journal, ledger: Ledger) -> None:
    """Seal the state: nothing is known here that no entry tells, so it is what would be read back."""
    journal.flush()
    store = journal.store
    assert isinstance(store, TakesSeals)
    last = next(iter(store.rows(journal.last_seq - 1)))
    made = Seal.of(last[0], last[1], last[6], SHAPE, text_of_state(ledger))
    store.write_seal(made, to_drop([(made.seq, made.at), *store.seals()]))


def start(path: Path) -> None:
    """Open a journal as a run does, and print how long it took and what it took; run as a process of its own."""
    began, worked = time.perf_counter(), time.process_time()
    clock = SimulatedClock(parse_instant("2026-11-20T10:00:00+05:30"))
    journal = Journal.open(path, account="paper", clock=clock, create=False)
    chronicle = Chronicle(journal, clock, ExecutionSettings(), lambda event: None)
    seconds, work = time.perf_counter() - began, time.process_time() - worked
    sealed = journal.seal.seq if journal.seal else 0
    state = len(text_of_state(chronicle.ledger))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    read = journal.last_seq - sealed
    print(
        f"{seconds:.3f} s ({work:.3f} s of the processor), {read} of {journal.last_seq} entries read, "
        f"a state of {state} letters, {peak:.0f} MB"
    )
    journal.abandon()


def whole(path: Path) -> None:
    """Do the same without the seals, from all entries."""
    database = sqlite3.connect(path)
    database.execute("ALTER TABLE seal RENAME TO put_away")
    database.close()
    try:
        start(path)
    finally:
        database = sqlite3.connect(path)
        database.execute("ALTER TABLE put_away RENAME TO seal")
        database.close()


def report(path: Path) -> None:
    """Time what the commands read."""
    for what, run in _REPORTS.items():
        began, worked = time.perf_counter(), time.process_time()
        run(path)
        print(f"{what:34} {time.perf_counter() - began:8.3f} s ({time.process_time() - worked:.3f} s of the processor)")


def _recent(path: Path, **which: Any) -> None:
    with open_shelf(path) as shelf:
        assert recent_history(shelf, **which)


def _summary(path: Path, since: Instant) -> None:
    with open_shelf(path) as shelf:
        assert summarise_since(shelf, since)


_REPORTS: dict[str, Callable[[Path], Any]] = {
    "status": lambda path: status_of(read_ledger(path)),
    "pending": lambda path: pending_of(read_ledger(path)),
    "history --last 20": lambda path: _recent(path, last=20),
    "history --last 1000": lambda path: _recent(path, last=1000),
    "history --since the last day": lambda path: _recent(path, since=_last_day(path)),
    "summary --since the last day": lambda path: _summary(path, _last_day(path)),
}


def _last_day(path: Path) -> Instant:
    with open_shelf(path) as shelf:
        last = next(iter(shelf.rows(shelf.last_seq() - 1)))[1]
    return last - time_of_day(last)


def _in_a_process(path: Path, what: str) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.restart", what, str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> int:
    """Write, start from the seal and without, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--actions", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the journal is written; a temporary folder by default")
    parser.add_argument("--no-whole", action="store_true", help="leave out the start from all entries")
    for name in ("--start", "--whole", "--report"):
        parser.add_argument(name, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    for path, run in ((given.start, start), (given.whole, whole), (given.report, report)):
        if path is not None:
            run(path)
            return 0
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        _measure(Path(name) / "long.journal", given.actions, with_whole=not given.no_whole)
    return 0


def _measure(path: Path, count: int, *, with_whole: bool) -> None:
    began = time.perf_counter()
    write(path, count)
    size = path.stat().st_size
    print(f"{count} actions written in {time.perf_counter() - began:.0f} s", flush=True)
    print(f"file of {size / 1e6:.1f} MB, {size / count:.0f} bytes an action", flush=True)
    print(f"start from the seal:    {_in_a_process(path, '--start')}", end="", flush=True)
    if with_whole:
        print(f"start from all entries: {_in_a_process(path, '--whole')}", end="", flush=True)
    print(_in_a_process(path, "--report"), end="")


if __name__ == "__main__":
    raise SystemExit(main())
