"""What a host adapter costs each cycle, as a ratio to a program that calls the engine by itself in the same place.

Run it with `python -m tests.benchmarks.hosts`; in the environment of a framework it measures that framework too. Every
ratio is the median of pairs taken in turn in one run.
"""

from __future__ import annotations

import gc
import statistics
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

from rulekit.hosts.bars import Bar, BarDesk, Held
from rulekit.market.market import Market
from rulekit.market.ticks import Tick
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import RuleMemory
from rulekit.model.instant import MINUTE, SECOND, day_of
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import UNKNOWN, to_units
from rulekit.model.snapshot import Snapshot
from rulekit.runtime.desk import Desk
from rulekit.runtime.policy import Policy
from tests.benchmarks import hosts_by_hand
from tests.benchmarks.hosts_by_hand import Ready
from tests.hosts.scenes import DAYS, QUANTITY, Scene, scenes
from tests.hosts.table import SHARED, missing

CYCLES = 200_000
PAIRS = 9
FLAT = Policy.from_text(
    "HALF: book 50% at 15% profit after 30 minutes\nMORE: book 75% at 25% profit\n"
    "EVEN: move stop to break-even at 10% profit\nLATE: exit at 20% loss\nOUT: exit at 15:29\n"
    "TRAIL: trail stop 3% when profit is at least 9%\n"
)
"""Six rules that wait: what a cycle usually is."""
WITH_FACTS = Policy.from_text(
    "HALF: book 50% at 15% profit after 30 minutes\n"
    "MORE: add 25% at 15% profit when momentum over 15 minutes is at least 2%\n"
    "WILD: tighten stop to 2% from price when volatility is at least 20 times normal\nOUT: exit at 15:29\n"
)


