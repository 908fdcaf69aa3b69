"""What a decision does to a position when everything is filled at once at the price it was decided on."""

from __future__ import annotations

import math
from fractions import Fraction

from attrs import evolve

from rulekit.model.decision import (
    ADD,
    BOOK,
    EXIT,
    STOP,
    STOP_REACHED,
    TARGET,
    TARGET_REACHED,
    Action,
    Decision,
    Memory,
    RuleMemory,
)
from rulekit.model.instant import Instant
from rulekit.model.snapshot import Snapshot


def filled(decision: Decision, snapshot: Snapshot) -> tuple[Snapshot | None, Memory]:
    """Return the position as it is after a decision, None once it is closed, and what its rules remember.

    Books and adds are filled whole at the snapshot's price, the entry is averaged over adds, and a stop stands.
    """
    memory = dict(decision.memory)
    held: Snapshot | None = snapshot
    for action in decision.actions:
        if action.rule not in (STOP_REACHED, TARGET_REACHED):
            before = memory.get(action.rule, RuleMemory())
            memory[action.rule] = evolve(before, fired=before.fired + 1, fired_at=snapshot.now)
        if held is not None:
            held = _after(action, held)
    return held, memory


def _after(action: Action, snapshot: Snapshot) -> Snapshot | None:
    if action.kind == STOP and action.stop is not None:
        return _with_stop(snapshot, action.stop)
    if action.kind == TARGET and action.stop is not None:
        return evolve(snapshot, target=action.stop)
    if action.quantity is None or action.kind not in (EXIT, BOOK, ADD):
        return snapshot
    if action.kind == ADD:
        return _grown(snapshot, action.quantity)
    left = snapshot.quantity - action.quantity
    if left <= 0:
        return None
    gain = (snapshot.price - snapshot.entry) * snapshot.side * action.quantity
    return evolve(snapshot, quantity=left, booked=snapshot.booked + 1, realised=snapshot.realised + gain)


def _grown(snapshot: Snapshot, added: int) -> Snapshot:
    held = snapshot.quantity
    total = Fraction(snapshot.entry) * held + Fraction(snapshot.price) * added
    return evolve(
        snapshot,
        quantity=held + added,
        entry=float(total / (held + added)),
        original=max(snapshot.original, held + added),
        added=snapshot.added + 1,
    )


def _with_stop(snapshot: Snapshot, stop: float) -> Snapshot:
    """Move the stop; the first one on the losing side is what R is measured from."""
    first = not math.isfinite(snapshot.initial_stop) and (snapshot.entry - stop) * snapshot.side > 0
    return evolve(snapshot, stop=stop, initial_stop=stop if first else snapshot.initial_stop)


def later(snapshot: Snapshot, now: Instant, price: float) -> Snapshot:
    """Return a position at a later look: another price, and with it the best and the worst since entry."""
    side = snapshot.side
    best = price if math.isnan(snapshot.best) else max(snapshot.best * side, price * side) * side
    worst = price if math.isnan(snapshot.worst) else min(snapshot.worst * side, price * side) * side
    return evolve(snapshot, now=now, price=price, best=best, worst=worst)
