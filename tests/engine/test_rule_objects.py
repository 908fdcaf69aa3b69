"""Predicates and actions are objects that a host can read and call alone."""

from __future__ import annotations

import math
from random import Random

import pytest

from rulekit.compile.policy import compile_policy
from rulekit.compile.proposal import Skip
from rulekit.engine.decide import decide
from rulekit.errors import InputError, PolicyError
from rulekit.model.decision import Action, RuleMemory
from rulekit.model.later import Later
from rulekit.model.snapshot import Snapshot
from rulekit.runtime.policy import Policy
from tests.compile.policies import SEVEN, position, random_memory, random_snapshot

TEXT = """policy "two"
HALF: book 50% at 15% profit after 30 minutes
trail stop ₹10 when momentum is at least 2%
"""


def test_a_rule_can_be_read_and_called_alone() -> None:
    policy = Policy.from_text(TEXT)
    half, trail = policy.rules
    assert (half.name, half.sentence) == ("HALF", "book 50% at 15% profit after 30 minutes")
    assert trail.name == trail.sentence
    assert "book 50% at 15% profit after 30 minutes" in repr(half.predicate) and repr(half.action) == "<book 50%>"
    assert half.predicate(position()) is True and half.predicate(position(price=194345.0)) is False
    assert half.predicate(position(price=math.nan)) is None and trail.predicate(position()) is None
    action = half.action(position())
    assert isinstance(action, Action) and (action.kind, action.quantity, action.side) == ("book", 50, "SELL")
    skip = half.action(position(quantity=1))
    assert isinstance(skip, Skip) and skip.because == "50% of 1 share is less than 1 share"
    move = trail.action(position(), RuleMemory(since=1, best=200000.0))
    assert isinstance(move, Action) and move.stop == 199000.0


def test_the_facade_decides_and_leaves_other_positions_alone() -> None:
    policy = Policy.from_text("applies to product MIS\nexit at 1% profit\n")
    assert [action.kind for action in policy.decide(position()).actions] == ["exit"]
    memory = {"x": RuleMemory(1)}
    other = policy.decide(position(product="CNC"), memory)
    assert (other.actions, other.not_yet) == ((), ()) and other.memory is memory
    assert Policy.from_text(TEXT).market_facts == ("momentum",)
    assert policy.title == "" and len(policy.digest) == 64


def test_a_policy_with_errors_is_refused_with_each_of_them() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_text("book 50% at 15 profit\nboook half at 10% profit\n", "my.policy")
    assert "my.policy" in caught.value.message and "book" in caught.value.message
    assert len(caught.value.diagnostics) == 2


def test_sentences_are_written_when_they_are_read_and_only_once() -> None:
    policy = compile_policy(SEVEN)
    quiet = decide(policy, position(price=170000.0, facts={"momentum": 1.0, "volume": 1.0, "volatility": 1.0}))
    assert (quiet.actions, quiet.unknown, quiet.skipped, quiet.passed_over) == ((), (), (), ())
    assert [item.rule for item in quiet.not_yet] == [rule.name for rule in policy.rules]
    assert quiet.not_yet is quiet.not_yet
    made: list[int] = []
    later = Later(made.append, 1)
    assert made == []
    later.get()
    later.get()
    assert made == [1]


def test_one_memory_for_many_decisions_is_not_changed() -> None:
    policy, draw = compile_policy(SEVEN), Random(3)
    for _ in range(50):
        snapshot = random_snapshot(draw)
        memory = random_memory(draw, policy.tree.rules, snapshot)
        before = str(memory)
        decide(policy, snapshot, memory)
        assert str(memory) == before


def test_a_snapshot_from_what_a_host_has() -> None:
    made = Snapshot.of(
        "INFY",
        "short",
        50,
        entry="1500.05",
        price=1490.1,
        now="2026-11-20T11:00:00+05:30",
        stop=1520,
        facts={"Momentum": -1.5},
        lot=25,
    )
    assert (made.side, made.entry, made.price, made.stop, made.lot) == (-1, 150005.0, 149010.0, 152000.0, 25)
    assert made.facts == {"momentum": -1.5} and math.isnan(made.target)
    with pytest.raises(InputError, match="no side"):
        Snapshot.of("INFY", "sell", 50, entry=1, price=1, now=0)
    with pytest.raises(InputError, match="no quantity"):
        Snapshot.of("INFY", "long", -50, entry=1, price=1, now=0)
    with pytest.raises(InputError, match="no time zone"):
        Snapshot.of("INFY", "long", 50, entry=1, price=1, now="2026-11-20T11:00:00")


def test_the_figures_for_the_log_are_those_of_the_position() -> None:
    policy = compile_policy(SEVEN)
    asked = position(side=-1, price=140000.0, facts={"momentum": -3.25, "volume": 1.0, "volatility": 1.0}, quantity=80)
    spent = decide(policy, asked, {"PARTIAL_PROFIT_BOOKING_50%": RuleMemory(fired=2)})
    assert [action.kind for action in spent.actions] == ["stop"]
    order, stop = decide(policy, asked).actions
    assert order.detail == {
        "profit": pytest.approx(17.159763),
        "age": 45.0,
        "momentum": 3.25,
        "percent": 50.0,
        "price": 1400.0,
    }
    assert (order.kind, order.side, order.quantity) == ("book", "BUY", 40)
    assert stop.detail["percent"] is None and stop.stop == 165620.0
    blind = decide(policy, position(price=math.nan, opened=None, now=asked.now + 5 * 3600 * 10**6)).actions[0]
    assert (blind.rule, blind.detail["profit"], blind.detail["age"], blind.detail["price"]) == (
        "Square off",
        None,
        None,
        None,
    )
