"""Lanes: who goes first, regular signals last, and what is said about it."""

from __future__ import annotations

from attrs import evolve

from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.signal import RegularSignal
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import BUY
from tests.execution.scripted import Desk, book, exit_all


def regular(number: int, symbol: str = "") -> RegularSignal:
    symbol = symbol or f"NEW{number}"
    return RegularSignal(f"R{number}", PositionKey("paper", "NSE", symbol, "MIS"), BUY, 10, 50_000.0)


def test_critical_before_immediate_before_the_rest(desk: Desk) -> None:
    keys = [desk.hold(symbol) for symbol in ("A", "B", "C")]
    desk.start()
    lanes = {"A": "background", "B": "immediate", "C": "critical"}
    decided = [desk.decided(key, exit_all(lane=lanes[key.symbol])) for key in keys]
    desk.executor.commit(decided)
    assert [request.symbol for request in desk.broker.requests] == ["C", "B", "A"]


def test_within_a_lane_first_decided_first_sent(desk: Desk) -> None:
    keys = [desk.hold(symbol) for symbol in ("Z", "M", "A")]
    desk.start()
    desk.executor.commit([desk.decided(key, exit_all()) for key in keys])
    assert [request.symbol for request in desk.broker.requests] == ["Z", "M", "A"]


def test_regular_signals_wait_behind_management(desk: Desk) -> None:
    keys = [desk.hold(f"S{number}") for number in range(4)]
    desk.settings = ExecutionSettings(per_second=2, margin=0.0, reserve=0.0)
    desk.start()
    for number in range(3):
        desk.executor.submit_regular(regular(number))
    desk.executor.commit([desk.decided(key, exit_all()) for key in keys])
    for _ in range(8):
        desk.pass_time()
    assert [request.symbol for request in desk.broker.requests] == ["S0", "S1", "S2", "S3", "NEW0", "NEW1", "NEW2"]
    bypassed = [event for event in desk.events if event.name == "regular_bypassed"]
    assert [event.data["waiting"] for event in bypassed] == [3, 3, 3, 3]
    assert bypassed[-1].data["waited"] >= 1.0


def test_a_management_action_that_cannot_be_sent_does_not_hold_regular_ones_up(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["lost before"]
    desk.commit(key, exit_all())
    desk.executor.submit_regular(regular(1))
    desk.pass_time()
    assert [request.symbol for request in desk.broker.requests] == ["KOTAKBANK", "NEW1"]


def test_regular_signals_are_throttled_and_given_up_when_too_old(desk: Desk) -> None:
    desk.settings = ExecutionSettings(regular_per_minute=2)
    desk.start()
    for number in range(4):
        desk.executor.submit_regular(regular(number))
    for _ in range(120):
        desk.pass_time()
    assert [request.symbol for request in desk.broker.requests] == ["NEW0", "NEW1"]
    assert [row["end"] for row in desk.rows()] == ["filled", "filled", "expired", "expired"]


def test_the_same_regular_signal_is_one(desk: Desk) -> None:
    desk.start()
    desk.executor.submit_regular(regular(1))
    desk.executor.submit_regular(regular(1))
    desk.pass_time()
    assert len(desk.broker.requests) == 1


def test_a_regular_signal_of_unknown_outcome_is_never_sent_again(desk: Desk) -> None:
    desk.start()
    desk.broker.fates = ["lost before"]
    desk.executor.submit_regular(regular(1))
    desk.come_to_rest()
    assert len(desk.broker.requests) == 1
    assert desk.rows()[0]["end"] == "expired"


def test_an_exit_has_a_slot_when_the_day_is_used_up(desk: Desk) -> None:
    key = desk.hold()
    desk.settings = ExecutionSettings(per_day=20, margin=0.0, regular_per_minute=100)
    desk.start()
    for number in range(20):
        desk.executor.submit_regular(regular(number))
        desk.pass_time()
    assert len(desk.broker.requests) == 14, "thirty percent are kept"
    desk.commit(key, exit_all())
    assert desk.broker.requests[-1].symbol == "KOTAKBANK"


def test_a_busy_second_is_spread(desk: Desk) -> None:
    keys = [desk.hold(f"S{number:02d}") for number in range(25)]
    desk.start()
    desk.executor.commit([desk.decided(key, exit_all()) for key in keys])
    assert len(desk.broker.requests) == 9
    assert desk.executor.next_due() is not None
    desk.come_to_rest(30, step=0.1)
    assert len(desk.broker.requests) == 25
    assert all(desk.broker.net(key) == 0 for key in keys)


def test_the_log_tells_the_story_in_order(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.events.clear()
    desk.commit(key, book(50))
    assert desk.names() == [
        "action_decided",
        "signal_created",
        "action_executing",
        "regular_bypassed",
        "action_submitted",
    ]
    decided = desk.events[0]
    assert decided.data["price"] == 1690.0
    assert decided.data["profit"] == 18.5
    assert decided.data["percent"] == 50
    desk.pass_time()
    assert desk.names()[5:] == ["position_reduced", "action_filled"]
    assert desk.events[5].data["remaining"] == 50


def test_two_signals_of_one_symbol_in_one_second_differ(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    for rule in ("one", "two"):
        desk.commit(key, evolve(book(10), rule=rule))
        desk.executor.sync()
    signals = [taken["signal_id"] for taken in desk.executor.management_actions_taken]
    assert len(signals) == len(set(signals)) == 2
