"""A book decided at once comes to what `decide` says of each position, compiled and plain, in rupees and in units."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from attrs import evolve

from rulekit.bulk.deciding import decide_many
from rulekit.bulk.decisions import ACTIONS, Decisions
from rulekit.bulk.loop import REASONS
from rulekit.compile.layout import CANNOT_JUDGE
from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.model.decision import Decision, Memory, RuleMemory
from rulekit.model.snapshot import Snapshot
from rulekit.runtime.policy import Policy
from tests.bulk.books import as_facts, columns_of, same
from tests.compile.policies import SEVEN, random_memory, random_policy, random_snapshot

ORDERS = ("exit", "book", "add")
Book = list[tuple[Snapshot, Memory]]


def random_book(draw: Random, policy: CompiledPolicy, rows: int) -> Book:
    book = []
    for _ in range(rows):
        snapshot = random_snapshot(draw)
        book.append((snapshot, random_memory(draw, policy.tree.rules, snapshot)))
    names = {name for snapshot, _ in book for name in snapshot.facts}
    return [(evolve(snapshot, facts=as_facts(snapshot, names)), memory) for snapshot, memory in book]


def check(policy: CompiledPolicy, book: Book, found: Decisions, *, rupees: bool) -> None:
    memories = {name: column.to_pylist() for name, column in found.memory.items()}
    whole, covered = Policy(policy), 0
    for row, (snapshot, memory) in enumerate(book):
        wanted = whole.decide(snapshot, memory)
        covered += whole.covers(snapshot)
        check_row(found, row, wanted, snapshot.scale if rupees else 1)
        check_memory(policy, memories, row, wanted, snapshot.scale if rupees else 1)
    assert covered == sum(REASONS[code] != "the policy is not for it" for code in found.reason)


def check_row(found: Decisions, row: int, wanted: Decision, scale: float) -> None:
    order = next((action for action in wanted.actions if action.kind in ORDERS), None)
    assert ACTIONS[found.action[row]] == ("" if order is None else order.kind)
    label = "" if found.rule[row] < 0 else found.labels[found.rule[row]]
    assert label == ("" if order is None else order.rule)
    assert found.quantity[row] == (0 if order is None else order.quantity)
    for kind, price, rule in (("stop", found.stop, found.stop_rule), ("target", found.target, found.target_rule)):
        move = next((action for action in wanted.actions if action.kind == kind), None)
        assert (found.labels[rule[row]] if rule[row] >= 0 else None) == (None if move is None else move.rule)
        assert same(price[row], None if move is None or move.stop is None else move.stop / scale)
    told = [label for label, column in found.told.items() if column[row]]
    assert told == [action.rule for action in wanted.actions if action.kind == "alert"]
    statuses = [float(status) for status in found.statuses[row]]
    unjudged = [name for name, status in zip(found.labels, statuses, strict=False) if status == CANNOT_JUDGE]
    assert tuple(unjudged) == wanted.unknown
    assert bool(found.unknown[row]) == bool(wanted.unknown)
    assert REASONS[found.reason[row]] in reasons(wanted)


def reasons(wanted: Decision) -> set[str]:
    rules = {action.rule for action in wanted.actions}
    if rules & {"stop", "target"}:
        return {f"the {min(rules)} is reached"}
    if wanted.actions:
        return {"a rule acts"}
    if wanted.skipped and wanted.skipped[0] in ("stop", "target"):
        return {f"the {wanted.skipped[0]} is reached while an order is in flight"}
    if wanted.skipped:
        return {"a rule holds and cannot act"}
    if wanted.unknown:
        return {"a rule cannot be judged"}
    return {"nothing holds", "the policy is not for it"}


def check_memory(
    policy: CompiledPolicy, columns: dict[str, list[Any]], row: int, wanted: Decision, scale: float
) -> None:
    for rule, part in policy.layout.memory:
        label = policy.layout.rules[rule]
        after = wanted.memory.get(label, RuleMemory())
        if part == "since":
            assert columns[f"since: {label}"][row] == after.since
            best = None if after.since is None else after.best / scale
            assert same(columns[f"best: {label}"][row], best)
        for begins in ("since when: ", "the last side: "):
            if part.startswith(begins):
                assert columns[f"{part}: {label}"][row] == dict(after.marks).get(part.removeprefix(begins))


@pytest.mark.parametrize("rupees", [True, False])
def test_plain_loops_say_what_decide_says_on_many_policies(rupees: bool) -> None:
    draw = Random(41 + rupees)
    seen: set[int] = set()
    for _ in range(14):
        policy = compile_policy(random_policy(draw, guarded=0.4))
        book = random_book(draw, policy, 30)
        found = decide_many(
            policy, columns_of(policy, book, rupees=rupees), prices="rupees" if rupees else "units",
            statuses=True, native=False,
        )  # fmt: skip
        check(policy, book, found, rupees=rupees)
        seen |= set(found.action)
    assert seen == {0, 1, 2, 3}


def test_compiled_loops_say_what_decide_says() -> None:
    draw = Random(7)
    policy = compile_policy(random_policy(draw, 3, guarded=1.0))
    book = random_book(draw, policy, 500)
    found = decide_many(policy, columns_of(policy, book, rupees=False), prices="units", statuses=True, native=True)
    check(policy, book, found, rupees=False)


def test_where_nobody_asks_for_each_rule_the_rest_is_the_same_compiled_and_plain() -> None:
    policy = compile_policy(SEVEN)
    book = random_book(Random(8), policy, 1500)
    columns = columns_of(policy, book)
    whole = decide_many(policy, columns, statuses=True, native=False)
    check(policy, book, whole, rupees=True)
    assert len({*whole.reason}) >= 6
    for native in (True, False):
        assert decide_many(policy, columns, native=native).table().equals(whole.table())
