"""The trading states: latched, kept over restarts, raised by causes, lifted by a person only."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from rulekit.errors import UsageError
from rulekit.execution.ledger import ACTED
from rulekit.execution.requests import HALT, NOTE, REDUCE, RESUME, SETTLE, Request, drop, waiting
from rulekit.execution.settings import ExecutionSettings
from rulekit.model.instant import MINUTE
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.orders import BUY, SELL, Order, Quote
from tests.execution.scripted import Desk, add, book, exit_all, next_morning, stop


def test_a_halt_cancels_what_waits_and_what_rests(desk: Desk) -> None:
    key, other = desk.hold(), desk.hold("WIPRO")
    desk.start()
    desk.broker.fates = ["rest", "not sent"]
    desk.executor.commit([desk.decided(key, exit_all()), desk.decided(other, exit_all(rule="waits"))])
    desk.executor.halt("news")
    assert desk.row("waits")["end"] == "cancelled"
    assert desk.broker.cancelled == ["O0001"]
    desk.pass_time()
    row = desk.row("Square off")
    assert row["end"] == "cancelled"
    assert row["reason"] == "the engine is halted: news"
    for _ in range(20):
        desk.pass_time()
    assert len(desk.broker.requests) == 1


def test_a_halt_is_latched_idempotent_and_survives_a_restart(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.executor.halt("news")
    flushes = desk.journal.flushes
    desk.executor.halt("news again")
    assert desk.journal.flushes == flushes
    desk.restart()
    next_morning(desk)
    desk.pass_time()
    assert desk.executor.mode == "halted"
    with pytest.raises(UsageError, match="does not confirm"):
        desk.executor.resume("yes")
    assert desk.executor.mode == "halted"
    desk.executor.resume("RESUME")
    desk.restart()
    assert desk.executor.mode == "active"


def test_while_halted_stops_move_and_nothing_that_trades_is_decided(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.executor.halt("news")
    assert desk.position(key).in_flight
    desk.commit(key, stop(168_000.0))
    assert desk.position(key).stop == 168_000.0
    desk.commit(key, exit_all())
    assert desk.row("Square off")["end"] == "cancelled"
    assert desk.broker.requests == []


def test_exit_everything_cancels_first_then_flattens_by_the_brokers_rows(desk: Desk) -> None:
    key, short = desk.hold(), desk.hold("WIPRO", -40)
    desk.start()
    desk.broker.fates = ["rest"]
    desk.commit(key, book(50))
    foreign = Order("X1", "", "NSE", "WIPRO", "MIS", BUY, 40, 0, "TRIGGER PENDING", placed=desk.clock.now())
    desk.broker.book.append(foreign)
    desk.executor.halt("kill", exit_everything=True)
    desk.come_to_rest(60)
    for _ in range(10):
        desk.pass_time()
    assert set(desk.broker.cancelled) == {"O0001", "X1"}
    assert desk.broker.net(key) == desk.broker.net(short) == 0
    exits = [row for row in desk.rows() if row["rule"] == "exit everything"]
    assert sorted((row["symbol"], row["side"], row["end"]) for row in exits) == [
        ("KOTAKBANK", SELL, "filled"),
        ("WIPRO", BUY, "filled"),
    ]
    assert any("flat KOTAKBANK, WIPRO; nothing is left" in alert for alert in desk.alerts())
    assert all(row["lane"] == "critical" for row in exits)


def test_exit_everything_goes_on_after_a_restart(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.failing = 1000
    desk.executor.halt("kill", exit_everything=True)
    desk.broker.failing = 0
    desk.restart()
    desk.come_to_rest(30)
    for _ in range(5):
        desk.pass_time()
    assert desk.broker.net(key) == 0
    assert desk.executor.mode == "halted"


def decided_by_the_halt(desk: Desk) -> list[Any]:
    return [row["end"] for row in desk.rows() if row["rule"] == "exit everything"]


def test_exit_everything_leaves_a_position_to_the_square_off_and_says_so_once(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.clock.move_to(desk.clock.now() + (5 * 60 + 21) * MINUTE)
    desk.executor.halt("kill", exit_everything=True)
    for _ in range(30):
        desk.pass_time()
    assert decided_by_the_halt(desk) == []
    assert desk.broker.net(key) == 100
    told = [text for text in desk.alerts() if text.startswith("exit everything")]
    assert told == [
        "exit everything: flat nothing yet; "
        "not flat KOTAKBANK (the broker squares off MIS from 10 minutes before the close)"
    ]


def test_exit_everything_before_the_open_exits_at_the_open(desk: Desk) -> None:
    key = desk.hold()
    next_morning(desk)
    desk.clock.move_to(desk.clock.now() + (23 * 60 + 5) * MINUTE)
    desk.start()
    desk.executor.halt("kill", exit_everything=True)
    for _ in range(60):
        desk.pass_time()
    assert decided_by_the_halt(desk) == []
    for _ in range(11):
        desk.pass_time(60)
    assert decided_by_the_halt(desk) == ["filled"]
    assert desk.broker.net(key) == 0


def test_exit_everything_in_a_dry_run_is_decided_once(desk: Desk) -> None:
    desk.dry_run = True
    desk.hold()
    desk.start()
    desk.executor.halt("kill", exit_everything=True)
    for _ in range(30):
        desk.pass_time()
    assert len(decided_by_the_halt(desk)) == 1
    assert desk.broker.requests == []


def test_exit_everything_leaves_sales_of_holdings_alone(desk: Desk) -> None:
    key = PositionKey("paper", "NSE", "INFY", "CNC")
    desk.broker.overnight[key] = (-10, 150_000.0)
    desk.broker.prices[InstrumentKey("NSE", "INFY")] = 150_000.0
    desk.start()
    desk.executor.halt("kill", exit_everything=True)
    for _ in range(5):
        desk.pass_time()
    assert desk.broker.requests == []


def test_reducing_lets_exits_pass_and_adds_not(desk: Desk) -> None:
    key = desk.hold()
    desk.settings = ExecutionSettings(day_loss_limit=1000.0)
    desk.start()
    desk.executor.observe(key.instrument, Quote(168_000.0, desk.clock.now()))
    desk.pass_time()
    assert desk.executor.mode == "reducing"
    desk.commit(key, add(25))
    assert desk.row("Scale")["reason"].startswith("refused by guard (trading state)")
    desk.commit(key, exit_all())
    desk.pass_time()
    assert desk.broker.net(key) == 0


def test_a_cause_that_was_resumed_over_is_not_raised_again_while_it_lasts(desk: Desk) -> None:
    key = desk.hold()
    desk.settings = ExecutionSettings(day_loss_limit=1000.0)
    desk.start()
    desk.executor.observe(key.instrument, Quote(168_000.0, desk.clock.now()))
    desk.pass_time()
    desk.executor.resume("RESUME")
    desk.pass_time()
    assert desk.executor.mode == "active"
    desk.executor.observe(key.instrument, Quote(169_000.0, desk.clock.now()))
    desk.pass_time()
    desk.executor.observe(key.instrument, Quote(168_000.0, desk.clock.now()))
    desk.pass_time()
    assert desk.executor.mode == "reducing"


def test_refusals_in_all_halt(desk: Desk) -> None:
    keys = [desk.hold(f"S{number}") for number in range(15)]
    desk.settings = ExecutionSettings(per_second=100)
    desk.start()
    desk.broker.fates = ["refuse for good"] * 15
    desk.executor.commit([desk.decided(key, exit_all()) for key in keys])
    desk.pass_time()
    assert desk.executor.mode == "halted"


def test_a_silent_feed_reduces(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.executor.observe(key.instrument, Quote(169_000.0, desk.clock.now()))
    for _ in range(29):
        desk.pass_time(10)
    assert desk.executor.mode == "active"
    for _ in range(2):
        desk.pass_time(10)
    assert desk.executor.mode == "reducing"


def test_a_clock_that_went_back_reduces(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.clock._now -= 10_000_000
    desk.executor.sync()
    assert desk.executor.mode == "reducing"


def test_requests_of_other_processes_are_taken_at_the_next_look(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    drop(desk.path, Request(HALT, reason="from afar"), desk.clock)
    desk.pass_time()
    assert desk.executor.mode == "halted"
    assert waiting(desk.path) == []
    drop(desk.path, Request(RESUME, reason="no"), desk.clock)
    desk.pass_time()
    assert desk.executor.mode == "halted"
    drop(desk.path, Request(RESUME, reason="RESUME"), desk.clock)
    desk.pass_time()
    desk.broker.fates = ["lost before"]
    desk.commit(key, exit_all())
    action = desk.executor.pending_management_actions[0]["id"]
    drop(desk.path, Request(SETTLE, action=action, filled=None), desk.clock)
    desk.pass_time()
    assert desk.row("Square off")["end"] == "settled"


def test_who_asked_stands_in_the_journal_beside_what_was_done(desk: Desk) -> None:
    desk.hold()
    desk.start()
    who = {"by": "owner", "through": "page"}
    drop(desk.path, Request(HALT, reason="news", exit_everything=True, **who), desk.clock)
    desk.pass_time()
    drop(desk.path, Request(REDUCE, reason="the worst is over", **who), desk.clock)
    desk.pass_time()
    assert desk.executor.mode == "reducing"
    drop(desk.path, Request(RESUME, reason="resume", **who), desk.clock)  # not typed as it must be: nothing was done
    desk.pass_time()
    assert desk.executor.mode == "reducing"
    drop(desk.path, Request(RESUME, reason="RESUME", **who), desk.clock)
    desk.pass_time()
    assert desk.executor.mode == "active"
    drop(desk.path, Request(NOTE, reason="published my.policy", **who), desk.clock)
    drop(desk.path, Request(HALT, reason="from nobody in particular"), desk.clock)
    desk.pass_time()
    found = [entry.body for entry in desk.journal.entries() if entry.kind == ACTED]
    assert found == [
        {**who, "what": "halt", "said": "news", "exit_everything": True},
        {**who, "what": "reduce", "said": "the worst is over"},
        {**who, "what": "resume", "said": "RESUME"},
        {**who, "what": "note", "said": "published my.policy"},
    ]
    desk.restart()
    assert desk.executor.mode == "halted"


def test_while_a_person_lets_positions_shrink_only_exits_pass_and_nothing_is_added(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    drop(desk.path, Request(REDUCE, reason="late in the day"), desk.clock)
    desk.pass_time()
    desk.commit(key, add(10))
    desk.pass_time()
    assert desk.broker.requests == []
    desk.commit(key, book(10, rule="half"))
    desk.pass_time()
    assert [request.side for request in desk.broker.requests] == ["SELL"]


def test_a_halt_asked_for_while_no_process_runs_is_in_force_at_the_start(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["not sent"]
    desk.commit(key, exit_all())
    desk.die()
    drop(desk.path, Request(HALT, reason="before the start"), desk.clock)
    desk.start()
    desk.pass_time()
    assert desk.executor.mode == "halted"
    assert desk.broker.requests == []
    assert desk.row("Square off")["end"] == "cancelled"


def test_more_orders_than_an_intent_can_need_halt_at_once(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.commit(key, exit_all(1))

    # A broker that cancels whatever it accepted makes the engine send again and again.
    def contrary(request: object, number: int) -> str:
        return "rest"

    desk.broker.fate_of = contrary
    desk.commit(key, exit_all(100, rule="endless"))
    for _ in range(200):
        for order in list(desk.broker.book):
            if not order.ended:
                desk.broker.book = [
                    evolve(row, status="CANCELLED") if row.order_id == order.order_id else row
                    for row in desk.broker.book
                ]
        desk.pass_time()
    assert desk.executor.mode == "halted"
    assert len(desk.row("endless")["attempts"]) == 1 + 5 + 4 + 2


def test_a_request_that_cannot_be_removed_is_applied_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resume that stays in the folder must not lift a later halt."""
    desk.start()
    drop(desk.path, Request(RESUME, reason="RESUME"), desk.clock)
    monkeypatch.setattr("rulekit.execution.requests.take", lambda path: None)
    desk.pass_time()
    desk.executor.halt("a person")
    desk.pass_time()
    desk.pass_time()
    assert desk.executor.mode == "halted"


def test_a_cancel_that_fails_does_not_end_a_halt(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    key = desk.hold()
    desk.start()
    foreign = Order("X1", "", "NSE", "WIPRO", "MIS", BUY, 40, 0, "OPEN", placed=desk.clock.now())
    desk.hold("WIPRO", 40)
    desk.broker.book.append(foreign)

    def broken(order_id: str) -> None:
        raise ConnectionError("the socket is gone")

    monkeypatch.setattr(type(desk.broker), "cancel", lambda self, order_id: broken(order_id))
    desk.executor.halt("kill", exit_everything=True)
    for _ in range(5):
        desk.pass_time()
    assert desk.broker.net(key) == 0
    assert any("cancelling X1 failed: the socket is gone" in text for text in desk.alerts())
