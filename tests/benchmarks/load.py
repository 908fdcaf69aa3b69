"""Many accounts at once: how long from a tick to the durable intent, and from the intent to the broker's port.

Run `python -m tests.benchmarks.load`. Real: policies, engine, indicators, executor, a journal file of its own for each
account, flushed to the disk at each commit, the clock. Not real: prices (seeded walks), and the broker, a local port
that fills at once and counts. A tick is due at a fixed moment; what waits behind other work counts from that moment.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rulekit.execution.journal import Journal
from rulekit.market.market import Market
from rulekit.market.ticks import Tick
from rulekit.model.clock import SimulatedClock, WallClock, stopwatch
from rulekit.model.events import Event
from rulekit.model.instant import MINUTE, SECOND, Instant, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.shipped import shipped_folder
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from tests.benchmarks.counting import CountingBroker

OPENS = parse_instant("2026-11-20T09:15:00+05:30")
STARTS = parse_instant("2026-11-20T10:15:00+05:30")
STEP = 0.0004
"""Each tick moves its price by about so much: over a minute at the usual rates a share of 0.1 to 0.3%."""


class Load(NamedTuple):
    """What is run."""

    positions: int
    accounts: int
    instruments: int
    rate: int
    seconds: int
    processes: int
    cycle_s: float
    policy: str
    profile: bool


class Told(NamedTuple):
    """What one process found, times in seconds."""

    decided: list[float]
    intents: list[float]
    requests: list[float]
    late: list[float]
    cycles: list[float]
    looks: int
    orders: int
    flushes: int
    cpu: float
    lag_at_end: float


def holdings(load: Load) -> dict[str, list[tuple[str, int]]]:
    """Spread the positions over the accounts, seeded: shares for each account, long ones and short ones."""
    draw, found = random.Random(7), {}
    for number in range(load.accounts):
        each = load.positions // load.accounts
        chosen = draw.sample(range(load.instruments), min(each, load.instruments))
        found[f"A{number:03d}"] = [(symbol(one), draw.choice((1, 1, -1)) * draw.randrange(4, 9)) for one in chosen]
    return found


def symbol(number: int) -> str:
    """Name an instrument."""
    return f"S{number:04d}"


class Prices:
    """Seeded walks on the grid of five paise, the same in every process."""

    def __init__(self, load: Load) -> None:
        self._draw = random.Random(11)
        self._count = load.instruments
        self.last = [round(self._draw.uniform(100, 3000) * 20) * 5.0 for _ in range(load.instruments)]
        self._volume = [0.0] * load.instruments
        self._seq = 0

    def next(self, at: Instant, number: int | None = None) -> Tick:
        """Move one instrument and return its tick."""
        draw = self._draw
        number = draw.randrange(self._count) if number is None else number
        moved = self.last[number] * (1 + draw.gauss(0, STEP))
        self.last[number] = max(5.0, round(moved / 5) * 5.0)
        self._volume[number] += draw.randrange(1, 500)
        self._seq += 1
        return Tick(self._seq, "NSE", symbol(number), at, self.last[number], self._volume[number])

    def again(self, at: Instant, number: int) -> Tick:
        """Return an instrument's last price once more."""
        return Tick(self._seq, "NSE", symbol(number), at, self.last[number], self._volume[number])


class Watch:
    """Hears one account's events and notes how long things took."""

    def __init__(self) -> None:
        self.due = 0.0
        self.from_tick = False
        self.stamps: dict[str, float] = {}
        self.intents: list[float] = []
        self.rules: Counter[str] = Counter()
        self.sent: list[tuple[str, float]] = []

    def __call__(self, event: Event) -> None:
        """Take one event; an event is told after its entry is durable."""
        if event.name == "action_decided":
            self.rules[event.data["rule"]] += 1
            now = stopwatch()
            self.stamps[event.action] = now
            if self.from_tick:
                self.intents.append(now - self.due)
        elif event.name == "action_submitted":
            self.sent.append((event.data["tag"], self.stamps.get(event.action, 0.0)))


def run_process(load: Load, names: Sequence[str], folder: Path, start_at: float, answer: object) -> None:
    """Run some of the accounts over all ticks, and answer with what was found."""
    policy = Policy.from_text(shipped_folder("rules").joinpath(load.policy).read_text(encoding="utf-8"), load.policy)
    before, book = SimulatedClock(OPENS), holdings(load)
    prices = Prices(load)
    clock = WallClock(STARTS, 1.0)
    managers, watches, brokers, journals = [], [], [], []
    holders: dict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        broker, watch = CountingBroker(name, before), Watch()
        for held, signed in book[name]:
            price = prices.last[int(held[1:])]
            broker.enter(InstrumentKey("NSE", held), "MIS", signed, price)
            holders[held].append(index)
        broker.clock = clock
        journal = Journal.open(folder / f"{name}.journal", account=name, clock=clock)
        manager = Manager(
            policy, broker=broker, journal=journal, clock=clock, market=Market(policy.market_facts), emit=watch
        )
        manager.start()
        managers.append(manager)
        watches.append(watch)
        brokers.append(broker)
        journals.append(journal)
    for minute in range(60):
        for number in range(load.instruments):
            tick = prices.next(OPENS + minute * MINUTE, number)
            for index in holders[tick.symbol]:
                managers[index].hear(tick)
    # The day has begun: the first stops stand, and the memories are kept.
    clock.move_to(STARTS)
    for index, (name, manager) in enumerate(zip(names, managers, strict=True)):
        watches[index].from_tick = False
        for held, _ in book[name]:
            manager.hear(prices.again(clock.now(), int(held[1:])))
        manager.cycle()
    for watch in watches:
        watch.sent.clear()
        watch.rules.clear()
    gc.collect()
    gc.freeze()
    profiler = None
    if load.profile:
        import cProfile

        profiler = cProfile.Profile(time.process_time)
    time.sleep(max(0.0, start_at - time.monotonic()))
    if profiler:
        profiler.enable()
    told = drive(load, clock, prices, managers, watches, holders)
    if profiler:
        import pstats

        profiler.disable()
        print(sum((watch.rules for watch in watches), Counter()))
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
    requests = [
        broker.called[tag] - stamp for watch, broker in zip(watches, brokers, strict=True) for tag, stamp in watch.sent
    ]
    answer.put(  # type: ignore[attr-defined]
        told._replace(
            intents=[one for watch in watches for one in watch.intents],
            requests=requests,
            orders=sum(len(broker.posts) for broker in brokers),
            flushes=sum(journal.flushes for journal in journals),
        )
    )
    for journal in journals:
        journal.close()


