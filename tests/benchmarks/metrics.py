"""What it costs an engine to be watched: the same cycles and prices with and without, in turns, in processor time.

Run `python -m tests.benchmarks.metrics`. While it is watched, a thread scrapes the page once a second, which is more
than Prometheus would.
"""

from __future__ import annotations

import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median
from threading import Event as Flag
from threading import Thread

from rulekit.metrics.server import serving
from rulekit.metrics.settings import MetricsSettings
from rulekit.model.clock import SimulatedClock, stopwatch
from rulekit.model.instant import SECOND, parse_instant
from rulekit.runtime.manager import Manager
from tests.benchmarks.bare_engine import engine
from tests.benchmarks.load import Prices

ROUNDS, POSITIONS, TICKS = 60, 100, 400
START = parse_instant("2026-11-20T10:15:00+05:30")


def cycle(manager: Manager) -> float:
    """Return the processor time of ten cycles of this thread."""
    began = time.thread_time()
    for _ in range(10):
        manager.cycle()
    return time.thread_time() - began


def ticks(manager: Manager, prices: Prices, clock: SimulatedClock) -> float:
    """Return the processor time of some prices of this thread."""
    ready = [prices.next(clock.now() + number) for number in range(TICKS)]
    began = time.thread_time()
    for tick in ready:
        manager.on_tick(tick)
    return time.thread_time() - began


def main() -> None:
    """Print both costs as ratios of medians."""
    clock, done = SimulatedClock(START), Flag()
    with tempfile.TemporaryDirectory(prefix="rulekit-bench-", dir=Path.cwd()) as folder:
        plain, plain_prices = engine(POSITIONS, Path(folder), "plain", clock)
        seen, seen_prices = engine(POSITIONS, Path(folder), "seen", clock)
        with serving([seen.watch()], MetricsSettings(listen="127.0.0.1:0")) as address:
            took: list[float] = []

            def scrape() -> None:
                while not done.wait(1.0):
                    began = stopwatch()
                    urllib.request.urlopen(f"{address}/metrics", timeout=10).read()
                    took.append(stopwatch() - began)

            reader = Thread(target=scrape)
            reader.start()
            costs: dict[str, list[tuple[float, float]]] = {"ten cycles": [], f"{TICKS} prices": []}
            for number in range(ROUNDS):
                clock.move_to(clock.now() + SECOND)
                pairs = [(seen, seen_prices), (plain, plain_prices)]
                both = {}
                for manager, prices in pairs if number % 2 else reversed(pairs):
                    both[manager] = (ticks(manager, prices, clock), cycle(manager))
                for place, name in ((1, "ten cycles"), (0, f"{TICKS} prices")):
                    costs[name].append((both[seen][place], both[plain][place]))
            done.set()
            reader.join()
        seen.journal.close()
        plain.journal.close()
    for name, rows in costs.items():
        watched, unwatched = median(row[0] for row in rows), median(row[1] for row in rows)
        pairwise = median(a / b for a, b in rows)
        print(
            f"{name:12} watched {watched * 1e3:7.2f} ms, not watched {unwatched * 1e3:7.2f} ms: "
            f"ratio of medians {watched / unwatched:.3f}, median of ratios {pairwise:.3f} (at most 1.02)"
        )
    print(f"one scrape {median(took) * 1e3:.1f} ms ({len(took)})")


if __name__ == "__main__":
    main()
