"""Conditions that look back: what must last, what crosses, and what becomes of it when a look is missed."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.engine.decide import decide
from rulekit.execution.books import Book
from rulekit.execution.journal_schema import body_of, text_of
from rulekit.language.reading import check_text
from rulekit.model.decision import Decision, Memory, RuleMemory
from rulekit.model.instant import MINUTE, SECOND
from rulekit.model.instrument import PositionKey
from tests.compile.policies import NOW, position


def compiled(text: str) -> CompiledPolicy:
    tree = check_text(text).tree
    assert tree is not None
    return compile_policy(tree)


def looks(policy: CompiledPolicy, *seen: dict[str, Any], memory: Memory | None = None) -> list[Decision]:
    """Look again and again, each time with what the rules remembered."""
    decisions: list[Decision] = []
    for number, each in enumerate(seen):
        minutes = each.pop("minutes", number)
        facts = {name: value for name, value in each.items() if name in ("vwap", "rsi")}
        rest = {name: value for name, value in each.items() if name not in facts}
        decisions.append(decide(policy, position(now=NOW + minutes * MINUTE, facts=facts, **rest), memory))
        memory = decisions[-1].memory
    return decisions


def acted(decisions: list[Decision]) -> list[bool]:
    return [bool(each.actions) for each in decisions]


def at(price: float) -> dict[str, Any]:
    return {"price": price * 100.0, "vwap": 1700.0}


# --- for some time ------------------------------------------------------------

WEAK = "exit when price is below vwap for 5 minutes"


def test_it_must_have_held_for_exactly_that_long() -> None:
    policy = compiled(WEAK)
    assert acted(looks(policy, *[at(1699) for _ in range(7)])) == [False] * 5 + [True] * 2
    early = looks(policy, at(1699), {**at(1699), "minutes": 5 - 1 / 60})
    assert acted(early) == [False, False]
    assert early[1].not_yet[0].why == (
        "not yet: `price is below vwap` has held for 4 minutes, needs 5 minutes (1 minute short)"
    )
    assert looks(policy, at(1699), {**at(1699), "minutes": 5})[1].actions[0].why == (
        "`price is below vwap` has held for 5 minutes, needs 5 minutes"
    )


def test_a_look_at_which_it_does_not_hold_begins_the_time_anew() -> None:
    path = [at(1699)] * 4 + [at(1700)] + [at(1699)] * 6
    assert acted(looks(compiled(WEAK), *[dict(each) for each in path])) == [False] * 10 + [True]


@pytest.mark.parametrize("gap", [{"vwap": None}, {"price": math.nan}, {"vwap": math.nan}])
def test_a_missing_fact_begins_the_time_anew_and_is_unknown(gap: dict[str, Any]) -> None:
    path = [at(1699)] * 4 + [{**at(1699), **gap}] + [at(1699)] * 6
    decisions = looks(compiled(WEAK), *[dict(each) for each in path])
    assert acted(decisions) == [False] * 10 + [True]
    assert [bool(each.unknown) for each in decisions] == [False] * 4 + [True] + [False] * 6


def test_the_time_goes_on_while_the_limit_is_used_up_and_while_an_order_is_in_flight() -> None:
    policy = compiled("R: book 50% when price is below vwap for 5 minutes, every 6 minutes")
    spent = {"R": RuleMemory(fired=1, fired_at=NOW)}
    decisions = looks(policy, *[{**at(1699), "in_flight": number == 2} for number in range(7)], memory=spent)
    assert acted(decisions) == [False] * 6 + [True]


def test_nothing_is_noted_at_a_look_at_which_the_stop_is_reached() -> None:
    decisions = looks(compiled(WEAK), {**at(1699), "stop": 169900.0})
    assert decisions[0].actions[0].rule == "stop" and decisions[0].memory == {}


def test_changing_how_long_it_must_last_keeps_the_moment() -> None:
    policy = compiled("set patience to 9 minutes\nR: exit when price is below vwap for patience")
    memory = looks(policy, at(1699), at(1699), at(1699))[-1].memory
    shorter = compiled("R: exit when price is below vwap for 3 minutes")
    assert acted(looks(shorter, {**at(1699), "minutes": 3}, memory=memory)) == [True]
    other = compiled("R: exit when price is below vwap - 1% for 3 minutes")
    assert acted(looks(other, {**at(1600), "minutes": 3}, memory=memory)) == [False]


def test_bars_are_as_long_as_the_host_says() -> None:
    policy = compiled("exit when price is below ₹1,700 for 2 bars")
    seen = [position(price=160000.0, now=NOW + n * MINUTE, facts={"bar minutes": 5.0}) for n in (0, 9, 10)]
    memory: Memory = {}
    found = []
    for snapshot in seen:
        decision = decide(policy, snapshot, memory)
        memory = decision.memory
        found.append(bool(decision.actions))
    assert found == [False, False, True]


def test_not_for_a_time_is_the_opposite_of_for_a_time() -> None:
    policy = compiled("exit when not (price is below vwap for 2 minutes)")
    decisions = looks(policy, at(1699), at(1699), at(1699), {**at(1699), "vwap": None})
    assert acted(decisions) == [True, True, False, False]
    assert decisions[-1].unknown


# --- crossings ------------------------------------------------------------

UP = "exit when price crosses above vwap"


@pytest.mark.parametrize(
    ("path", "crossed"),
    [
        ([1699, 1701, 1702, 1699, 1701], [1, 4]),
        ([1700, 1700.05], [1]),  # from being equal
        ([1701, 1702], []),  # above from the first look on
        ([1701, 1700, 1701], [2]),
        ([1699, 1700, 1701], [2]),
        ([1701], []),
    ],
)
@pytest.mark.parametrize("side", [1, -1])
def test_it_crosses_when_it_is_beyond_and_was_not_at_the_look_before(
    path: list[float], crossed: list[int], side: int
) -> None:
    every_time = f"{UP}, every 1 second"
    decisions = looks(compiled(every_time), *[{**at(price), "side": side} for price in path])
    assert [number for number, each in enumerate(acted(decisions)) if each] == crossed
    mirrored = looks(compiled(every_time.replace("above", "below")), *[at(3400 - price) for price in path])
    assert [number for number, each in enumerate(acted(mirrored)) if each] == crossed


def test_after_a_look_with_a_missing_fact_a_crossing_is_unknown() -> None:
    decisions = looks(compiled(UP), at(1699), {**at(1699), "vwap": None}, at(1701), at(1702), at(1699), at(1701))
    assert acted(decisions) == [False] * 5 + [True]
    assert [bool(each.unknown) for each in decisions] == [False, True, True, False, False, False]
    assert decisions[2].not_yet[0].why == "cannot be judged: the side at the look before is unknown"


def test_the_moving_side_may_be_the_other_one() -> None:
    lines = [{"price": 170000.0, "vwap": vwap} for vwap in (1701.0, 1699.0)]
    assert acted(looks(compiled(UP), *lines)) == [False, True]


def test_a_crossing_that_is_passed_over_waits_for_its_turn_but_not_beyond_its_return() -> None:
    policy = compiled("FIRST: book 10% at 1% profit\nUP: book 50% when price crosses above vwap")
    decisions = looks(policy, at(1699), {**at(1710)}, {**at(1710), "in_flight": True})
    assert decisions[1].actions[0].rule == "FIRST" and "UP" in decisions[1].skipped
    assert "UP" in decisions[2].skipped
    done = {**decisions[2].memory, "FIRST": RuleMemory(fired=1, fired_at=NOW)}
    assert [a.rule for a in looks(policy, at(1710), memory=done)[0].actions] == ["UP"]
    assert acted(looks(policy, at(1699), memory=done)) == [False]
    assert looks(policy, at(1699), at(1710), memory=done)[1].actions[0].rule == "UP"


def test_a_crossing_says_where_it_stands() -> None:
    decisions = looks(compiled(UP), at(1699), at(1701), at(1702))
    assert decisions[0].not_yet[0].why == "not yet: price ₹1,699, needs above vwap (₹1,700)"
    assert decisions[1].actions[0].why == "price ₹1,701 has crossed above vwap (₹1,700)"
    assert decisions[2].not_yet[0].why == (
        "not yet: price ₹1,702 is above vwap (₹1,700) since an earlier look, and has to cross it"
    )


# --- over a restart ------------------------------------------------------------


def test_what_conditions_remember_survives_the_journal() -> None:
    policy = compiled(f"A: {WEAK}\nB: {UP}")
    before = looks(policy, at(1699), at(1699))[-1].memory
    book = Book(PositionKey("a", "NSE", "KOTAKBANK", "MIS"), 100, memory=dict(before))
    again = Book(book.key, 100)
    again.restore_watched(body_of(text_of(book.watched())))
    assert str(again.memory) == str(before) and before["A"].marks and before["B"].marks
    later = {**at(1699), "minutes": 5}
    assert looks(policy, later, memory=again.memory)[0].actions[0].rule == "A"


def test_a_journal_from_before_there_were_marks_opens() -> None:
    book = Book(PositionKey("a", "NSE", "KOTAKBANK", "MIS"), 100)
    old = {**book.watched(), "memory": {"TRAIL": [NOW - SECOND, 170_000.0]}}
    book.restore_watched(old)
    assert book.memory == {"TRAIL": RuleMemory(since=NOW - SECOND, best=170_000.0)}
    assert book.watched()["memory"] == old["memory"]