def drive(
    load: Load,
    clock: WallClock,
    prices: Prices,
    managers: list[Manager],
    watches: list[Watch],
    holders: dict[str, list[int]],
) -> Told:
    """Give each tick at its moment to those who hold it; cycles and looks in between, spread over the accounts."""
    decided: list[float] = []
    late: list[float] = []
    cycles: list[float] = []
    looks = 0
    began, worked = stopwatch(), time.process_time()
    cycle_due = [began + load.cycle_s * (index + 0.5) / len(managers) for index in range(len(managers))]
    tend_due: dict[int, float] = {}

    def plan(index: int) -> None:
        due = managers[index].next_due()
        if due is None:
            tend_due.pop(index, None)
        else:
            tend_due[index] = stopwatch() + max(0.0, (due - clock.now()) / SECOND)

    def chores() -> None:
        now = stopwatch()
        for index, due in enumerate(cycle_due):
            if due <= now:
                watches[index].from_tick = False
                managers[index].cycle()
                cycles.append(stopwatch() - now)
                cycle_due[index] = stopwatch() + load.cycle_s
                plan(index)
                return
        for index, due in list(tend_due.items()):
            if due <= now:
                watches[index].from_tick = False
                managers[index].tend()
                plan(index)
                return

    for number in range(load.rate * load.seconds):
        due = began + number / load.rate
        chores()
        while (left := due - stopwatch()) > 0:
            if left > 0.0003:
                time.sleep(left - 0.0002)
            chores()
        tick = prices.next(clock.now())
        late.append(stopwatch() - due)
        for index in holders[tick.symbol]:
            watch = watches[index]
            watch.due, watch.from_tick = due, True
            managers[index].on_tick(tick)
            looks += 1
            decided.append(stopwatch() - due)
            plan(index)
    cpu = time.process_time() - worked
    return Told(decided, [], [], late, cycles, looks, 0, 0, cpu, stopwatch() - began - load.seconds)


def figures(values: list[float]) -> str:
    """Write p50, p99 and the worst in milliseconds."""
    if not values:
        return "none"
    ordered = sorted(values)
    p50, p99 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"p50 {p50 * 1e3:8.3f} ms   p99 {p99 * 1e3:8.3f} ms   worst {ordered[-1] * 1e3:8.1f} ms   ({len(ordered):,})"


def run(load: Load, folder: Path) -> list[Told]:
    """Run all processes side by side."""
    names = sorted(holdings(load))
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    start_at = time.monotonic() + 6 + 0.0012 * load.positions
    children = [
        context.Process(target=run_process, args=(load, names[one :: load.processes], folder, start_at, answer))
        for one in range(load.processes)
    ]
    for child in children:
        child.start()
    told = [answer.get(timeout=600) for _ in children]
    for child in children:
        child.join()
    return told


def main() -> None:
    """Print the figures of all processes together, and of the disk alone."""
    told_by = argparse.ArgumentParser(description=__doc__)
    told_by.add_argument("--positions", type=int, default=10_000)
    told_by.add_argument("--accounts", type=int, default=100)
    told_by.add_argument("--instruments", type=int, default=2_000)
    told_by.add_argument("--rate", type=int, default=1_000)
    told_by.add_argument("--seconds", type=int, default=30)
    told_by.add_argument("--processes", type=int, default=2)
    told_by.add_argument("--cycle-s", type=float, default=10.0)
    told_by.add_argument("--policy", default="intraday-equity.policy")
    told_by.add_argument("--profile", action="store_true")
    load = Load(**vars(told_by.parse_args()))
    with tempfile.TemporaryDirectory(prefix="rulekit-load-", dir=Path.cwd()) as folder:
        told = run(load, Path(folder))
    every: Iterator[tuple[str, list[float]]] = (
        (name, [value for one in told for value in getattr(one, name)])
        for name in ("late", "decided", "intents", "requests", "cycles")
    )
    words = {
        "late": "tick due → taken up",
        "decided": "tick due → decided, sent what could be",
        "intents": "tick due → intent durable",
        "requests": "intent durable → request",
        "cycles": "a whole cycle of one account",
    }
    for name, values in every:
        print(f"{words[name]:40} {figures(values)}")
    looks, orders = sum(one.looks for one in told), sum(one.orders for one in told)
    commits = sum(one.flushes for one in told)
    print(f"decisions on ticks {looks:,} ({looks / load.seconds:,.0f}/s), orders {orders:,}, commits {commits:,}")
    shares = ", ".join(f"{one.cpu / load.seconds:.0%}" for one in told)
    each = sum(one.cpu for one in told) / looks * 1e6
    behind = max(one.lag_at_end for one in told) * 1e3
    print(
        f"processor {shares} of the time, {each:.0f} µs a decision and all around it; {behind:.1f} ms behind at the end"
    )


if __name__ == "__main__":
    main()