class ByHand:
    """A program that calls the engine directly: it keeps memory, extremes and stop, and builds each snapshot."""

    def __init__(self, policy: Policy, symbol: str, market: Market | None = None) -> None:
        self.policy, self.symbol, self.market = policy, symbol, market
        self.memory: Any = {}
        self.best = self.worst = self.stop = UNKNOWN
        self.booked, self.original, self.opened = 0, 0, None
        self.session: Any = None
        self.day, self.volume = -1, 0.0
        self.actions: list[Any] = []

    def look(self, quantity: int, entry: Any, price: Any, high: Any, low: Any, now: int, facts: Any) -> Any:
        """Decide on a position of so much at such a price."""
        side, held = (1, quantity) if quantity > 0 else (-1, -quantity)
        last, top, bottom = to_units(price), to_units(high), to_units(low)
        good, bad = (top, bottom) if side > 0 else (bottom, top)
        if not (good - self.best) * side <= 0:
            self.best = good
        if not (bad - self.worst) * side >= 0:
            self.worst = bad
        day = (now + 19_800_000_000) // 86_400_000_000
        if day != self.day:
            self.day, self.session = day, default_calendar().session("NSE", day_of(now))
        if held > self.original:
            self.original = held
        snapshot = Snapshot(
            symbol=self.symbol, side=side, quantity=held, entry=to_units(entry), price=last, now=now,
            opened=self.opened, original=self.original, stop=self.stop, best=self.best, worst=self.worst,
            booked=self.booked, age_days=0.0, session=self.session, facts=facts,
        )  # fmt: skip
        decision = self.policy.decide(snapshot, self.memory)
        self.memory = decision.memory
        for action in decision.actions:
            before = self.memory.get(action.rule, RuleMemory())
            self.memory = {**self.memory, action.rule: evolve(before, fired=before.fired + 1, fired_at=now)}
            if action.stop is not None:
                self.stop = action.stop
            self.actions.append((now, action.rule))
        return decision

    def at_close(self, quantity: int, entry: Any, bar: Bar) -> Any:
        """Hear a bar and decide at its close."""
        start = int(bar.start)
        facts: Any = {}
        if self.market is not None:
            prices = [to_units(price) for price in bar[2:6]]
            if prices[3] >= prices[0]:
                prices[1], prices[2] = prices[2], prices[1]
            day = (start + 19_800_000_000) // 86_400_000_000
            if day != self.day:
                self.volume = 0.0
            for step, price in enumerate(prices):
                at = start + (step * MINUTE // 3 if step < 3 else MINUTE - SECOND)
                traded = self.volume + (bar.volume or 0.0) * step / 3
                self.market.update(Tick(step, "NSE", bar.symbol, at, price, traded))
            self.volume += bar.volume or 0.0
            facts = self.market.facts(InstrumentKey("NSE", bar.symbol))
        if not quantity:
            return None
        return self.look(quantity, entry, bar.close, bar.high, bar.low, start + MINUTE, facts)


Outcome = tuple[float, float, float]
"""The median ratio of paired runs, and the median seconds of each."""


def ratio(adapter: Ready, direct: Ready, pairs: int = PAIRS) -> Outcome:
    """Return the median ratio of paired runs, and the median seconds of each."""
    found, ours, theirs = [], [], []
    adapter()(), direct()()
    gc.collect()
    gc.disable()
    try:
        for number in range(pairs):
            taken = {}
            for which in ("adapter", "direct") if number % 2 else ("direct", "adapter"):
                run = (adapter if which == "adapter" else direct)()
                began = time.process_time()
                run()
                taken[which] = time.process_time() - began
            found.append(taken["adapter"] / taken["direct"])
            ours.append(taken["adapter"])
            theirs.append(taken["direct"])
            gc.collect()
    finally:
        gc.enable()
    return statistics.median(found), statistics.median(ours), statistics.median(theirs)


def say(name: str, outcome: Outcome, cycles: int) -> None:
    """Print one line."""
    times, adapter, direct = outcome
    print(f"{name:44} {1e6 * adapter / cycles:8.2f} µs {1e6 * direct / cycles:8.2f} µs a cycle   {times:5.2f} times")


def looks(bars: Sequence[Bar]) -> None:
    """A desk over a host's own object, without bars and facts."""
    held = Held(bars[0].symbol, QUANTITY, 100.0, opened=bars[0].start)
    prices = [(100 + (number % 40) / 20, int(bars[0].start) + number * SECOND // 10) for number in range(CYCLES // 4)]

    def adapter() -> None:
        desk = Desk(FLAT)
        for price, now in prices:
            desk.look(held, price=price, now=now, high=price, low=price)

    def direct() -> None:
        hand = ByHand(FLAT, held.symbol)
        hand.opened = held.opened  # type: ignore[assignment]
        for price, now in prices:
            hand.look(held.quantity, held.entry, price, price, price, now, {})

    say("a look of a desk", ratio(lambda: adapter, lambda: direct), len(prices))


def closes(day: Scene) -> None:
    """A desk on bars, with facts of the market."""
    bars = [bar for again in range(8) for bar in moved(day.bars, again)]
    held = Held(day.symbol, QUANTITY, float(day.bars[0].open), opened=day.bars[0].start)

    def adapter() -> None:
        desk = BarDesk(WITH_FACTS)
        for bar in bars:
            desk.at_close(held, bar)

    def direct() -> None:
        hand = ByHand(WITH_FACTS, day.symbol, Market(WITH_FACTS.market_facts))
        hand.opened = held.opened  # type: ignore[assignment]
        for bar in bars:
            hand.at_close(held.quantity, held.entry, bar)

    say("a close with facts of the market", ratio(lambda: adapter, lambda: direct), len(bars))


def moved(bars: Sequence[Bar], days: int) -> list[Bar]:
    """Return the bars some weeks on."""
    return [bar._replace(start=int(bar.start) + days * 7 * 24 * 60 * MINUTE) for bar in bars]


def frameworks(day: Scene) -> None:
    """Whole runs of each framework that is here: with the adapter, and with a strategy that calls the engine itself."""
    for name, (make, days) in hosts_by_hand.PAIRS.items():
        if reason := missing(name):
            print(f"{name:44} left out: {reason}")
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adapter, direct = make(WITH_FACTS, day, ByHand)
            say(f"{name}: a bar of a whole run", ratio(adapter, direct), days * len(day.bars))


def main() -> None:
    """Measure and print."""
    (day,) = scenes(Path(SHARED), ("HDFCBANK",), DAYS[:1])
    print(f"{'':44} {'adapter':>11} {'direct':>11}")
    looks(day.bars)
    closes(day)
    frameworks(day)


if __name__ == "__main__":
    main()
