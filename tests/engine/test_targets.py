"""`set target to PRICE`: where the target stands, which of several wins, and the exit when price reaches it."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.engine.decide import decide
from rulekit.engine.decision_json import action_json
from rulekit.language import tree as t
from rulekit.language.reading import check_text
from rulekit.model.decision import Decision
from tests.compile.policies import policy, position, rule


def compiled(*rules: str) -> CompiledPolicy:
    tree = check_text("\n".join(rules)).tree
    assert tree is not None
    return compile_policy(tree)


def set_to(decision: Decision) -> list[tuple[str, float | None]]:
    return [(action.rule, action.stop) for action in decision.actions if action.kind == "target"]


@pytest.mark.parametrize(
    ("price", "side", "expected"),
    [
        ("5% profit", 1, 177450.0),
        ("5% profit", -1, 160550.0),
        ("₹1,990.02", 1, 199005.0),  # the first tick that has reached it
        ("₹1,490.02", -1, 149000.0),
        ("entry + 20 points", -1, 167000.0),
        ("2R profit", 1, 189000.0),
    ],
)
def test_it_stands_on_the_first_tick_that_has_reached_the_price(price: str, side: int, expected: float) -> None:
    held = position(side=side, price=169000.0, initial_stop=169000.0 - side * 10000.0)
    decision = decide(compiled(f"T: set target to {price}"), held)
    assert set_to(decision) == [("T", expected)] and decision.actions[0].lane == "next cycle"
    said = action_json(decision.actions[0], held)
    assert (said["kind"], said["stop"], said["target"]) == ("target", None, expected / 100)


def test_a_target_that_stands_is_left_alone_and_one_that_differs_by_a_tick_is_moved_either_way() -> None:
    policy = compiled("T: set target to 5% profit")
    for target, moves in ((177450.0, False), (177446.0, False), (177445.0, True), (177455.0, True), (math.nan, True)):
        decision = decide(policy, position(price=169000.0, target=target))
        assert bool(set_to(decision)) is moves, target
    idle = decide(policy, position(price=169000.0, target=177450.0))
    assert idle.skipped == () and idle.passed_over[0].because == "the target stands at ₹1,774.50 already"


def test_the_nearest_of_several_wins_and_they_do_not_take_turns() -> None:
    policy = compiled("FAR: set target to 9% profit", "NEAR: set target to 5% profit", "NONE: set target to vwap")
    decision = decide(policy, position(price=169000.0))
    assert set_to(decision) == [("NEAR", 177450.0)]
    assert decision.unknown == ("NONE",)
    assert {item.rule: item.because for item in decision.passed_over} == {"FAR": "another rule sets a nearer target"}
    again = decide(policy, position(price=169000.0, target=177450.0))
    assert again.actions == ()
    assert set_to(decide(policy, position(price=169000.0, target=177450.0, side=-1))) == []
    assert set_to(decide(policy, position(price=169000.0, target=153790.0, side=-1))) == [("NEAR", 160550.0)]


def test_it_exits_when_price_reaches_it_and_beside_an_exit_it_is_not_moved() -> None:
    policy = compiled("T: set target to 5% profit", "OUT: exit at 4% loss")
    reached = decide(policy, position(price=177450.0, target=177450.0))
    assert [(a.rule, a.kind, a.lane) for a in reached.actions] == [("target", "exit", "critical")]
    assert [a.rule for a in decide(policy, position(price=160000.0)).actions] == ["OUT"]


def test_a_target_goes_beside_a_book_and_a_stop() -> None:
    policy = compiled("T: set target to 9% profit", "B: book half at 1% profit", "S: move stop to entry at 1% profit")
    assert [a.kind for a in decide(policy, position(price=172000.0)).actions] == ["book", "stop", "target"]


def test_one_that_is_below_nothing_is_none() -> None:
    decision = decide(compiled("T: set target to entry + 200%"), position(side=-1, price=169000.0))
    assert decision.actions == () and "would not be above 0" in decision.passed_over[0].because


@settings(max_examples=150, deadline=None)
@given(st.integers(2000, 400000), st.sampled_from((1, -1)), st.sampled_from(("5", "0.35", "33.3", "7.77")))
def test_it_is_reached_exactly_where_the_level_is(ticks: int, side: int, percent: str) -> None:
    entry, value = ticks * 5, Fraction(percent)
    verb = t.SetTarget(t.PriceExpr(t.PriceAtProfit(value, t.Unit.PERCENT)))
    held = position(side=side, entry=float(entry), price=float(entry), tick=5.0)
    target = set_to(decide(compile_policy(policy(rule("T", verb))), held))[0][1]
    assert target is not None and target % 5 == 0
    gain = lambda price: Fraction((price - entry) * side * 100, entry)
    assert gain(int(target)) >= value > gain(int(target) - side * 5)
