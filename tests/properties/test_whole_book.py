"""Rules for the whole book: pure, exact, unknown is not false; and what they order leaves no way round."""

from __future__ import annotations

import copy
from datetime import date
from fractions import Fraction
from random import Random

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.engine.book import decide_book, ordered, under_orders
from rulekit.engine.decide import decide
from rulekit.language import tree as t
from rulekit.language.reading import check_text
from rulekit.model.book import NO_ORDERS, BookOrders, BookSnapshot
from rulekit.model.decision import ADD, BOOK, BOOK_ACTIONS, EXIT, STOP, Decision, RuleMemory
from rulekit.model.instant import DAY, HOUR, MINUTE, at
from tests.properties.strategies import Case, cases
from tests.wall_clock import wall_clock_guard

TODAY = date(2026, 11, 20)
WORDS = {">=": "is at least", "<=": "is at most", ">": "is above", "<": "is below", "=": "is", "!=": "is not"}
FACTS = ("day profit", "day loss", "exposure", "margin used")
Rule = tuple[str, str, Fraction, tuple[t.BookAction, ...]]


@st.composite
def books(draw: st.DrawFn) -> tuple[list[Rule], CompiledPolicy, BookSnapshot]:
    """Draw rules of one comparison each, and figures that are often exactly at a threshold, or unknown."""
    amounts = st.integers(0, 40).map(lambda n: Fraction(n * 2500, 4))
    rules: list[Rule] = []
    for _ in range(draw(st.integers(1, 4))):
        actions = draw(st.lists(st.sampled_from(t.BookAction), min_size=1, max_size=3, unique=True))
        row = draw(st.sampled_from(FACTS)), draw(st.sampled_from(sorted(WORDS))), draw(amounts), tuple(actions)
        rules.append(row)
    lines = [
        f'  "R{place}": {" and ".join(action.value for action in actions)} when {fact} {WORDS[op]} ₹{float(value):.2f}'
        for place, (fact, op, value, actions) in enumerate(rules)
    ]
    checked = check_text("\n".join(["for the whole book", *lines]))
    assert checked.tree is not None, checked.diagnostics
    figures = st.one_of(st.none(), st.just(float("nan")), amounts.map(float), amounts.map(lambda each: -float(each)))
    facts = {name: draw(figures) for name in FACTS if name != "day loss"}
    now = at(TODAY, draw(st.integers(9 * HOUR, 15 * HOUR)))
    return rules, compile_policy(checked.tree), BookSnapshot(now, facts)


def truth(rule: Rule, book: BookSnapshot) -> bool | None:
    """Judge a rule by hand, in fractions."""
    fact, op, value, _ = rule
    given = book.facts["day profit" if fact == "day loss" else fact]
    if given is None or given != given:
        return None
    left = Fraction(given) * (-1 if fact == "day loss" else 1)
    return {
        ">=": left >= value, "<=": left <= value, ">": left > value,
        "<": left < value, "=": left == value, "!=": left != value,
    }[op]  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True)
@given(books())
def test_every_rule_that_holds_acts_and_no_other(case: tuple[list[Rule], CompiledPolicy, BookSnapshot]) -> None:
    rules, policy, book = case
    decision = decide_book(policy, book)
    expected = [
        (f"R{place}", action.value)
        for place, rule in enumerate(rules)
        if truth(rule, book) is True
        for action in rule[3]
    ]
    assert [(action.rule, action.kind) for action in decision.actions] == expected
    assert all(action.side is None and action.quantity is None and action.why for action in decision.actions)
    assert decision.unknown == tuple(f"R{place}" for place, rule in enumerate(rules) if truth(rule, book) is None)
    assert {each.rule for each in decision.not_yet} == {rule.name for rule in policy.book} - {
        rule for rule, _ in expected
    }


