"""Events: what happened, in the past tense, for logs, pages and hosts. One table says what each one carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from rulekit.model.instant import Instant

EVENTS: dict[str, str] = {
    "cycle_evaluated": "positions: int, exits: int",
    "action_decided": "id, rule, kind, side, quantity, price ₹, why, profit (% or None), age (minutes or None), "
    "momentum (% or None), percent (of the quantity held)",
    "signal_created": "id, rule, side, quantity, price ₹",
    "action_executing": "id, rule, side, quantity",
    "regular_bypassed": "id, rule, waiting: regular signals that it passed, waited: seconds since it was decided",
    "action_submitted": "id, rule, order_id, tag",
    "action_filled": "id, rule, filled, average ₹",
    "action_partly_filled": "id, rule, filled, quantity",
    "action_refused": "id, rule, reason",
    "action_unknown": "id, rule, evidence",
    "action_settled": "id, rule, found: what the evidence showed",
    "action_parked": "id, rule, reason",
    "action_superseded": "id, rule, reason",
    "action_cancelled": "id, rule, reason",
    "action_expired": "id, rule, reason",
    "action_rehearsed": "id, rule, side, quantity: in a dry run, an order that was not sent",
    "action_queued": "id, rule, reason: why it waits",
    "order_resting": "id, rule, order_id, filled, quantity, step: which attempt",
    "position_opened": "side, quantity, entry ₹",
    "position_reduced": "remaining",
    "position_scaled": "total, entry ₹",
    "position_closed": "profit ₹",
    "stop_moved": "rule, stop ₹, was ₹ or None",
    "target_moved": "rule, target ₹, was ₹ or None",
    "stop_standing": "id, rule, order_id, stop ₹: where it triggers, quantity, moved: whether it stood before",
    "stop_withdrawn": "id, rule, reason",
    "rule_unknown": "rule, why",
    "rule_skipped": "rule, because",
    "price_stale": "seconds",
    "mismatch_found": "ours, broker, explained",
    "foreign_order_seen": "order_id, side, quantity",
    "mode_changed": "mode: active, reducing or halted, was, reason, cause: of rulekit.execution.switch.CAUSES",
    "alert": "text, level: told (by a rule, or to who waits), warning or critical, cause; of the last two alarm: its "
    "number, again: the same is open already",
    "alert_repeated": "text, level, cause, alarm, since: critical, and nobody has acknowledged it",
    "policy_reloaded": "path, digest (empty: taken away), was (empty: added), difference: in the words of the language",
    "policy_refused": "path, reason: why the policies that run stay; line and sentence of an error in it",
    "policy_compared": "path, difference: one line of what the changed policy does otherwise, with a position",
    "recovered": "settled: int, open: int",
}
"""Event names, and the fields of `data` that each carries; prices in rupees, ready for people and JSON."""


@frozen
class Event:
    """One thing that happened. `action` is the action's id where there is one."""

    name: str
    at: Instant
    symbol: str = ""
    strategy: str = ""
    action: str = ""
    data: Mapping[str, Any] = field(factory=dict)


Emit = Callable[[Event], None]
"""Where events go; it must not raise."""


def told(text: str, at: Instant) -> Event:
    """Return the event that tells a person who waits what for; nobody need acknowledge it."""
    return Event("alert", at, data={"text": text, "level": "told", "cause": "journal"})
