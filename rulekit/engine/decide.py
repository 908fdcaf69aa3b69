"""One decision: encode the snapshot, call the policy's function, build the actions."""

from __future__ import annotations

import math
from collections.abc import Mapping

from attrs import evolve

from rulekit.compile.layout import (
    ADD_KIND,
    BEST_SLOT,
    BOOK_KIND,
    CANNOT_JUDGE,
    EXIT_KIND,
    FIRST_STATUS,
    KIND,
    NOT_TIGHTER,
    QUANTITY,
    REACHED,
    RULE,
    SINCE_SLOT,
    STOP,
    STOP_HIT,
    STOP_RULE,
)
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.proposal import LANES, order_side
from rulekit.compile.slots import BOUND
from rulekit.engine.why import FLYING, figures, passed_over, reached_name, unjudged, why, why_not, why_reached
from rulekit.model.decision import (
    ADD,
    BOOK,
    CRITICAL,
    EXIT,
    IMMEDIATE,
    STOP_REACHED,
    TARGET_REACHED,
    Action,
    Decision,
    Memory,
    NotYet,
    PassedOver,
    RuleMemory,
)
from rulekit.model.decision import STOP as STOP_MOVE
from rulekit.model.snapshot import Snapshot

KINDS = {EXIT_KIND: EXIT, BOOK_KIND: BOOK, ADD_KIND: ADD}


def decide(
    policy: CompiledPolicy, snapshot: Snapshot, memory: Memory | None = None, *, trace: bool = False
) -> Decision:
    """Decide on one position: pure, so the same snapshot, memory and policy give the same decision.

    Args:
        memory: what each rule remembers of this episode, by its name.
        trace: say of every rule that did not act why not; without it only skips and unknowns are told.
    """
    if not 0 < snapshot.quantity < BOUND:
        return Decision(snapshot.symbol, memory={} if memory is None else memory)
    layout = policy.layout
    facts = layout.encode(snapshot)
    remembered = layout.encode_memory(memory, snapshot)
    results = [0.0] * layout.results
    policy.function(facts, remembered, results)
    kept = _remember(policy, snapshot, memory, remembered) if layout.follows else memory
    if not trace and not any(results):
        return Decision(snapshot.symbol, memory={} if kept is None else kept)
    return _tell(
        policy, snapshot, {} if memory is None else memory, {} if kept is None else kept, results, facts, trace
    )


def _tell(
    policy: CompiledPolicy,
    snapshot: Snapshot,
    memory: Memory,
    kept: Memory,
    results: list[float],
    facts: list[float],
    trace: bool,
) -> Decision:
    """Build the decision from the result vector."""
    actions = _actions(policy, snapshot, results)
    acted = {action.rule for action in actions}
    guarded = results[RULE] < 0 or results[REACHED] != 0
    skipped: list[PassedOver] = []
    waiting: list[NotYet] = []
    unknown: list[str] = []
    if results[REACHED]:
        skipped.append(PassedOver(reached_name(results[REACHED]), FLYING))
    for index, rule in enumerate(policy.rules):
        status = results[FIRST_STATUS + index]
        if rule.name in acted:
            continue
        if status == CANNOT_JUDGE:
            unknown.append(rule.name)
            waiting.append(NotYet(rule.name, unjudged(policy, index, facts), unknown=True))
        elif status and (trace or status != NOT_TIGHTER):
            skipped.append(PassedOver(rule.name, passed_over(policy, index, status, snapshot, kept, results, facts)))
        elif trace and guarded:
            skipped.append(PassedOver(rule.name, f"the {reached_name(results[RULE] or results[REACHED])} is reached"))
        elif trace:
            waiting.append(NotYet(rule.name, why_not(rule, snapshot, memory.get(rule.name, RuleMemory()))))
    return Decision(snapshot.symbol, tuple(actions), tuple(skipped), tuple(waiting), tuple(unknown), kept)


def _actions(policy: CompiledPolicy, snapshot: Snapshot, results: list[float]) -> list[Action]:
    """Read the order and the stop move out of the result vector."""
    actions = []
    kind, quantity = results[KIND], int(results[QUANTITY])
    if kind and results[RULE] < 0:
        name = STOP_REACHED if results[RULE] == STOP_HIT else TARGET_REACHED
        actions.append(
            Action(
                name,
                EXIT,
                order_side(EXIT, snapshot.side),
                quantity,
                None,
                CRITICAL,
                why_reached(name, snapshot),
                figures(snapshot, quantity),
            )
        )
    elif kind:
        rule = policy.rules[int(results[RULE]) - 1]
        actions.append(
            Action(
                rule.name,
                KINDS[kind],
                order_side(KINDS[kind], snapshot.side),
                quantity,
                None,
                IMMEDIATE,
                why(rule, snapshot),
                figures(snapshot, quantity),
            )
        )
    if results[STOP_RULE]:
        rule = policy.rules[int(results[STOP_RULE]) - 1]
        lane = LANES[type(rule.action.rule.verb)]
        actions.append(
            Action(rule.name, STOP_MOVE, None, None, results[STOP], lane, why(rule, snapshot), figures(snapshot, None))
        )
    return actions


def _remember(
    policy: CompiledPolicy, snapshot: Snapshot, memory: Memory | None, remembered: list[float]
) -> Mapping[str, RuleMemory] | None:
    """Return the memory with what trailing rules learned; the same object where nothing changed."""
    layout = policy.layout
    changed: dict[str, RuleMemory] = {}
    for place, (rule, part) in enumerate(layout.memory):
        if part != SINCE_SLOT:
            continue
        name = layout.rules[rule]
        old = (memory or {}).get(name, RuleMemory())
        since = None if remembered[place] < 0 else int(remembered[place])
        best = remembered[layout.memory.index((rule, BEST_SLOT))] * snapshot.side if since is not None else math.nan
        if since != old.since or (
            since is not None and best != old.best and not (best != best and old.best != old.best)
        ):
            changed[name] = evolve(old, since=since, best=best)
    return {**(memory or {}), **changed} if changed else memory
