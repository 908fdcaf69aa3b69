"""Orders for the whole book at the executor: what waits and what rests is ended, over a lost answer and a restart."""

from __future__ import annotations

from typing import Any

from rulekit.execution.book_orders import DecidedBook
from rulekit.execution.guards import refusal
from rulekit.execution.history import history
from rulekit.model.decision import ADD, CRITICAL, EXIT, EXIT_EVERYTHING, STOP_ADDING, STOP_TRADING, Action
from tests.execution.scripted import Crash, Desk, add, exit_all
from tests.execution.test_guards import question


def order(desk: Desk, kind: str, rule: str = "Guard") -> int:
    action = Action(rule, kind, None, None, None, CRITICAL, "day loss ₹26,000")
    return desk.executor.order_book([DecidedBook((action,), "Edge", "policy", "book")])


def book_rows(desk: Desk) -> list[dict[str, Any]]:
    return [row for row in history(desk.journal.entries()) if row["symbol"] == "whole book"]


def test_an_add_is_refused_while_nothing_may_be_added() -> None:
    refused = refusal(question(kind=ADD, no_adds="`Calm` has stopped adding"))
    assert refused == ("adding", "`Calm` has stopped adding")
    assert refusal(question(kind=EXIT, no_adds="`Calm` has stopped adding")) is None


def test_an_add_that_waits_is_cancelled(desk: Desk) -> None:
    for kind in (EXIT_EVERYTHING, STOP_ADDING, STOP_TRADING):
        key = desk.hold(f"S{kind[5:8]}".upper().replace(" ", ""))
        desk.start() if kind == EXIT_EVERYTHING else desk.restart()
        desk.broker.fates = ["not sent"]
        desk.commit(key, add(rule=f"more {kind}"))
        assert desk.row(f"more {kind}")["end"] is None
        order(desk, kind)
        row = desk.row(f"more {kind}")
        assert (row["end"], row["reason"]) == ("cancelled", f"Guard: {kind}")
        desk.executor.resume("RESUME")
        desk.executor.finish_exits([], [])


def test_an_add_that_rests_is_cancelled_at_the_broker_before_its_patience_ends(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["rest"]
    desk.commit(key, add())
    assert desk.broker.cancelled == []
    order(desk, STOP_ADDING)
    desk.executor.drain()
    assert desk.broker.cancelled == ["O0001"]


def test_an_exit_of_everything_stands_until_nothing_is_on_its_way(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    assert order(desk, EXIT_EVERYTHING) == 1
    assert desk.executor.book_orders().exit_rule == "Guard"
    desk.broker.fates = ["rest"]
    desk.commit(key, exit_all(rule="Guard"))
    desk.executor.finish_exits([], [])
    assert book_rows(desk)[0]["end"] is None, "its exit is on its way"
    desk.restart()
    assert desk.executor.book_orders().exit_rule == "Guard", "it is kept in the journal"
    assert desk.executor.book_memory()["Guard"].fired == 1
    for _ in range(10):
        desk.pass_time()
    assert desk.row("Guard")["end"] == "filled"
    desk.executor.finish_exits([], ["TCS"])
    assert book_rows(desk)[0]["end"] == "done"
    assert not desk.executor.book_orders()
    assert any("left alone: TCS" in text for text in desk.alerts())


def test_a_crash_at_any_point_orders_once(desk: Desk) -> None:
    """The order and what it latches are in one transaction: either none of it is there, or all."""
    desk.hold()
    desk.start()
    for point in (1, 2):
        desk.points.at = desk.points.passed + point
        try:
            order(desk, STOP_TRADING)
        except Crash:
            desk.points.at = 0
        desk.restart()
        ordered = [row["end"] for row in book_rows(desk)]
        assert ordered == ([] if desk.executor.mode == "active" else ["done"])
    if not book_rows(desk):
        order(desk, STOP_TRADING)
    assert [row["end"] for row in book_rows(desk)] == ["done"] and desk.executor.mode == "reducing"
