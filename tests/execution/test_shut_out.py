"""Nothing that concerns other orders may shut an exit out: refused adds, limits of requests, orders of other people."""

from __future__ import annotations

import pytest

from rulekit.model.orders import BUY, SELL, Order, Outcome, Refused
from tests.execution.scripted import Desk, ScriptedBroker, add, exit_all


def test_refused_adds_keep_no_exit_from_being_sent(desk: Desk) -> None:
    key = desk.start().hold()
    desk.pass_time()
    desk.broker.fates = ["refuse:insufficient funds"] * 5
    desk.commit(key, add())
    desk.come_to_rest(120)
    assert any("5 orders to make it larger in a row were refused for KOTAKBANK" in text for text in desk.alerts())
    desk.commit(key, add(rule="Scale again"))
    assert "refused by guard (refusals)" in desk.row("Scale again")["reason"]
    desk.commit(key, exit_all(rule="stop", lane="critical"))
    desk.come_to_rest(30)
    assert desk.broker.net(key) == 0


def test_refused_exits_keep_adds_from_being_sent_too(desk: Desk) -> None:
    key = desk.start().hold()
    desk.pass_time()
    desk.broker.fates = ["refuse"] * 5
    desk.commit(key, exit_all())
    desk.come_to_rest(120)
    desk.commit(key, add())
    assert "refused by guard (refusals)" in desk.row("Scale")["reason"]


def test_a_limit_of_requests_is_no_refusal_of_the_order(desk: Desk) -> None:
    key = desk.start().hold()
    desk.pass_time()
    desk.broker.fates = ["limit"] * 5
    desk.commit(key, exit_all(rule="stop", lane="critical"))
    desk.come_to_rest(120)
    desk.pass_time()
    desk.commit(key, exit_all(rule="stop", lane="critical"))
    desk.come_to_rest(30)
    assert desk.broker.net(key) == 0


def test_many_refused_adds_let_exits_go_on(desk: Desk) -> None:
    keys = [desk.hold(f"S{number}") for number in range(4)]
    desk.start()
    desk.pass_time()
    desk.broker.fates = ["refuse:insufficient funds"] * 20
    for key in keys:
        desk.commit(key, add())
        desk.come_to_rest(120)
    assert desk.executor.mode == "reducing"
    desk.broker.fates = []
    desk.commit(keys[0], exit_all(rule="stop", lane="critical"))
    desk.come_to_rest(30)
    assert desk.broker.net(keys[0]) == 0


class Stubborn(ScriptedBroker):
    """Refuses to cancel the order `F9999`."""

    def cancel(self, order_id: str) -> Outcome:
        if order_id != "F9999":
            return super().cancel(order_id)
        self.cancelled.append(order_id)
        self.posts.append(self.clock.now())
        return Refused("there is no such order of this variety")


@pytest.mark.parametrize(("side", "left"), [(BUY, 0), (SELL, 30)], ids=["beside an entry", "less what may close it"])
def test_the_kill_switch_exits_beside_an_order_that_cannot_be_cancelled(desk: Desk, side: str, left: int) -> None:
    desk.broker = Stubborn(desk.clock)
    desk.broker.points = desk.points
    key = desk.start().hold()
    desk.pass_time()
    order = Order("F9999", "", "NSE", "KOTAKBANK", "MIS", side, 30, 0, "OPEN", placed=desk.clock.now())
    desk.broker.by_hand.append(order)
    desk.pass_time()
    desk.executor.halt("out", exit_everything=True)
    for _ in range(9):
        desk.pass_time()
    assert desk.broker.net(key) == 100, "its end is awaited first"
    for _ in range(900):
        desk.pass_time()
    assert desk.broker.net(key) == left
    assert len(desk.broker.cancelled) < 25
    (told,) = [text for text in desk.alerts() if "F9999" in text]
    assert "cancel it at the broker" in told
