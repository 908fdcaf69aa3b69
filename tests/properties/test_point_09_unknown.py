"""Point 9: unknown is not false; and, or, not follow Kleene; NaN, infinities and nonsense are unknown."""

from __future__ import annotations

import math

import pytest
from attrs import evolve
from hypothesis import given, settings

from rulekit.compile.policy import compile_policy
from rulekit.engine.decide import decide
from rulekit.language import tree as t
from rulekit.language.tree import Op, Unit
from tests.compile.policies import (
    FACT_NAMES,
    fact_at_least,
    from_clock,
    percent_of_held,
    policy,
    position,
    profit,
    random_facts,
    rule,
)
from tests.properties.strategies import Case, cases

UNKNOWN_VALUES = (None, math.nan, math.inf, -math.inf, 1e300)


@settings(max_examples=80, deadline=None)
@given(cases)
def test_what_is_known_to_hold_holds_whatever_the_missing_facts_are(case: Case) -> None:
    snapshot = evolve(case.snapshot, facts=random_facts(case.draw))
    for one in case.policy.rules:
        truth = one.predicate(snapshot)
        if truth is None:
            continue
        for _ in range(3):
            missing = [name for name in FACT_NAMES if not known(name, snapshot.facts.get(name))]
            # A windowed fact that stands under its bare name only is no missing fact.
            filled = {
                name: FACT_NAMES[name](case.draw)
                for name in missing
                if name not in ("charges", "bar minutes", "day profit", "day loss")
                and not (" over " in name and name not in snapshot.facts)
            }
            assert one.predicate(evolve(snapshot, facts={**snapshot.facts, **filled})) is truth


def known(name: str, value: float | None) -> bool:
    if value is None or not -1e15 < value < 1e15:
        return False
    return value > 0 or name not in ("atr", "vwap", "day high", "sma", "previous close")


MOMENTUM = fact_at_least("momentum", 2, Unit.PERCENT)
VOLUME = fact_at_least("volume", 1.5, Unit.TIMES)


@pytest.mark.parametrize("value", UNKNOWN_VALUES)
@pytest.mark.parametrize(
    ("condition", "volume", "expected"),
    [
        (MOMENTUM, None, None),
        (t.Not(MOMENTUM), None, None),
        (t.And((MOMENTUM, VOLUME)), 1.0, False),
        (t.And((MOMENTUM, VOLUME)), 2.0, None),
        (t.Or((MOMENTUM, VOLUME)), 2.0, True),
        (t.Or((MOMENTUM, VOLUME)), 1.0, None),
        (t.Not(t.And((MOMENTUM, VOLUME))), 1.0, True),
        (t.Not(t.Or((MOMENTUM, VOLUME))), 2.0, False),
        (t.Comparison(MOMENTUM.left, Op.IS_NOT, MOMENTUM.right), None, None),
    ],
)
def test_kleene(value: float | None, condition: t.Condition, volume: float | None, expected: bool | None) -> None:
    compiled = compile_policy(policy(rule("r", t.Exit(), when=condition)))
    asked = position(facts={"momentum": value, "volume": volume})
    assert compiled.rules[0].predicate(asked) is expected
    decision = decide(compiled, asked)
    assert bool(decision.actions) is (expected is True)
    assert decision.unknown == (("r",) if expected is None else ())


def test_an_unknown_rule_says_what_is_missing() -> None:
    compiled = compile_policy(policy(rule("r", t.Exit(), when=fact_at_least("momentum", 2, Unit.PERCENT, 15))))
    assert decide(compiled, position()).not_yet[0].why == "cannot be judged: momentum over 15 minutes is unknown"
    assert decide(compiled, position(facts={"momentum": 2.0})).actions


def test_a_full_phrase_goes_before_the_bare_name_even_when_it_is_missing() -> None:
    compiled = compile_policy(policy(rule("r", t.Exit(), when=fact_at_least("momentum", 2, Unit.PERCENT, 15))))
    assert not decide(compiled, position(facts={"momentum": 3.0, "momentum over 15 minutes": 1.0})).actions
    assert decide(compiled, position(facts={"momentum": 3.0, "momentum over 15 minutes": None})).unknown == ("r",)


@pytest.mark.parametrize("price", [math.nan, 0.0, -5.0, math.inf, 1e300])
def test_without_a_price_only_rules_that_need_none_act(price: float) -> None:
    rules = (
        rule("half", t.Book(percent_of_held(50)), level=profit(1)),
        rule("out", t.Exit(), times=(from_clock(11),)),
    )
    decision = decide(compile_policy(policy(*rules)), position(price=price, stop=160000.0))
    assert [action.rule for action in decision.actions] == ["out"]
    assert decision.unknown == ("half",)


def test_r_is_unknown_without_the_initial_stop_and_with_one_on_the_wrong_side() -> None:
    compiled = compile_policy(policy(rule("r", t.Exit(), level=profit(2, Unit.R))))
    assert decide(compiled, position(initial_stop=160000.0)).actions
    for stop in (math.nan, 169000.0, 175000.0):
        decision = decide(compiled, position(initial_stop=stop, stop=160000.0))
        assert decision.unknown == ("r",) and "initial stop" in decision.not_yet[0].why


def test_an_overnight_position_is_older_than_a_day_and_unknown_beyond() -> None:
    def truth(when: t.When) -> bool | None:
        return compile_policy(policy(rule("r", t.Exit(), times=(when,)))).rules[0].predicate(position(opened=None))

    assert truth(t.When(t.TimeForm.AGE, 24 * 60 * 60 * 10**6)) is True
    assert truth(t.When(t.TimeForm.AGE, 24 * 60 * 60 * 10**6 + 1)) is None
    assert truth(t.When(t.TimeForm.AGE, 1, unit=Unit.DAYS)) is True
    assert truth(t.When(t.TimeForm.AGE, 2, unit=Unit.DAYS)) is None
