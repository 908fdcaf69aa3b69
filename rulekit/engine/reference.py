"""The slow decision, made of predicates and proposals alone: the oracle of the generated function."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

from attrs import evolve, frozen

from rulekit.compile.exact import Reader
from rulekit.compile.layout import CANNOT_JUDGE, HELD, IN_FLIGHT, NOT_TIGHTER
from rulekit.compile.policy import CompiledPolicy, CompiledRule
from rulekit.compile.predicate import Predicate, Truth, marks_after
from rulekit.compile.program import is_unconditional, times_allowed
from rulekit.compile.proposal import Skip, best_since, order_side, target_of
from rulekit.engine.missing_data import lacks_data
from rulekit.errors import RulekitError
from rulekit.language import tree
from rulekit.language.tree import Limit, Unit
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import (
    ALERT,
    CRITICAL,
    EXIT,
    IMMEDIATE,
    STOP,
    STOP_REACHED,
    TARGET,
    TARGET_REACHED,
    Action,
    Memory,
    RuleMemory,
)
from rulekit.model.instant import day_number, day_of
from rulekit.model.prices import UNKNOWN
from rulekit.model.snapshot import Snapshot

UNJUDGED = "its condition is unknown"


@frozen
class Outcome:
    """What the reference decides.

    Args:
        order: the one order, or None. stop: the stop move, or None. target: that of the target.
        statuses: one of the result codes of `layout` a rule, 0 where it did not hold or may not fire.
        reached: `stop` or `target` where that was reached while an order is in flight, else empty.
        memory: of the rules that remember something of this look.
    """

    order: Action | None
    stop: Action | None
    statuses: tuple[float, ...]
    reached: str
    memory: Memory
    target: Action | None = None


def decide_slowly(policy: CompiledPolicy, snapshot: Snapshot, memory: Memory | None = None) -> Outcome:
    """Decide by calling every rule's predicate and action in turn."""
    known: Memory = memory or {}
    reader = Reader(snapshot, policy.vocabulary)
    blank = (0.0,) * len(policy.rules)
    guard = _guard(reader)
    if guard is not None:
        if snapshot.in_flight:
            return Outcome(None, None, blank, guard.rule, known)
        return Outcome(guard, None, blank, "", known)
    kept = dict(known)
    proposals: dict[int, Action | Skip] = {}
    for index, rule in enumerate(policy.rules):
        if rule.is_for_missing_data:
            continue
        before = known.get(rule.name, RuleMemory())
        truth = rule.predicate.judge(reader.remembering(before)) if may_fire(rule, reader, before) else False
        after = _follow(rule, reader, before, truth)
        if after != before and (after.since, str(after.best)) != (before.since, str(before.best)):
            kept[rule.name] = after
        if truth is None:
            proposals[index] = Skip(rule.name, CANNOT_JUDGE, UNJUDGED)
        elif truth:
            proposals[index] = rule.action.propose(reader, after)
    order = _choose_order(policy, proposals, snapshot.in_flight)
    mover = _choose_stop(proposals, snapshot.side)
    aimer = _choose_target(policy, proposals, reader)
    statuses = _statuses(policy, proposals, snapshot.in_flight, order)
    order, statuses = _for_missing_data(policy, reader, known, order, statuses)
    exits = order is not None and order.kind == EXIT
    stop, target = (None, None) if exits else (mover, aimer[1])
    acting = {action.rule for action in (order, mover) if action is not None} | {aimer[0]}
    for rule, status in zip(policy.rules, statuses, strict=True):
        before = known.get(rule.name, RuleMemory())
        waits = status == IN_FLIGHT or (status == HELD and not rule.is_alert and rule.name not in acting)
        marks = marks_after(rule.predicate.rule, reader.remembering(before), waits=waits)
        if marks != before.marks:
            kept[rule.name] = evolve(kept.get(rule.name, RuleMemory()), marks=marks)
    return Outcome(order, stop, statuses, "", kept, target)


def _guard(reader: Reader) -> Action | None:
    """Return the exit of a reached stop or target."""
    price, snapshot = reader.price, reader.snapshot
    for name, level, direction in (
        (STOP_REACHED, reader.stop, reader.side),
        (TARGET_REACHED, reader.named_price("target"), -reader.side),
    ):
        if price is not None and level is not None and (price - level) * direction <= 0:
            return Action(name, EXIT, order_side(EXIT, snapshot.side), snapshot.quantity, None, CRITICAL)
    return None


class Judged(Protocol):
    """A rule of either kind: of a position or of the whole book."""

    @property
    def name(self) -> str:
        """Its identity."""
        ...

    @property
    def predicate(self) -> Predicate:
        """When it holds, and through it the sentence."""
        ...


# --- limits and memory -----------------------------------------------------------------------------------------


def may_fire(rule: Judged, reader: Reader, memory: RuleMemory) -> bool:
    """Tell whether a rule's limits leave it free to fire."""
    source = rule.predicate.rule
    times = times_allowed(source)
    if times is not None and memory.fired >= times:
        return False
    return waited_long_enough(source.limit, reader, memory)


