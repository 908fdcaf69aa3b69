"""Nine real days of five symbols, and three bad ones, through the live engine and the paper broker."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rulekit.execution.settings import ExecutionSettings
from rulekit.market.feed import Feed, open_feed
from rulekit.model.events import Event
from rulekit.model.instant import day_of, parse_instant
from rulekit.model.orders import SIGN, Order
from rulekit.model.position import LONG
from rulekit.runtime.entries import Entry
from rulekit.runtime.paper import paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.runtime.oracle import read_history, totals_by_journal, true_book, violations
from tests.runtime.real_days import SEVEN_SCALED, morning_entries, thinned

EVERY = 3
SPARSE = Settings(execution=ExecutionSettings(stale_s=5.0 * EVERY))


def run_all(feed: Feed, entries: list[Entry], journal: Path, settings: Settings) -> list[Event]:
    events: list[Event] = []
    policy = Policy.from_text(SEVEN_SCALED)
    with paper_day(
        [policy], feed.ticks(), feed.first, entries, journal,
        settings=settings, fast=True, emit=events.append, durable=False,
    ) as day:  # fmt: skip
        day.run()
    return events


@pytest.mark.slow
def test_nine_days_long_and_short(shared_data: Path, tmp_path: Path) -> None:
    """Every kind of action happens, the journal's totals are the broker's positions, and nothing is left open."""
    feed = thinned(shared_data, tmp_path / "nine.parquet", every=EVERY)
    entries = morning_entries(feed)
    journal = tmp_path / "nine.journal"
    run_all(feed, entries, journal, SPARSE)
    rows = read_history(journal)
    orders, trades, positions = true_book(journal)
    assert violations(rows, orders, trades) == []
    happened = Counter((row["rule"], row["end"]) for row in rows)
    for rule in ("PARTIAL_PROFIT_BOOKING_50%", "PARTIAL_PROFIT_BOOKING_75%", "POSITION_SCALING_MOMENTUM"):
        assert happened[rule, "filled"] >= 1, happened
    for rule in ("STOP_LOSS_ADJUSTMENT", "TIME_BASED_TIGHTENING", "VOLATILITY_ADJUSTMENT"):
        assert happened[rule, "applied"] >= 1, happened
    assert happened["stop", "filled"] >= 1, happened
    assert happened["Square off", "filled"] >= 1, happened
    assert {row["side"] for row in rows if row["kind"] == "book"} == {"BUY", "SELL"}, "longs and shorts were booked"
    held = {tuple(key)[1:]: quantity for key, quantity in positions.items()}
    assert held == totals_by_journal(rows, entries)
    assert len(entries) == 32
    assert {entry.side for entry in entries} == {LONG, -LONG}


def test_three_bad_days_bring_no_wrong_trade(shared_data: Path, tmp_path: Path) -> None:
    """Outages, late starts, ticks after the close: nothing is decided on a stale price, no stop loosens."""
    feed = open_feed(shared_data / "nse_ticks_dirty.parquet")
    entries = morning_entries(feed)
    assert entries
    journal = tmp_path / "dirty.journal"
    events = run_all(feed, entries, journal, Settings())
    rows = read_history(journal)
    orders, trades, positions = true_book(journal)
    assert violations(rows, orders, trades) == []
    held = {tuple(key)[1:]: quantity for key, quantity in positions.items()}
    assert held == totals_with_broker(rows, entries, orders)
    heard = {(tick.symbol, tick.at) for tick in feed.ticks()}
    assert any(event.name == "price_stale" for event in events), "the outages are told"
    for event in events:
        if event.name == "action_decided" and event.data["rule"] != "Square off":
            # A decision on price stands within the five seconds after a price of its symbol.
            assert any((event.symbol, event.at - age) in heard for age in range(0, 5_000_001, 1_000_000)), event
    for side, moves in stop_moves(rows, entries).items():
        assert moves == sorted(moves, reverse=side[1] < 0), f"the stop of {side} loosened"


def stop_moves(rows: list[dict[str, Any]], entries: list[Entry]) -> dict[tuple[str, int, str], list[float]]:
    """Collect each position's applied stops in the order of time, by symbol, side and day."""
    sides = {(entry.instrument.symbol, str(day_of(entry.opened))): entry.side for entry in entries}
    moves: dict[tuple[str, int, str], list[float]] = {}
    for row in rows:
        if row["kind"] == "stop" and row["end"] == "applied":
            day = str(day_of(parse_instant(row["decided"])))
            evidence = row["states"][-1]["evidence"]
            moves.setdefault((row["symbol"], sides[row["symbol"], day], day), []).append(float(evidence.split()[-1]))
    return moves


def totals_with_broker(
    rows: list[dict[str, Any]], entries: list[Entry], orders: list[Order]
) -> dict[tuple[str, str, str], int]:
    """Add the broker's own square-off orders to the journal's totals."""
    held = Counter(totals_by_journal(rows, entries))
    entered = Counter((entry.instrument.symbol, entry.side * entry.quantity) for entry in entries)
    for order in orders:
        signed = SIGN[order.side] * order.filled
        if order.tag:
            continue
        if entered[order.symbol, signed]:
            entered[order.symbol, signed] -= 1
        else:
            held[order.exchange, order.symbol, order.product] += signed
    return {key: quantity for key, quantity in held.items() if quantity}
