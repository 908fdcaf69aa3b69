"""Point 1: the same snapshot, memory and policy give the same decision, always; nothing else is looked at."""

from __future__ import annotations

import copy

from attrs import evolve
from hypothesis import given, settings

from rulekit.compile.policy import compile_policy
from rulekit.engine.decide import decide
from tests.properties.strategies import Case, cases
from tests.wall_clock import wall_clock_guard


@settings(max_examples=80, deadline=None)
@given(cases)
def test_deciding_twice_gives_the_same_and_changes_nothing_that_was_passed_in(case: Case) -> None:
    facts, memory = dict(case.snapshot.facts), copy.deepcopy(dict(case.memory))
    first = decide(case.policy, case.snapshot, case.memory, trace=True)
    again = decide(compile_policy(case.policy.tree), case.snapshot, case.memory, trace=True)
    assert str(first) == str(again)
    assert str(case.snapshot.facts) == str(facts) and str(case.memory) == str(memory)


@settings(max_examples=80, deadline=None)
@given(cases)
def test_the_order_of_the_facts_and_a_trace_change_no_action(case: Case) -> None:
    turned = evolve(case.snapshot, facts=dict(reversed(list(case.snapshot.facts.items()))))
    plain = decide(case.policy, case.snapshot, case.memory)
    traced = decide(case.policy, turned, case.memory, trace=True)
    bare = lambda decision: [evolve(action, detail={}) for action in decision.actions]
    assert str(bare(plain)) == str(bare(traced))
    assert plain.unknown == traced.unknown and str(plain.memory) == str(traced.memory)


@settings(max_examples=30, deadline=None)
@given(cases)
def test_no_clock_is_read_while_deciding(case: Case) -> None:
    with wall_clock_guard():
        decide(case.policy, case.snapshot, case.memory, trace=True)
