"""Differences between two policies: what is told of each kind of change, and what is the same in other words."""

from __future__ import annotations

import pytest

from rulekit.difference.compare import Difference, compare
from rulekit.difference.verdicts import NAMES
from rulekit.engine.examples import run_examples
from rulekit.runtime.policy import Policy


def compared(old: str, new: str) -> Difference:
    difference = compare(Policy.from_text(old).compiled, Policy.from_text(new).compiled)
    assert difference.names <= set(NAMES)
    return difference


def rule_names(old: str, new: str) -> list[str]:
    return [change.name for rule in compared(old, new).rules for change in rule.changes]


# --- one rule ------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("exit at 10% profit", "exit at 9% profit", ["sooner-exit"]),
        ("exit at 4% loss", "exit at 5% loss", ["later-exit"]),
        ("exit at ₹5,000 profit", "exit at ₹5,500 profit", ["later-exit"]),
        ("exit at 2R profit", "exit at 1.5R profit", ["sooner-exit"]),
        ("exit when profit is at least 10%", "exit when profit is above 10%", ["later-exit"]),
        ("exit at 10% profit", "exit at 10% profit when volume is at least 1.5 times normal", ["later-exit"]),
        ("exit at 10% profit unless side is short", "exit at 10% profit", ["sooner-exit"]),
        ("exit after 30 minutes", "exit after 31 minutes", ["later-exit"]),
        ("exit after 3 days", "exit after 2 days", ["sooner-exit"]),
        ("exit at 15:15", "exit at 15:10", ["sooner-exit"]),
        ("exit 15 minutes before close", "exit 20 minutes before close", ["sooner-exit"]),
        ("exit on Friday", "exit on Thursday", ["later-exit", "sooner-exit"]),
        ("exit when giveback is at least 40%", "exit when giveback is at least 50%", ["later-exit"]),
        ("exit when price is below vwap - 1%", "exit when price is below vwap", ["later-exit", "sooner-exit"]),
        ("exit when times booked is at least 2", "exit when times booked is at least 1", ["sooner-exit"]),
        ("exit when symbol is INFY", "exit when symbol is KOTAKBANK", ["later-exit", "sooner-exit"]),
        ("exit when days to expiry is at most 2", "exit when days to expiry is at most 1", ["later-exit"]),
        ("exit when total profit is above ₹5,000", "exit when total profit is above ₹4,000", ["sooner-exit"]),
        ("exit when day loss is above ₹5,000", "exit when day loss is above ₹4,000", ["sooner-exit"]),
        ("exit when best price is above ₹1,100", "exit when best price is above ₹1,101", ["later-exit"]),
        ("book 50% at 10% profit", "book 60% at 10% profit", ["more-book"]),
        ("book half of the original at 10% profit", "book half at 10% profit", ["less-book", "later-exit"]),
        ("book 25 shares at 10% profit", "book 25% at 10% profit", ["less-book", "more-book"]),
        ("add 25% at 5% profit", "add 20% at 5% profit", ["less-add"]),
        ("add 25% at 5% profit", "add 25% at 5% profit, up to 2 times", ["more-add"]),
        ("book 5% at 5% profit, every 30 minutes", "book 5% at 5% profit, every 20 minutes", ["more-book"]),
        ("book 5% at 5% profit, once a day", "book 5% at 5% profit", ["less-book"]),
        ("move stop to break-even at 5% profit", "move stop to break-even + 1% at 5% profit", ["tighter-stop"]),
        ("move stop to break-even - 1%", "move stop to break-even - 2%", ["looser-stop", "sooner-stop"]),
        ("move stop to break-even at 5% profit", "move stop to break-even at 6% profit", ["later-stop"]),
        ("tighten stop by 25% at 5% profit", "tighten stop by 20% at 5% profit", ["looser-stop"]),
        ("set target to 15% profit", "set target to 20% profit", ["looser-target"]),
        ("set target to 20% profit", "set target to 15% profit", ["tighter-target"]),
        ("set target to 3R profit at 1R profit", "set target to 3R profit at 2R profit", ["later-target"]),
        ("set target to vwap + 2% after 1 hour", "set target to vwap + 2% after 30 minutes", ["sooner-target"]),
        ("set target to ₹1,990", "set target to ₹1,980", ["looser-target", "tighter-target"]),
        ("exit at ₹104 + 3 points", "exit at ₹104 + 2.5 points", ["sooner-exit"]),
        ("exit at ₹1,000 + 2R", "exit at ₹1,000 + 3R", ["later-exit"]),
        ("exit at 1.5% profit - 20R", "exit at 1.5% profit - 22R", ["sooner-exit"]),
        (
            "set floor to ₹100 + ₹0.50\nexit when entry is below floor",
            "set floor to ₹100 + ₹0.55\nexit when entry is below floor",
            ["later-exit", "sooner-exit"],
        ),
        ("exit unless lots is at least 1", "exit when lots is at least 1", ["later-exit", "sooner-exit"]),
        (
            "move stop to price - 2% when volume is at least 1 times normal",
            "move stop to price - 2% when volume is at least 2 times normal",
            ["later-stop"],
        ),
        ("trail stop 2%", "trail stop 3%", ["later-exit", "looser-stop"]),
        ("lock in 50% of peak profit", "lock in 60% of peak profit", ["sooner-exit", "tighter-stop"]),
        ("move stop to price - 2 ATR", "move stop to price - 3 ATR", ["looser-stop"]),
        ("book 10% at every 5% profit", "book 10% at every 4% profit", ["sooner-book"]),
        ("exit when price is below vwap for 5 minutes", "exit when price is below vwap for 10 minutes", ["later-exit"]),
        ("exit when profit is above 5% for 5 minutes", "exit when profit is above 5%", ["sooner-exit"]),
        ("exit when price crosses below vwap", "exit when price is below vwap", ["sooner-exit"]),
        ("exit when rsi crosses above 70", "exit when rsi crosses above 80", ["later-exit", "sooner-exit"]),
        ("exit when price falls 2% in 5 minutes", "exit when price falls 3% in 5 minutes", ["later-exit"]),
        (
            "exit when price falls 2% in 5 minutes",
            "exit when price rises 2% in 5 minutes",
            ["later-exit", "sooner-exit"],
        ),
        ("exit when profit falls 2% in 5 minutes", "exit when profit falls 1.5% in 5 minutes", ["sooner-exit"]),
        ('alert "up" at 10% profit', 'alert "up" at 12% profit', ["later-alert"]),
        (
            "for the whole book\n  LOSS: exit everything and stop trading at ₹25,000 day loss",
            "for the whole book\n  LOSS: exit everything at ₹20,000 day loss",
            ["sooner-exit-everything", "later-stop-trading"],
        ),
        (
            "for the whole book\n  stop adding when open positions is at least 8",
            "for the whole book\n  stop adding when open positions is above 8",
            ["later-stop-adding"],
        ),
        ("A: book 50% at 10% profit", "A: exit at 10% profit", ["sooner-exit"]),
        ("A: book 50% at 10% profit", "A: add 50% at 10% profit", ["later-book", "sooner-add"]),
    ],
)
def test_a_changed_rule_in_trading_words(old: str, new: str, names: list[str]) -> None:
    found = rule_names(old, new)
    assert set(names) <= set(found), found
    # Nothing that contradicts it is told beside it, where the change goes one way only.
    turned = {"sooner": "later", "later": "sooner", "tighter": "looser", "looser": "tighter"}
    for name in names:
        way, _, kind = name.partition("-")
        other = f"{turned.get(way, way)}-{kind}"
        assert other in names or other == name or other not in found, found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("exit at 15% profit", "exit when profit is at least 15%"),
        ("exit at 15% profit", "set goal to 15%\nexit at goal profit"),
        ("A: close if pnl >= 15%", "A: exit when profit is at least 15%"),
        ("exit when profit is between 5% and 6%", "exit when profit is at least 5% and profit is at most 6%"),
        ("exit when volume is 2 times normal or rsi is 5", "exit when rsi is 5 or volume is 2 times normal"),
        ("define late as time is above 15:00\nexit when late", "exit when time is above 15:00"),
        ("exit at 5% profit unless side is short", "exit at 5% profit when not (side is short)"),
        ("book everything at 5% profit", "book 100% at 5% profit"),
        ("move stop to 1% from price", "tighten stop to price - 1%"),
        ("book 50% at 5% profit", "book 50% at 5% profit, once"),
        ("A: exit at 5% profit\nB: exit at 15:15", "B: exit at 15:15\nA: exit at 5% profit"),
        ("exit at ₹1,990", "exit at Rs 1990"),
    ],
)
def test_other_words_for_the_same_are_the_same(old: str, new: str) -> None:
    difference = compared(old, new)
    assert {rule.status for rule in difference.rules} == {"same"}
    assert difference.changes == () and difference.names == frozenset()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("not (profit is above 5% or rsi is above 80)", "not (profit is above 5% and rsi is above 80)"),
        ("not (profit is above 5%)", "profit is above 5%"),
        ("profit is above 5% and rsi is above 80", "profit is above 5% or rsi is above 80"),
        ("rsi is above 80", "rsi over 14 bars is above 80"),
        ("profit is above 5% unless side is short", "profit is above 5% and side is short"),
    ],
)
def test_almost_the_same_words_are_not_the_same(old: str, new: str) -> None:
    assert compared(f"A: exit when {old}", f"A: exit when {new}").whole


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("exit when loss is at least 5%", "exit when profit is at most -5%"),
        ("exit after 2 hours", "exit when age is at least 2 hours"),
        ("exit when not (volume is below 2 times normal)", "exit when volume is at least 2 times normal"),
        ("exit at 15:15", "exit when time is at least 15:15"),
    ],
)
def test_what_only_the_search_knows_to_be_the_same_is_called_so(old: str, new: str) -> None:
    difference = compared(f"A: {old}", f"A: {new}")
    assert [rule.status for rule in difference.rules] == ["reworded"]
    assert difference.rules[0].tried > 20 and difference.changes == ()


