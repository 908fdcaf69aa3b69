"""What a text would do to the positions that are open now, as the engine saw them last."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.applies import covers
from rulekit.engine.examples import look_at
from rulekit.model.book import NO_ORDERS
from rulekit.model.instant import Instant
from rulekit.runtime.shown import Seen
from rulekit.studio.position import Position, of_snapshot
from rulekit.studio.probe import done, named

MOST = 50
"""So many positions are looked at: those that something would be done to stand first."""


@frozen
class OpenNow:
    """One open position: what the text would do to it at this look, and whether it is for it at all."""

    name: str
    does: tuple[str, ...]
    covered: bool
    position: Position


def open_now(policy: CompiledPolicy, seen: Iterable[Seen], now: Instant) -> tuple[OpenNow, ...]:
    """Decide on each open position as it was seen last, with what its rules remember.

    Args:
        now: by the engine's clock; what was seen may be a moment ago.
    """
    found = [_one(policy, each, now) for each in seen if each.snapshot.quantity]
    return tuple(sorted(found, key=lambda each: (not each.does, not each.covered, each.name))[:MOST])


def _one(policy: CompiledPolicy, seen: Seen, now: Instant) -> OpenNow:
    snapshot = evolve(seen.snapshot, now=max(now, seen.snapshot.now))
    covered = covers(policy.applies, snapshot)
    actions = look_at(policy, snapshot, seen.memory, NO_ORDERS)[0].actions if covered else ()
    side = "long" if snapshot.side > 0 else "short"
    return OpenNow(
        f"{snapshot.symbol} {snapshot.product}, {side} {snapshot.quantity:,}",
        tuple(f"{done(action, snapshot)} (`{named(action.rule)}`)" for action in actions),
        covered,
        of_snapshot(snapshot, seen.memory),
    )
