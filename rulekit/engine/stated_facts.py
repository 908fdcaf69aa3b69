"""Facts of the position that are stated because nothing else tells them: what was booked, the target, the expiry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any

from attrs import evolve

from rulekit.compile.policy import CompiledPolicy
from rulekit.language.tree import Add, Book
from rulekit.model.decision import RuleMemory
from rulekit.model.instant import day_of
from rulekit.model.snapshot import Snapshot

Changes = dict[str, Any]
BOOKED, ADDED = "times booked", "times added"


def _price(attribute: str) -> Callable[[Snapshot, Fraction], Changes]:
    return lambda snapshot, value: {attribute: float(value * snapshot.scale)}


def _count(attribute: str) -> Callable[[Snapshot, Fraction], Changes]:
    return lambda snapshot, value: {attribute: int(value)}


def _extreme(snapshot: Snapshot, value: Fraction, *, high: bool) -> Changes:
    """Take the highest or lowest price since entry, which is the best or the worst one according to the side."""
    return {"best" if high is (snapshot.side > 0) else "worst": float(value * snapshot.scale)}


def _expiry(snapshot: Snapshot, value: Fraction) -> Changes:
    return {"expiry": day_of(snapshot.now) + timedelta(days=int(value))} if abs(value) < 100_000 else {}


def _realised(snapshot: Snapshot, total: Fraction) -> Changes:
    """Take what was realised: total profit in rupees less the open one."""
    open_gain = (snapshot.price - snapshot.entry) * snapshot.side * snapshot.quantity
    return {"realised": float(total * snapshot.scale) / snapshot.multiplier - open_gain}


_STATED: dict[str, Callable[[Snapshot, Fraction], Changes]] = {
    "stop": _price("stop"),
    "initial stop": _price("initial_stop"),
    "target": _price("target"),
    "best price": _price("best"),
    "worst price": _price("worst"),
    "high since entry": lambda snapshot, value: _extreme(snapshot, value, high=True),
    "low since entry": lambda snapshot, value: _extreme(snapshot, value, high=False),
    "original": _count("original"),
    BOOKED: _count("booked"),
    ADDED: _count("added"),
    "days to expiry": _expiry,
    "total profit": _realised,
}
"""By name in the language: what a stated value changes in a snapshot. Prices and amounts are in rupees."""


def with_stated(snapshot: Snapshot, facts: Mapping[str, Fraction]) -> Snapshot:
    """Put the facts of the position that are stated where the engine looks for them; all others are left alone."""
    changes: Changes = {}
    for name, value in facts.items():
        take = _STATED.get(name)
        if take is not None:
            changes.update(take(snapshot, value))
    return evolve(snapshot, **changes) if changes else snapshot


def with_counts(policy: CompiledPolicy, snapshot: Snapshot, memory: Mapping[str, RuleMemory]) -> Snapshot:
    """Count what was booked and added from how often each rule fired, where it is not stated."""
    fired = {Book: 0, Add: 0}
    for rule in policy.rules:
        verb = type(rule.action.rule.verb)
        if verb in fired and rule.name in memory:
            fired[verb] += memory[rule.name].fired
    changes: Changes = {}
    if BOOKED not in snapshot.facts and fired[Book]:
        changes["booked"] = fired[Book]
    if ADDED not in snapshot.facts and fired[Add]:
        changes["added"] = fired[Add]
    return evolve(snapshot, **changes) if changes else snapshot
