"""What a policy does to one position over several looks: each decided by the evaluator, each order taken as filled."""

from __future__ import annotations

from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.examples import look_at
from rulekit.engine.filled import filled
from rulekit.model.book import NO_ORDERS
from rulekit.model.decision import ADD, BOOK, EXIT, STOP, Action, Decision, Memory
from rulekit.model.instant import MINUTE
from rulekit.model.snapshot import Snapshot

LOOKS = 12
"""How many looks are played at most."""


@frozen
class Look:
    """One decision on a position as it was then."""

    snapshot: Snapshot
    decision: Decision

    @property
    def order(self) -> Action | None:
        """The exit, book or add."""
        return next((action for action in self.decision.actions if action.kind in (EXIT, BOOK, ADD)), None)

    @property
    def stop(self) -> Action | None:
        """The stop move."""
        return next((action for action in self.decision.actions if action.kind == STOP), None)


def play(
    policy: CompiledPolicy, snapshot: Snapshot, memory: Memory | None = None, looks: int = LOOKS
) -> tuple[Look, ...]:
    """Look every minute at the same price until nothing more happens, or nothing is held."""
    known: Memory = memory or {}
    played: list[Look] = []
    orders = NO_ORDERS
    for _ in range(looks):
        decision, orders = look_at(policy, snapshot, known, orders)
        played.append(Look(snapshot, decision))
        after, known = filled(decision, snapshot)
        if not decision.actions or after is None:
            break
        snapshot = evolve(after, now=after.now + MINUTE)
    return tuple(played)
