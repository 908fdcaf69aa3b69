"""A thousand positions and fifty changes a second before three browsers: how far behind, how much memory, how slow.

Run `python -m tests.soak.page [--minutes 3]`. Three processes: an engine over a broker of its own on this machine, the
page as its command runs it, and browsers that are driven. Each price tells the millisecond at which it came, so a
browser reads from the table itself how far it is behind. The engine's processor time a cycle is taken before anybody
looks, while three browsers do and after the last has gone, beside that of a piece of work that is always the same:
a machine that others use is not equally fast from minute to minute.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import psutil

from rulekit.execution.journal import Journal
from rulekit.market.market import Market
from rulekit.market.ticks import Tick
from rulekit.model.clock import WallClock
from rulekit.model.instant import SECOND, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from rulekit.runtime.showing import WATCHED_S
from tests.benchmarks.counting import CountingBroker
from tests.page.browsing import browser_path, why_no_browser

POSITIONS, RATE, CYCLE_S, BROWSERS = 1000, 50, 10.0, 3
ALONE_S = 90.0
"""Seconds for which the engine runs with nobody looking, before and after."""
START = parse_instant("2026-11-20T10:15:00+05:30")
ENTRY = 10_000_000.0
"""Paise; the paise above it are the milliseconds since the start."""
POLICY = """policy "A thousand"
"Half": book 50% at 900% profit, once
"Out": exit at 90% loss
"Late": exit after 6 hours
"Even": move stop to entry at 500% profit
"""
ROWS = [(("NSE", f"S{number:04d}"), {"price": ENTRY + number}) for number in range(20_000)]
Random(1).shuffle(ROWS)
PROJECT = Path(__file__).resolve().parents[2]
WATCH = """() => {
  window.late = [];
  const began = BEGAN;
  new MutationObserver((changes) => {
    const now = Date.now() - began;
    for (const change of changes) {
      const text = change.target.textContent.replaceAll(",", "");
      if (/^\\d+\\.\\d\\d$/.test(text)) window.late.push(now - (Math.round(Number(text) * 100) - 10000000));
    }
  }).observe(document.querySelector(".positions"), { subtree: true, childList: true, characterData: true });
}"""


Cost = tuple[float, float]
"""Processor time in seconds: of a cycle, and of the reference just before it."""


def engine(folder: Path, told: Connection) -> None:
    """Run the engine until told to end; sends when it began, then each cycle's and the reference's processor time."""
    clock = WallClock(START)
    began = time.time()
    broker = CountingBroker("page", clock)
    keys = [InstrumentKey("NSE", f"S{number:04d}") for number in range(POSITIONS)]
    for key in keys:
        broker.enter(key, "MIS", 5, ENTRY)
    policy = Policy.from_text(POLICY, "thousand.policy")
    journal = Journal.open(folder / "page.journal", account="page", clock=clock)
    manager = Manager(policy, broker=broker, journal=journal, clock=clock, market=Market(policy.market_facts))
    manager.start()
    told.send(began)
    next_cycle, number = clock.now(), 0
    while not told.poll():
        due = began + number / RATE
        while (left := due - time.time()) > 0:
            manager.publish()
            time.sleep(min(left, 0.05))
        key = keys[number * 7 % POSITIONS]
        price = ENTRY + round((time.time() - began) * 1000)
        manager.on_tick(Tick(number, *key, clock.now(), price, float(number), float("nan"), float("nan")))
        number += 1
        if clock.now() >= next_cycle:
            began_at = time.thread_time()
            reference()
            between = time.thread_time()
            manager.cycle()
            told.send((time.thread_time() - between, between - began_at))
            next_cycle = clock.now() + round(CYCLE_S / 5 * SECOND)  # five times as often, for more figures
    journal.close()


def reference() -> int:
    """Do the same work each time, a few milliseconds of it, of the kind that a cycle consists of.

    Like a cycle it reads what lies scattered in memory, so that a neighbour on the machine slows it alike. It makes no
    containers: those would have the engine's process collect garbage every ten seconds, and prices wait for that.
    """
    return sum(row["price"] > ENTRY and key[0] == "NSE" for key, row in ROWS)


def heap(session: Any) -> float:
    """Return what a browser's page holds after it has tidied up, in megabytes."""
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def cycles(told: Connection, seconds: float) -> list[Cost]:
    """Collect what cycles and the reference cost for some time."""
    end, found = time.monotonic() + seconds, []
    while time.monotonic() < end:
        if told.poll(0.5):
            found.append(told.recv())
    return found


