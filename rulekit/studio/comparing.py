"""What a text does otherwise than the running policy, in trading words, each difference with a position to look at."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.difference.compare import SAME, Change, Witness, compare
from rulekit.difference.words import head, nothing_found, summary, told, way
from rulekit.model.decision import RuleMemory
from rulekit.studio.position import Position, of_snapshot


@frozen
class Otherwise:
    """One difference: its name in trading words, what both do at its witness, and the witness as a position."""

    name: str
    told: str
    position: Position | None = None


@frozen
class RuleOtherwise:
    """One rule that is not the same: what became of it, its line in the new text (0 if it is gone), what it changes."""

    rule: str
    status: str
    told: str
    line: int
    changes: tuple[Otherwise, ...] = ()


@frozen
class Compared:
    """A text beside the running policy.

    Args:
        same: nothing differs, as far as was tried. applies: differences in which positions they are for.
        whole: differences of all rules together; tried: what is said where there is none.
    """

    same: bool
    summary: str
    applies: tuple[str, ...] = ()
    rules: tuple[RuleOtherwise, ...] = ()
    whole: tuple[Otherwise, ...] = ()
    tried: str = ""


def compared(old: CompiledPolicy, new: CompiledPolicy) -> Compared:
    """Compare two policies; takes seconds for large ones."""
    found = compare(old, new)
    rules = tuple(
        RuleOtherwise(
            each.name,
            each.status,
            head(each),
            0 if each.pair.new is None else each.pair.new.span.line,
            _all(each.changes),
        )
        for each in found.rules
        if each.status != SAME
    )
    applies = tuple(f"{change.name.replace('-', ' ')}: {change.note}" for change in found.applies)
    tried = nothing_found(found) if found.tried and not found.whole else ""
    return Compared(not found.changes and not rules, summary(found), applies, rules, _all(found.whole), tried)


def _all(changes: Sequence[Change]) -> tuple[Otherwise, ...]:
    return tuple(Otherwise(way(each, changes), told(each), _position(each.witness)) for each in changes)


def _position(witness: Witness | None) -> Position | None:
    """Return the position of a witness; None where it takes earlier looks, which sliders cannot say."""
    if witness is None or witness.place.earlier:
        return None
    place = witness.place
    memory = {name: RuleMemory(place.fired) for name in (witness.new_rule or witness.old_rule,) if name and place.fired}
    return of_snapshot(place.snapshot, memory)
