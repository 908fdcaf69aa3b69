"""The adapter before the localhost OpenAlgo does what every broker must, as far as OpenAlgo lets it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rulekit.kite_server.settings import ServerSettings
from rulekit.model.orders import BUY, COMPLETE, SELL, Refused, Uncertain
from rulekit.openalgo_server.settings import GatewaySettings
from tests.broker.conformance import Bench, BrokerConformance
from tests.openalgo.bench import OpenAlgoBench

BENCHES = {
    "plain": (GatewaySettings(), None),
    "bare": (GatewaySettings(numbered=False, dated=False), ServerSettings(depth=7)),
}


class TestOpenAlgo(BrokerConformance):
    @pytest.fixture(params=sorted(BENCHES))
    def bench(self, request: pytest.FixtureRequest) -> Iterator[OpenAlgoBench]:
        gateway, server = BENCHES[request.param]
        bench = OpenAlgoBench(gateway=gateway, server=server)
        yield bench
        bench.close()

    def test_an_accepted_order_is_in_the_book_with_its_tag_and_fills(self, bench: Bench) -> None:
        """The tag does not come back."""
        order = self.until_ended(bench, self.place(bench, "TAG0000001"))
        assert (order.tag, order.status, order.filled, order.quantity) == ("", COMPLETE, 10, 10)
        assert (order.exchange, order.symbol, order.product, order.side) == (*bench.key, "MIS", BUY)
        assert order.average == pytest.approx(150_000, rel=0.01)

    def test_a_tag_that_comes_twice_makes_two_orders(self, bench: Bench) -> None:
        """Two numbers, and nothing else that tells them apart."""
        first, second = self.place(bench, "SAME"), self.place(bench, "SAME")
        assert first != second
        self.until_ended(bench, first)
        self.until_ended(bench, second)
        assert {order.tag for order in bench.broker.orders()} == {""}

    def test_products_of_one_symbol_are_separate_positions(self, bench: Bench) -> None:
        """Shares have no NRML here."""
        self.until_ended(bench, self.place(bench, "TAG1"))
        self.until_ended(bench, self.place(bench, "TAG2", BUY, 4, product="CNC"))
        assert (self.net(bench, "MIS"), self.net(bench, "CNC")) == (10, 4)
        assert isinstance(bench.broker.place(self.request(bench, "TAG3", product="NRML")), Refused)

    def test_what_has_ended_or_never_was_cannot_be_cancelled(self, bench: Bench) -> None:
        """A refusal to cancel comes as a failure of OpenAlgo's own."""
        order_id = self.place(bench, "TAG1")
        self.until_ended(bench, order_id)
        assert isinstance(bench.broker.cancel(order_id), Uncertain)
        assert isinstance(bench.broker.cancel("999999999999999"), Uncertain)
        assert self.order(bench, order_id).status == COMPLETE

    def test_a_trade_by_hand_is_in_the_book_without_a_tag(self, bench: Bench) -> None:
        """Like every other order."""
        bench.trade_by_hand(SELL, 7)
        bench.wait(1)
        assert [(order.tag, order.filled) for order in bench.broker.orders()] == [("", 7)]
        assert self.net(bench) == -7

    def test_updates_wake_once(self, bench: Bench) -> None:
        """There are none over REST: the book is read while an order is on its way."""
        self.until_ended(bench, self.place(bench, "TAG1"))
        assert bench.broker.updates() == 0