@settings(max_examples=60, deadline=None, derandomize=True)
@given(books(), st.integers(0, 3))
def test_deciding_on_the_book_is_pure(case: tuple[list[Rule], CompiledPolicy, BookSnapshot], fired: int) -> None:
    _, policy, book = case
    memory = {"R0": RuleMemory(fired, book.now - 5 * MINUTE if fired else None)}
    kept, facts = copy.deepcopy(memory), dict(book.facts)
    with wall_clock_guard() as reads:
        first = decide_book(policy, book, memory)
        again = decide_book(compile_policy(policy.tree), book, memory)
        assert [str(each) for each in (first, first.not_yet)] == [str(each) for each in (again, again.not_yet)]
    assert reads.forbidden == reads.by_clock == []
    assert str(memory) == str(kept) and str(book.facts) == str(facts)
    assert not fired or "R0" not in {action.rule for action in first.actions}, "once a day"


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(1, 200))
def test_a_rule_that_repeats_waits_its_time(minutes: int) -> None:
    text = "for the whole book\n  R: exit everything at ₹1 day loss every 30 minutes"
    tree = check_text(text).tree
    assert tree is not None
    book = BookSnapshot(at(TODAY, 14 * HOUR), {"day profit": -1.0})
    memory = {"R": RuleMemory(3, book.now - minutes * MINUTE)}
    assert bool(decide_book(compile_policy(tree), book, memory).actions) is (minutes >= 30)


ORDERS = st.builds(
    BookOrders,
    exit_rule=st.sampled_from(("", "Guard")),
    exit_why=st.just("day loss ₹26,000"),
    no_adds=st.sampled_from(("", "`Calm` has stopped adding")),
)


@settings(max_examples=60, deadline=None)
@given(cases, ORDERS)
def test_what_is_ordered_leaves_no_way_round(case: Case, orders: BookOrders) -> None:
    alone = decide(case.policy, case.snapshot, case.memory)
    decision = under_orders(case.policy, alone, case.snapshot, orders)
    kinds = [action.kind for action in decision.actions]
    assert str(decision.memory) == str(alone.memory)
    if orders.no_adds:
        assert ADD not in kinds
    if orders.exit_rule and case.snapshot.quantity > 0:
        assert ADD not in kinds and BOOK not in kinds and STOP not in kinds
        exits = [action for action in decision.actions if action.kind == EXIT]
        if case.snapshot.in_flight:
            assert exits == []
            assert orders.exit_rule in [each.rule for each in decision.passed_over]
        else:
            assert [(each.quantity, each.lane) for each in exits] == [(case.snapshot.quantity, "critical")]
            assert (exits[0].side == "SELL") is (case.snapshot.side > 0)
    elif not orders.exit_rule:
        kept = [action for action in alone.actions if action.kind != ADD or not orders.no_adds]
        assert [str(action) for action in decision.actions] == [str(action) for action in kept]
        dropped = {action.rule for action in alone.actions} - {action.rule for action in decision.actions}
        assert dropped <= {each.rule for each in decision.passed_over if each.because == orders.no_adds}
    told = [each.rule for each in (*decision.passed_over, *decision.not_yet)]
    assert len(told) == len(set(told)), "no rule is spoken of twice"


@settings(max_examples=60, deadline=None)
@given(cases)
def test_no_orders_change_nothing(case: Case) -> None:
    alone = decide(case.policy, case.snapshot, case.memory)
    assert under_orders(case.policy, alone, case.snapshot, NO_ORDERS) is alone


def test_a_block_changes_nothing_of_the_generated_function() -> None:
    text = "HALF: book 50% at 15% profit\nMORE: add 25% at 5% profit\nexit at 15:15\n"
    plain, beside = check_text(text).tree, check_text(text + "for the whole book\n  stop trading at ₹1 day loss\n").tree
    assert plain is not None and beside is not None
    assert compile_policy(plain).show() == compile_policy(beside).show()


def test_what_stood_before_keeps_its_reason() -> None:
    draw = Random(5)
    standing = BookOrders("First", "why", "`Old` has stopped adding")
    actions = tuple(kind for kind in BOOK_ACTIONS if draw.random() < 2)
    assert len(actions) == 3
    tree = check_text("for the whole book\n  New: exit everything and stop adding at ₹1 day loss").tree
    assert tree is not None
    decision: Decision = decide_book(compile_policy(tree), BookSnapshot(DAY, {"day loss": 2.0}))
    assert ordered(decision, standing) == standing
    assert ordered(decision, evolve(standing, exit_rule="", exit_why="")).exit_rule == "New"