def main() -> None:
    """Print what was found."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--minutes", type=float, default=3.0)
    minutes = asked.parse_args().minutes
    if why_no_browser():
        sys.exit(why_no_browser())
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="rulekit-soak-") as name:
        folder, (told, far) = Path(name), multiprocessing.Pipe()
        working = multiprocessing.Process(target=engine, args=(folder, far))
        working.start()
        began = told.recv()
        before = cycles(told, ALONE_S)
        page = subprocess.Popen(
            [sys.executable, "-m", "rulekit", "page", "--journal", str(folder / "page.journal"), "--listen", "8759"],
            cwd=PROJECT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert page.stdout is not None
            print(page.stdout.readline().strip(), flush=True)
            with sync_playwright() as driver:
                program = driver.chromium.launch(executable_path=browser_path(), args=["--no-sandbox", "--disable-gpu"])
                seen = look(program, told, began, minutes, {"engine": working.pid, "page": page.pid})
                program.close()
            page.terminate()
            page.wait(10)
            cycles(told, 2 * WATCHED_S)
            tell_cycles(before, seen, cycles(told, ALONE_S))
        finally:
            told.send("end")
            working.join(10)
            working.kill()
            page.terminate()
            page.wait(10)
    sizes = {
        room: sum(path.stat().st_size for path in (PROJECT / "rulekit" / room / "assets").rglob("*") if path.is_file())
        for room in ("page", "studio")
    }
    print(f"assets: {json.dumps(sizes)} bytes, together {sum(sizes.values()) / 1e6:.2f} MB (at most 1.5)")


def look(program: Any, told: Connection, began: float, minutes: float, processes: dict[str, int | None]) -> list[Cost]:
    """Open the browsers, wait, print, and return what the cycles cost."""
    windows, firsts, wholes = [], [], []
    for _ in range(BROWSERS):
        window = program.new_context().new_page()
        before = time.monotonic()
        window.goto("http://127.0.0.1:8759")
        window.locator(".position").first.wait_for(timeout=60_000)
        firsts.append(time.monotonic() - before)
        window.locator(".position").nth(POSITIONS - 1).wait_for(state="attached", timeout=60_000)
        wholes.append(time.monotonic() - before)
        windows.append(window)
    for what, times in (("first view", firsts), ("all of 1,000 rows", wholes)):
        print(f"{what}: " + ", ".join(f"{one:.2f} s" for one in times), flush=True)
    time.sleep(15)
    while told.poll():
        told.recv()
    sessions = [window.context.new_cdp_session(window) for window in windows]
    for window in windows:
        window.evaluate(WATCH.replace("BEGAN", str(round(began * 1000))))
    spans = max(2, round(minutes))
    seen: list[Cost] = []
    late: list[int] = []
    for span in range(spans + 1):
        held = {name: psutil.Process(number).memory_info().rss / 1e6 for name, number in processes.items() if number}
        held |= {"browser": heap(sessions[0])}
        print(f"minute {span}: " + ", ".join(f"{name} {size:.1f} MB" for name, size in held.items()), flush=True)
        if span < spans:
            seen += cycles(told, minutes * 60 / spans)
            for window in windows:
                late += window.evaluate("() => window.late.splice(0)")
    late.sort()
    shares = {"median": 0.5, "99%": 0.99, "99.9%": 0.999, "most": 1.0}
    told_late = ", ".join(f"{name} {late[min(len(late) - 1, int(len(late) * one))]} ms" for name, one in shares.items())
    print(f"behind, of {len(late):,} changes in {BROWSERS} browsers: {told_late} (at most 250)")
    return seen


def tell_cycles(before: list[Cost], seen: list[Cost], after: list[Cost]) -> None:
    """Print what a cycle costs by itself and in references, with browsers and without."""
    for name, costs in (("before", before), ("with browsers", seen), ("after", after)):
        print(
            f"a cycle of the engine, {name}: {median(cycle for cycle, _ in costs) * 1e3:.2f} ms of processor time, "
            f"{median(cycle / work for cycle, work in costs):.3f} references of "
            f"{median(work for _, work in costs) * 1e3:.2f} ms ({len(costs)} cycles)"
        )
    alone = before + after
    raw = median(cycle for cycle, _ in seen) / median(cycle for cycle, _ in alone)
    even = median(cycle / work for cycle, work in seen) / median(cycle / work for cycle, work in alone)
    print(
        f"with {BROWSERS} browsers against none: {even:.3f} in references, {raw:.3f} in processor time (at most 1.05)"
    )


if __name__ == "__main__":
    main()
