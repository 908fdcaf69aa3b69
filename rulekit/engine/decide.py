"""One decision: encode the snapshot, call the policy's function, build the actions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

from rulekit.compile.layout import (
    ADD_KIND,
    BOOK_KIND,
    CANNOT_JUDGE,
    EXIT_KIND,
    FIRST_STATUS,
    HELD,
    KIND,
    QUANTITY,
    REACHED,
    RULE,
    STOP,
    STOP_RULE,
    TARGET,
    TARGET_RULE,
)
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.slots import BOUND
from rulekit.engine.alerts import told
from rulekit.engine.remember import remember
from rulekit.engine.why import (
    FLYING,
    figures,
    not_tighter,
    passed_over,
    reached_name,
    unjudged,
    why,
    why_missing,
    why_not,
    why_reached,
)
from rulekit.model.decision import (
    ADD,
    ALERT,
    BOOK,
    CRITICAL,
    EXIT,
    IMMEDIATE,
    Account,
    Action,
    Decision,
    Memory,
    NotYet,
    PassedOver,
    RuleMemory,
)
from rulekit.model.decision import STOP as STOP_MOVE
from rulekit.model.decision import TARGET as TARGET_MOVE
from rulekit.model.later import Later
from rulekit.model.orders import BUY, SELL
from rulekit.model.snapshot import Snapshot

IDLE_KEPT = 1024
"""So many different outcomes without an action are kept a policy; a book of positions shows a handful."""
LONG = 48
"""A longer result is as quickly read as looked up."""
BEFORE_RULES = FIRST_STATUS - 1
"""Rules count from 1 in a result."""
Held = tuple[tuple[str, ...], tuple[str, ...]]
NOBODY: Held = ((), ())
KINDS = {EXIT_KIND: EXIT, BOOK_KIND: BOOK, ADD_KIND: ADD}


def decide(policy: CompiledPolicy, snapshot: Snapshot, memory: Memory | None = None) -> Decision:
    """Decide on one position: pure, so the same snapshot, memory and policy give the same decision.

    The sentences of the decision (why, why not, passed over) are written when they are read.

    Args:
        memory: what each rule remembers of this episode, by its name.
    """
    if memory is None:
        memory = {}
    if not 0 < snapshot.quantity < BOUND:
        return Decision(snapshot.symbol, memory=memory)
    encode, fill_memory, blank, silence, function, follows, alerts = policy.core
    facts = encode(snapshot)
    remembered = fill_memory(memory, snapshot) if memory else [*blank]
    results = [*silence]
    function(facts, remembered, results)
    kept = remember(policy, snapshot, memory, remembered) if follows else memory
    account: Later[Account] = Later(_account, policy, snapshot, memory, kept, results, facts)
    if results == silence:
        return Decision(snapshot.symbol, (), (), (), kept, account)
    if results[KIND] or results[STOP_RULE] or results[TARGET_RULE] or (alerts and _tells(policy, results)):
        if results[RULE] < 0:
            # beside a reached stop or target no rule was looked at
            reached = _reached(snapshot, results[RULE], results[QUANTITY])
            return Decision(snapshot.symbol, (reached,), (), (), kept, account)
        actions = _actions(policy, snapshot, memory, results, facts)
        if sum(results[FIRST_STATUS:]) == len(actions):
            return Decision(snapshot.symbol, actions, (), (), kept, account)
        unknown, skipped = _held_back(policy, results)
        return Decision(snapshot.symbol, actions, unknown, skipped, kept, account)
    # cycles in which nothing is done repeat each other, so what the last one said of the rules is kept
    last = policy.last[0]
    if results == last[0]:
        return Decision(snapshot.symbol, (), last[1], last[2], kept, account)
    if len(results) > LONG:
        unknown, skipped = _held_back(policy, results)
    else:
        seen = tuple(results[REACHED:])
        unknown, skipped = policy.idle.get(seen) or _idle(policy, seen, results)
    policy.last[0] = (results, unknown, skipped)
    return Decision(snapshot.symbol, (), unknown, skipped, kept, account)


def _tells(policy: CompiledPolicy, results: list[float]) -> bool:
    """Tell whether an alert is to be told."""
    return any(results[FIRST_STATUS + index] == HELD for index in policy.alerts)


def _idle(policy: CompiledPolicy, seen: tuple[float, ...], results: Sequence[float]) -> Held:
    """Keep what a cycle without an action says of the rules, for the cycles like it."""
    if len(policy.idle) >= IDLE_KEPT:
        policy.idle.clear()
    held = policy.idle[seen] = _held_back(policy, results)
    return held


def _held_back(policy: CompiledPolicy, results: Sequence[float]) -> Held:
    """Name the rules that could not be judged, and those that held and were not acted on."""
    order, mover, aimer = results[RULE], results[STOP_RULE], results[TARGET_RULE]
    if results[REACHED]:
        return (), (reached_name(results[REACHED]),)
    if sum(results[FIRST_STATUS:]) == (order > 0) + (mover > 0) + (aimer > 0):
        return NOBODY
    unknown, skipped = [], []
    for place, name, is_alert in compress(policy.names, results[FIRST_STATUS:]):
        if results[place] == CANNOT_JUDGE:
            unknown.append(name)
        elif place - BEFORE_RULES not in (order, mover, aimer) and not is_alert:
            skipped.append(name)
    return tuple(unknown), tuple(skipped)


def _account(
    policy: CompiledPolicy,
    snapshot: Snapshot,
    memory: Memory,
    kept: Memory,
    results: list[float],
    facts: list[float],
) -> Account:
    """Say of every rule that did not act why not."""
    skipped: list[PassedOver] = []
    waiting: list[NotYet] = []
    if results[REACHED]:
        skipped.append(PassedOver(reached_name(results[REACHED]), FLYING))
    guarded = results[REACHED] or min(results[RULE], 0.0)
    for index, rule in enumerate(policy.rules):
        status = results[FIRST_STATUS + index]
        if index + 1 in (results[RULE], results[STOP_RULE], results[TARGET_RULE]) or (status == HELD and rule.is_alert):
            continue
        if guarded:
            skipped.append(PassedOver(rule.name, f"the {reached_name(guarded)} is reached"))
        elif status == CANNOT_JUDGE:
            waiting.append(NotYet(rule.name, unjudged(policy, index, facts), True))
        elif status:
            skipped.append(PassedOver(rule.name, passed_over(policy, index, status, snapshot, kept, results)))
        else:
            before = memory.get(rule.name, RuleMemory())
            idle = not_tighter(rule, snapshot, before, kept.get(rule.name))
            if idle:
                skipped.append(PassedOver(rule.name, idle))
            else:
                # who asks for one rule's sentence need not wait for those of all the others
                waiting.append(NotYet(rule.name, Later(why_not, rule, snapshot, before)))
    return tuple(skipped), tuple(waiting)


def _reached(snapshot: Snapshot, mark: float, quantity: float) -> Action:
    """Return the exit at a reached stop or target."""
    name, side, held = reached_name(mark), BUY if snapshot.side < 0 else SELL, int(quantity)
    reason, detail = Later(why_reached, name, snapshot), Later(figures, snapshot, held)
    return Action(name, EXIT, side, held, None, CRITICAL, reason, detail)


def _actions(
    policy: CompiledPolicy, snapshot: Snapshot, memory: Memory, results: list[float], facts: list[float]
) -> tuple[Action, ...]:
    """Read the order, the stop move and the alerts out of the result vector."""
    kind, mover, rules, scale = results[KIND], results[STOP_RULE], policy.rules, snapshot.scale
    actions: tuple[Action, ...] = ()
    if kind:
        rule, quantity = rules[int(results[RULE]) - 1], int(results[QUANTITY])
        name = rule.name
        if rule.is_for_missing_data:
            reason = Later(why_missing, policy, results, facts)
        else:
            reason = Later(why, rule, snapshot, memory.get(name))
        # an add trades with the position, an exit or a book against it
        side = BUY if (snapshot.side > 0) is (kind == ADD_KIND) else SELL
        detail = Later(figures, snapshot, quantity)
        actions = (Action(name, KINDS[kind], side, quantity, None, IMMEDIATE, reason, detail),)
    if mover:
        rule = rules[int(mover) - 1]
        name = rule.name
        reason, detail = Later(why, rule, snapshot, memory.get(name)), Later(figures, snapshot)
        actions += (Action(name, STOP_MOVE, None, None, results[STOP], rule.lane, reason, detail, scale),)
    if results[TARGET_RULE]:
        rule = policy.rules[int(results[TARGET_RULE]) - 1]
        reason, detail = Later(why, rule, snapshot, memory.get(rule.name)), Later(figures, snapshot)
        actions = (
            *actions,
            Action(rule.name, TARGET_MOVE, None, None, results[TARGET], rule.lane, reason, detail, scale),
        )
    for index in policy.alerts:
        if results[FIRST_STATUS + index] == HELD:
            rule = policy.rules[index]
            reason, detail = Later(why, rule, snapshot, memory.get(rule.name)), Later(told, rule, snapshot)
            actions = (*actions, Action(rule.name, ALERT, None, None, None, IMMEDIATE, reason, detail))
    return actions
