"""Point 4: at most one quantity-changing action a position a cycle; exit before book before add, then file order."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given, settings

from rulekit.compile.policy import compile_policy
from rulekit.engine.decide import decide
from rulekit.engine.reference import decide_slowly
from rulekit.language import tree as t
from rulekit.model.decision import Action
from tests.compile.policies import percent_of_held, policy, position, rule
from tests.properties.strategies import Case, alone, cases

TURNS = {"exit": 0, "book": 1, "add": 2}


@settings(max_examples=80, deadline=None)
@given(cases)
def test_the_order_is_the_first_candidate_of_the_first_turn_that_comes_to_something(case: Case) -> None:
    decision = decide(case.policy, case.snapshot, case.memory)
    orders = [action for action in decision.actions if action.quantity is not None]
    assert len(orders) <= 1
    if not orders or orders[0].rule in ("stop", "target"):
        return
    # Each rule alone, with the same memory, says whether it is a candidate.
    candidates = []
    for index, source in enumerate(case.policy.tree.rules):
        order = decide_slowly(alone(case.policy, index), case.snapshot, case.memory).order
        if isinstance(order, Action):
            turn = 1 if isinstance(source.verb, t.Book) else TURNS[order.kind]
            candidates.append((turn, index, source.name))
    assert min(candidates)[2] == orders[0].rule


@settings(max_examples=60, deadline=None)
@given(cases)
def test_nothing_that_changes_the_quantity_is_decided_while_an_order_is_in_flight(case: Case) -> None:
    decision = decide(case.policy, evolve(case.snapshot, in_flight=True), case.memory)
    assert all(action.kind in ("stop", "target", "alert") for action in decision.actions)


def three(*verbs: t.Verb) -> list[tuple[str, str, int | None]]:
    rules = [rule(f"r{number}", verb) for number, verb in enumerate(verbs)]
    decision = decide(compile_policy(policy(*rules)), position())
    return [(action.rule, action.kind, action.quantity) for action in decision.actions]


def test_exit_goes_before_book_and_book_before_add_whatever_the_order_of_the_file() -> None:
    add, book = t.Add(percent_of_held(10)), t.Book(percent_of_held(30))
    assert three(add, book, t.Exit()) == [("r2", "exit", 100)]
    assert three(add, book, book) == [("r1", "book", 30)]
    assert three(add, add) == [("r0", "add", 10)]


def test_a_book_of_everything_takes_its_turn_as_a_book_and_is_reported_as_an_exit() -> None:
    everything = t.Book(t.Amount(t.AmountKind.EVERYTHING))
    assert three(t.Book(percent_of_held(30)), everything) == [("r0", "book", 30)]
    assert three(everything, t.Book(percent_of_held(30))) == [("r0", "exit", 100)]
    assert three(everything, t.Exit()) == [("r1", "exit", 100)]


def test_a_candidate_that_rounds_to_nothing_gives_way_to_the_next() -> None:
    rules = (rule("few", t.Book(percent_of_held(1))), rule("more", t.Book(percent_of_held(60))))
    decision = decide(compile_policy(policy(*rules)), position(quantity=2))
    assert [(a.rule, a.quantity) for a in decision.actions] == [("more", 1)]
    assert [(p.rule, p.because) for p in decision.passed_over] == [("few", "1% of 2 shares is less than 1 share")]
