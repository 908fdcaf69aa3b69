"""Where an account stands, read from its journal alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from rulekit.execution.actions import PROTECT, ActionRecord, Attempt
from rulekit.execution.books import Book
from rulekit.execution.budgets import Budgets
from rulekit.execution.history import pending_row
from rulekit.execution.journal_schema import Entry
from rulekit.execution.ledger import Ledger
from rulekit.execution.settings import ExecutionSettings
from rulekit.model.instant import iso
from rulekit.model.prices import PAISE, to_rupees


def status(entries: Iterable[Entry], settings: ExecutionSettings | None = None) -> dict[str, Any]:
    """Return the trading state, positions with their stops, what waits, stands and is unknown, and budgets left.

    Args:
        entries: of a journal.
        settings: whose limits the budgets are counted against.
    """
    return status_of(Ledger(entries), settings)


def status_of(ledger: Ledger, settings: ExecutionSettings | None = None) -> dict[str, Any]:
    """Return the same of what a journal adds up to."""
    now = ledger.last_at
    budgets = Budgets(settings or ExecutionSettings(), ledger.recent_posts(now))
    return {
        "account": ledger.account,
        "at": iso(now),
        "mode": ledger.mode.name,
        "reason": ledger.mode.reason,
        "since": iso(ledger.mode.since) if ledger.mode.since else None,
        "no_adds": ledger.adds_stopped(now) or None,
        "cause": ledger.mode.cause or None,
        "alerts": len(ledger.alarms.open),
        "strangers": [dict(row) for row in ledger.strangers.values() if row["tag"] not in ledger.adopted_tags],
        "positions": [
            _position(book, ledger.scales.get(key, PAISE))
            for key, book in sorted(ledger.books.items())
            if book.quantity
        ],
        "waiting": [
            pending_row(action) for action in ledger.open.values() if not action.frozen and action.kind != PROTECT
        ],
        "standing": [_standing(action, attempt) for action, attempt in ledger.standing.values() if not action.frozen],
        "unknown": [pending_row(action) for action in ledger.open.values() if action.frozen],
        "blocked": sorted(
            key.symbol
            for key, count in ledger.refusals.items()
            if count >= (settings or ExecutionSettings()).refusals_in_a_row
        ),
        "orders_today": ledger.orders_today,
        "budgets_left": budgets.left(now),
        "late_arrivals": ledger.late,
    }


def _standing(action: ActionRecord, attempt: Attempt) -> dict[str, Any]:
    """Return a stop order that stands at the broker; its trigger in rupees."""
    return {
        "exchange": action.key.exchange,
        "symbol": action.key.symbol,
        "product": action.key.product,
        "side": action.side,
        "quantity": attempt.left,
        "stop": float(to_rupees(attempt.trigger, action.scale)),
        "order_id": attempt.order_id,
        "tag": attempt.tag,
    }


def _position(book: Book, scale: int) -> dict[str, Any]:
    def rupees(units: float) -> float | None:
        return float(to_rupees(units, scale)) if math.isfinite(units) else None

    return {
        "exchange": book.key.exchange,
        "symbol": book.key.symbol,
        "product": book.key.product,
        "side": "long" if book.quantity > 0 else "short",
        "quantity": abs(book.quantity),
        "entry": rupees(book.entry),
        "opened": iso(book.opened) if book.opened is not None else None,
        "original": book.original,
        "stop": rupees(book.stop),
        "initial_stop": rupees(book.initial_stop),
        "target": rupees(book.target),
        "best": rupees(book.best),
        "worst": rupees(book.worst),
        "realised": float(to_rupees(book.realised, scale)),
        "strategy": book.strategy,
    }
