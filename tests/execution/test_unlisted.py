"""Lists that lack what must be there: an order that has a number, a row of the positions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.orders import BUY, Order
from rulekit.model.position import NetPosition
from tests.execution.scripted import Desk, ScriptedBroker, exit_all


class Forgetful(ScriptedBroker):
    """Leaves orders and rows of positions out of its lists."""

    hidden: frozenset[str] = frozenset()
    without: frozenset[PositionKey] = frozenset()

    def orders(self) -> Sequence[Order]:
        return [order for order in super().orders() if order.order_id not in self.hidden]

    def positions(self) -> Sequence[NetPosition]:
        return [row for row in super().positions() if row.key not in self.without]


@pytest.fixture
def forgetful(desk: Desk) -> Forgetful:
    broker = desk.broker = Forgetful(desk.clock)
    broker.points = desk.points
    return broker


def state(desk: Desk) -> str:
    return str(desk.row("stop")["states"][-1]["state"])


def an_order_that_no_list_shows(desk: Desk, broker: Forgetful) -> PositionKey:
    key = desk.start().hold()
    desk.pass_time()
    broker.fates, broker.hidden, broker.ignore_cancel = ["rest"], frozenset({"O0001"}), True
    desk.commit(key, exit_all(rule="stop", lane="critical"))
    assert [order.order_id for order in broker.book] == ["O0001"]
    return key


def test_an_order_that_no_list_shows_is_parked_and_told(desk: Desk, forgetful: Forgetful) -> None:
    an_order_that_no_list_shows(desk, forgetful)
    for _ in range(115):
        desk.pass_time()
    assert state(desk) == "accepted"
    for _ in range(10):
        desk.pass_time()
    row = desk.row("stop")["states"][-1]
    assert row["state"] == "parked"
    assert "the broker gave it the number O0001, and no list has shown it for 120 s" in row["evidence"]
    assert any("rulekit settle" in text for text in desk.alerts())
    assert len(forgetful.requests) == 1


def test_a_person_settles_it_and_the_position_is_exited(desk: Desk, forgetful: Forgetful) -> None:
    key = an_order_that_no_list_shows(desk, forgetful)
    for _ in range(125):
        desk.pass_time()
    desk.executor.settle(desk.row("stop")["id"], "not placed")
    forgetful.book.clear()
    desk.pass_time()
    desk.commit(key, exit_all(rule="stop", lane="critical"))
    desk.come_to_rest(30)
    assert forgetful.net(key) == 0


def test_one_that_is_shown_late_goes_on_by_itself(desk: Desk, forgetful: Forgetful) -> None:
    key = an_order_that_no_list_shows(desk, forgetful)
    for _ in range(125):
        desk.pass_time()
    forgetful.hidden, forgetful.ignore_cancel = frozenset(), False
    desk.come_to_rest(60)
    assert forgetful.net(key) == 0
    assert state(desk) == "filled"


def test_one_that_is_shown_now_and_then_is_not_parked(desk: Desk, forgetful: Forgetful) -> None:
    an_order_that_no_list_shows(desk, forgetful)
    for _ in range(30):
        forgetful.hidden = frozenset({"O0001"})
        for _ in range(10):
            desk.pass_time()
        forgetful.hidden = frozenset()
        desk.pass_time()
    assert state(desk) == "accepted"


def test_it_keeps_no_other_unknown_order_from_its_end_once_a_person_has_settled_it(
    desk: Desk, forgetful: Forgetful
) -> None:
    """Until then the list may as well be cut."""
    other = desk.hold("WIPRO")
    an_order_that_no_list_shows(desk, forgetful)
    forgetful.fates = ["lost before"]
    desk.commit(other, exit_all(rule="target", lane="critical"))
    for _ in range(260):
        desk.pass_time()
    assert forgetful.net(other) == 100
    assert any("the broker's list of orders lacks O0001" in text for text in desk.alerts())
    desk.executor.settle(desk.row("stop")["id"], "not placed")
    for _ in range(10):
        desk.pass_time()
    assert forgetful.net(other) == 0


def test_an_unknown_order_that_a_cut_list_keeps_from_its_end_is_told(desk: Desk, forgetful: Forgetful) -> None:
    key = desk.start().hold()
    desk.pass_time()
    forgetful.hidden, forgetful.fates = frozenset({"F0001"}), ["lost before"]
    desk.commit(key, exit_all(rule="stop", lane="critical"))
    for _ in range(300):
        desk.pass_time()
    assert state(desk) == "unknown"
    assert sum("the broker's list of orders lacks F0001" in text for text in desk.alerts()) == 1


def test_a_position_that_the_list_lacked_for_a_while_keeps_its_stop(desk: Desk, forgetful: Forgetful) -> None:
    key = desk.start().hold()
    desk.pass_time()
    desk.executor.set_initial_stop(key, 168_000.0)
    before = desk.position(key)
    forgetful.without = frozenset({key})
    for _ in range(70):
        desk.pass_time()
    assert any("no stop of it is watched until the broker shows it again" in text for text in desk.alerts())
    desk.restart()
    forgetful.without = frozenset()
    desk.pass_time()
    after = desk.position(key)
    assert (after.stop, after.episode, after.entry, after.opened) == (
        168_000.0,
        before.episode,
        before.entry,
        before.opened,
    )
    assert after.quantity == 100


def test_a_position_that_is_traded_while_the_list_lacks_it_is_a_new_one(desk: Desk, forgetful: Forgetful) -> None:
    key = desk.start().hold()
    desk.pass_time()
    desk.executor.set_initial_stop(key, 168_000.0)
    before = desk.position(key)
    forgetful.without = frozenset({key})
    for _ in range(70):
        desk.pass_time()
    desk.hold(quantity=-100)
    desk.pass_time()
    desk.hold(quantity=100)
    forgetful.without = frozenset()
    for _ in range(70):
        desk.pass_time()
    after = desk.position(key)
    assert after.episode != before.episode
    assert after.stop != 168_000.0


def test_two_exchanges_may_number_their_trades_alike(desk: Desk) -> None:
    from attrs import evolve

    desk.start()
    desk.hold("KOTAKBANK")
    other = InstrumentKey("BSE", "TCS")
    desk.broker.prices[other] = 100_000.0
    desk.broker.trade(other, "MIS", BUY, 10, 100_000.0)
    desk.broker.done = [evolve(trade, trade_id="777") for trade in desk.broker.done]
    for _ in range(70):
        desk.pass_time()
    assert all(position.opened for position in desk.executor.positions())
    assert desk.executor.mode == "active"
