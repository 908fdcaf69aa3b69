"""Books for tests: snapshots and what rules remember, written as columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rulekit.compile.layout import FIRED_AT_SLOT, FIRED_DAY_SLOT, FIRED_DAYS_SLOT, LASTS, SIDE_OF
from rulekit.compile.policy import CompiledPolicy
from rulekit.model.decision import Memory, RuleMemory
from rulekit.model.snapshot import Snapshot

PRICES = {
    "entry": "entry", "price": "price", "stop": "stop", "target": "target", "initial_stop": "initial_stop",
    "best_price": "best", "worst_price": "worst", "tick": "tick", "realised": "realised",
}  # fmt: skip
PLAIN = ("symbol", "exchange", "product", "strategy", "kind", "side", "quantity", "now", "original", "lot",
         "multiplier", "age_days", "in_flight", "expiry", "opened", "scale")  # fmt: skip
NOTHING = RuleMemory()


def columns_of(
    policy: CompiledPolicy, book: Sequence[tuple[Snapshot, Memory]], *, rupees: bool = True
) -> dict[str, list[Any]]:
    """Write positions as columns, as a host would have them."""
    found: dict[str, list[Any]] = {name: [getattr(s, name) for s, _ in book] for name in PLAIN}
    for name, attribute in PRICES.items():
        found[name] = [getattr(s, attribute) / (s.scale if rupees else 1) for s, _ in book]
    found["times booked"] = [s.booked for s, _ in book]
    found["times added"] = [s.added for s, _ in book]
    found["closes"] = [None if s.session is None else s.session.closes for s, _ in book]
    for fact in sorted({name for s, _ in book for name in s.facts}):
        found[fact] = [s.facts.get(fact) for s, _ in book]
    for rule, part in policy.layout.memory:
        label = policy.layout.rules[rule]
        known = [memory.get(label, NOTHING) for _, memory in book]
        if part in (FIRED_AT_SLOT, FIRED_DAY_SLOT, FIRED_DAYS_SLOT):
            found[f"fired at: {label}"] = [memory.fired_at for memory in known]
        if part == "best":
            found[f"best: {label}"] = [
                memory.best / (s.scale if rupees else 1) for (s, _), memory in zip(book, known, strict=True)
            ]
        if part == "since":
            found[f"since: {label}"] = [memory.since for memory in known]
        for begins in (LASTS, SIDE_OF):
            if part.startswith(begins):
                marks = [dict(memory.marks).get(part.removeprefix(begins)) for memory in known]
                whole = begins == LASTS
                found[f"{part}: {label}"] = [None if mark is None else int(mark) if whole else mark for mark in marks]
        found.setdefault(f"fired: {label}", [memory.fired for memory in known])
    return found


def as_facts(snapshot: Snapshot, names: set[str]) -> dict[str, float | None]:
    """Return a position's facts as its row has them: every column is there for every row, and NaN is nothing."""
    given = {name: snapshot.facts.get(name) for name in names}
    return {name: None if value is None or value != value else value for name, value in given.items()}


def same(one: float | None, other: float | None) -> bool:
    """Compare two numbers, unknown ones alike."""
    if one is None or other is None:
        return (one is None or one != one) and (other is None or other != other)
    return one == other or (math.isnan(one) and math.isnan(other))
