"""Point 5: stops only tighten, by a tick or more, on the tick, and never at or beyond the market."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.compile.policy import compile_policy
from rulekit.engine.decide import decide
from rulekit.language import tree as t
from rulekit.language.tree import Unit
from rulekit.model.instant import MINUTE
from tests.compile.policies import (
    from_price,
    policy,
    position,
    price,
    profit,
    random_policy,
    random_snapshot,
    rule,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_over_any_path_the_stop_never_loosens_and_stands_on_the_right_side_of_the_market(seed: int) -> None:
    draw = Random(seed)
    compiled = compile_policy(random_policy(draw, 7))
    snapshot = evolve(random_snapshot(draw), tick=5.0, entry=10000.0, price=10000.0, target=math.nan)
    memory: dict = {}
    for _ in range(25):
        decision = decide(compiled, snapshot, memory)
        memory = dict(decision.memory)
        moves = [action for action in decision.actions if action.kind == "stop"]
        assert len(moves) <= 1
        for move in moves:
            assert move.stop is not None and move.stop > 0 and move.stop % snapshot.tick == 0
            assert (snapshot.price - move.stop) * snapshot.side > 0
            if 0 < snapshot.stop < 1e15:
                assert (move.stop - snapshot.stop) * snapshot.side >= snapshot.tick
            snapshot = evolve(snapshot, stop=move.stop)
        step = draw.choice((math.nan, 0, *(draw.randrange(-40, 41) for _ in range(8))))
        last = snapshot.price if snapshot.price == snapshot.price else 10000.0
        snapshot = evolve(snapshot, price=last + step * 5.0, now=snapshot.now + MINUTE)


def stop_of(verb: t.Verb, **changes: object) -> float | None:
    decision = decide(compile_policy(policy(rule("r", verb))), position(**changes))
    return decision.actions[0].stop if decision.actions and decision.actions[0].kind == "stop" else None


@pytest.mark.parametrize(("side", "expected"), [(1, 172380.0), (-1, 165620.0)])
def test_plus_is_towards_profit(side: int, expected: float) -> None:
    here = 200000.0 if side > 0 else 140000.0
    assert stop_of(t.MoveStop(price("break-even", 2)), side=side, price=here) == expected


@pytest.mark.parametrize(("side", "expected"), [(1, 169995.0), (-1, 170010.0)])
def test_a_stop_is_rounded_on_the_side_that_tightens_least(side: int, expected: float) -> None:
    constant = t.MoveStop(t.PriceExpr(t.PriceConstant(Fraction("1699.99") if side > 0 else Fraction("1700.06"))))
    assert stop_of(constant, side=side, price=180000.0 if side > 0 else 160000.0) == expected


def test_the_tightest_candidate_wins_and_the_others_are_passed_over() -> None:
    rules = (rule("wide", t.MoveStop(from_price(3))), rule("tight", t.MoveStop(from_price(1))))
    decision = decide(compile_policy(policy(*rules)), position())
    assert [(a.rule, a.stop) for a in decision.actions] == [("tight", 197850.0)]
    assert [(p.rule, p.because) for p in decision.passed_over] == [("wide", "`tight` sets a tighter stop")]


def test_a_stop_that_is_better_by_less_than_a_tick_is_not_applied() -> None:
    move = t.MoveStop(from_price(1))
    assert stop_of(move, stop=197850.0) is None
    assert stop_of(move, stop=197846.0) is None
    assert stop_of(move, stop=197845.0) == 197850.0


def test_break_even_while_losing_is_not_applied_and_says_so() -> None:
    compiled = compile_policy(policy(rule("r", t.MoveStop(price("break-even")))))
    for here in (168000.0, 169000.0):
        decision = decide(compiled, position(price=here))
        assert decision.actions == ()
        assert decision.passed_over[0].because == "the market has not passed ₹1,690.00 yet"
    assert decide(compiled, position(price=169005.0)).actions[0].stop == 169000.0


def test_charges_that_the_host_supplies_belong_to_break_even() -> None:
    assert stop_of(t.MoveStop(price("break-even")), facts={"charges": 1.25}) == 169125.0
    assert stop_of(t.MoveStop(price("break-even")), facts={"charges": 1.25}, side=-1, price=150000.0) == 168875.0


def test_a_level_that_was_given_back_means_exit_now() -> None:
    trail = compile_policy(policy(rule("trail", t.TrailStop(t.Distance(Fraction(3), Unit.PERCENT)))))
    kept = decide(trail, position(best=204000.0)).actions[0]
    assert (kept.kind, kept.stop, kept.lane) == ("stop", 197880.0, "background")
    given_back = decide(trail, position(best=210000.0)).actions[0]
    assert (given_back.kind, given_back.rule, given_back.quantity) == ("exit", "trail", 100)
    lock = compile_policy(policy(rule("lock", t.LockIn(Fraction(50)))))
    assert decide(lock, position(best=200000.0)).actions[0].stop == 184500.0
    assert decide(lock, position(best=200000.0, price=184500.0)).actions[0].kind == "exit"
    flying = decide(lock, position(best=200000.0, price=180000.0, in_flight=True))
    assert flying.actions == () and "in flight" in flying.passed_over[0].because


def test_lock_in_is_unknown_until_there_has_been_a_profit() -> None:
    decision = decide(compile_policy(policy(rule("lock", t.LockIn(Fraction(50))))), position(price=168000.0))
    assert decision.actions == () and decision.unknown == ("lock",)


def test_tighten_by_takes_a_share_of_the_distance_and_needs_a_stop() -> None:
    verb = t.TightenStopBy(Fraction(25))
    assert stop_of(verb, price=180000.0, stop=160000.0) == 165000.0
    assert stop_of(verb, price=160000.0, stop=180000.0, side=-1) == 175000.0
    decision = decide(compile_policy(policy(rule("r", verb))), position())
    assert decision.unknown == ("r",) and "there is none" in decision.not_yet[0].why


def test_beside_an_exit_a_stop_move_is_not_reported() -> None:
    rules = (rule("move", t.MoveStop(from_price(1))), rule("out", t.Exit()))
    decision = decide(compile_policy(policy(*rules)), position())
    assert [action.kind for action in decision.actions] == ["exit"]
    assert decision.passed_over[0].rule == "move" and "`out` exits first" in decision.passed_over[0].because


def test_beside_a_book_a_stop_move_is_reported() -> None:
    rules = (
        rule("move", t.MoveStop(from_price(1))),
        rule("half", t.Book(t.Amount(t.AmountKind.PERCENT_HELD, Fraction(50)))),
    )
    assert {a.kind for a in decide(compile_policy(policy(*rules)), position()).actions} == {"book", "stop"}


def test_a_trail_measures_from_the_best_price_since_the_rule_began_to_hold() -> None:
    verb = t.TrailStop(t.Distance(Fraction(10), Unit.POINTS))
    compiled = compile_policy(policy(rule("trail", verb, level=profit(1))))
    first = decide(compiled, position(price=172000.0, best=175000.0))
    assert first.actions[0].stop == 171000.0
    second = decide(compiled, position(price=173000.0, best=175000.0, stop=171000.0), first.memory)
    assert second.actions[0].stop == 172000.0
    third = decide(compiled, position(price=172500.0, best=175000.0, stop=172000.0), second.memory)
    assert third.actions == () and third.memory["trail"].best == 173000.0
    ended = decide(compiled, position(price=169500.0), third.memory)
    assert ended.memory["trail"].since is None