def waited_long_enough(limit: Limit, reader: Reader, memory: RuleMemory) -> bool:
    """Tell whether `every …` and `once a day` leave a rule free to fire again."""
    if not limit.daily and limit.every is None:
        return True
    if memory.fired == 0 and memory.fired_at is None:
        return True
    if memory.fired_at is None:
        return False
    now, at = reader.snapshot.now, memory.fired_at
    if limit.daily and day_number(now) <= day_number(at):
        return False
    if limit.every is None:
        return True
    if limit.every_unit is Unit.DAYS:
        try:
            days = default_calendar().trading_days_between(reader.snapshot.exchange, day_of(at), day_of(now))
        except RulekitError:
            return False
        return days >= limit.every
    bar = reader.bar if limit.every_unit is Unit.BARS else 1
    return bar is not None and now - at >= limit.every * bar


def _follow(rule: CompiledRule, reader: Reader, memory: RuleMemory, truth: Truth) -> RuleMemory:
    """Remember the best price since a trailing rule began to hold; an unknown condition changes nothing."""
    source = rule.predicate.rule
    if not isinstance(source.verb, tree.TrailStop) or is_unconditional(source) or truth is None:
        return memory
    if not may_fire(rule, reader, memory):
        return memory
    if not truth:
        return evolve(memory, since=None, best=UNKNOWN)
    best = best_since(source, reader, memory)
    since = reader.snapshot.now if memory.since is None else memory.since
    return evolve(memory, since=since, best=UNKNOWN if best is None else float(best))


def _for_missing_data(
    policy: CompiledPolicy, reader: Reader, known: Memory, order: Action | None, statuses: tuple[float, ...]
) -> tuple[Action | None, tuple[float, ...]]:
    """Exit before any book or add if the policy says so and another rule could not be judged for want of data."""
    for index, rule in enumerate(policy.rules):
        if not rule.is_for_missing_data or not may_fire(rule, reader, known.get(rule.name, RuleMemory())):
            continue
        if lacks_data(policy, statuses, reader):
            snapshot = reader.snapshot
            code = IN_FLIGHT if snapshot.in_flight else HELD
            if not snapshot.in_flight and (order is None or order.kind != EXIT):
                side = order_side(EXIT, snapshot.side)
                order = Action(rule.name, EXIT, side, snapshot.quantity, None, IMMEDIATE)
            return order, (*statuses[:index], code, *statuses[index + 1 :])
    return order, statuses


# --- arbitration -----------------------------------------------------------------------------------------------


def _choose_order(policy: CompiledPolicy, proposals: dict[int, Action | Skip], in_flight: bool) -> Action | None:
    """Take the first candidate that is not empty: exits before books before adds, then in the order of the file."""
    if in_flight:
        return None
    turns: list[list[Action]] = [[], [], []]
    for index, proposal in sorted(proposals.items()):
        if isinstance(proposal, Action) and proposal.kind not in (STOP, TARGET, ALERT):
            turns[_turn(policy.rules[index].predicate.rule.verb)].append(proposal)
    return next((action for turn in turns for action in turn), None)


def _turn(verb: tree.Verb) -> int:
    """Return when a verb has its turn; a book takes its turn as a book even where it closes everything."""
    return 1 if isinstance(verb, tree.Book) else 2 if isinstance(verb, tree.Add) else 0


def _choose_stop(proposals: dict[int, Action | Skip], side: int) -> Action | None:
    """Take the tightest stop; among equals the first of the file."""
    best: Action | None = None
    for _, proposal in sorted(proposals.items()):
        if not isinstance(proposal, Action) or proposal.kind != STOP or proposal.stop is None:
            continue
        if best is None or best.stop is None or (proposal.stop - best.stop) * side > 0:
            best = proposal
    return best


def _choose_target(
    policy: CompiledPolicy, proposals: dict[int, Action | Skip], reader: Reader
) -> tuple[str, Action | None]:
    """Take the nearest target; return its rule, and its move unless it stands there already."""
    nearest: tuple[Fraction, int] | None = None
    for index, proposal in sorted(proposals.items()):
        source = policy.rules[index].predicate.rule
        judged = isinstance(proposal, Action) or proposal.status == NOT_TIGHTER
        if not isinstance(source.verb, tree.SetTarget) or not judged:
            continue
        target = target_of(source, reader)
        if target is not None and (nearest is None or target * reader.side < nearest[0]):
            nearest = target * reader.side, index
    if nearest is None:
        return "", None
    chosen = proposals[nearest[1]]
    return policy.rules[nearest[1]].name, chosen if isinstance(chosen, Action) else None


def _statuses(
    policy: CompiledPolicy, proposals: dict[int, Action | Skip], in_flight: bool, order: Action | None
) -> tuple[float, ...]:
    """Return the result code of every rule, as the generated function gives it."""
    taken: tuple[int, int] | None = None
    if order is not None:
        index = next(i for i, rule in enumerate(policy.rules) if rule.name == order.rule)
        taken = (_turn(policy.rules[index].predicate.rule.verb), index)
    codes = []
    for index, rule in enumerate(policy.rules):
        proposal = proposals.get(index)
        judged = proposal is not None and not (isinstance(proposal, Skip) and proposal.because == UNJUDGED)
        after = taken is not None and (_turn(rule.predicate.rule.verb), index) > taken
        if proposal is None:
            codes.append(0.0)
        elif judged and rule.is_order and (in_flight or after):
            codes.append(IN_FLIGHT if in_flight else HELD)
        elif isinstance(proposal, Skip):
            codes.append(0.0 if proposal.status == NOT_TIGHTER else proposal.status)
        else:
            codes.append(IN_FLIGHT if in_flight and proposal.kind == EXIT else HELD)
    return tuple(codes)
