"""What a tick costs: heard by the market, asked for facts, taken by the paper broker; and what an order costs.

Run `python -m tests.benchmarks.market`. Every figure stands beside a reference measured in the same run.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rulekit.broker.paper import PaperBroker
from rulekit.market.market import Market
from rulekit.market.ticks import Tick
from rulekit.model.clock import SimulatedClock, stopwatch
from rulekit.model.instant import SECOND, parse_instant
from rulekit.model.orders import OrderRequest

START = parse_instant("2026-11-20T09:15:00+05:30")
SYMBOLS = ("INFY", "SBIN", "RELIANCE", "TATAMOTORS", "NIFTY")
FACTS = ("momentum over 15 minutes", "volume", "volatility")
ROUNDS = 5


def made_ticks() -> list[Tick]:
    """Make a session of five symbols, a tick a second each."""
    return [
        Tick(
            second * 5 + place,
            "NSE",
            symbol,
            START + second * SECOND,
            100_000.0 + (second * 7 + place) % 40 * 5,
            second,
        )
        for second in range(22_000)
        for place, symbol in enumerate(SYMBOLS)
    ]


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that the fastest of some rounds takes."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = stopwatch()
        work()
        best = min(best, stopwatch() - start)
    return best


def per_tick(ticks: list[Tick]) -> None:
    """Print microseconds a tick, and how many times a bare loop with one dictionary write they are."""

    def bare() -> None:
        last: dict[tuple[str, str], float] = {}
        for tick in ticks:
            last[tick.exchange, tick.symbol] = tick.price

    def heard() -> None:
        market = Market(FACTS)
        for tick in ticks:
            market.update(tick)

    def asked() -> None:
        market = Market(FACTS)
        for tick in ticks:
            market.update(tick)
            market.facts(tick.key)

    def broker() -> None:
        paper = PaperBroker(None, clock=SimulatedClock(START))
        for tick in ticks:
            paper.on_tick(tick)

    reference = timed(bare)
    for name, work in (("update", heard), ("update and three facts", asked), ("paper on_tick", broker)):
        seconds = timed(work)
        print(f"{name:24} {seconds / len(ticks) * 1e6:6.2f} µs a tick, {seconds / reference:5.1f} × a bare loop")


def per_order(folder: Path) -> None:
    """Print the cost of placing an order against one bare insert and commit with the same pragmas."""
    clock = SimulatedClock(START)
    paper = PaperBroker(folder / "book", clock=clock)
    bare = sqlite3.connect(folder / "bare", isolation_level=None)
    for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = OFF"):
        bare.execute(f"PRAGMA {pragma}")
    bare.execute("CREATE TABLE t (a, b)")
    placed, written = [], []
    for number in range(2000):
        clock.sleep(1)
        paper.on_tick(Tick(number, "NSE", "INFY", clock.now(), 150_000.0))
        request = OrderRequest(f"T{number}", "NSE", "INFY", "MIS", "BUY", 10)
        start = stopwatch()
        paper.place(request)
        middle = stopwatch()
        bare.execute("BEGIN IMMEDIATE")
        bare.execute("INSERT INTO t VALUES (?, ?)", (number, "x" * 100))
        bare.execute("COMMIT")
        written.append(stopwatch() - middle)
        placed.append(middle - start)
    bare.close()
    paper.close()
    ours, theirs = median(placed) * 1e6, median(written) * 1e6
    print(
        f"{'place':24} {ours:6.0f} µs at the median, {ours / theirs:5.1f} × a bare insert and commit ({theirs:.0f} µs)"
    )


if __name__ == "__main__":
    per_tick(made_ticks())
    with tempfile.TemporaryDirectory() as name:
        per_order(Path(name))
