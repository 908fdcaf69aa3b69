"""Point 1: the same snapshot, memory and policy give the same decision, always; nothing else is looked at."""

from __future__ import annotations

import copy

from attrs import evolve
from hypothesis import given, settings

from rulekit.compile.policy import compile_policy
from rulekit.engine.decide import decide
from rulekit.model.decision import Decision
from tests.properties.strategies import Case, cases
from tests.wall_clock import wall_clock_guard


def whole(decision: Decision) -> str:
    """Write a decision with every sentence of it."""
    figures = [(action.why, action.detail) for action in decision.actions]
    return str((decision, figures, decision.passed_over, decision.not_yet))


@settings(max_examples=40, deadline=None)
@given(cases)
def test_deciding_twice_gives_the_same_and_changes_nothing_that_was_passed_in(case: Case) -> None:
    facts, memory = dict(case.snapshot.facts), copy.deepcopy(dict(case.memory))
    first = decide(case.policy, case.snapshot, case.memory)
    again = decide(compile_policy(case.policy.tree), case.snapshot, case.memory)
    assert whole(first) == whole(again)
    assert str(case.snapshot.facts) == str(facts) and str(case.memory) == str(memory)


@settings(max_examples=40, deadline=None)
@given(cases)
def test_the_order_of_the_facts_and_reading_the_sentences_change_no_action(case: Case) -> None:
    turned = evolve(case.snapshot, facts=dict(reversed(list(case.snapshot.facts.items()))))
    plain = decide(case.policy, case.snapshot, case.memory)
    read = decide(case.policy, turned, case.memory)
    assert whole(read)
    bare = lambda decision: [evolve(action, detail={}) for action in decision.actions]
    assert str(bare(plain)) == str(bare(read))
    assert plain.unknown == read.unknown and str(plain.memory) == str(read.memory)


@settings(max_examples=30, deadline=None)
@given(cases)
def test_no_clock_is_read_while_deciding(case: Case) -> None:
    with wall_clock_guard() as reads:
        whole(decide(case.policy, case.snapshot, case.memory))
    assert reads.forbidden == reads.by_clock == []
