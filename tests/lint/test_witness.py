"""A position is found for a rule on every kind of fact and trigger, and it says in one line what it is."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from rulekit.compile.policy import compile_policy
from rulekit.language.reading import check_text
from rulekit.language.tree import PolicyTree
from rulekit.lint.proofs import Proofs
from rulekit.lint.witness import Witness
from rulekit.model.instant import HOUR, MINUTE


def tree_of(*sentences: str) -> PolicyTree:
    checked = check_text("\n".join(sentences) + "\n")
    assert checked.tree is not None, checked.diagnostics
    return checked.tree


SENTENCES = (
    "exit at 15% profit",
    "exit at 2.5% loss",
    "exit at ₹5,000 profit",
    "exit at ₹5,000 loss",
    "exit at 3R profit",
    "exit at 20 points profit",
    "exit at 7 ticks profit",
    "exit at 1.5 ATR profit",
    "exit at ₹1,990",
    "exit at day high",
    "exit at day low + 1%",
    "exit at entry + 2%",
    "book 25% at every 5% profit up to 3 times",
    "exit after 30 minutes",
    "exit after 2 days",
    "exit after 5 bars",
    "exit when age is below 5 minutes",
    "exit at 15:15",
    "exit before 09:30",
    "exit between 10:00 and 11:00",
    "exit 15 minutes before close",
    "exit on Friday",
    "exit on expiry day",
    "exit when days to expiry is at most 3",
    "exit when minutes to close is below 90",
    "exit when momentum over 15 minutes is at most -2%",
    "exit when volume is above 1.5 times normal and volatility is below 0.7 times normal",
    "exit when rsi over 14 bars is between 30 and 40",
    "exit when spread is above 0.1%",
    "exit when atr is at least ₹12",
    "exit when price is above vwap",
    "exit when price is below day low",
    "exit when ema over 9 bars is above sma over 20 bars",
    "exit when price is above ₹2,000",
    "exit when price is at most entry",
    "exit when stop is at least ₹1,500",
    "exit when peak profit is at least 10% and profit is below 4%",
    "exit when giveback is at least 40%",
    "exit when total profit is at least ₹10,000",
    "exit when value is above ₹5,00,000",
    "exit when quantity is at least 250",
    "exit when lots is at least 3",
    "exit when initial risk is at least 3%",
    "exit when times booked is at least 2",
    "exit when times added is 1",
    "exit when day loss is at least ₹5,000",
    "exit when open positions is above 4",
    "exit when side is short",
    "exit when symbol is INFY",
    "exit when symbol is not KOTAKBANK",
    "exit when strategy is breakout",
    "exit when product is CNC",
    "exit when profit is at least 5% and profit is at least ₹100",
    "exit when profit is at least 5% and profit is at most 1R",
    "exit when profit is at least 5% and price is above ₹500",
    "exit when profit is between 3% and 3.1% and age is between 10 minutes and 11 minutes",
)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("side", ["long", "short"])
def test_a_position_is_found(sentence: str, side: str) -> None:
    if f"side is {'short' if side == 'long' else 'long'}" in sentence:
        sentence = sentence.replace("short", "long") if side == "long" else sentence
    tree = tree_of(f"applies to side {side}", sentence)
    proofs = Proofs(tree)
    rule = tree.rules[0]
    shown = proofs.example_of(rule)
    if shown is None:
        assert not proofs.impossible(rule)  # the solver finds one
        shown = proofs.example_of(rule)
    assert shown is not None
    assert shown.side == side
    assert proofs.holds(rule, shown) is True
    assert (shown.price * 20).denominator == 1


def test_it_is_told_in_one_line() -> None:
    shown = Witness(
        "short",
        1500,
        "M&M",
        Fraction(1690),
        Fraction(1774, 1),
        26 * HOUR + 5 * MINUTE,
        (("momentum over 15 minutes", Fraction(-2)), ("stop", Fraction(1780)), ("strategy", "reversal")),
        15 * HOUR,
        date(2025, 6, 13),
        75,
        (("A", 1), ("B", 3)),
    )
    tree = tree_of("A: exit at 15:15")
    assert shown.text(compile_policy(tree).vocabulary) == (
        "short 1,500 M&M at ₹1,690.00, price ₹1,774.00 (about 4.97% loss), held 1 day 2 hours 5 minutes, on a Friday,"
        " at 15:00, lots of 75, momentum over 15 minutes -2%, stop ₹1,780.00, strategy reversal,"
        " `A` has fired once, `B` has fired 3 times"
    )


def test_what_has_fired_counts() -> None:
    tree = tree_of("A: book 50% at 10% profit", "B: exit when times booked is 1")
    policy = compile_policy(tree)
    shown = Witness("long", 100, "INFY", Fraction(100), Fraction(110), fired=(("A", 1),))
    assert shown.snapshot(policy).booked == 1
    assert shown.memory["A"].fired == 1
    example = shown.as_example(policy, "after one book")
    assert example is None  # nothing is not what comes of it
    decided = Proofs(tree).decide(shown).actions
    example = shown.as_example(policy, "after one book", decided)
    assert example is not None and "A acted once" in example and example.endswith("expect exit because B")
