"""A trader meddles while a faulty broker trades: trades by hand, flips, halts, resumes, restarts; then it is audited.

    python -m tests.soak.meddling --seeds 300

Trades by hand come only while no order of ours is on its way in that instrument: a race between two people's orders is
nobody's to win. Whatever else happens, the guarantees of `docs/execution.md` must hold.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from attrs import evolve

from rulekit.broker.paper import PaperBroker
from rulekit.execution.settings import ExecutionSettings
from rulekit.market.market import Market
from rulekit.market.ticks import Tick
from rulekit.model.clock import SimulatedClock
from rulekit.model.events import Event
from rulekit.model.instant import SECOND
from rulekit.model.orders import BUY, SELL
from rulekit.runtime.manager import Manager
from rulekit.runtime.paper import book_beside
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.runtime.oracle import read_history, true_book, violations
from tests.runtime.test_faulty_broker import POLICY, START, faults, prices

STEP_S = 4


class Desk:
    """One journal and one paper book, with a manager that may die and come back."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.draw = random.Random(f"meddling {seed}")
        self.clock = SimulatedClock(START)
        self.journal = folder / "day.journal"
        execution = ExecutionSettings(quarantine_s=self.draw.choice((20.0, 120.0)))
        self.settings = evolve(Settings(), paper=evolve(faults(seed), late_max_s=15.0), execution=execution)
        self.policy = Policy.from_text(POLICY)
        self.events: list[Event] = []
        self.entered = 0
        self.stops: dict[tuple[str, str], float] = {}
        self.loosened: list[str] = []
        self.open()

    def open(self) -> None:
        self.broker = PaperBroker(book_beside(self.journal), clock=self.clock, settings=self.settings.paper)
        self.manager = Manager(
            self.policy, broker=self.broker, journal=self.journal, clock=self.clock, settings=self.settings,
            market=Market(self.policy.market_facts), emit=self.events.append,
        )  # fmt: skip
        self.manager.start()

    def die(self) -> None:
        self.manager.journal.abandon()
        self.broker.close()

    def busy(self, symbol: str) -> bool:
        rows = self.manager.pending_management_actions
        return any(row["symbol"] == symbol and row["side"] for row in rows)

    def meddle(self, tick: Tick) -> None:
        """Do what a person may do at this tick, mostly nothing."""
        chance = self.draw.random()
        if chance < 0.02 and not self.busy(tick.symbol):
            side, size = self.draw.choice((BUY, SELL)), self.draw.choice((1, 7, 60, 150))
            self.entered += 1
            self.broker.enter(
                "NSE", tick.symbol, "MIS", side, size, tick.price, self.clock.now(), reference=str(self.entered)
            )
        elif chance < 0.023:
            self.manager.executor.halt("a person", exit_everything=self.draw.random() < 0.3)
        elif chance < 0.04:
            self.manager.executor.resume("RESUME")
        elif chance < 0.042:
            self.die()
            self.open()

    def watch(self) -> None:
        """Remember each episode's stop; one that loosens is a fault."""
        for position in self.manager.executor.positions():
            at = (position.key.symbol, position.episode)
            before = self.stops.get(at, position.stop)
            if position.stop == position.stop and (position.stop - before) * position.side < 0:
                self.loosened.append(f"{at}: the stop went from {before} to {position.stop}")
            if position.stop == position.stop:
                self.stops[at] = position.stop


def play(seed: int, folder: Path) -> tuple[list[str], Counter[str]]:
    """Play one day; return what is wrong, and what happened."""
    desk = Desk(seed, folder)
    next_cycle = START
    for tick in prices(seed):
        while next_cycle <= tick.at:
            desk.clock.move_to(next_cycle)
            desk.broker.advance(next_cycle)
            desk.manager.cycle()
            next_cycle += STEP_S * SECOND
        desk.clock.move_to(tick.at)
        desk.broker.on_tick(tick)
        desk.manager.on_tick(tick)
        desk.meddle(tick)
        desk.watch()
    desk.manager.executor.resume("RESUME")
    for _ in range(400):
        desk.clock.sleep(1)
        desk.broker.advance(desk.clock.now())
        desk.manager.tend()
    desk.die()
    rows = read_history(desk.journal)
    orders, trades, _ = true_book(desk.journal)
    happened = Counter(str(row["end"]) for row in rows if row["side"])
    return violations(rows, orders, trades, all_ended=False) + desk.loosened, happened


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--from", dest="first", type=int, default=0)
    given = parser.parse_args()
    wrong, happened = 0, Counter[str]()
    for seed in range(given.first, given.first + given.seeds):
        with tempfile.TemporaryDirectory() as name:
            found, seen = play(seed, Path(name))
        wrong += bool(found)
        happened += seen
        for text in found:
            print(f"seed {seed}: {text}", flush=True)
    print(f"{given.seeds} seeds, {wrong} of them wrong; ends of orders: {dict(happened)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
