"""Lanes: who is sent first."""

from __future__ import annotations

from collections.abc import Iterable

from rulekit.execution.actions import ActionRecord
from rulekit.model.decision import CRITICAL, IMMEDIATE, LANES, REGULAR

RANK = {lane: rank for rank, lane in enumerate(LANES)}
URGENT = frozenset({CRITICAL, IMMEDIATE})
"""Lanes that may use the reserve of the budgets."""


def in_order(actions: Iterable[ActionRecord]) -> list[ActionRecord]:
    """Sort by lane, and within a lane by the time of the decision."""
    return sorted(actions, key=lambda action: (RANK[action.lane], action.seq))


def is_regular(action: ActionRecord) -> bool:
    """Tell whether it is a host's own signal, which never passes management."""
    return action.lane == REGULAR
