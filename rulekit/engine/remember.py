"""What the rules of a position remember after a look: the best price of a trail, since when conditions last, sides."""

from __future__ import annotations

import math

from attrs import evolve

from rulekit.compile.layout import LASTS, NOT_SEEN, SIDE_OF, SINCE_SLOT
from rulekit.compile.policy import CompiledPolicy
from rulekit.model.decision import Memory, RuleMemory
from rulekit.model.snapshot import Snapshot

NOTHING = RuleMemory()


def remember(policy: CompiledPolicy, snapshot: Snapshot, memory: Memory, vector: list[float]) -> Memory:
    """Return the memory with what the rules learned at this look; the same object where nothing changed.

    Args:
        vector: the memory vector as the policy's function left it.
    """
    changed: dict[str, RuleMemory] = {}
    marks: dict[str, list[tuple[str, float]]] = {}
    for place, name, part, best in policy.layout.watched:
        if part == SINCE_SLOT:
            old = memory.get(name, NOTHING)
            new = _followed(old, vector[place], vector[best] * snapshot.side)
            if new is not old:
                changed[name] = new
        else:
            mark = _mark(part, vector[place])
            marks.setdefault(name, []).extend(() if mark is None else (mark,))
    for name, found in marks.items():
        old = changed.get(name) or memory.get(name, NOTHING)
        if tuple(found) != old.marks:
            changed[name] = evolve(old, marks=tuple(found))
    return {**memory, **changed} if changed else memory


def _followed(old: RuleMemory, held_since: float, best: float) -> RuleMemory:
    """Return the memory of a trail: since when it holds, and the best price since; itself if nothing changed."""
    since = None if held_since < 0 else int(held_since)
    best = math.nan if since is None else best
    same = best == old.best or (best != best and old.best != old.best)
    return old if since == old.since and (since is None or same) else evolve(old, since=since, best=best)


def _mark(part: str, value: float) -> tuple[str, float] | None:
    """Return what a condition remembers under its words; None for nothing. Of a side only which one it is is kept."""
    if part.startswith(LASTS):
        return None if value < 0 else (part.removeprefix(LASTS), value)
    if value == NOT_SEEN:
        return None
    return part.removeprefix(SIDE_OF), -1.0 if value != value else float(value > 0)
