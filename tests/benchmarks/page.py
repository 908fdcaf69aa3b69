"""What it costs an engine that a page looks: the same cycles and prices with and without, in turns, in processor time.

Run `python -m tests.benchmarks.page [SECONDS]`. A thousand positions, fifty changes a second, a cycle a second (ten
times as often as usual); who looks is a process that gives the sign and reads what is shown, as the page does.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from statistics import median

from rulekit.model.clock import SimulatedClock
from rulekit.model.instant import SECOND, parse_instant
from rulekit.runtime.manager import Manager
from rulekit.runtime.shown import ShownReader, shown_path, watched_path
from tests.benchmarks.bare_engine import engine
from tests.benchmarks.load import Prices

POSITIONS, CHANGES = 1000, 50
START = parse_instant("2026-11-20T10:15:00+05:30")


def second(manager: Manager, prices: Prices, clock: SimulatedClock) -> tuple[float, float]:
    """Let a second of prices come in five bursts, then a cycle; return the processor time of both."""
    spent = 0.0
    for burst in range(5):
        ready = [prices.next(clock.now() + burst * 1000 + number) for number in range(CHANGES // 5)]
        began = time.thread_time()
        for tick in ready:
            manager.on_tick(tick)
        manager.publish()
        spent += time.thread_time() - began
        time.sleep(0.08)
    began = time.thread_time()
    manager.cycle()
    return spent, time.thread_time() - began


def look(journal: Path, done: Flag) -> None:
    """Give the sign, and read what is shown, until told to end."""
    reader, lines = ShownReader(shown_path(journal)), 0
    while not done.wait(0.04):
        watched_path(journal).touch()
        lines += len(reader.read())
    print(f"{lines:,} lines were shown")


def main() -> None:
    """Print both costs as ratios of medians."""
    rounds = int(sys.argv[1]) // 2 if len(sys.argv) > 1 else 40
    clock, done = SimulatedClock(START), multiprocessing.Event()
    with tempfile.TemporaryDirectory(prefix="rulekit-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        plain, plain_prices = engine(POSITIONS, folder, "plain", clock)
        seen, seen_prices = engine(POSITIONS, folder, "seen", clock)
        looking = multiprocessing.Process(target=look, args=(folder / "seen.journal", done))
        looking.start()
        for manager, prices in ((plain, plain_prices), (seen, seen_prices)):
            for _ in range(4):
                second(manager, prices, clock)  # the first sight shows everything, once
        costs: dict[str, list[tuple[float, float]]] = {"cycle": [], f"{CHANGES} prices": []}
        for number in range(rounds):
            clock.move_to(clock.now() + SECOND)
            pairs = [(seen, seen_prices), (plain, plain_prices)]
            both = {}
            for manager, prices in pairs if number % 2 else reversed(pairs):
                both[manager] = second(manager, prices, clock)
            for place, title in ((1, "cycle"), (0, f"{CHANGES} prices")):
                costs[title].append((both[seen][place], both[plain][place]))
        done.set()
        looking.join()
        seen.journal.close()
        plain.journal.close()
    for title, rows in costs.items():
        watched, unwatched = median(row[0] for row in rows), median(row[1] for row in rows)
        print(
            f"{title:10} looked at {watched * 1e3:7.2f} ms, not looked at {unwatched * 1e3:7.2f} ms: ratio of medians "
            f"{watched / unwatched:.3f}, median of ratios {median(a / b for a, b in rows):.3f}"
        )
    cost = sum(a for rows in costs.values() for a, _ in rows) / sum(b for rows in costs.values() for _, b in rows)
    print(f"both together {cost:.3f}; the cycle may take 1.05")


if __name__ == "__main__":
    main()
