"""The strategy with a trade engine of its own, on a real day on which that engine is missing and then fails."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rulekit.model.events import Event
from rulekit.model.orders import SIGN
from rulekit.report.console import render
from tests.hosts.examples import example

edge = example("market_microstructure_edge")
DAY = date(2021, 4, 28)
FORMS = {
    "managing": r"🎯 MarketMicrostructureEdge: Actively managing 6 positions \| Exits: 0 \| Market conditions \w+",
    "booking": r"💰 MarketMicrostructureEdge: \w+ - Booking 5\d% profits \(P&L: \d\.\d%, Age: [\d.]+min\)",
    "scaling": r"📈 MarketMicrostructureEdge: \w+ - Scaling position by \d+ shares \(momentum: \d\.\d%\)",
    "created": r"🎯 Created management signal: \w+ (BUY|SELL) \d+ @ ₹[\d.]+ \(\w+_50%\)",
    "executing": r"🚀 Executing management action: \w+ SELL \d+ \(PARTIAL_PROFIT_BOOKING_50%\)",
    "priority": r"🎯 PRIORITY EXECUTION: Management action bypassing rate limits",
    "submitted": r"✅ Management action submitted: \w+ PARTIAL_PROFIT_BOOKING_50%",
    "remaining": r"📊 \w+: Remaining position - \d+ shares",
    "scaled": r"📊 \w+: Scaled position - \d+ total shares, avg entry: ₹[\d.]+",
    "stop": r"🛡️ Adjusted \w+ stop loss to ₹[\d.]+ \(was ₹[\d.]+\)",
}
"""The lines of the log as they are promised."""


class Run:
    """One run of the example: what it logged and what happened."""

    def __init__(self, ticks: list[Any], bar_s: float, journal: Path) -> None:
        self.events: list[Event] = []
        self.edge = edge.MarketMicrostructureEdge(ticks, DAY, bar_s, journal, self.events.append, cycle_s=30)
        asyncio.run(self.edge.trade())
        self.log = "\n".join(filter(None, (render(event, edge.NAME) for event in self.events)))


@pytest.fixture(scope="module")
def prices(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], float]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(shared_data / "nse_minutes.parquet", filters=[("symbol", "in", list(edge.SYMBOLS))])
    day = pc.equal(pc.strftime(table["bar_start"], "%Y-%m-%d"), DAY.isoformat())
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    pq.write_table(table.filter(day), path)
    ticks, bar_s = edge.day_of_prices(path, DAY)
    return ticks, bar_s


@pytest.fixture(scope="module")
def run(prices: tuple[list[Any], float], tmp_path_factory: pytest.TempPathFactory) -> Run:
    ticks, bar_s = prices
    until = next(tick.at for tick in ticks) + 4 * 3600 * 1_000_000  # both failures lie before 13:15
    return Run([tick for tick in ticks if tick.at < until], bar_s, tmp_path_factory.mktemp("edge") / "edge.journal")


@pytest.mark.parametrize("name", FORMS)
def test_the_log_has_the_promised_lines(run: Run, name: str) -> None:
    assert re.search(f"^{FORMS[name]}$", run.log, re.MULTILINE)


def test_what_was_decided_while_nobody_was_there_goes_out_once_when_the_engine_is(run: Run) -> None:
    host = run.edge
    decided = {event.action: event.at for event in run.events if event.name == "action_decided" and event.data["side"]}
    sent = {event.action: event.at for event in run.events if event.name == "action_submitted"}
    early = [id for id, at in decided.items() if at < host.time(10, 0)]
    assert early, "something is decided before the engine is there"
    waited = [id for id in early if id in sent]
    assert waited, "and is still wanted when it is"
    assert all(host.time(10, 0) <= sent[id] < host.time(10, 0) + 60 * 1_000_000 for id in waited)
    later = [id for id, at in decided.items() if host.time(12, 30) <= at < host.time(13, 0)]
    assert later and run.edge.engine.failed >= len(later)
    assert all(sent[id] >= host.time(13, 0) for id in later if id in sent)


def test_every_signal_is_taken_once_and_every_action_has_one_end(run: Run) -> None:
    signals = run.edge.engine.received
    assert len(signals) >= 6
    assert len({signal["signal_id"] for signal in signals}) == len(signals)
    assert all(signal["signal_id"].startswith(f"{edge.NAME}_MGMT_{signal['symbol']}_") for signal in signals)
    assert run.edge.pending_management_actions == []
    decided = {event.action for event in run.events if event.name == "action_decided" and event.data["side"]}
    ends = [
        event.action
        for event in run.events
        if event.name in ("action_filled", "action_superseded", "action_expired") and event.action in decided
    ]
    assert sorted(ends) == sorted(decided)


def test_what_is_held_is_what_was_entered_and_what_the_signals_made_of_it(run: Run) -> None:
    held = {entry.instrument.symbol: entry.side * entry.quantity for entry in run.edge.entries()}
    for signal in run.edge.engine.received:
        held[signal["symbol"]] += SIGN[signal["action"]] * signal["quantity"]
    shown = {key.symbol: quantity for key, quantity in run.edge.broker.true_positions().items()}
    assert {symbol: quantity for symbol, quantity in held.items() if quantity} == {
        symbol: quantity for symbol, quantity in shown.items() if quantity
    }
    assert all(held[symbol] * edge.SYMBOLS[symbol] >= 0 for symbol in held), "never through zero"


def test_the_policy_of_the_example_lints_clean(project: Path) -> None:
    from tests.command_line import called

    outcome = called("lint", "--strict", str(edge.POLICY), cwd=project)
    assert outcome.returncode == 0, outcome.stdout
    tested = called("test", str(edge.POLICY), cwd=project)
    assert tested.returncode == 0, tested.stdout
