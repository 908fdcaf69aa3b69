"""A policy explained: every form in plain words, what is bounded and what is not, and where each rule can act."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings

from rulekit.compile.exact import Reader
from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.explain.account import account, table
from rulekit.explain.promises import promises
from rulekit.explain.regions import Region, region
from rulekit.explain.rows import row
from rulekit.language import tree as t
from rulekit.model.calendar import default as calendar
from rulekit.model.instant import HOUR, MINUTE, at
from rulekit.model.snapshot import Snapshot
from rulekit.runtime.policy import Policy
from tests.language.trees import policies


def compiled(text: str) -> CompiledPolicy:
    return Policy.from_text(text).compiled


def only(text: str) -> t.Rule:
    return compiled(text).tree.rules[-1]


# --- rows ------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "when", "does", "often", "lane"),
    [
        ("exit", "always", "closes the whole position", "once", "immediate"),
        (
            "book half at 2R profit after 30 minutes before 15:00",
            "profit is at least 2R and the position is at least 30 minutes old and it is before 15:00",
            "closes 50% of what is held then",
            "once",
            "immediate",
        ),
        (
            "book up to 75% at ₹1,990 on Friday",
            "price is at ₹1,990 or beyond it in profit (a long: at least, a short: at most) and it is Friday",
            "closes as much as brings the total closed to 75% of the original quantity",
            "once",
            "immediate",
        ),
        (
            "add 2 lots at a 2% loss between 09:30 and 11:00 on expiry day, once a day up to 3 times",
            "loss is at least 2% and it is from 09:30 to 11:00 and it is the day on which the instrument expires",
            "adds 2 lots, in the same direction",
            "once a day, up to 3 times",
            "immediate",
        ),
        (
            "move stop to break-even + 2% 15 minutes before close, every 30 minutes",
            "the close is at most 15 minutes away",
            "moves the stop to break-even + 2% (towards profit)",
            "every 30 minutes",
            "next cycle",
        ),
        (
            "tighten stop to 1% from price when profit > 1% or age > 2 hours unless spread > 0.5%",
            "profit is above 1% or age is above 2 hours, unless spread is above 0.5%",
            "tightens the stop to 1% from price (towards loss)",
            "whenever it tightens",
            "next cycle",
        ),
        (
            "tighten stop by 25% at 15:00",
            "it is 15:00 or later",
            "brings the stop nearer by 25% of the way to the price",
            "once",
            "next cycle",
        ),
        (
            "trail stop 1.5 ATR after 3 days",
            "the position is at least 3 days old",
            "keeps the stop 1.5 ATR behind the best price since the rule holds",
            "whenever it tightens",
            "background",
        ),
        (
            "lock in half of peak profit",
            "always",
            "keeps the stop where 50% of the best profit is safe",
            "whenever it tightens",
            "background",
        ),
        ("book ₹50,000 worth", "always", "closes ₹50,000 worth", "once", "immediate"),
        ("book everything", "always", "closes the whole position", "once", "immediate"),
        ("book a third of the original", "always", "closes 1/3 of the original quantity", "once", "immediate"),
        ("book 25 shares", "always", "closes 25 shares", "once", "immediate"),
    ],
)
def test_a_rule_in_plain_words(sentence: str, when: str, does: str, often: str, lane: str) -> None:
    found = row(only(sentence))
    assert (found.when, found.does, found.often, found.lane) == (when, does, often, lane)


def test_names_are_spelt_out() -> None:
    text = (
        "set goal to 5%\ndefine calm as volatility < 1x normal and not (volume > 2x normal)\n"
        "exit at goal profit when calm and (side is short or day is Friday)"
    )
    assert row(only(text)).when == (
        "profit is at least 5% and calm (volatility is below 1 times normal and not (volume is above 2 times normal)) "
        "and (side is short or day is Friday)"
    )


# --- promises ------------------------------------------------------------


def said(text: str) -> str:
    return "\n".join(promises(compiled(text)))


@pytest.mark.parametrize(
    "rule",
    [
        "OUT: exit at 2% loss",
        "OUT: exit at ₹5,000 loss",
        "OUT: exit when loss is at least 2%",
        "OUT: exit when profit is below -2%",
    ],
)
def test_an_exit_at_a_loss_cuts_it(rule: str) -> None:
    assert "`OUT` cuts a loss" in said(rule)
    assert "no rule cuts every loss" not in said(rule)


@pytest.mark.parametrize("rule", ["S: trail stop 2%", "S: move stop to ₹95", "S: tighten stop to 3% from price"])
def test_a_stop_from_the_beginning_is_said(rule: str) -> None:
    assert "`S` sets a stop from the beginning" in said(rule)
    assert "no rule cuts every loss" not in said(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "X: exit at 15:15",
        "X: exit at 2% profit",
        "X: exit at 0% profit",
        "X: exit at 2R profit",
        "X: exit at 2R loss",
        "X: exit at 2% loss after 30 minutes",
        "X: exit at 2% loss when volume > 2x normal",
        "X: exit at 2% loss unless day is Friday",
        "X: exit when loss is between 2% and 3%",
        "X: book 50% at 2% loss",
        "X: move stop to break-even",
        "X: move stop to break-even + 1%",
        "X: move stop to 5% profit",
        "X: lock in 50% of peak profit",
        "X: tighten stop by 50%",
        "X: trail stop 2% at 5% profit",
        "X: trail stop 2 ATR",
        "X: move stop to vwap",
    ],
)
def test_what_does_not_cut_every_loss_is_not_said_to(rule: str) -> None:
    assert "no rule cuts every loss" in said(rule)


def test_what_protects_only_sometimes_is_named() -> None:
    assert "`X` can exit at a loss, but only when price is below vwap" in said("X: exit when price is below vwap")
    assert "`X` can set a stop at a loss too, but only after 2 hours" in said("X: trail stop 1% after 2 hours")


@pytest.mark.parametrize(
    ("rules", "closed"),
    [
        ("A: book 50%\nB: book 75%", "87.5% of the position is closed and 12.5% is left"),
        ("A: book 50%, up to 2 times", "75% of the position is closed and 25% is left"),
        ("A: book 30% of the original, up to 3 times", "90% of the position is closed and 10% is left"),
        (
            "A: book 50% of the original\nB: book 75% of the original",
            "100% of the position is closed and nothing is left",
        ),
        ("A: book 50%\nB: book up to 75%", "75% of the position is closed and 25% is left"),
        ("A: book 10%, every 5 minutes", "100% of the position is closed and nothing is left"),
        ("A: book a third", "about 33.3% of the position is closed and about 66.7% is left"),
        ("A: book everything", "100% of the position is closed and nothing is left"),
    ],
)
def test_what_all_books_close(rules: str, closed: str) -> None:
    assert closed in said(rules)


def test_how_large_a_position_can_grow() -> None:
    assert "grows to at most about 156.2%" in said("A: add 25%, up to 2 times")
    assert "`A` adds without a bound" in said("A: add 25%, every 5 minutes")
    assert "`A` adds 10 shares, up to 3 times" in said("A: add 10 shares, up to 3 times")
    assert "nothing is ever added" in said("A: book 50%")


def test_the_end_of_a_position() -> None:
    assert "`A` closes everything at 15:15" in said("A: exit at 15:15")
    assert "`A` closes everything after 2 hours" in said("A: exit after 2 hours")
    for rule in (
        "exit at 5% profit at 15:15",
        "exit before 10:00",
        "book 50% at 15:15",
        "exit at 15:15 unless day is Friday",
    ):
        assert "no rule closes the position by the clock alone" in said(rule)


def test_missing_facts_are_named() -> None:
    found = said("A: exit when price is below vwap or momentum over 5 minutes is below -1%\nB: exit at 15:15")
    assert "`A` does nothing while vwap or momentum over 5 minutes is unknown" in found
    assert "`B` does nothing" not in found


# --- regions ------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "box"),
    [
        ("exit at 15% profit after 30 minutes", (15, None, 30, None, ())),
        ("exit at 2% loss", (None, -2, None, None, ())),
        ("exit when profit is between 1% and 5% and age is at most 2 hours", (1, 5, None, 120, ())),
        ("exit when loss is below 2%", (-2, None, None, None, ())),
        ("exit at 5% profit when profit is above 3%", (5, None, None, None, ())),
        ("exit after 3 days", (None, None, None, None, ("the position is at least 3 days old",))),
        ("exit at ₹5,000 profit", (0, None, None, None, ("₹5,000 profit is reached",))),
        (
            "exit when profit > 5% or age > 5 minutes",
            (None, None, None, None, ("profit is above 5% or age is above 5 minutes",)),
        ),
        (
            "exit when profit is not 5% unless spread > 1%",
            (None, None, None, None, ("profit is not 5%", "not (spread is above 1%)")),
        ),
    ],
)
def test_where_a_rule_can_act(sentence: str, box: tuple[object, ...]) -> None:
    found = region(only(sentence))
    assert (found.least_profit, found.most_profit, found.least_age, found.most_age, found.also) == box


def test_a_definition_of_profit_and_age_is_taken_apart_and_another_kept() -> None:
    text = "define ripe as profit > 5% and age > 1 hour\ndefine odd as profit > 5% and volume > 2x normal\n"
    ripe, odd = region(only(f"{text}exit when ripe")), region(only(f"{text}exit when odd"))
    assert (ripe.least_profit, ripe.least_age, ripe.also) == (5, 60, ())
    assert odd.least_profit is None and odd.also == ("odd (profit is above 5% and volume is above 2 times normal)",)


def test_a_contradiction_is_empty() -> None:
    assert region(only("exit at 5% profit when profit is below 3%")).empty
    assert not region(only("exit at 5% profit when profit is at most 5%")).empty


PRICES = [Fraction(each) for each in (9000, 9500, 9800, 9990, 10000, 10100, 10200, 10500, 11000, 12500)]
DAY = date(2025, 6, 11)
AGES = [0, 5, 30, 45, 60, 120, 240]


def outside(box: Region, profit: Fraction, age: int) -> bool:
    return (
        (box.least_profit is not None and profit < box.least_profit)
        or (box.most_profit is not None and profit > box.most_profit)
        or (box.least_age is not None and age < box.least_age)
        or (box.most_age is not None and age > box.most_age)
    )


@settings(deadline=None, max_examples=15, derandomize=True)
@given(policies())
def test_no_rule_holds_outside_its_region(policy: t.PolicyTree) -> None:
    """The reference predicate is asked on a grid of profits and ages; the box may be too wide, never too small."""
    now = at(DAY, 14 * HOUR)
    session = calendar().session("NSE", DAY)
    for rule in compile_policy(policy).rules:
        box = region(rule.predicate.rule)
        for price in PRICES:
            for age in AGES:
                profit = (price - 10000) / 100
                if not outside(box, profit, age):
                    continue
                snapshot = Snapshot(
                    "KOTAKBANK", 1, 100, 10000.0, float(price), now, now - age * MINUTE, session=session, age_days=0.0,
                    stop=8000.0, initial_stop=9000.0, facts={"momentum": 2.0, "volume": 2.0, "volatility": 2.0},
                )  # fmt: skip
                assert rule.predicate.judge(Reader(snapshot)) is not True, (rule.sentence, price, age)


# --- the whole ------------------------------------------------------------


@settings(deadline=None, max_examples=20, derandomize=True)
@given(policies())
def test_every_policy_can_be_explained(policy: t.PolicyTree) -> None:
    made = compile_policy(policy)
    text = account(made)
    for number in range(1, len(made.rules) + 1):
        assert f"{number:>3}. " in text
    assert max(map(len, table([row(rule) for rule in policy.rules]).splitlines())) <= 130
