"""Walks over several looks, drawn at random on and beside the thresholds of a policy, and what they say against proofs.

They know nothing of regions over several looks: each look is decided by the evaluator, everything is filled, and time
only goes on. A day is never left without a look in its last minute.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

from attrs import evolve

from rulekit.engine.examples import look_at
from rulekit.engine.filled import filled, later
from rulekit.lint.cycles import Look
from rulekit.lint.finding import PROVED
from rulekit.lint.history import reach
from rulekit.lint.proofs import Proof, Proofs
from rulekit.model.book import NO_ORDERS
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import STOP, Action, Memory
from rulekit.model.instant import HOUR, MINUTE, Instant, day_of
from rulekit.model.snapshot import Snapshot
from tests.lint.claims import grid, near, of_book, stop_without

LOOKS = 8
_STEPS = (MINUTE, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR)


def walks(proofs: Proofs, draw: Random, count: int, looks: int = LOOKS) -> list[tuple[Look, ...]]:
    """Draw walks of positions that are opened under the policy."""
    seen = [each for each in grid(proofs, draw, count * 3) if near(proofs.tree, each)]
    return [_walk(proofs, draw, seen, looks) for _ in range(count) if seen]


def _walk(proofs: Proofs, draw: Random, seen: Sequence[Snapshot], looks: int) -> tuple[Look, ...]:
    first = draw.choice(seen)
    held: Snapshot | None = _fresh(first)
    assert held is not None
    memory: Memory = {}
    orders, walked = NO_ORDERS, []
    snapshot = later(held, held.now, held.price)
    for _ in range(looks):
        decision, orders = look_at(proofs.policy, snapshot, memory, orders)
        walked.append(Look(snapshot, decision))
        held, memory = filled(decision, snapshot)
        if held is None:
            break
        snapshot = _next(draw, held, draw.choice(seen), draw.random() < 0.3)
    return tuple(walked)


def _fresh(seen: Snapshot) -> Snapshot:
    """Return a position as it is when it has just been opened."""
    nothing = dict.fromkeys(("stop", "target", "best", "worst"), math.nan)
    return evolve(
        seen, opened=seen.now, age_days=0.0, booked=0, added=0, realised=0.0, original=seen.quantity, **nothing
    )


def _next(draw: Random, held: Snapshot, other: Snapshot, same: bool) -> Snapshot:
    """Return the next look: at the same price and facts, or with the profit and the facts of another position."""
    now, day = _when(draw, held)
    if day is not None:
        calendar = default_calendar()
        days = calendar.trading_days_between(held.exchange, day_of(held.now), day)
        held = evolve(held, session=calendar.session(held.exchange, day), age_days=held.age_days + days)
    if same or not other.price > 0 or not other.entry > 0:
        return later(held, now, held.price)
    gain = (other.price - other.entry) * other.side / other.entry
    price = held.entry * (1 + gain * held.side)
    tick = held.tick or 5.0
    price = max(tick, draw.choice((math.floor, math.ceil))(price / tick) * tick)
    return evolve(later(held, now, price), facts=other.facts)


def _when(draw: Random, held: Snapshot) -> tuple[Instant, date | None]:
    """Return when the next look is, and its day if it is another one."""
    session = held.session
    if session is None:
        return held.now + MINUTE, None
    last = session.closes - MINUTE
    if held.now >= last:
        following = default_calendar().next_session(held.exchange, day_of(held.now))
        return following.opens + draw.choice((MINUTE, HOUR)), following.day
    if draw.random() < 0.15:
        return last, None
    return min(last, held.now + draw.choice(_STEPS)), None


def refuted_by_walks(
    proofs: Proofs, found: Sequence[tuple[str, Proof]], walked: Sequence[Sequence[Look]]
) -> Iterator[str]:
    """Yield each finding that a rule never acts, or never moves the stop, of which a walk shows the contrary."""
    sure = [(code, proof) for code, proof in found if _claims(code, proof) and not of_book(proofs.tree, proof)]
    never = {proof.about[0]: proof for code, proof in sure if code in ("R201", "R202", "R203")}
    still = {proof.about[0]: proof for code, proof in sure if code in ("S201", "S202")}
    can_come = reach(proofs).rules
    for looks in walked:
        for action in (action for look in looks for action in look.decision.actions):
            if action.rule in never:
                yield f"{never[action.rule].message}: `{action.rule}` acts: {_told(looks)}"
            if action.rule in still and action.kind == STOP and not _as_far(proofs, looks, action):
                yield f"{still[action.rule].message}: `{action.rule}` moves the stop: {_told(looks)}"
            if action.rule in _of_positions(proofs) and action.rule not in can_come:
                yield f"`{action.rule}` acts and cannot come: {_told(looks)}"


def _as_far(proofs: Proofs, looks: Sequence[Look], action: Action) -> bool:
    """Tell whether another rule would have moved the stop to the same tick."""
    look = next(each for each in looks if action in each.decision.actions)
    return stop_without(proofs, action.rule, look.snapshot, look.decision.memory) == action.stop


def _claims(code: str, proof: Proof) -> bool:
    """Tell whether a finding says never of looks; what prices between them may do is no matter here."""
    return proof.status == PROVED or (code == "R202" and proof.by_then)


def _of_positions(proofs: Proofs) -> set[str]:
    return {rule.name for rule in proofs.tree.rules}


def _told(looks: Sequence[Look]) -> str:
    return "; ".join(f"{look.snapshot.price}@{look.snapshot.now} {look.decision.actions}" for look in looks)
