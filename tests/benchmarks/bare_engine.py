"""An engine over many positions, whose broker only counts: what a benchmark of the things beside it runs."""

from __future__ import annotations

from pathlib import Path

from rulekit.execution.journal import Journal
from rulekit.market.market import Market
from rulekit.model.clock import SimulatedClock
from rulekit.model.instrument import InstrumentKey
from rulekit.model.shipped import shipped_folder
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from tests.benchmarks.counting import CountingBroker
from tests.benchmarks.load import Load, Prices, symbol


def engine(positions: int, folder: Path, name: str, clock: SimulatedClock) -> tuple[Manager, Prices]:
    """Return an engine over so many positions, and its prices."""
    prices = Prices(Load(positions, 1, positions, 0, 0, 1, 10.0, "", False))
    broker = CountingBroker(name, clock)
    for number in range(positions):
        broker.enter(InstrumentKey("NSE", symbol(number)), "MIS", 5, prices.last[number])
    text = shipped_folder("rules").joinpath("position-management.policy").read_text(encoding="utf-8")
    policy = Policy.from_text(text, "position-management.policy")
    journal = Journal.open(folder / f"{name}.journal", account=name, clock=clock, durable=False)
    manager = Manager(policy, broker=broker, journal=journal, clock=clock, market=Market(policy.market_facts))
    manager.start()
    return manager, prices
