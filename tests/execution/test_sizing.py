"""How much may leave: never more than is held and not on its way, looked at afresh each time."""

from __future__ import annotations

from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.sizing import allowed, slice_of
from rulekit.model.instrument import Instrument
from rulekit.model.orders import SELL
from tests.execution.scripted import KOTAK, Desk, book, exit_all


def test_an_exit_that_rests_is_cancelled_when_the_position_shrinks(desk: Desk) -> None:
    key = desk.hold()
    desk.settings = ExecutionSettings(patience_s=1000)
    desk.start()
    desk.broker.fates = ["rest"]
    desk.commit(key, exit_all())
    desk.broker.trade(KOTAK, "MIS", SELL, 60, 169_000.0)
    desk.pass_time()
    assert desk.broker.cancelled == ["O0001"], "it would have sold 100 of 40"
    desk.come_to_rest(30)
    assert [request.quantity for request in desk.broker.requests] == [100, 40]
    assert desk.broker.net(key) == 0


def test_what_is_on_its_way_is_not_sold_twice(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    decided = desk.decided(key, exit_all(100))
    desk.broker.fates = ["part:20"]
    desk.commit(key, book(50))
    desk.executor.sync()
    desk.executor.commit([decided])
    waiting = next(one for one in desk.executor._ledger.open.values() if one.rule == "Square off")
    assert allowed(waiting, desk.executor._ledger, desk.executor._tracker).quantity == 50
    assert len(desk.broker.requests) == 1


def test_an_old_reading_is_not_trusted_with_a_size(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    decided = desk.decided(key, exit_all(100))
    desk.clock.sleep(5)
    desk.broker.trade(KOTAK, "MIS", SELL, 60, 169_000.0)
    desk.executor.commit([decided])
    assert [request.quantity for request in desk.broker.requests] == [40]


def test_what_was_never_sent_costs_no_budget_also_after_a_restart(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    whole = desk.executor.budgets_left["day"]
    desk.broker.fates = ["not sent"] * 3
    desk.commit(key, exit_all())
    for _ in range(4):
        desk.pass_time(4)
    assert len(desk.broker.requests) == 1
    assert desk.executor.budgets_left["day"] == whole - 1
    desk.restart()
    assert desk.executor.budgets_left["day"] == whole - 1


def test_slices_keep_to_lots_and_no_cap_below_a_lot_stops_an_exit() -> None:
    instrument = Instrument("NFO", "NIFTY", lot=65, freeze=1800)
    settings = ExecutionSettings(order_max_value=100.0)
    assert slice_of(4000, 10_000.0, True, instrument, ExecutionSettings()) == 1755
    assert slice_of(4000, 10_000.0, True, instrument, settings) == 65
    assert slice_of(30, 10_000.0, True, instrument, settings) == 30, "odd lots go too"
    assert slice_of(4000, float("nan"), True, instrument, settings) == 1755
