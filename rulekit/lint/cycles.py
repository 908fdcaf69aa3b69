"""What a policy does to one position over several looks: each decided by the evaluator, each order taken as filled."""

from __future__ import annotations

from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.decide import decide
from rulekit.model.decision import ADD, BOOK, EXIT, STOP, Action, Decision, Memory, RuleMemory
from rulekit.model.instant import MINUTE
from rulekit.model.snapshot import Snapshot

LOOKS = 12
"""How many looks are played at most."""


@frozen
class Look:
    """One decision, and what was held before and after it.

    Args:
        order: the order, None where there is none.
    """

    snapshot: Snapshot
    decision: Decision
    held: int

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
    for _ in range(looks):
        decision = decide(policy, snapshot, known)
        after, known = filled(snapshot, decision)
        played.append(Look(snapshot, decision, after.quantity))
        if not decision.actions or not after.quantity:
            break
        snapshot = evolve(after, now=after.now + MINUTE)
    return tuple(played)


def filled(snapshot: Snapshot, decision: Decision) -> tuple[Snapshot, Memory]:
    """Return the position and the memory after all that was decided came about at the snapshot's price."""
    memory = dict(decision.memory)
    for action in decision.actions:
        before = memory.get(action.rule, RuleMemory())
        memory[action.rule] = evolve(before, fired=before.fired + 1, fired_at=snapshot.now)
        if action.kind == STOP and action.stop is not None:
            first = snapshot.initial_stop if snapshot.initial_stop == snapshot.initial_stop else action.stop
            snapshot = evolve(snapshot, stop=action.stop, initial_stop=first)
        elif action.quantity is not None:
            snapshot = _traded(snapshot, action.kind, action.quantity)
    return snapshot, memory


def _traded(snapshot: Snapshot, kind: str, quantity: int) -> Snapshot:
    if kind == ADD:
        held = snapshot.quantity + quantity
        entry = (snapshot.entry * snapshot.quantity + snapshot.price * quantity) / held
        return evolve(
            snapshot, quantity=held, entry=entry, original=max(held, snapshot.original), added=snapshot.added + 1
        )
    gain = (snapshot.price - snapshot.entry) * snapshot.side * quantity
    return evolve(
        snapshot,
        quantity=max(0, snapshot.quantity - quantity),
        original=max(snapshot.original, snapshot.quantity),
        booked=snapshot.booked + 1,
        realised=snapshot.realised + gain,
    )
