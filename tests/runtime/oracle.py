"""Holds a journal's history against the paper broker's true book; written from the guarantees, not from the engine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rulekit.broker.paper import PaperBroker
from rulekit.execution.history import history
from rulekit.execution.journal import Journal
from rulekit.model.clock import SimulatedClock
from rulekit.model.orders import SIGN, Order, Trade

SHRINKING = {"exit", "book"}
ENDS = {"filled", "refused", "cancelled", "expired", "superseded", "settled", "applied", "done"}
FAR = 1 << 61


def read_history(journal: Path) -> list[dict[str, Any]]:
    """Read every action of a journal that nobody is writing."""
    opened = Journal.open(journal, account="paper", clock=SimulatedClock(0), create=False)
    try:
        return history(opened.entries())
    finally:
        opened.close()


def true_book(journal: Path) -> tuple[list[Order], list[Trade], dict[Any, int]]:
    """Read the orders, trades and positions that there truly were."""
    broker = PaperBroker(journal.with_name(journal.name + ".paper"), clock=SimulatedClock(FAR))
    try:
        return broker.true_orders(), broker.true_trades(), broker.true_positions()
    finally:
        broker.close()


def violations(
    rows: Sequence[Mapping[str, Any]],
    orders: Iterable[Order],
    trades: Iterable[Trade],
    *,
    all_ended: bool = True,
) -> list[str]:
    """Return what breaks a guarantee, in words; an empty list is what must be."""
    found: list[str] = []
    owner = {attempt["tag"]: row for row in rows for attempt in row["attempts"]}
    if len(owner) != sum(len(row["attempts"]) for row in rows):
        found.append("a tag was used for two attempts")
    if len({row["id"] for row in rows}) != len(rows):
        found.append("an action stands twice in the history")
    by_tag: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        if order.tag:
            by_tag[order.tag].append(order)
    for tag, sent in by_tag.items():
        if len(sent) > 1:
            found.append(f"{len(sent)} orders bear the tag of one attempt of {owner.get(tag, {}).get('rule')}")
        if tag not in owner:
            found.append("an order bears a tag that no attempt has")
    for row in rows:
        filled = sum(order.filled for attempt in row["attempts"] for order in by_tag.get(attempt["tag"], []))
        name = f"{row['symbol']} {row['rule']} ({row['end'] or 'open'})"
        if row["quantity"] is not None and filled > row["quantity"]:
            found.append(f"{name}: filled {filled} of {row['quantity']}")
        if row["end"] is not None and filled != row["filled"]:
            found.append(f"{name}: the journal says {row['filled']} were filled, the broker {filled}")
        if row["end"] is not None and row["end"] not in ENDS:
            found.append(f"{name}: `{row['end']}` is no end")
        if sum(state["state"] in ENDS for state in row["states"]) != (row["end"] is not None):
            found.append(f"{name}: not exactly one end")
        if all_ended and row["end"] is None:
            found.append(f"{name}: has no end: {row['states'][-1]}")
        unknown_before_the_last = any(attempt["state"] == "unknown" for attempt in row["attempts"][:-1])
        if row["kind"] == "add" and unknown_before_the_last:
            found.append(f"{name}: an add was sent again after an unknown answer")
    found += _paths_through_zero(trades, {order.order_id: order for sent in by_tag.values() for order in sent}, owner)
    return found


def _paths_through_zero(
    trades: Iterable[Trade], ours: Mapping[str, Order], owner: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Walk each position's trades; an exit or a book may only bring it nearer to zero."""
    found = []
    held: Counter[tuple[str, str, str]] = Counter()
    for trade in sorted(trades, key=lambda trade: (trade.at, len(trade.trade_id), trade.trade_id)):
        key = (trade.exchange, trade.symbol, trade.product)
        before = held[key]
        held[key] += SIGN[trade.side] * trade.quantity
        order = ours.get(trade.order_id)
        row = owner.get(order.tag) if order else None
        if row is not None and row["kind"] in SHRINKING:
            after = held[key]
            if abs(after) >= abs(before) or before * after < 0:
                found.append(f"{trade.symbol}: {row['rule']} took the position from {before} to {after}")
    return found


def totals_by_journal(rows: Iterable[Mapping[str, Any]], entries: Iterable[Any]) -> dict[tuple[str, str, str], int]:
    """Add entries and the journal's fills up to what must be held; flat positions are left out."""
    held: Counter[tuple[str, str, str]] = Counter()
    for entry in entries:
        held[(*entry.instrument, entry.product)] += entry.side * entry.quantity
    for row in rows:
        if row["side"]:
            held[(row["exchange"], row["symbol"], row["product"])] += SIGN[row["side"]] * row["filled"]
    return {key: quantity for key, quantity in held.items() if quantity}
