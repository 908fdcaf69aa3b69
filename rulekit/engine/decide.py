"""One decision: encode the snapshot, call the policy's function, build the actions."""

from __future__ import annotations

import math

from attrs import evolve

from rulekit.compile.layout import (
    ADD_KIND,
    BEST_SLOT,
    BOOK_KIND,
    CANNOT_JUDGE,
    EXIT_KIND,
    FIRST_STATUS,
    KIND,
    QUANTITY,
    REACHED,
    RULE,
    SINCE_SLOT,
    STOP,
    STOP_RULE,
)
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.proposal import LANES, order_side
from rulekit.compile.slots import BOUND
from rulekit.engine.why import (
    FLYING,
    figures,
    not_tighter,
    passed_over,
    reached_name,
    unjudged,
    why,
    why_not,
    why_reached,
)
from rulekit.model.decision import (
    ADD,
    BOOK,
    CRITICAL,
    EXIT,
    IMMEDIATE,
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
    if memory is None:
        memory = {}
    if not 0 < snapshot.quantity < BOUND:
        return Decision(snapshot.symbol, (), (), (), (), memory)
    layout = policy.layout
    facts = layout.encode(snapshot)
    remembered = layout.fill_memory(memory, snapshot) if memory else [*layout.blank]
    results = [*policy.silence]
    policy.function(facts, remembered, results)
    kept = _remember(policy, snapshot, memory, remembered) if layout.follows else memory
    if trace:
        return _trace(policy, snapshot, memory, kept, results, facts)
    if results == policy.silence:
        return Decision(snapshot.symbol, (), (), (), (), kept)
    return _tell(policy, snapshot, kept, results, facts)


def _tell(
    policy: CompiledPolicy, snapshot: Snapshot, kept: Memory, results: list[float], facts: list[float]
) -> Decision:
    """Build the decision from the result vector, with the skips and what could not be judged."""
    order, mover = results[RULE], results[STOP_RULE]
    actions = _actions(policy, snapshot, results, facts)
    skipped: list[PassedOver] = []
    waiting: list[NotYet] = []
    if results[REACHED]:
        skipped.append(PassedOver(reached_name(results[REACHED]), FLYING))
    elif order >= 0 and sum(results[FIRST_STATUS:]) != len(actions):
        for index, status in enumerate(results[FIRST_STATUS:]):
            if not status:
                continue
            name = policy.rules[index].name
            if status == CANNOT_JUDGE:
                waiting.append(NotYet(name, unjudged(policy, index, facts), True))
            elif order != index + 1 and mover != index + 1:
                skipped.append(PassedOver(name, passed_over(policy, index, status, snapshot, kept, results, facts)))
    unknown = tuple([item.rule for item in waiting])
    return Decision(snapshot.symbol, actions, tuple(skipped), tuple(waiting), unknown, kept)


def _trace(
    policy: CompiledPolicy,
    snapshot: Snapshot,
    memory: Memory,
    kept: Memory,
    results: list[float],
    facts: list[float],
) -> Decision:
    """Build the decision and account for every rule."""
    told = _tell(policy, snapshot, kept, results, facts)
    skipped = {item.rule: item for item in told.passed_over}
    waiting = {item.rule: item for item in told.not_yet}
    acted = {int(results[RULE]) - 1, int(results[STOP_RULE]) - 1}
    guarded = results[REACHED] or min(results[RULE], 0.0)
    for index, rule in enumerate(policy.rules):
        if index in acted or rule.name in skipped or rule.name in waiting:
            continue
        if guarded:
            skipped[rule.name] = PassedOver(rule.name, f"the {reached_name(guarded)} is reached")
            continue
        before = memory.get(rule.name, RuleMemory())
        idle = not_tighter(rule, snapshot, before, kept.get(rule.name))
        if idle:
            skipped[rule.name] = PassedOver(rule.name, idle)
        else:
            waiting[rule.name] = NotYet(rule.name, why_not(rule, snapshot, before))
    places = {rule.name: place for place, rule in enumerate(policy.rules)}
    return evolve(
        told,
        passed_over=tuple(sorted(skipped.values(), key=lambda item: places.get(item.rule, -1))),
        not_yet=tuple(sorted(waiting.values(), key=lambda item: places[item.rule])),
    )


def _actions(
    policy: CompiledPolicy, snapshot: Snapshot, results: list[float], facts: list[float]
) -> tuple[Action, ...]:
    """Read the order and the stop move out of the result vector."""
    kind, mover = results[KIND], int(results[STOP_RULE]) - 1
    actions: tuple[Action, ...] = ()
    detail = figures(snapshot)
    if kind:
        index, quantity, word = int(results[RULE]) - 1, int(results[QUANTITY]), KINDS[kind]
        if index < 0:
            name, lane = reached_name(results[RULE]), CRITICAL
            reason = why_reached(name, snapshot)
        else:
            name, lane, reason = policy.rules[index].name, IMMEDIATE, why(policy, index, snapshot, facts)
        side = order_side(word, snapshot.side)
        share = {**detail, "percent": 100 * quantity / snapshot.quantity}
        actions = (Action(name, word, side, quantity, None, lane, reason, share),)
    if mover >= 0:
        rule = policy.rules[mover]
        reason, lane = why(policy, mover, snapshot, facts), LANES[type(rule.action.rule.verb)]
        move = Action(rule.name, STOP_MOVE, None, None, results[STOP], lane, reason, detail)
        actions = (*actions, move)
    return actions


def _remember(policy: CompiledPolicy, snapshot: Snapshot, memory: Memory, remembered: list[float]) -> Memory:
    """Return the memory with what trailing rules learned; the same object where nothing changed."""
    layout = policy.layout
    changed: dict[str, RuleMemory] = {}
    for place, (rule, part) in enumerate(layout.memory):
        if part != SINCE_SLOT:
            continue
        name = layout.rules[rule]
        old = memory.get(name, RuleMemory())
        since = None if remembered[place] < 0 else int(remembered[place])
        best = remembered[layout.memory.index((rule, BEST_SLOT))] * snapshot.side if since is not None else math.nan
        if since != old.since or (
            since is not None and best != old.best and not (best != best and old.best != old.best)
        ):
            changed[name] = evolve(old, since=since, best=best)
    return {**memory, **changed} if changed else memory
