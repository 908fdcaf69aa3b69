"""Positions that can be lie in the world: what is left out of it can never be."""

from __future__ import annotations

from random import Random

import pytest

from rulekit.language.reading import check_text
from rulekit.lint.meaning import Meaning
from rulekit.lint.regions import Budget, contains
from tests.compile.policies import random_policy, random_snapshot
from tests.lint.claims import sane
from tests.lint.oracle import point_of


@pytest.mark.parametrize("seed", range(40))
def test_every_position_lies_in_the_world(seed: int) -> None:
    draw = Random(seed)
    meaning = Meaning(random_policy(draw, 6), budget=Budget(10**9))
    for _ in range(30):
        snapshot = sane(random_snapshot(draw))
        assert contains(meaning.world, point_of(meaning, snapshot)), snapshot


@pytest.mark.parametrize(
    ("sentence", "can_hold"),
    [
        ("exit when profit is at least 5% and loss is at least ₹100", False),
        ("exit when profit is at least 5% and profit is at least ₹100", True),
        ("exit when profit is 0% and profit is 0R", True),
        ("exit at 120% loss when side is long", False),
        ("exit at 120% loss when side is short", True),
        ("exit at 120% profit when side is short", False),
        ("exit at 100% profit when side is short", False),
        ("exit at 99.9% profit when side is short", True),
        ("exit at 100% profit when side is long", True),
        ("exit at 100% loss when side is long", False),
        ("exit at 99.9% loss when side is long", True),
        ("exit at 100% loss when side is short", True),
        ("exit when profit is above 99% and profit is below 100% and side is short", True),
        ("exit when rsi is above 100", False),
        ("exit when rsi is at least 100", True),
        ("exit when times booked is above 0 and times booked is below 1", False),
        ("exit when volume is below 0 times normal", False),
        ("exit when quantity is below 1", False),
        ("exit when quantity is 2.5", False),
        ("exit when lots is 2.5", True),
        ("exit when days to expiry is above 0 and days to expiry is below 1", False),
        ("exit when peak profit is below 0%", False),
        ("exit when day is Friday and day is Monday", False),
        ("exit when time is at least 00:00", True),
    ],
)
def test_what_can_be(sentence: str, can_hold: bool) -> None:
    tree = check_text(sentence).tree
    assert tree is not None
    meaning = Meaning(tree)
    assert bool(meaning.rule(tree.rules[0])) is can_hold


@pytest.mark.parametrize("applies, can_hold", [("side long", False), ("side short", True), ("product MIS", True)])
def test_applies_to_bounds_the_world(applies: str, can_hold: bool) -> None:
    tree = check_text(f"applies to {applies}\nexit when side is short\n").tree
    assert tree is not None
    assert bool(Meaning(tree).rule(tree.rules[0])) is can_hold
