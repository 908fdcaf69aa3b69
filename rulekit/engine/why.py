"""Sentences about a decision: why a rule acted, why it was passed over, and how far away it still is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rulekit.compile.exact import Reader
from rulekit.compile.layout import (
    CANNOT_JUDGE,
    EXIT_KIND,
    FIRST_STATUS,
    HELD,
    IN_FLIGHT,
    KIND,
    RULE,
    STOP,
    STOP_HIT,
    STOP_RULE,
)
from rulekit.compile.policy import CompiledPolicy, CompiledRule
from rulekit.compile.predicate import watched
from rulekit.compile.program import times_allowed
from rulekit.compile.proposal import Skip
from rulekit.compile.slots import BOUND, POSITION_SLOTS
from rulekit.engine.reference import Judged, waited_long_enough
from rulekit.engine.shortfall import Standing, standings
from rulekit.language import tree
from rulekit.language.sentences import limit_text
from rulekit.language.words import clock_text, listing
from rulekit.model.decision import STOP_REACHED, TARGET_REACHED, RuleMemory
from rulekit.model.instant import MINUTE, day_number, time_of_day
from rulekit.model.prices import rupees
from rulekit.model.snapshot import Snapshot

FLYING = "an order of this position is in flight"


def stands(rule: tree.Rule, reader: Reader) -> list[Standing]:
    """List how every part of a rule's condition stands."""
    found = [
        standing
        for part in (rule.level, *rule.times, rule.when)
        if part is not None
        for standing in standings(part, reader)
    ]
    if rule.unless is not None:
        found += standings(tree.Not(rule.unless), reader)
    return found


def why(rule: Judged, snapshot: Snapshot, memory: RuleMemory | None = None) -> str:
    """Say why a rule acts: `profit 18.3%, needs 15%; age 45 minutes, needs 30 minutes`."""
    reader = Reader(snapshot, rule.predicate.vocabulary, memory)
    texts = [standing.text(met="") for standing in stands(rule.predicate.rule, reader)]
    return "; ".join(texts) or "it always holds"


def why_missing(policy: CompiledPolicy, results: list[float], facts: list[float]) -> str:
    """Say which rules cannot be judged, and what is missing for them."""
    found = [
        f"`{rule.name}` {unjudged(policy, index, facts)}"
        for index, rule in enumerate(policy.rules)
        if results[FIRST_STATUS + index] == CANNOT_JUDGE and not rule.is_alert
    ]
    return "; ".join(found)


def why_reached(name: str, snapshot: Snapshot) -> str:
    """Say that the stop or the target was reached."""
    level = snapshot.stop if name == STOP_REACHED else snapshot.target
    return f"price {rupees(snapshot.price, snapshot.scale)} has reached the {name} at {rupees(level, snapshot.scale)}"


def reached_name(mark: float) -> str:
    """Name the guard that a result mark stands for."""
    return STOP_REACHED if mark == STOP_HIT else TARGET_REACHED


def why_not(rule: Judged, snapshot: Snapshot, memory: RuleMemory) -> str:
    """Say how far a rule is from acting: `not yet: profit 14.2%, needs 15% (0.8 points short, at ₹1,943.50)`."""
    spent = limit_used_up(rule, snapshot, memory)
    if spent:
        return f"not again: {spent}"
    reader = Reader(snapshot, rule.predicate.vocabulary, memory)
    return f"not yet: {'; '.join(standing.text() for standing in stands(rule.predicate.rule, reader))}"