# --- pairs ------------------------------------------------------------


def statuses(old: str, new: str) -> list[tuple[str, str]]:
    return [(rule.name, rule.status) for rule in compared(old, new).rules]


def test_rules_are_paired_by_label_then_by_meaning_then_by_what_is_left() -> None:
    old = "A: exit at 5% profit\nB: exit at 4% loss\nbook 20% at 3% profit\nexit at 15:15\nGONE: add 5% at 1% profit"
    new = "A: exit at 6% profit\nCUT: exit at 4% loss\nbook 20% at 2% profit\nexit at 15:10\nNEW: exit when rsi is 80"
    assert statuses(old, new) == [
        ("A", "changed"),
        ("CUT", "renamed"),
        ("book 20% at 2% profit", "changed"),
        ("exit at 15:10", "changed"),
        ("NEW", "added"),
        ("GONE", "removed"),
    ]


def test_an_added_and_a_removed_rule_are_shown_acting() -> None:
    difference = compared("A: exit at 5% profit", "B: move stop to break-even - 1%")
    (added, removed) = difference.rules
    assert (added.changes[0].name, removed.changes[0].name) == ("added-stop", "removed-exit")
    assert added.changes[0].witness is not None and "moves the stop" in added.changes[0].witness.new
    assert removed.changes[0].witness is not None and removed.changes[0].witness.old == "exits"
    assert {"later-exit", "tighter-stop"} <= {change.name for change in difference.whole}


