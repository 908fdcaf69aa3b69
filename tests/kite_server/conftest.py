"""A localhost Kite whose clock only a test moves, and the official client that speaks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from attrs import evolve

from rulekit.kite_server.server import KiteServer
from rulekit.kite_server.settings import NO_LIMITS, Limits, ServerSettings, View

MORNING = "2026-11-20T10:00:00"


class Bench:
    """One server and one client; prices in rupees."""

    def __init__(self, server: KiteServer, timeout: float = 5.0) -> None:
        from kiteconnect import KiteConnect

        self.server = server
        self.kite = KiteConnect(server.api_key, server.access_token, root=server.root, timeout=timeout)
        self.kite.reqsession.trust_env = False

    def price(self, price: float, symbol: str = "INFY", exchange: str = "NSE", **more: Any) -> None:
        self.server.push_price(exchange, symbol, price, **more)

    def place(self, side: str = "BUY", quantity: int = 10, **more: Any) -> Any:
        values = {
            "variety": "regular", "exchange": "NSE", "tradingsymbol": "INFY", "product": "MIS", "order_type": "MARKET",
        } | more  # fmt: skip
        if values["order_type"] in {"MARKET", "SL-M"}:
            values = {"market_protection": 1} | values
        return self.kite.place_order(transaction_type=side, quantity=quantity, **values)

    def row(self, order_id: str) -> dict[str, Any]:
        return next(row for row in self.kite.orders() if row["order_id"] == order_id)

    def steps(self, order_id: str) -> list[str]:
        return [row["status"] for row in self.kite.order_history(order_id)]

    def settle(self, seconds: float = 1.0) -> None:
        """Let the server's time pass."""
        self.server.advance(seconds)

    def filled(self, *arguments: Any, **more: Any) -> dict[str, Any]:
        order_id = self.place(*arguments, **more)
        self.settle()
        return self.row(order_id)

    def net(self, product: str = "MIS", symbol: str = "INFY") -> dict[str, Any]:
        return next(
            row for row in self.kite.positions()["net"] if (row["product"], row["tradingsymbol"]) == (product, symbol)
        )


Start = Callable[..., Bench]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start servers with settings of one's own; `limits` and `view` may be given, all limits are off otherwise."""
    with ExitStack() as stack:

        def begin(
            *, limits: Limits = NO_LIMITS, view: View | None = None, timeout: float = 5.0, clock: str = MORNING,
            speed: float = 0.0, feed: Any = None, **settings: Any,
        ) -> Bench:  # fmt: skip
            found = evolve(ServerSettings(**settings), limits=limits, view=view or View())
            server = stack.enter_context(KiteServer(found, start=clock, speed=speed, feed=feed))
            bench = Bench(server, timeout)
            stack.callback(bench.kite.reqsession.close)
            bench.price(1500)
            return bench

        yield begin


@pytest.fixture
def bench(start: Start) -> Bench:
    """INFY at 1500 rupees, at ten in the morning; orders take 20 ms of the server's time to the exchange."""
    return start()