def limit_used_up(rule: Judged, snapshot: Snapshot, memory: RuleMemory) -> str:
    """Say which limit keeps a rule from firing again; empty if none does."""
    source = rule.predicate.rule
    limit, times = source.limit, times_allowed(source)
    if times is not None and memory.fired >= times:
        bound = "once" if times == 1 else f"up to {plural_times(times)}"
        return f"it fired {plural_times(memory.fired)}, and may fire {bound}"
    if memory.fired == 0 and memory.fired_at is None:
        return ""
    if memory.fired_at is None and (limit.daily or limit.every is not None):
        return f"it fired {plural_times(memory.fired)}, but not known when, and may fire {limit_text(limit)}"
    if memory.fired_at is None:
        return ""
    at = clock_text(time_of_day(memory.fired_at) // MINUTE * MINUTE)
    if limit.daily and day_number(snapshot.now) <= day_number(memory.fired_at):
        return f"it fired today at {at}, and may fire once a day"
    if limit.every is not None and not _waited(rule, snapshot, memory):
        return f"it fired at {at}, and may fire {limit_text(limit)}"
    return ""


def _waited(rule: Judged, snapshot: Snapshot, memory: RuleMemory) -> bool:
    return waited_long_enough(rule.predicate.rule.limit, Reader(snapshot), memory)


def plural_times(count: int) -> str:
    """Write how often: `once`, `2 times`."""
    return "once" if count == 1 else f"{count} times"


# --- unknown and passed over -----------------------------------------------------------------------------------


def unjudged(policy: CompiledPolicy, index: int, facts: list[float]) -> str:
    """Name what is missing for a rule: `momentum over 15 minutes is unknown`."""
    missing = [policy.layout.slots[place] for place in policy.needs[index] if facts[place] != facts[place]]
    labels = [
        POSITION_SLOTS[name].label if name in POSITION_SLOTS else policy.layout.facts[name].phrase for name in missing
    ]
    words = list(dict.fromkeys(label for label in labels if label)) or [_forgotten(policy.rules[index])]
    if len(words) == 1:
        what, bracket, reason = words[0].partition(" (")
        return f"cannot be judged: {what} is unknown{bracket}{reason}"
    return f"cannot be judged: {listing(words, 'and')} are unknown"


def _forgotten(rule: CompiledRule) -> str:
    """Name what a rule would have to remember, where no fact is missing."""
    crosses = any(isinstance(node, tree.Crosses) for node in watched(rule.predicate.rule))
    return "the side at the look before" if crosses else "when it last fired"


def passed_over(
    policy: CompiledPolicy,
    index: int,
    status: float,
    snapshot: Snapshot,
    memory: Mapping[str, RuleMemory],
    results: list[float],
) -> str:
    """Say why a rule that held was not acted on."""
    rule = policy.rules[index]
    if status == IN_FLIGHT:
        return FLYING
    if status == HELD:
        if results[KIND] and (results[KIND] == EXIT_KIND or rule.is_order):
            other = policy.rules[int(results[RULE]) - 1].name
            verb = "exits" if results[KIND] == EXIT_KIND else "goes"
            return f"`{other}` {verb} first: one order of a position at a time"
        own = rule.action(snapshot, memory.get(rule.name))
        if isinstance(rule.predicate.rule.verb, tree.SetTarget):
            return "another rule sets a nearer target"
        tighter = isinstance(own, Skip) or own.stop != results[STOP]
        return f"`{policy.rules[int(results[STOP_RULE]) - 1].name}` sets {'a tighter' if tighter else 'the same'} stop"
    outcome = rule.action(snapshot, memory.get(rule.name))
    return outcome.because if isinstance(outcome, Skip) else "it came to nothing"


def not_tighter(rule: CompiledRule, snapshot: Snapshot, before: RuleMemory, after: RuleMemory | None) -> str:
    """Say that a stop rule holds and that its stop would not be tighter; empty if that is not so."""
    waits = rule.is_order or rule.is_alert or bool(limit_used_up(rule, snapshot, before))
    if waits or rule.predicate(snapshot, before) is not True:
        return ""
    outcome = rule.action(snapshot, after)
    return outcome.because if isinstance(outcome, Skip) else ""


# --- figures for the log ---------------------------------------------------------------------------------------


def figures(snapshot: Snapshot, quantity: int | None = None) -> dict[str, Any]:
    """Return the figures for the log: profit, momentum and share of the position in %, age in minutes, price in ₹."""
    price, entry, opened = snapshot.price, snapshot.entry, snapshot.opened
    priced = 0 < price < BOUND
    momentum = None
    for name, value in snapshot.facts.items():
        if name.startswith("momentum"):
            momentum = value
            break
    return {
        "profit": 100 * (price - entry) * snapshot.side / entry if priced and entry > 0 else None,
        "age": None if opened is None else (snapshot.now - opened) / MINUTE,
        "momentum": momentum * snapshot.side if momentum is not None and -BOUND < momentum < BOUND else None,
        "percent": None if quantity is None else 100 * quantity / snapshot.quantity,
        "price": price / snapshot.scale if priced else None,
    }
