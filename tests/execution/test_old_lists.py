"""A list of positions from before the latest fills ends or cuts nothing that waits; one that stays so is believed."""

from __future__ import annotations

import pytest

from rulekit.execution.signal import RegularSignal
from rulekit.model.decision import Action
from rulekit.model.instant import SECOND
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.orders import BUY, SELL
from tests.execution.scripted import Desk, add, book, exit_all

OLD_S = 50.0


def waiting(desk: Desk, action: Action) -> PositionKey:
    """Hold a hundred, decide something that cannot be sent at once, and show the list from before the entry."""
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["not sent"]
    desk.commit(key, action)
    desk.broker.lag_s = OLD_S
    desk.pass_time()
    return key


@pytest.mark.parametrize("action", [book(50), exit_all(100), add(25)])
def test_what_waits_outlasts_an_old_list(desk: Desk, action: Action) -> None:
    waiting(desk, action)
    for _ in range(20):
        desk.pass_time()
        assert desk.executor.positions() == ()
        assert desk.row(action.rule)["end"] is None
        assert desk.broker.requests == []
    desk.broker.lag_s = 0
    desk.pass_time()
    assert [request.quantity for request in desk.broker.requests] == [action.quantity]
    desk.pass_time()
    row = desk.row(action.rule)
    assert (row["end"], row["filled"]) == ("filled", action.quantity)


def test_it_is_said_what_is_waited_for_and_when_to_look_again(desk: Desk) -> None:
    waiting(desk, book(50))
    why = [event.data["reason"] for event in desk.events if event.name == "action_queued"]
    assert why[-1].startswith(
        "the broker's list of positions seems older than our trades: own book 100, the broker shows 0"
    )
    due = desk.executor.next_due()
    assert due is not None
    assert 0 < due - desk.clock.now() <= SECOND


def test_a_list_that_stays_so_is_believed_and_ends_it(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["not sent"]
    desk.commit(key, book(50))
    desk.broker.overnight[key] = (-100, 0.0)  # given away: no trade tells
    seconds = 0
    while desk.row("First target")["end"] is None:
        desk.pass_time()
        seconds += 1
    assert seconds == 61
    assert desk.row("First target")["end"] == "superseded"
    assert desk.executor.mode == "reducing"
    assert desk.broker.requests == []


def test_what_is_surely_held_is_sold_at_once_and_the_rest_when_it_is_too(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.clock.sleep(60)
    desk.broker.trade(key.instrument, "MIS", BUY, 100, 169_000.0)
    desk.pass_time()
    assert desk.position(key).quantity == 200
    desk.broker.fates = ["not sent"]
    desk.commit(key, book(150))
    desk.broker.lag_s = OLD_S
    desk.pass_time()
    assert [request.quantity for request in desk.broker.requests] == [100]
    desk.come_to_rest(60)
    row = desk.row("First target")
    assert (row["end"], row["filled"]) == ("filled", 150)
    assert [request.quantity for request in desk.broker.requests] == [100, 50]
    assert desk.broker.net(key) == 50


def test_what_own_book_says_is_gone_is_not_waited_for(desk: Desk) -> None:
    key = waiting(desk, book(50))
    desk.broker.trade(key.instrument, "MIS", SELL, 100, 169_000.0)
    desk.pass_time()
    assert desk.row("First target")["end"] == "superseded"
    assert desk.broker.requests == []


def test_what_own_book_says_is_smaller_is_cut(desk: Desk) -> None:
    key = waiting(desk, exit_all(100))
    desk.broker.trade(key.instrument, "MIS", SELL, 60, 169_000.0)
    desk.pass_time()
    desk.broker.lag_s = 0
    desk.come_to_rest(60)
    assert [request.quantity for request in desk.broker.requests] == [40]
    assert desk.broker.net(key) == 0


def test_nobody_else_waits_for_it(desk: Desk) -> None:
    waiting(desk, exit_all(100, lane="critical"))
    other = PositionKey("paper", "NSE", "INFY", "MIS")
    desk.broker.prices[other.instrument] = 150_000.0
    desk.broker.overnight[other] = (10, 150_000.0)
    desk.pass_time()
    desk.commit(other, exit_all(10, rule="Other"))
    third = PositionKey("paper", "NSE", "SBIN", "MIS")
    desk.executor.submit_regular(RegularSignal("R1", third, BUY, 10, 50_000.0))
    desk.executor.drain()
    assert [request.symbol for request in desk.broker.requests] == ["INFY", "SBIN"]


def test_another_product_of_the_instrument_is_managed_meanwhile(desk: Desk) -> None:
    delivery = PositionKey("paper", "NSE", "KOTAKBANK", "CNC")
    desk.broker.trade(delivery.instrument, "CNC", BUY, 7, 169_000.0)
    desk.clock.sleep(60)
    waiting(desk, book(50))
    assert not desk.position(delivery).in_flight
    desk.commit(delivery, exit_all(7, rule="Stop"))
    desk.pass_time()
    assert [(request.product, request.quantity) for request in desk.broker.requests] == [("CNC", 7)]
    desk.broker.lag_s = 0
    desk.come_to_rest(60)
    assert desk.row("First target")["filled"] == 50


def test_a_halt_ends_it_and_its_exit_comes_when_the_list_shows_the_position(desk: Desk) -> None:
    key = waiting(desk, book(50))
    desk.executor.halt("enough", exit_everything=True)
    assert desk.row("First target")["end"] == "cancelled"
    desk.pass_time()
    assert desk.broker.requests == []
    desk.broker.lag_s = 0
    for _ in range(5):
        desk.pass_time()
    assert [request.quantity for request in desk.broker.requests] == [100]
    assert desk.broker.net(key) == 0


def test_a_restart_waits_for_the_list_too(desk: Desk) -> None:
    waiting(desk, book(50))
    desk.restart()
    desk.pass_time()
    assert desk.row("First target")["end"] is None
    desk.broker.lag_s = 0
    desk.come_to_rest(60)
    assert desk.row("First target")["end"] == "filled"


def test_a_difference_that_ended_with_its_rows_is_not_taken_for_a_later_one(desk: Desk) -> None:
    """A broker that shows no row for what is flat: bought, sold before the list showed it, and bought again."""
    key = PositionKey("paper", "NSE", "KOTAKBANK", "MIS")
    instrument = InstrumentKey("NSE", "KOTAKBANK")
    desk.broker.prices[instrument] = 169_000.0
    desk.broker.trade(instrument, "MIS", BUY, 1, 169_000.0)
    desk.broker.trade(instrument, "MIS", SELL, 1, 169_000.0)
    desk.start()
    desk.broker.lag_s = 1_000.0
    desk.broker.trade(instrument, "MIS", BUY, 100, 169_000.0)
    desk.pass_time()
    desk.broker.trade(instrument, "MIS", SELL, 100, 169_000.0)
    for _ in range(70):
        desk.pass_time()
    desk.broker.trade(instrument, "MIS", BUY, 100, 169_000.0)
    desk.pass_time()
    assert desk.executor.mode == "active"
    desk.broker.lag_s = 0
    desk.pass_time()
    assert desk.position(key).quantity == 100
