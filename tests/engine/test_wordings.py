"""Words changed for their neighbours: which an example notices, and that nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.engine.wordings import rewordings
from rulekit.runtime.policy import Policy, load

POSITION = "  long 100 KOTAKBANK at 1000, held 30 minutes\n"


def changed(rules: str, *examples: str) -> list[tuple[str, str, str, bool]]:
    blocks = [f'example "{number}"\n{POSITION}{body}\n' for number, body in enumerate(examples)]
    policy = Policy.from_text("\n".join([rules, *blocks])).compiled
    return [(each.where, each.before, each.after, each.noticed) for each in rewordings(policy)]


def noticed(rules: str, *examples: str) -> dict[tuple[str, str], bool]:
    return {(before, after): seen for _, before, after, seen in changed(rules, *examples)}


def test_every_word_that_has_a_neighbour_is_changed() -> None:
    rules = (
        "define calm as volatility is below 1 times normal\n"
        "A: book 50% at 10% profit after 30 minutes after 10:00 when calm and not (side is short) unless rsi is 5\n"
        "B: book 20% when price is above vwap or price is at most ₹5, every 5 minutes up to 3 times\n"
        "C: move stop to break-even before 11:00, once a day"
    )
    assert [each[:3] for each in changed(rules)] == [
        ("calm", "volatility is below 1 times normal", "volatility is at most 1 times normal"),
        ("calm", "volatility is below 1 times normal", "volatility is above 1 times normal"),
        ("A", "at 10% profit", ""),
        ("A", "at 10% profit", "at 10% loss"),
        ("A", "when calm and not (side is short)", ""),
        ("A", "calm and not (side is short)", "calm or not (side is short)"),
        ("A", "not (side is short)", "side is short"),
        ("A", "side is short", "side is not short"),
        ("A", "unless rsi is 5", ""),
        ("A", "rsi is 5", "rsi is not 5"),
        ("A", "after 30 minutes", ""),
        ("A", "after 10:00", ""),
        ("A", "after 10:00", "before 10:00"),
        ("A", "once", "up to 2 times"),
        ("B", "when price is above vwap or price is at most ₹5", ""),
        ("B", "price is above vwap or price is at most ₹5", "price is above vwap and price is at most ₹5"),
        ("B", "price is above vwap", "price is at least vwap"),
        ("B", "price is above vwap", "price is below vwap"),
        ("B", "price is at most ₹5", "price is below ₹5"),
        ("B", "price is at most ₹5", "price is at least ₹5"),
        ("B", "every 5 minutes up to 3 times", "up to 3 times"),
        ("C", "before 11:00", ""),
        ("C", "before 11:00", "after 11:00"),
        ("C", "once a day", ""),
    ]


@pytest.mark.parametrize(
    ("rule", "change", "blind", "seeing"),
    [
        ("when profit is at least 10%", ("profit is at least 10%", "profit is above 10%"), "1101", "1100"),
        ("when profit is above 10%", ("profit is above 10%", "profit is below 10%"), None, "1101"),
        ("at 10% profit", ("at 10% profit", ""), "1100", None),
        ("at 10% profit", ("at 10% profit", "at 10% loss"), None, "1100"),
        ("at 10% profit after 30 minutes", ("after 30 minutes", ""), "1100", None),
    ],
)
def test_only_an_example_that_comes_out_otherwise_notices(
    rule: str, change: tuple[str, str], blind: str | None, seeing: str | None
) -> None:
    for price, seen in ((blind, False), (seeing, True)):
        if price is not None:
            assert noticed(f"A: exit {rule}", f"  price {price}\n  expect exit")[change] is seen


def test_one_that_expects_nothing_sees_a_part_left_out() -> None:
    found = noticed("A: exit at 10% profit unless side is long", "  price 1100\n  expect nothing")
    assert found[("unless side is long", "")]
    assert not found[("at 10% profit", "")]


def test_a_definition_changes_wherever_it_is_used() -> None:
    rules = (
        "define calm as volatility is below 1 times normal\ndefine quiet as calm and volume is below 1 times normal\n"
        "A: book 50% when calm\nB: exit when not (quiet)"
    )
    found = noticed(rules, "  volatility 1 times normal\n  volume 0.5\n  expect exit because B")
    assert found[("volatility is below 1 times normal", "volatility is at most 1 times normal")]
    # Both rules change with the name, so nothing is left that would act.
    assert found[("calm and volume is below 1 times normal", "calm or volume is below 1 times normal")]


def test_only_a_path_sees_how_often_a_rule_may_act() -> None:
    rule = "A: book 50% at 5% profit"
    once = ("once", "up to 2 times")
    assert not noticed(rule, "  price 1050\n  expect book 50")[once]
    assert noticed(rule, "  price 1050 then flat for 2 minutes\n  expect book 50")[once]


def test_how_often_a_rule_that_closes_everything_may_act_makes_no_difference() -> None:
    for rule in ("exit at 5% profit", "book everything at 5% profit", "book 100% at 5% profit"):
        assert [before for _, before, _, _ in changed(f"A: {rule}")] == ["at 5% profit", "at 5% profit"]


def test_an_example_that_fails_already_notices_nothing() -> None:
    assert not any(seen for *_, seen in changed("A: exit at 10% profit", "  price 1100\n  expect nothing"))


def test_the_shipped_policies_are_held_word_by_word(project: Path) -> None:
    for name in ("position-management", "intraday"):
        policy = load(project / "rules" / f"{name}.policy").compiled
        assert [each for each in rewordings(policy) if not each.noticed] == []


def test_what_must_last_or_cross_is_changed_too() -> None:
    rules = "A: exit when price is below vwap for 5 minutes\nB: exit when price crosses above vwap"
    assert [each[1:3] for each in changed(rules) if each[2]] == [
        ("price is below vwap for 5 minutes", "price is below vwap"),
        ("price is below vwap", "price is at most vwap"),
        ("price is below vwap", "price is above vwap"),
        ("price crosses above vwap", "price crosses below vwap"),
        ("price crosses above vwap", "price is above vwap"),
    ]


def test_a_definition_changes_only_where_it_is_used() -> None:
    rules = (
        "define calm as volatility is below 1 times normal\ndefine late as time is above 15:00\n"
        "A: exit when late\nB: book 50% when calm"
    )
    found = noticed(rules, "  time 15:30\n  expect exit because A")
    assert not found[("volatility is below 1 times normal", "volatility is above 1 times normal")]
    assert found[("time is above 15:00", "time is below 15:00")]
