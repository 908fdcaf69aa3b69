"""Point 7: quantities round down to the lot; a book never exceeds what is held; nothing left is a recorded skip."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.compile.policy import compile_policy
from rulekit.engine.decide import decide
from rulekit.language import tree as t
from rulekit.language.tree import AmountKind
from tests.compile.policies import policy, position, rule
from tests.properties.strategies import Case, cases


@settings(max_examples=120, deadline=None)
@given(cases)
def test_every_quantity_is_whole_lots_and_within_what_is_held(case: Case) -> None:
    held, lot = case.snapshot.quantity, case.snapshot.lot
    for action in decide(case.policy, case.snapshot, case.memory).actions:
        if action.kind == "exit":
            assert action.quantity == held
        elif action.quantity is not None:
            assert action.quantity > 0 and action.quantity % lot == 0
            assert action.kind == "add" or action.quantity < held


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 5000), st.integers(1, 100), st.fractions(Fraction(1, 10), Fraction(100), max_denominator=30))
def test_a_share_of_what_is_held_is_exact_for_any_fraction(held: int, lot: int, percent: Fraction) -> None:
    book = rule("r", t.Book(t.Amount(AmountKind.PERCENT_HELD, percent)))
    decision = decide(compile_policy(policy(book)), position(quantity=held, lot=lot))
    wanted = held if percent == 100 else floor(held * percent / 100 / lot) * lot
    assert [action.quantity for action in decision.actions] == ([wanted] if wanted else [])
    assert bool(decision.passed_over) is not bool(wanted)


def booked(kind: AmountKind, value: object, **changes: object) -> tuple[str, int | None] | str:
    amount = rule("r", t.Book(t.Amount(kind, Fraction(str(value)))))
    decision = decide(compile_policy(policy(amount)), position(**changes))
    return (
        (decision.actions[0].kind, decision.actions[0].quantity)
        if decision.actions
        else decision.passed_over[0].because
    )


@pytest.mark.parametrize(
    ("kind", "value", "changes", "expected"),
    [
        (AmountKind.PERCENT_HELD, 50, {"quantity": 1}, "50% of 1 share is less than 1 share"),
        (AmountKind.PERCENT_HELD, 50, {"quantity": 50, "lot": 50}, "50% of 50 shares is less than 1 lot of 50 shares"),
        (AmountKind.PERCENT_HELD, 50, {"quantity": 75, "original": 100}, ("book", 37)),
        (AmountKind.PERCENT_HELD, 100, {"quantity": 105, "lot": 10}, ("exit", 105)),
        (AmountKind.PERCENT_ORIGINAL, 50, {"quantity": 75, "original": 100}, ("book", 50)),
        (AmountKind.PERCENT_ORIGINAL, 80, {"quantity": 75, "original": 100}, ("exit", 75)),
        (AmountKind.PERCENT_ORIGINAL, 50, {"quantity": 75}, ("book", 37)),
        (AmountKind.UP_TO, 75, {"quantity": 100, "original": 100}, ("book", 75)),
        (AmountKind.UP_TO, 75, {"quantity": 60, "original": 100}, ("book", 35)),
        (AmountKind.UP_TO, 75, {"quantity": 25, "original": 100}, "up to 75% of the original is booked already"),
        (AmountKind.UP_TO, 100, {"quantity": 25, "original": 100}, ("exit", 25)),
        (AmountKind.SHARES, 25, {}, ("book", 25)),
        (AmountKind.SHARES, 25, {"lot": 10}, ("book", 20)),
        (AmountKind.SHARES, 250, {}, ("exit", 100)),
        (AmountKind.LOTS, 2, {"lot": 25}, ("book", 50)),
        (AmountKind.WORTH, 50_000, {}, ("book", 25)),
        (AmountKind.WORTH, 500, {}, "₹500 worth is less than 1 share"),
        (AmountKind.EVERYTHING, 100, {"quantity": 7, "lot": 5}, ("exit", 7)),
    ],
)
def test_amounts(kind: AmountKind, value: object, changes: dict[str, object], expected: object) -> None:
    assert booked(kind, value, **changes) == expected


def test_an_exit_takes_odd_lots_too() -> None:
    decision = decide(compile_policy(policy(rule("out", t.Exit()))), position(quantity=103, lot=25))
    assert decision.actions[0].quantity == 103


def test_an_add_may_be_larger_than_what_is_held_and_trades_with_the_position() -> None:
    add = rule("r", t.Add(t.Amount(AmountKind.SHARES, Fraction(250))))
    for side, word in ((1, "BUY"), (-1, "SELL")):
        action = decide(compile_policy(policy(add)), position(side=side)).actions[0]
        assert (action.quantity, action.side) == (250, word)
