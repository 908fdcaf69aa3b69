"""`when data is missing: exit`: which missing facts are a reason to leave, and which are not."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.engine.decide import decide
from rulekit.language.reading import check_text
from rulekit.model.decision import MISSING_DATA, Decision, RuleMemory
from tests.compile.policies import position


def compiled(*rules: str, guard: str = "when data is missing: exit") -> CompiledPolicy:
    tree = check_text("\n".join((guard, *rules))).tree
    assert tree is not None
    return compile_policy(tree)


def said(decision: Decision) -> list[tuple[str, str]]:
    return [(action.rule, action.kind) for action in decision.actions]


LEAVES = [(MISSING_DATA, "exit")]
SCALE = "SCALE: add 25% at 5% profit when momentum over 15 minutes is at least 2%"


@pytest.mark.parametrize(
    ("rule", "known", "missing"),
    [
        (SCALE, {"facts": {"momentum over 15 minutes": 1.0}}, {"facts": {}}),
        (SCALE, {"facts": {"momentum over 15 minutes": 1.0}}, {"facts": {"momentum over 15 minutes": math.nan}}),
        ("book half at 50% profit", {}, {"price": math.nan}),
        ("move stop to vwap at 90% profit", {"facts": {"vwap": 1.0}, "price": 1.0}, {"facts": {}, "price": math.nan}),
        ("move stop to vwap", {"facts": {"vwap": 9000.0}}, {"facts": {}}),
        ("exit when day loss is above ₹5,000", {"facts": {"day profit": 1.0}}, {"facts": {}}),
        ("exit when open positions > 8", {"facts": {"open positions": 1.0}}, {"facts": {}}),
        ("exit at 90 ATR profit", {"facts": {"atr": 10.0}}, {"facts": {}}),
        ("trail stop 2 ATR", {"facts": {"atr": 1000.0}, "stop": 1.0}, {"facts": {}}),
        (
            "exit when price falls 2% in 5 minutes",
            {"facts": {"change over 5 minutes": 1.0}},
            {"facts": {"change": 1.0}},
        ),
        ("exit when profit falls 2% in 5 minutes", {"facts": {"change over 5 minutes": 1.0}}, {"facts": {}}),
        ("exit when volume > 2x normal for 5 minutes", {"facts": {"volume": 1.0}}, {"facts": {}}),
        ("exit when rsi is above 70", {"facts": {"rsi": 1.0}}, {"facts": {"rsi": None}}),
        ("exit when peak profit is above 90%", {}, {"price": math.nan}),
        ("book ₹1 worth", {}, {"price": math.nan}),
    ],
)
def test_it_leaves_when_a_rule_cannot_be_judged_for_want_of_data(
    rule: str, known: dict[str, Any], missing: dict[str, Any]
) -> None:
    policy = compiled(rule)
    assert MISSING_DATA not in [name for name, _ in said(decide(policy, position(**known)))]
    decision = decide(policy, position(**missing))
    assert said(decision) == LEAVES
    assert "cannot be judged" in decision.actions[0].why
    assert said(decide(compiled(rule, guard="when data is missing: hold"), position(**missing))) == []


@pytest.mark.parametrize(
    "rule",
    [
        "book half at 50R profit",  # no first stop
        "tighten stop by 25% at 10% profit",  # no stop
        "lock in 50% of peak profit when peak profit is below -1%",
        "exit when age is above 3 days",  # nobody knows when it was opened
        "exit 15 minutes before close",
        'alert "{{ momentum }}" when momentum is above 2%',
    ],
)
def test_what_the_position_itself_lacks_is_no_reason_to_leave(rule: str) -> None:
    decision = decide(compiled(rule), position(opened=None, age_days=math.nan))
    assert said(decision) == []


def test_a_missing_fact_that_decides_nothing_is_no_reason_to_leave() -> None:
    policy = compiled(SCALE)
    assert said(decide(policy, position(price=169000.0))) == []
    assert said(decide(policy, position(price=169000.0 * 1.05))) == LEAVES
    spent = {"SCALE": RuleMemory(fired=1)}
    assert said(decide(policy, position(), spent)) == []


def test_it_acts_once_and_lets_no_other_order_go_first_but_an_exit() -> None:
    policy = compiled(SCALE, "HALF: book half at 5% profit", "OUT: exit at 90% profit")
    decision = decide(policy, position())
    assert said(decision) == LEAVES and decision.actions[0].quantity == 100
    assert [(item.rule, item.because) for item in decision.passed_over] == [
        ("HALF", "`when data is missing` exits first: one order of a position at a time")
    ]
    assert said(decide(policy, position(price=900000.0))) == [("OUT", "exit")]
    assert said(decide(policy, position(), {MISSING_DATA: RuleMemory(fired=1)})) == [("HALF", "book")]
    flying = decide(policy, position(in_flight=True))
    assert flying.actions == () and MISSING_DATA in flying.skipped


def test_the_stop_goes_first_and_beside_the_exit_no_stop_is_moved() -> None:
    policy = compiled(SCALE, "tighten stop to 1% from price")
    assert said(decide(policy, position(stop=199850.0))) == [("stop", "exit")]
    assert said(decide(policy, position())) == LEAVES


def test_for_a_short_too_and_the_reason_names_what_is_missing() -> None:
    decision = decide(compiled(SCALE), position(side=-1, price=150000.0))
    assert said(decision) == LEAVES and decision.actions[0].side == "BUY"
    assert decision.actions[0].why == "`SCALE` cannot be judged: momentum over 15 minutes is unknown"
    waiting = decide(compiled("exit at 15:15"), position())
    assert {item.rule: item.why for item in waiting.not_yet}[MISSING_DATA] == (
        "not yet: nothing that a rule needs is missing"
    )
