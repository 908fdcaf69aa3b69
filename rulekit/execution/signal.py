"""The management signal: what a trade engine receives, a host's own or the built-in one."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from rulekit.execution.actions import ATTEMPT_NOT_SENT, ActionRecord
from rulekit.model.decision import TARGET
from rulekit.model.instant import Instant
from rulekit.model.instrument import PositionKey
from rulekit.model.prices import known, to_rupees

TAG = "POSITION_MGMT"
USER = "system"
NO_STRATEGY = "Rulekit"
"""What stands in a signal's id where the position belongs to no named strategy."""


@frozen
class ManagementSignal:
    """One order as a trade engine is told of it; the price is in rupees.

    `signal_id` is the same when the same request is handed over again because it had not been taken,
    and differs for any other request.
    """

    signal_id: str
    symbol: str
    action: str
    quantity: int
    entry_price: float
    reason: str
    order_type: str = "MARKET"
    tag: str = TAG
    management_action: bool = True
    user_id: str = USER

    def to_dict(self) -> dict[str, Any]:
        """Return the keys that a host's `_process_live_signal` reads."""
        return {
            "signal_id": self.signal_id,
            "symbol": self.symbol,
            "action": self.action,
            "quantity": self.quantity,
            "entry_price": self.entry_price,
            "order_type": self.order_type,
            "tag": self.tag,
            "management_action": self.management_action,
            "reason": self.reason,
            "user_id": self.user_id,
        }


@frozen
class RegularSignal:
    """A host's own entry that it routes through the engine; the price is in smallest units.

    Args:
        signal_id: the host's identity of it; the same one twice is one signal.
        at: when the host decided it.
    """

    signal_id: str
    key: PositionKey
    side: str
    quantity: int
    price: float
    strategy: str = ""
    reason: str = "entry"
    at: Instant = 0


def signal_id(action: ActionRecord) -> str:
    """Return the identity of an action's first signal."""
    return f"{action.strategy or NO_STRATEGY}_MGMT_{action.key.symbol}_{action.id}"


def signal_for(action: ActionRecord, quantity: int) -> ManagementSignal:
    """Describe the next request of an action."""
    placed = sum(attempt.state != ATTEMPT_NOT_SENT for attempt in action.attempts)
    rupees = float(to_rupees(action.price, action.scale)) if known(action.price) else 0.0
    return ManagementSignal(
        signal_id=signal_id(action) + (f"-{placed + 1}" if placed else ""),
        symbol=action.key.symbol,
        action=str(action.side),
        quantity=quantity,
        entry_price=rupees,
        reason=action.rule,
    )


def taken_row(action: ActionRecord, signal: ManagementSignal | None = None) -> dict[str, Any]:
    """Describe what was taken in one shape: the keys of a signal with `id`, `rule`, `kind` and `stop` (rupees).

    Args:
        action: what was sent, or a stop move that was applied.
        signal: of its request; a stop move has none, so that its `action`, `quantity` and `order_type` are None.
    """
    if signal is None:
        rest = {"action": None, "quantity": None, "order_type": None}
        row = {**signal_for(action, 0).to_dict(), "signal_id": signal_id(action), **rest}
    else:
        row = signal.to_dict()
    price = None if action.stop is None else float(to_rupees(action.stop, action.scale))
    if action.kind == TARGET:
        return {**row, "id": action.id, "rule": action.rule, "kind": action.kind, "stop": None, "target": price}
    return {**row, "id": action.id, "rule": action.rule, "kind": action.kind, "stop": price}