def test_a_rule_that_never_acts_makes_no_difference_to_the_whole() -> None:
    difference = compared(
        "A: exit at 5% profit", "A: exit at 5% profit\nB: exit when profit is above 5% and profit is below 4%"
    )
    assert [change.name for change in difference.rules[1].changes] == ["added-exit"]
    assert difference.rules[1].changes[0].witness is None
    assert difference.whole == ()


def test_what_happens_when_data_is_missing_is_compared() -> None:
    rules = "A: exit when rsi is above 80"
    assert compared(rules, f"{rules}\nwhen data is missing: hold").changes == ()
    difference = compared(rules, f"{rules}\nwhen data is missing: exit")
    assert [change.name for change in difference.rules[1].changes] == ["added-exit"]
    assert [change.name for change in difference.whole] == ["sooner-exit"]


def test_the_order_of_the_file_counts_where_two_books_hold() -> None:
    one, two = "A: book 20% at 5% profit", "B: book 50% when volume is above 2 times normal"
    difference = compared(f"{one}\n{two}", f"{two}\n{one}")
    assert {rule.status for rule in difference.rules} == {"same"}
    assert [change.name for change in difference.whole] == ["more-book"]


def test_the_order_counts_where_both_hold_on_a_small_spot_only() -> None:
    one = "A: book 20% when rsi is 71 and spread is 0.3% and volume is 2.5 times normal and day profit is ₹4,000"
    two = "B: book 50% when momentum is 2% and change is 1% and volatility is 3 times normal and exposure is ₹90,000"
    assert [change.name for change in compared(f"{one}\n{two}", f"{two}\n{one}").whole] == ["more-book"]


