"""Decisions as the JSON that `rulekit decide` prints."""

from __future__ import annotations

from typing import Any

from rulekit.model.decision import ALERT, TARGET, Action, Decision
from rulekit.model.prices import to_rupees
from rulekit.model.snapshot import Snapshot


def action_json(action: Action, snapshot: Snapshot) -> dict[str, Any]:
    """Return one action; a stop is in rupees, a target too, an alert its `text`, besides."""
    price = None if action.stop is None else float(to_rupees(action.stop, snapshot.scale))
    more = {ALERT: {"text": action.detail.get("text")}, TARGET: {"target": price}}.get(action.kind, {})
    return {
        "rule": action.rule,
        "kind": action.kind,
        "side": action.side,
        "quantity": action.quantity,
        "stop": None if action.kind == TARGET else price,
        "lane": action.lane,
        "why": action.why,
        **more,
    }


def decision_json(decision: Decision, snapshot: Snapshot) -> dict[str, Any]:
    """Return what was decided for one position, why, and why not."""
    return {
        "symbol": decision.symbol,
        "actions": [action_json(action, snapshot) for action in decision.actions],
        "passed_over": [{"rule": passed.rule, "because": passed.because} for passed in decision.passed_over],
        "not_yet": [{"rule": waiting.rule, "why": waiting.why} for waiting in decision.not_yet],
    }
