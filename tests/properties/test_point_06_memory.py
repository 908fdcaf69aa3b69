"""Point 6: a rule's memory belongs to one episode, follows its name, and survives edits of other rules."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given, settings

from rulekit.compile.policy import compile_policy
from rulekit.compile.predicate import watched
from rulekit.engine.decide import decide
from rulekit.language import tree as t
from rulekit.language.tree import Unit
from rulekit.model.decision import RuleMemory
from rulekit.model.instant import DAY, MINUTE
from tests.compile.policies import NOW, after, percent_of_held, policy, position, profit, rule
from tests.properties.strategies import Case, alone, cases


@settings(max_examples=60, deadline=None)
@given(cases)
def test_the_memory_of_a_rule_does_not_depend_on_other_rules(case: Case) -> None:
    together = decide(case.policy, case.snapshot, case.memory)
    for index, source in enumerate(case.policy.tree.rules):
        # A crossing that is passed over for another order waits for its turn.
        if source.name in together.skipped and any(isinstance(node, t.Crosses) for node in watched(source)):
            continue
        kept = decide(alone(case.policy, index), case.snapshot, case.memory).memory
        if together.actions[:1] and together.actions[0].rule in ("stop", "target"):
            assert together.memory == case.memory
        assert str(kept.get(source.name)) == str(together.memory.get(source.name))


@settings(max_examples=60, deadline=None)
@given(cases)
def test_deciding_counts_no_firing(case: Case) -> None:
    kept = decide(case.policy, case.snapshot, case.memory).memory
    for name, memory in kept.items():
        before = case.memory.get(name, RuleMemory())
        assert (memory.fired, memory.fired_at) == (before.fired, before.fired_at)


def test_a_new_episode_starts_with_an_empty_memory() -> None:
    trail = rule("trail", t.TrailStop(t.Distance(Fraction(5), Unit.POINTS)), level=profit(1))
    compiled = compile_policy(policy(trail))
    old = decide(compiled, position(price=180000.0)).memory
    assert old["trail"] == RuleMemory(since=NOW, best=180000.0)
    fresh = decide(compiled, position(price=172000.0), {}).memory
    assert fresh["trail"].best == 172000.0


def fires(limit: t.Limit, memory: RuleMemory, **changes: object) -> bool:
    compiled = compile_policy(policy(rule("r", t.Book(percent_of_held(50)), limit=limit)))
    return bool(decide(compiled, position(**changes), {"r": memory}).actions)


def test_limits_read_the_memory() -> None:
    assert fires(t.Limit(times=1), RuleMemory())
    assert not fires(t.Limit(times=1), RuleMemory(fired=1))
    assert fires(t.Limit(times=3, written=True), RuleMemory(fired=2))
    assert not fires(t.Limit(times=3, written=True), RuleMemory(fired=3))
    every = t.Limit(every=30 * MINUTE, written=True)
    assert not fires(every, RuleMemory(1, NOW - 30 * MINUTE + 1))
    assert fires(every, RuleMemory(1, NOW - 30 * MINUTE))
    assert not fires(every, RuleMemory(1, None))
    daily = t.Limit(daily=True, written=True)
    assert not fires(daily, RuleMemory(1, NOW - 10 * MINUTE))
    assert fires(daily, RuleMemory(1, NOW - DAY))
    both = t.Limit(times=2, every=30 * MINUTE, written=True)
    assert not fires(both, RuleMemory(2, NOW - DAY)) and fires(both, RuleMemory(1, NOW - DAY))


def test_days_of_a_limit_are_trading_days() -> None:
    limit = t.Limit(every=2, every_unit=Unit.DAYS, written=True)
    friday = NOW  # 2026-11-20
    monday, wednesday = friday + 3 * DAY, friday + 5 * DAY
    assert not fires(limit, RuleMemory(1, friday), now=monday, opened=friday)
    assert fires(limit, RuleMemory(1, friday), now=wednesday, opened=friday)


def test_a_relative_tightening_without_a_limit_acts_once_else_it_would_tighten_its_own_result() -> None:
    compiled = compile_policy(policy(rule("r", t.TightenStopBy(Fraction(25)), times=(after(30),))))
    asked = position(stop=160000.0)
    assert decide(compiled, asked).actions and not decide(compiled, asked, {"r": RuleMemory(fired=1)}).actions


def test_an_unknown_condition_leaves_the_memory_of_a_trail_as_it_is() -> None:
    trail = rule("trail", t.TrailStop(t.Distance(Fraction(5), Unit.POINTS)), level=profit(1))
    compiled = compile_policy(policy(trail))
    kept = {"trail": RuleMemory(since=NOW - MINUTE, best=175000.0)}
    decision = decide(compiled, position(price=math.nan), kept)
    assert decision.unknown == ("trail",) and decision.memory == kept
