"""What rules remember with the firings that the journal has and the engine has not shown yet."""

from __future__ import annotations

from attrs import evolve

from rulekit.execution.ledger import Ledger
from rulekit.model.decision import Memory, RuleMemory
from rulekit.model.instant import Instant
from rulekit.runtime.shown import Seen


def with_firings(seen: Seen, ledger: Ledger) -> Memory:
    """Return the memory of a position's rules: as it was shown, but with all firings that the journal counts.

    The engine shows a position as it was before the look's own decisions, so a rule that has just fired would stand as
    acting until the next look.
    """
    fired: dict[str, tuple[int, Instant]] = {
        rule: (tally.fired, tally.fired_at)
        for rule, tally in ledger.tallies.get(seen.episode, {}).items()
        if tally.fired
    }
    for action in ledger.of_episode(seen.episode):
        if action.counts:
            count, last = fired.get(action.rule, (0, 0))
            fired[action.rule] = (count + 1, max(last, action.decided))
    memory = dict(seen.memory)
    for rule, (count, last) in fired.items():
        known = memory.get(rule, RuleMemory())
        if count > known.fired:
            memory[rule] = evolve(known, fired=count, fired_at=last)
    return memory
