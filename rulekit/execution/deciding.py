"""Writing decisions down: each firing once, with everything that is needed to send and to explain it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from rulekit.execution.actions import ActionRecord, action_id
from rulekit.execution.chronicle import Chronicle, in_rupees
from rulekit.execution.ledger import ACTION_DECIDED
from rulekit.model.decision import Action, Decision
from rulekit.model.instrument import PositionKey
from rulekit.model.position import TrackedPosition
from rulekit.model.version import VERSION


@frozen
class Decided:
    """A decision together with what it was made on; the price is in smallest units.

    Args:
        record: makes what the journal keeps of the look, so that it can be decided again; None where it has it already.
    """

    position: TrackedPosition
    decision: Decision
    price: float
    policy_digest: str
    snapshot_digest: str
    record: Callable[[], Mapping[str, Any]] | None = None


def write_decided(
    chronicle: Chronicle,
    action: Action,
    *,
    key: PositionKey,
    episode: str,
    ordinal: int,
    strategy: str,
    price: float,
    scale: int,
    policy_digest: str = "",
    snapshot_digest: str = "",
) -> ActionRecord | None:
    """Note one decided action; a firing that the journal already holds is None and inserts nothing."""
    identity = action_id(chronicle.journal.account, episode, action.rule, ordinal)
    if ordinal < chronicle.ledger.tally(episode, action.rule).firings:
        return None
    body = {
        "key": list(key),
        "episode": episode,
        "ordinal": ordinal,
        "strategy": strategy,
        "rule": action.rule,
        "kind": action.kind,
        "side": action.side,
        "quantity": action.quantity,
        "stop": action.stop,
        "lane": action.lane,
        "why": action.why,
        "price": price,
        "scale": scale,
        "policy_digest": policy_digest,
        "snapshot_digest": snapshot_digest,
        "program": VERSION,
    }
    chronicle.note(ACTION_DECIDED, body, identity, token=identity)
    record = chronicle.ledger.actions[identity]
    detail = action.detail
    chronicle.tell_of(
        "action_decided",
        record,
        kind=action.kind,
        side=action.side,
        quantity=action.quantity,
        price=in_rupees(price, scale),
        why=action.why,
        profit=detail.get("profit"),
        age=detail.get("age"),
        momentum=detail.get("momentum"),
        percent=detail.get("percent"),
    )
    return record
