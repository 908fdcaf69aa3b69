"""What every broker behind the port must do; a broker's own test module subclasses `BrokerConformance`.

The subclass gives a fixture `bench`: a broker with a market that the test can move.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from rulekit.errors import ReadFailedError
from rulekit.execution.port import Broker
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.orders import (
    BUY,
    CANCELLED,
    COMPLETE,
    SELL,
    SIGN,
    TERMINAL,
    Accepted,
    Order,
    OrderRequest,
    Refused,
)

PRICE = 150_000.0


class Bench(Protocol):
    """A broker on the bench: one liquid instrument with lot 1, heard at `PRICE`, its session open."""

    broker: Broker
    key: InstrumentKey

    def move(self, price: float) -> None:
        """Let the last price of the instrument become `price`, and the broker and the exchange see it."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass at the last price."""
        ...

    def trade_by_hand(self, side: str, quantity: int) -> None:
        """Let the account's owner trade on another screen."""
        ...

    def break_reading(self) -> None:
        """Make every reading fail from now on."""
        ...


class BrokerConformance:
    """The suite."""

    def request(self, bench: Bench, tag: str, side: str = BUY, quantity: int = 10, **more: object) -> OrderRequest:
        values = {"protection": 1.0, "product": "MIS"} | more
        return OrderRequest(tag, bench.key.exchange, bench.key.symbol, side=side, quantity=quantity, **values)  # type: ignore[arg-type]

    def place(self, bench: Bench, tag: str, side: str = BUY, quantity: int = 10, **more: object) -> str:
        outcome = bench.broker.place(self.request(bench, tag, side, quantity, **more))
        assert isinstance(outcome, Accepted)
        return outcome.order_id

    def order(self, bench: Bench, order_id: str) -> Order:
        return next(order for order in bench.broker.orders() if order.order_id == order_id)

    def until_ended(self, bench: Bench, order_id: str) -> Order:
        for _ in range(50):
            bench.wait(0.5)
            if (order := self.order(bench, order_id)).ended:
                return order
        raise AssertionError(f"order {order_id} did not end: {order}")

    def net(self, bench: Bench, product: str = "MIS") -> int:
        key = PositionKey(bench.broker.account, *bench.key, product)
        return sum(row.quantity for row in bench.broker.positions() if row.key == key)

    def resting(self, bench: Bench, tag: str) -> str:
        """Place a buy whose band the price leaves while it is on its way."""
        order_id = self.place(bench, tag, protection=0.1)
        bench.move(PRICE * 1.01)
        bench.wait(1)
        return order_id

    def test_an_accepted_order_is_in_the_book_with_its_tag_and_fills(self, bench: Bench) -> None:
        order_id = self.place(bench, "TAG0000001")
        order = self.until_ended(bench, order_id)
        assert (order.tag, order.status, order.filled, order.quantity) == ("TAG0000001", COMPLETE, 10, 10)
        assert (order.exchange, order.symbol, order.product, order.side) == (*bench.key, "MIS", BUY)
        assert order.average == pytest.approx(PRICE, rel=0.01)

    def test_trades_add_up_to_the_fills_and_to_the_net_positions(self, bench: Bench) -> None:
        for number, (side, quantity) in enumerate([(BUY, 10), (BUY, 25), (SELL, 5)]):
            self.until_ended(bench, self.place(bench, f"TAG{number}", side, quantity))
        trades = bench.broker.trades()
        for order in bench.broker.orders():
            mine = [trade for trade in trades if trade.order_id == order.order_id]
            assert sum(trade.quantity for trade in mine) == order.filled
            assert {(trade.side, trade.symbol, trade.product) for trade in mine} == {(order.side, order.symbol, "MIS")}
        assert len({trade.trade_id for trade in trades}) == len(trades)
        assert self.net(bench) == sum(SIGN[trade.side] * trade.quantity for trade in trades) == 30

    def test_products_of_one_symbol_are_separate_positions(self, bench: Bench) -> None:
        self.until_ended(bench, self.place(bench, "TAG1"))
        self.until_ended(bench, self.place(bench, "TAG2", SELL, 4, product="NRML"))
        assert (self.net(bench, "MIS"), self.net(bench, "NRML")) == (10, -4)

    def test_nothing_stops_an_order_from_turning_the_position_over(self, bench: Bench) -> None:
        self.until_ended(bench, self.place(bench, "TAG1", BUY, 10))
        self.until_ended(bench, self.place(bench, "TAG2", SELL, 25))
        assert self.net(bench) == -15

    def test_a_tag_that_comes_twice_makes_two_orders(self, bench: Bench) -> None:
        first, second = self.place(bench, "SAME"), self.place(bench, "SAME")
        assert first != second
        self.until_ended(bench, first)
        self.until_ended(bench, second)
        assert [order.tag for order in bench.broker.orders()].count("SAME") == 2

    def test_fills_only_grow_and_an_end_is_an_end(self, bench: Bench) -> None:
        order_id = self.place(bench, "TAG1", quantity=40)
        filled, ended = 0, None
        for _ in range(40):
            bench.wait(0.02)
            order = self.order(bench, order_id)
            assert order.status
            assert filled <= order.filled <= order.quantity
            filled = order.filled
            if ended is not None:
                assert repr(order) == repr(ended)
            ended = order if order.status in TERMINAL else None
        assert ended is not None

    def test_an_order_out_of_its_band_rests_until_it_is_cancelled(self, bench: Bench) -> None:
        order_id = self.resting(bench, "TAG1")
        order = self.order(bench, order_id)
        assert order.status not in TERMINAL
        assert order.filled == 0
        assert bench.broker.cancel(order_id) == Accepted(order_id)
        order = self.until_ended(bench, order_id)
        assert (order.status, order.filled) == (CANCELLED, 0)
        assert self.net(bench) == 0

    def test_an_order_that_rests_fills_when_the_price_comes_back(self, bench: Bench) -> None:
        order_id = self.resting(bench, "TAG1")
        bench.move(PRICE)
        assert self.until_ended(bench, order_id).status == COMPLETE
        assert self.net(bench) == 10

    def test_what_has_ended_or_never_was_cannot_be_cancelled(self, bench: Bench) -> None:
        order_id = self.place(bench, "TAG1")
        self.until_ended(bench, order_id)
        assert isinstance(bench.broker.cancel(order_id), Refused)
        assert isinstance(bench.broker.cancel("999999999999999"), Refused)

    @pytest.mark.parametrize(
        "wrong",
        [{"tag": "A" * 21}, {"quantity": 0}, {"quantity": -5}, {"protection": 0.0}, {"protection": 100.5}],
        ids=lambda wrong: "-".join(wrong),
    )
    def test_a_request_that_can_never_stand_is_refused(self, bench: Bench, wrong: dict[str, object]) -> None:
        values: dict[str, object] = {"tag": "TAG1", "quantity": 10, "protection": 1.0} | wrong
        outcome = bench.broker.place(self.request(bench, **values))  # type: ignore[arg-type]
        assert isinstance(outcome, Refused)
        assert outcome.again is False
        assert outcome.reason
        bench.wait(2)
        assert list(bench.broker.orders()) == []

    def test_automatic_protection_is_taken(self, bench: Bench) -> None:
        assert self.until_ended(bench, self.place(bench, "TAG1", protection=None)).status == COMPLETE

    def test_a_trade_by_hand_is_in_the_book_without_a_tag(self, bench: Bench) -> None:
        bench.trade_by_hand(SELL, 7)
        bench.wait(1)
        assert [(order.tag, order.filled) for order in bench.broker.orders()] == [("", 7)]
        assert self.net(bench) == -7

    def test_a_failed_reading_is_not_an_empty_list(self, bench: Bench) -> None:
        self.until_ended(bench, self.place(bench, "TAG1"))
        bench.break_reading()
        for read in (bench.broker.orders, bench.broker.trades, bench.broker.positions):
            with pytest.raises(ReadFailedError):
                read()

    def test_instruments_and_quotes(self, bench: Bench) -> None:
        instrument = bench.broker.instrument(bench.key)
        assert instrument is not None
        assert instrument.key == bench.key
        assert (instrument.lot, instrument.tick > 0) == (1, True)
        unknown = InstrumentKey(bench.key.exchange, "NOSUCHSYMBOL")
        quotes = bench.broker.quotes([bench.key, unknown])
        assert set(quotes) == {bench.key}
        assert quotes[bench.key].price == PRICE

    def test_updates_wake_once(self, bench: Bench) -> None:
        bench.broker.updates()
        self.until_ended(bench, self.place(bench, "TAG1"))
        assert bench.broker.updates() > 0
        assert bench.broker.updates() == 0
