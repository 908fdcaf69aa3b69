"""A strategy with an orchestrator of its own: Rulekit manages its positions, its own trade engine places the orders.

    python docs/examples/market_microstructure_edge.py BARS.parquet --day 2021-04-28 --journal edge.journal

The trade engine is not there until 10:00, and raises from 12:30 to 13:00: signals wait in the journal and go out, once,
with the first cycle after that. Run it again with the same journal and it goes on where that stands.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import rulekit
from rulekit.broker.paper import PaperBroker
from rulekit.hosts.orchestrator import OrchestratorRoute
from rulekit.market.feed import open_feed
from rulekit.market.market import Market
from rulekit.market.ticks import Tick
from rulekit.model.clock import Clock, SimulatedClock
from rulekit.model.events import Event
from rulekit.model.instant import MINUTE, at
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import OrderRequest
from rulekit.report.console import Console
from rulekit.runtime.day import Day
from rulekit.runtime.entries import Entry
from rulekit.runtime.paper import for_bars

NAME = "MarketMicrostructureEdge"
POLICY = Path(__file__).with_name("market_microstructure_edge.policy")
SYMBOLS = {"KOTAKBANK": 1, "WIPRO": 1, "HDFCBANK": 1, "ICICIBANK": 1, "TATAMOTORS": 1, "INFY": -1}
"""What the strategy enters at 09:20, long or short."""
VALUE = 200_000
"""Rupees for each position."""


class TradeEngine:
    """The host's own way to the market; here it trades on paper. It fails between two moments of the day."""

    def __init__(self, broker: PaperBroker, clock: Clock, fails: tuple[int, int]) -> None:
        self._broker, self._clock, self._fails = broker, clock, fails
        self.received: list[dict[str, Any]] = []
        self.failed = 0

    async def _process_live_signal(self, signal: dict[str, Any]) -> None:
        if self._fails[0] <= self._clock.now() < self._fails[1]:
            self.failed += 1
            raise ConnectionError("the gateway is being restarted")
        self.received.append(signal)
        tag = f"EDGE{len(self.received)}"
        self._broker.place(OrderRequest(tag, "NSE", signal["symbol"], "MIS", signal["action"], signal["quantity"]))


class Orchestrator:
    """The host: its trade engine comes up after the open."""

    def __init__(self, engine: TradeEngine, clock: Clock, starts: int) -> None:
        self._engine, self._clock, self._starts = engine, clock, starts

    @property
    def trade_engine(self) -> TradeEngine | None:
        """The engine, or None while it is not there."""
        return self._engine if self._clock.now() >= self._starts else None


class MarketMicrostructureEdge:
    """The strategy: it enters by itself and leaves the management of what it holds to its policy.

    Args:
        ticks: the day's prices in the order of their time, the first one first.
        day: of these prices. bar_s: seconds between two of them at most.
        journal: where the intents are kept.
        emit: told every event. cycle_s: seconds between two looks at all positions.
    """

    def __init__(
        self, ticks: list[Tick], day: date, bar_s: float, journal: Path, emit: Callable[[Event], None],
        *, cycle_s: float = 10.0,
    ) -> None:  # fmt: skip
        self._cycle_s = cycle_s
        self._ticks, self._day, self._emit, self._journal = ticks, day, emit, journal
        self.settings = for_bars(rulekit.Settings(), bar_s)
        self.clock = SimulatedClock(self.time(9, 15))
        self.broker = PaperBroker(journal.with_suffix(".paper"), clock=self.clock, settings=self.settings.paper)
        self.engine = TradeEngine(self.broker, self.clock, (self.time(12, 30), self.time(13, 0)))
        self.orchestrator = Orchestrator(self.engine, self.clock, self.time(10, 0))
        self.management_actions_taken: list[dict[str, Any]] = []
        self.pending_management_actions: list[dict[str, Any]] = []

    def time(self, hour: int, minute: int) -> int:
        """Return an instant of the day."""
        return at(self._day, (60 * hour + minute) * MINUTE)

    def entries(self) -> list[Entry]:
        """Return what is entered at 09:20, at the price of then, each with a stop one percent away."""
        found = []
        for row, (symbol, side) in enumerate(SYMBOLS.items(), start=1):
            price = next(tick.price for tick in self._ticks if tick.symbol == symbol and tick.at >= self.time(9, 20))
            found.append(
                Entry(
                    row, InstrumentKey("NSE", symbol), "MIS", side, int(VALUE * 100 // price), price, self.time(9, 20),
                    round(price * (1 - 0.01 * side) / 5) * 5.0, strategy=NAME,
                )
            )  # fmt: skip
        return found

    async def trade(self) -> None:
        """Run the day: the trade engine lives on this loop, the manager in a thread of its own."""
        policy = rulekit.load(POLICY)
        manager = rulekit.Manager(
            policy,
            broker=self.broker,
            journal=str(self._journal),
            clock=self.clock,
            settings=self.settings,
            market=Market(policy.market_facts),
            route=OrchestratorRoute(self.orchestrator, loop=asyncio.get_running_loop()),
            emit=self._emit,
        )
        day = Day(manager, self.broker, self._ticks, self.clock, self.entries(), cycle_s=self._cycle_s)
        try:
            await asyncio.to_thread(day.run)
            self.management_actions_taken = manager.management_actions_taken
            self.pending_management_actions = manager.pending_management_actions
        finally:
            await manager.aclose()
            self.broker.close()


def day_of_prices(bars: Path, day: date) -> tuple[list[Tick], float]:
    """Return the ticks of one day for the symbols of the strategy, and the length of a bar in seconds."""
    feed = open_feed(bars)
    first, last = at(day, 0), at(day, 24 * 60 * MINUTE)
    chosen: Iterable[Tick] = (tick for tick in feed.ticks() if first <= tick.at < last and tick.symbol in SYMBOLS)
    ticks = [tick._replace(seq=number) for number, tick in enumerate(chosen)]
    if {tick.symbol for tick in ticks} != set(SYMBOLS):
        raise SystemExit(f"{bars} has no prices of {day} for each of {', '.join(SYMBOLS)}")
    return ticks, feed.bar_s or 0.0


def main() -> None:
    """Read the arguments, run the day, say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bars", type=Path)
    parser.add_argument("--day", type=date.fromisoformat, default=date(2021, 4, 28))
    parser.add_argument("--journal", type=Path, default=Path("edge.journal"))
    given = parser.parse_args()
    ticks, bar_s = day_of_prices(given.bars, given.day)
    edge = MarketMicrostructureEdge(ticks, given.day, bar_s, given.journal, Console(sys.stdout, NAME))
    asyncio.run(edge.trade())
    print(f"{len(edge.engine.received)} signals taken, {edge.engine.failed} refused by the engine while it was down, "
          f"{len(edge.pending_management_actions)} still open")  # fmt: skip


if __name__ == "__main__":
    main()
