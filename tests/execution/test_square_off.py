"""Near the broker's square-off: an exit of ours and the broker's own never take a position through zero together."""

from __future__ import annotations

import pytest

from rulekit.execution.settings import ExecutionSettings
from rulekit.model.instant import MINUTE, SECOND, Instant, time_of_day
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import BUY, SELL
from tests.execution.scripted import Desk, exit_all

BROKER_AT = (15 * 60 + 20) * MINUTE
MARGIN_MINUTES = {"NSE": 12}
"""As an account has it: two minutes before the broker's own."""


def at(desk: Desk) -> Instant:
    return time_of_day(desk.clock.now())


def ours(desk: Desk) -> list[str]:
    """Orders of ours that may still fill."""
    return [order.order_id for order in desk.broker.book if order.tag and not order.ended]


def square_off(desk: Desk, key: PositionKey) -> None:
    """Let the broker close what its own list shows, all at once."""
    net = desk.broker.net(key)
    if net:
        desk.broker.trade(key.instrument, key.product, SELL if net > 0 else BUY, abs(net), 168_500.0)


@pytest.mark.parametrize("quantity", [100, -100])
@pytest.mark.parametrize("decided", ["15:17:30", "15:17:59"])
@pytest.mark.parametrize("fate", ["rest", "part:40", "reject", "lost after", "not sent"])
def test_an_exit_and_the_square_off_at_once(desk: Desk, quantity: int, decided: str, fate: str) -> None:
    key = desk.hold(quantity=quantity)
    desk.settings = ExecutionSettings(square_off_minutes=MARGIN_MINUTES)
    hours, minutes, seconds = map(int, decided.split(":"))
    desk.clock.move_to(desk.clock.now() - at(desk) + ((hours * 60 + minutes) * 60 + seconds) * SECOND)
    desk.start()
    desk.broker.fate_of = lambda request, number: fate if number == 0 else "rest"
    side = SELL if quantity > 0 else BUY
    desk.commit(key, exit_all(side=side))
    while at(desk) < BROKER_AT:
        desk.pass_time()
        assert desk.broker.net(key) * quantity >= 0
    assert ours(desk) == [], "nothing of ours may fill beside the broker's own exit"
    sent = len(desk.broker.requests)
    square_off(desk, key)
    for order_id in ours(desk):
        desk.broker.fill(order_id, 1)
    for _ in range(30):
        desk.pass_time(10)
    assert desk.broker.net(key) == 0
    assert len(desk.broker.requests) == sent
    assert desk.executor.pending_management_actions == []
    assert desk.executor.mode == "active", "a foreign exit is expected"


def test_what_rests_at_the_widest_protection_is_withdrawn_too_and_told(desk: Desk) -> None:
    key = desk.hold()
    desk.settings = ExecutionSettings(square_off_minutes=MARGIN_MINUTES, protection_steps=(1.0,), patience_s=1.0)
    desk.clock.move_to(desk.clock.now() - at(desk) + (15 * 60 + 10) * MINUTE)
    desk.start()
    desk.broker.fate_of = lambda request, number: "rest"
    desk.commit(key, exit_all())
    for _ in range(20):
        desk.pass_time()
    assert len(ours(desk)) == 1, "it rests at the bound and is watched"
    while at(desk) < BROKER_AT:
        desk.pass_time()
    assert ours(desk) == []
    assert desk.row("Square off")["reason"].startswith("refused by guard (square-off)")
    assert any("is not finished, 0 of 100 filled" in text for text in desk.alerts())


def test_a_product_that_nobody_squares_off_goes_on_resting(desk: Desk) -> None:
    key = desk.hold()
    delivery = key._replace(product="NRML")
    desk.broker.done = []
    desk.broker.trade(delivery.instrument, "NRML", BUY, 100, 169_000.0)
    desk.settings = ExecutionSettings(square_off_minutes=MARGIN_MINUTES, protection_steps=(1.0,), patience_s=1.0)
    desk.clock.move_to(desk.clock.now() - at(desk) + (15 * 60 + 17) * MINUTE)
    desk.start()
    desk.broker.fate_of = lambda request, number: "rest"
    desk.commit(delivery, exit_all())
    while at(desk) < BROKER_AT:
        desk.pass_time()
    assert len(ours(desk)) == 1