def test_what_another_rule_hides_is_no_difference_of_the_whole() -> None:
    difference = compared("A: exit at 3% loss\nB: exit at 5% loss", "A: exit at 3% loss\nB: exit at 6% loss")
    assert [change.name for change in difference.rules[1].changes] == ["later-exit"]
    assert difference.whole == ()
    assert "later-exit" in difference.names


# --- the positions they are for ------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("product MIS", "product MIS or CNC", ["wider-policy"]),
        ("NSE or BSE", "NSE", ["narrower-policy"]),
        ("NSE", "BSE", ["narrower-policy", "wider-policy"]),
        ("symbol INFY", "symbol infy", []),
        ("everything", "side long", ["narrower-policy"]),
    ],
)
def test_which_positions_it_is_for(old: str, new: str, names: list[str]) -> None:
    difference = compared(f"applies to {old}\nexit at 15:15", f"applies to {new}\nexit at 15:15")
    assert sorted(change.name for change in difference.changes) == names


# --- witnesses ------------------------------------------------------------


def test_a_witness_is_plain_and_says_what_each_policy_does() -> None:
    (change,) = compared("exit at 4% loss", "exit at 5% loss").whole
    assert change.witness is not None
    assert (change.witness.text, change.witness.old, change.witness.new) == (
        "long 100 at ₹1,000, price ₹960 (4% loss)",
        "exits",
        "does nothing",
    )
    (change,) = compared(
        "add 25% at 5% profit after 30 minutes when momentum over 15 minutes is at least 2%",
        "add 25% at 5% profit after 45 minutes when momentum over 15 minutes is at least 2%",
    ).whole
    assert change.witness is not None
    assert change.witness.text == (
        "long 100 at ₹1,000, price ₹1,050 (5% profit), held 30 minutes, momentum over 15 minutes 2%"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("exit at 4% loss", "exit at 5% loss"),
        ("add 25% at 5% profit when momentum is at least 2%", "add 20% at 5% profit when momentum is at least 2%"),
        ("book 10% at 5% profit, up to 2 times", "book 10% at 5% profit, up to 3 times"),
        ("move stop to break-even at 1R profit", "move stop to break-even + 1% at 1R profit"),
        ("exit when price is below vwap - 1%", "exit when price is below vwap - 2%"),
        ("exit when times booked is at least 2", "exit when times booked is at least 1"),
        ("exit at 15:15", "exit at 15:10"),
        ("exit when giveback is at least 40%", "exit when giveback is at least 50%"),
    ],
)
def test_a_witness_stands_as_an_example_that_the_new_policy_passes_and_the_old_one_fails(old: str, new: str) -> None:
    found = compared(f"A: {old}", f"A: {new}").whole
    assert found
    for change in found:
        assert change.witness is not None and change.witness.example
        outcomes = [
            run_examples(Policy.from_text(f"A: {rule}\n\n{change.witness.example}\n").compiled)[0]
            for rule in (new, old)
        ]
        assert outcomes[0].missed == (), change.witness.example
        assert outcomes[1].missed, change.witness.example


def test_every_name_for_fail_on_can_be_read_as_a_way_and_a_kind() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert {"looser-stop", "later-exit", "removed-exit", "any"} <= set(NAMES)


# --- targets ------------------------------------------------------------


def test_a_target_is_told_with_a_position_that_shows_it() -> None:
    found = compared("T: set target to 15% profit\nexit at 15:15", "T: set target to 20% profit\nexit at 15:15")
    assert found.rules[0].changes and found.whole
    for change in (*found.rules[0].changes, *found.whole):
        assert change.name == "looser-target" and change.witness is not None
        assert change.witness.text == "long 100 at ₹1,000, price ₹1,050 (5% profit)"
        assert (change.witness.old, change.witness.new) == (
            "sets the target to ₹1,150.00",
            "sets the target to ₹1,200.00",
        )


def test_a_target_beside_one_that_stands_is_nearer_or_farther() -> None:
    found = compared("exit at 15:15", "T: set target to 40% profit\nexit at 15:15")
    assert {change.name for change in found.rules[0].changes} == {"added-target"}
    assert {change.name for change in found.whole} == {"tighter-target", "looser-target"}  # none, or 23%, stood
