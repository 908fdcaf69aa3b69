"""Coverage and changed numbers: what the examples of a policy hold, and what they let slip."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.coverage import coverage
from rulekit.engine.examples import run_examples
from rulekit.engine.thresholds import changes
from rulekit.language.reading import check_text
from rulekit.runtime.policy import Policy, load

LONG = "  long 100 KOTAKBANK at 1000, held 45 minutes\n"


def compiled(rules: str, *examples: str) -> CompiledPolicy:
    blocks = [f'example "{number}"\n{LONG}{body}\n' for number, body in enumerate(examples)]
    return Policy.from_text("\n".join([rules, *blocks])).compiled


def gaps(rules: str, *examples: str) -> tuple[tuple[str, str], ...]:
    policy = compiled(rules, *examples)
    return coverage(policy, run_examples(policy)).gaps


def missed(rules: str, *examples: str) -> set[tuple[str, str, str]]:
    return {(each.where, each.before, each.after) for each in changes(compiled(rules, *examples)) if not each.noticed}


# --- coverage ------------------------------------------------------------


def test_a_condition_must_be_seen_both_ways() -> None:
    rules = "A: book 50% at 10% profit after 30 minutes"
    assert gaps(rules, "  price 1100\n  expect book 50") == (
        ("A", "`at 10% profit` is never false"),
        ("A", "`after 30 minutes` is never false"),
    )
    assert gaps(rules, "  price 1099\n  expect nothing") == (
        ("A", "never acts"),
        ("A", "`at 10% profit` is never true"),
        ("A", "`after 30 minutes` is never false"),
    )


def test_what_is_unknown_is_neither_true_nor_false() -> None:
    rules = "A: exit when momentum over 5 minutes is at least 2%"
    assert gaps(rules, "  expect nothing") == (
        ("A", "never acts"),
        ("A", "`momentum over 5 minutes is at least 2%` is never judged"),
    )


def test_each_part_of_a_definition_and_of_an_exception_counts() -> None:
    rules = (
        "define calm as volatility is below 1 times normal\n"
        "define wild as volume is above 3 times normal or volatility is above 4 times normal\n"
        "A: exit when calm unless not (wild)"
    )
    found = gaps(rules, "  volatility 0.5 times normal\n  volume 4 times normal\n  expect exit")
    assert found == (
        ("A", "`calm` is never false"),
        ("A", "`wild: volume is above 3 times normal` is never false"),
        ("A", "`wild: volatility is above 4 times normal` is never true"),
    )


def test_a_rule_that_only_ever_comes_second_is_said() -> None:
    rules = "A: book 50%\nB: book 25%"
    assert gaps(rules, "  expect book 50") == (("B", "never acts, though it holds: another comes first"),)


def test_where_the_stop_is_reached_no_rule_is_looked_at() -> None:
    rules = "A: book 50% at 5% loss"
    found = gaps(rules, "  price 950\n  stop 950\n  expect exit because stop")
    assert found == (("A", "never acts"), ("A", "`at 5% loss` is never judged"))


def test_a_policy_without_examples_reaches_nothing() -> None:
    assert gaps("A: exit at 15:15") == (("A", "never acts"), ("A", "`at 15:15` is never judged"))


# --- changed numbers ------------------------------------------------------------


def test_examples_on_both_sides_of_a_threshold_hold_it() -> None:
    rules = "A: exit at 10% profit"
    assert missed(rules, "  price 1100\n  expect exit", "  price 1099.95\n  expect nothing") == set()
    assert missed(rules, "  price 1200\n  expect exit") == {
        ("A", "10% profit", "11% profit"),
        ("A", "10% profit", "9% profit"),
    }
    assert missed(rules, "  price 1099.95\n  expect nothing") == {("A", "10% profit", "11% profit")}


def test_an_example_that_fails_holds_nothing() -> None:
    assert len(missed("A: exit at 10% profit", "  price 1100\n  expect nothing")) == 2


def test_a_named_value_changes_wherever_it_is_used() -> None:
    rules = "set goal to 10%\nA: book 50% at goal profit\nB: exit when peak profit is at least goal"
    found = [each for each in changes(compiled(rules, "  price 1100\n  expect exit")) if each.where == "goal"]
    assert [(each.before, each.after, each.noticed) for each in found] == [
        ("10% profit", "11% profit", True),
        ("10% profit", "9% profit", False),
    ]


def test_a_definition_changes_wherever_it_is_used() -> None:
    rules = "define late as time is at least 15:00\nA: book 50% when late\nB: exit when late"
    found = [each for each in changes(compiled(rules, "  time 15:00\n  expect exit")) if each.where == "late"]
    assert [(each.after, each.noticed) for each in found] == [("15:05", True), ("14:55", False)]


EVERY_NUMBER = """set tea to 11:00
set patience to 20 minutes
A: book 50% of the original at ₹5,000 profit
B: book up to 100% at 2R profit between 09:30 and 10:30
C: add 5 shares at ₹1,050, up to 3 times
D: add 2 lots at 3 ticks profit after 3 days, every 30 minutes up to 2 times
E: add ₹50,000 worth before tea, once a day up to 2 times
F: move stop to ₹990 + 1% at 20 points profit
G: move stop to 2% loss when rsi over 14 bars is between 30 and 70
H: tighten stop by 25% 15 minutes before close
I: trail stop 1.5 ATR after 5 bars
J: lock in 50% of peak profit when minutes to close is at most patience
K: exit on Friday
L: book everything when profit is above 0% and change is below -1%
"""


def test_every_kind_of_number_is_changed_by_a_little() -> None:
    found = [(each.where, each.before, each.after) for each in changes(compiled(EVERY_NUMBER, "  expect nothing"))]
    assert found == [
        ("A", "50% of the original", "55% of the original"),
        ("A", "50% of the original", "45% of the original"),
        ("A", "₹5,000 profit", "₹5,500 profit"),
        ("A", "₹5,000 profit", "₹4,500 profit"),
        ("B", "up to 100%", "up to 90%"),
        ("B", "2R profit", "2.2R profit"),
        ("B", "2R profit", "1.8R profit"),
        ("B", "between 09:30 and 10:30", "between 09:35 and 10:30"),
        ("B", "between 09:30 and 10:30", "between 09:25 and 10:30"),
        ("B", "between 09:30 and 10:30", "between 09:30 and 10:35"),
        ("B", "between 09:30 and 10:30", "between 09:30 and 10:25"),
        ("C", "5 shares", "6 shares"),
        ("C", "5 shares", "4 shares"),
        ("C", "₹1,050", "₹1,155"),
        ("C", "₹1,050", "₹945"),
        ("C", "up to 3 times", "up to 4 times"),
        ("C", "up to 3 times", "up to 2 times"),
        ("D", "2 lots", "3 lots"),
        ("D", "2 lots", "1 lot"),
        ("D", "3 ticks profit", "4 ticks profit"),
        ("D", "3 ticks profit", "2 ticks profit"),
        ("D", "after 3 days", "after 4 days"),
        ("D", "after 3 days", "after 2 days"),
        ("D", "every 30 minutes up to 2 times", "every 30 minutes up to 3 times"),
        ("D", "every 30 minutes up to 2 times", "every 30 minutes once"),
        ("D", "every 30 minutes up to 2 times", "every 33 minutes up to 2 times"),
        ("D", "every 30 minutes up to 2 times", "every 27 minutes up to 2 times"),
        ("E", "₹50,000 worth", "₹55,000 worth"),
        ("E", "₹50,000 worth", "₹45,000 worth"),
        ("tea", "before 11:00", "before 11:05"),
        ("tea", "before 11:00", "before 10:55"),
        ("E", "once a day up to 2 times", "once a day up to 3 times"),
        ("E", "once a day up to 2 times", "once a day once"),
        ("F", "₹990", "₹1,089"),
        ("F", "₹990", "₹891"),
        ("F", "1%", "1.1%"),
        ("F", "1%", "0.9%"),
        ("F", "20 points profit", "22 points profit"),
        ("F", "20 points profit", "18 points profit"),
        ("G", "2% loss", "1.8% loss"),
        ("G", "2% loss", "2.2% loss"),
        ("G", "30", "33"),
        ("G", "30", "27"),
        ("G", "70", "77"),
        ("G", "70", "63"),
        ("H", "by 25%", "by 27.5%"),
        ("H", "by 25%", "by 22.5%"),
        ("H", "15 minutes before close", "16 minutes before close"),
        ("H", "15 minutes before close", "14 minutes before close"),
        ("I", "1.5 ATR", "1.65 ATR"),
        ("I", "1.5 ATR", "1.35 ATR"),
        ("I", "after 5 bars", "after 6 bars"),
        ("I", "after 5 bars", "after 4 bars"),
        ("J", "50% of peak profit", "55% of peak profit"),
        ("J", "50% of peak profit", "45% of peak profit"),
        ("patience", "20", "22"),
        ("patience", "20", "18"),
        ("L", "0%", "0.1%"),
        ("L", "0%", "-0.1%"),
        ("L", "-1%", "-0.9%"),
        ("L", "-1%", "-1.1%"),
    ]


def test_a_changed_policy_is_the_one_that_would_have_been_written() -> None:
    """The change is made in the tree; the examples then see exactly the policy with the other number in its text."""
    from rulekit.engine import thresholds

    text = "set goal to 10%\nA: book 50% at goal profit\nB: exit when peak profit is at least goal"
    tree, other = check_text(text).tree, check_text(text.replace("10%", "11%")).tree
    assert tree is not None and other is not None
    leaf = tree.rules[0].level
    assert leaf is not None
    (more, _) = thresholds._variants(leaf)
    assert more.value == Fraction(11)
    changed = thresholds._with(tree, ("set", "goal", 0), leaf, more)
    assert changed.rules == other.rules


@pytest.mark.parametrize(
    "name",
    [
        "book-day-loss.policy",
        "intraday-equity.policy",
        "intraday.policy",
        "options-selling.policy",
        "position-management.policy",
        "scalper-ladder.policy",
        "swing-r-multiples.policy",
    ],
)
def test_the_shipped_policies_are_held_by_their_examples(project: Path, name: str) -> None:
    policy = load(project / "rules" / name).compiled
    results = run_examples(policy)
    assert [each.missed for each in results if each.missed] == []
    assert coverage(policy, results).gaps == ()
    assert [each for each in changes(policy) if not each.noticed] == []
