"""What a journal in PostgreSQL costs beside one in a file: flush latency, rows a second, bytes, renewals, accounts.

Run as `python -m tests.benchmarks.postgres`; both are measured in turns within one run, on one disk. A real server is
started for it on this machine, so its figures hold for a database next door; add your network's round trip.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from threading import Barrier

from rulekit.execution.executor import Decided, Executor
from rulekit.execution.journal import Journal
from rulekit.execution.journal_place import Place, place_of
from rulekit.execution.journal_postgres import PostgresStore
from rulekit.execution.lease import LEASE_S, RENEWALS
from rulekit.model.clock import SimulatedClock, stopwatch
from rulekit.model.decision import Decision
from rulekit.model.orders import BUY
from tests.benchmarks.send import POSITIONS, TimedBroker
from tests.execution.scripted import KOTAK, START, book, session
from tests.postgres_server import Server

BODY = {"until": 0, "state": "accepted", "evidence": "order 261120000000014", "filler": "x" * 200}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--accounts", type=int, default=8, help="processes that write at once in the last part")
    parser.add_argument("--writer", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.writer:
        write_for(given.writer[0], given.writer[1], float(given.writer[2]))
        return
    server = Server()
    try:
        with tempfile.TemporaryDirectory(prefix="rulekit-bench-", dir=Path.cwd()) as folder:
            measure(server, Path(folder), given.rounds)
        several(server, given.accounts)
    finally:
        server.close()


def measure(server: Server, folder: Path, rounds: int) -> None:
    """Print latencies, rows and bytes of both stores, taken in turns."""
    url = server.new_database()
    places: dict[str, Place] = {"file": folder / "bench.journal", "database": place_of(url, "BENCH")}
    desks = {name: Bench(place, "paper" if name == "file" else "BENCH") for name, place in places.items()}
    sends: dict[str, list[float]] = {name: [] for name in places}
    flushes: dict[str, list[float]] = {name: [] for name in places}
    for number in range(rounds):
        for name, desk in desks.items():
            sends[name].append(desk.decide(number))
            flushes[name].append(desk.flush_one())
    for name in places:
        print(f"{name:9} flush of one entry      {shown(flushes[name])}")
    for name in places:
        print(f"{name:9} decision to broker port {shown(sends[name])}")
    for name, desk in desks.items():
        print(f"{name:9} bulk                    {desk.bulk(20_000):,.0f} rows/s in flushes of 100")
    actions = rounds
    rows = {name: desk.journal.last_seq for name, desk in desks.items()}
    for desk in desks.values():
        desk.journal.close()
    used = server.run(
        "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'rulekit.entry'::regclass",
        url,
    )[0][0]
    sizes = {"file": (folder / "bench.journal").stat().st_size, "database": int(used)}
    for name in places:
        print(f"{name:9} size                    {sizes[name] / rows[name]:,.0f} bytes a row, {rows[name]:,} rows")
    print(f"          an action is {Bench.rows_of_actions / actions:.1f} rows here")


class Bench:
    """An executor over one store, with a broker that answers at once."""

    rows_of_actions = 0

    def __init__(self, place: Place, account: str) -> None:
        self.clock = SimulatedClock(START)
        self.broker = TimedBroker(self.clock)
        self.broker.account = account
        self.broker.prices[KOTAK] = 169_000.0
        for number in range(POSITIONS):
            self.broker.trade(KOTAK._replace(symbol=f"S{number:03d}"), "MIS", BUY, 10_000, 169_000.0)
        self.journal = Journal.open(place, account=account, clock=self.clock)
        self.executor = Executor(broker=self.broker, journal=self.journal, clock=self.clock, session=session)
        self.executor.start()

    def decide(self, number: int) -> float:
        """Return the seconds from a decision to the broker's port."""
        position = self.executor.positions()[number % POSITIONS]
        decision = Decision(position.key.symbol, (book(5, rule=f"target {number}"),))
        decided = Decided(position, decision, 169_000.0, "p" * 64, "s" * 64)
        before, began = self.journal.last_seq, stopwatch()
        self.executor.commit([decided], {"seq": number, "now": self.clock.now()})
        took = self.broker.called - began
        self.clock.sleep(1)
        self.executor.sync()
        Bench.rows_of_actions += (self.journal.last_seq - before) / 2  # two stores
        return took

    def flush_one(self) -> float:
        """Return the seconds that one entry takes to be durable."""
        self.journal.add("wait", {"until": 0}, next(iter(self.executor._ledger.actions)))
        began = stopwatch()
        self.journal.flush()
        return stopwatch() - began

    def bulk(self, rows: int) -> float:
        """Return the rows a second of long flushes."""
        subject = next(iter(self.executor._ledger.actions))
        began = stopwatch()
        for number in range(rows):
            self.journal.add("wait", BODY, subject)
            if number % 100 == 99:
                self.journal.flush()
        self.journal.flush()
        return rows / (stopwatch() - began)


def shown(seconds: list[float]) -> str:
    cuts = quantiles(seconds, n=100)
    return f"p50 {median(seconds) * 1e3:6.2f} ms   p99 {cuts[98] * 1e3:6.2f} ms"


def several(server: Server, accounts: int) -> None:
    """Let several processes write, each its own account, and print what the server carries in all."""
    url, seconds = server.new_database(), 5.0
    Journal.open(place_of(url, "FIRST"), account="FIRST", clock=SimulatedClock(START)).close()
    for count in (1, accounts):
        command = [sys.executable, "-m", "tests.benchmarks.postgres", "--writer", url]
        processes = [
            subprocess.Popen([*command, f"N{count}A{number}", str(seconds)], stdout=subprocess.PIPE, text=True)
            for number in range(count)
        ]
        done = [int(process.communicate()[0]) for process in processes]
        print(f"{count:2} accounts, a flush of four rows after the other: {sum(done) / seconds:,.0f} flushes/s in all")
    for count in (1, 50):
        rate = renewals(url, count)
        idle = rate / (RENEWALS / LEASE_S)
        print(
            f"renewals over {count:2} connections: {rate:,.0f}/s; enough for {idle:,.0f} accounts that do nothing else"
        )


def renewals(url: str, count: int, seconds: float = 4.0) -> float:
    """Return how many renewals a second that many accounts get through together."""

    def renew(number: int) -> int:
        with Journal.open(place_of(url, f"R{number}"), account=f"R{number}", clock=SimulatedClock(START)) as journal:
            assert isinstance(journal.store, PostgresStore)
            ready.wait()
            began, done = stopwatch(), 0
            while stopwatch() - began < seconds:
                journal.store._renew()
                done += 1
            return done

    ready = Barrier(count)
    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(renew, range(count))) / seconds


def write_for(url: str, account: str, seconds: float) -> None:
    """Write four rows after the other for some seconds, and print how often."""
    count = 0
    with Journal.open(place_of(url, account), account=account, clock=SimulatedClock(START)) as journal:
        began = stopwatch()
        while stopwatch() - began < seconds:
            for _ in range(4):
                journal.add("wait", BODY, "A")
            journal.flush()
            count += 1
    print(count)


if __name__ == "__main__":
    main()
