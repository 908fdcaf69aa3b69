"""Point 2: a position whose stop or target is reached exits, and nothing else is considered for it."""

from __future__ import annotations

import math

import pytest
from attrs import evolve
from hypothesis import assume, given, settings

from rulekit.engine.decide import decide
from tests.compile.policies import SEVEN, position
from tests.properties.strategies import Case, cases


def priced(case: Case) -> bool:
    return 100 < case.snapshot.price < 1e9


@pytest.mark.parametrize("beyond", [0, 1, 7])
@settings(max_examples=40, deadline=None)
@given(cases)
def test_a_reached_stop_is_the_only_action(beyond: int, case: Case) -> None:
    assume(priced(case))
    snapshot = case.snapshot
    reached = evolve(snapshot, stop=snapshot.price + beyond * snapshot.tick * snapshot.side, in_flight=False)
    assume(reached.stop > 0)
    decision = decide(case.policy, reached, case.memory)
    (action,) = decision.actions
    assert (action.rule, action.kind, action.lane) == ("stop", "exit", "critical")
    assert action.quantity == snapshot.quantity and action.side == ("SELL" if snapshot.side > 0 else "BUY")
    assert decision.memory == case.memory
    assert {passed.because for passed in decision.passed_over} == {"the stop is reached"}


@settings(max_examples=40, deadline=None)
@given(cases)
def test_a_reached_target_exits_unless_the_stop_is_reached_too(case: Case) -> None:
    assume(priced(case))
    snapshot = evolve(case.snapshot, stop=math.nan, target=case.snapshot.price, in_flight=False)
    assert [action.rule for action in decide(case.policy, snapshot, case.memory).actions] == ["target"]
    both = evolve(snapshot, stop=snapshot.price)
    assert [action.rule for action in decide(case.policy, both, case.memory).actions] == ["stop"]


@settings(max_examples=40, deadline=None)
@given(cases)
def test_nothing_is_decided_for_a_reached_stop_while_an_order_is_in_flight(case: Case) -> None:
    assume(priced(case))
    decision = decide(case.policy, evolve(case.snapshot, stop=case.snapshot.price, in_flight=True), case.memory)
    assert decision.actions == ()
    assert decision.passed_over[0].rule == "stop" and "in flight" in decision.passed_over[0].because


def test_a_tick_before_the_stop_is_not_the_stop() -> None:
    from rulekit.compile.policy import compile_policy

    policy = compile_policy(SEVEN)
    assert [a.rule for a in decide(policy, position(stop=165000.0, price=165000.0)).actions] == ["stop"]
    assert decide(policy, position(stop=165000.0, price=165005.0)).actions == ()
    assert decide(policy, position(stop=173000.0, price=172995.0, side=-1)).actions == ()
