"""The history of actions as plain rows: for `rulekit history`, `pending`, hosts and JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rulekit.execution.actions import ActionRecord
from rulekit.execution.journal_schema import Entry
from rulekit.execution.ledger import Ledger
from rulekit.execution.signal import signal_id
from rulekit.model.instant import iso


class FullLedger(Ledger):
    """A ledger that forgets nothing: what a report over the whole journal needs."""

    def _forget_what_is_over(self) -> None:
        """Keep everything."""

    def _let_go(self, action: ActionRecord) -> None:
        """Keep it."""


def history_row(action: ActionRecord) -> dict[str, Any]:
    """Return one action with its path; `states` are its own, `attempts` those of its orders."""
    return {
        "id": action.id,
        "rule": action.rule,
        "kind": action.kind,
        "exchange": action.key.exchange,
        "symbol": action.key.symbol,
        "product": action.key.product,
        "side": action.side,
        "quantity": action.quantity,
        "lane": action.lane,
        "decided": iso(action.decided),
        "end": None if action.open else action.state,
        "filled": action.filled,
        "reason": action.reason if not action.open else "",
        "states": [{"state": state, "at": iso(at), "evidence": evidence} for state, at, evidence in action.states],
        "attempts": [
            {
                "tag": attempt.tag,
                "order_id": attempt.order_id or None,
                "quantity": attempt.quantity,
                "sent": iso(attempt.sent),
                "state": attempt.word,
                "filled": attempt.filled,
            }
            for attempt in action.attempts
        ],
    }


def pending_row(action: ActionRecord) -> dict[str, Any]:
    """Return a history row with the action's state and the identity of its signal."""
    return {"signal_id": signal_id(action), "state": action.state, "why": action.states[-1][2], **history_row(action)}


def history(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return every action of a journal, oldest first."""
    ledger = FullLedger(entries)
    return [history_row(action) for action in sorted(ledger.actions.values(), key=lambda action: action.seq)]


def pending(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return the actions of a journal that have no end, oldest first."""
    return pending_of(Ledger(entries))


def pending_of(ledger: Ledger) -> list[dict[str, Any]]:
    """Return the actions without an end of what a journal adds up to, oldest first."""
    return [pending_row(action) for action in ledger.open.values()]
