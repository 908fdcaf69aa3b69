"""An account behind the localhost OpenAlgo: real sockets, and a clock that both sides share."""

from __future__ import annotations

from typing import Any

from rulekit.broker.kite_settings import Secret
from rulekit.broker.openalgo import OpenAlgoBroker
from rulekit.broker.openalgo_settings import OpenAlgoSettings
from rulekit.kite_server.faults import Fault
from rulekit.kite_server.settings import ServerSettings
from rulekit.openalgo_server.server import OpenAlgoServer
from rulekit.openalgo_server.settings import GatewaySettings
from tests.kite.bench import KEY, PRICE, START, SharedClock


class OpenAlgoBench:
    """One server at ten o'clock with `KEY` heard at `PRICE`, and an adapter before it."""

    def __init__(
        self, *, gateway: GatewaySettings | None = None, server: ServerSettings | None = None, **more: Any
    ) -> None:
        self.server = OpenAlgoServer(gateway, server, start=START, speed=0)
        self.server.start()
        self.key = KEY
        self.last = PRICE
        self.move(PRICE)
        self.clock = SharedClock(self.server)
        values = {"deadline_s": 2.0, "connect_s": 1.0} | more
        self.settings = OpenAlgoSettings(Secret(self.server.openalgo_key), root=self.server.root, **values)
        self.alerts: list[str] = []
        self.broker = OpenAlgoBroker(self.settings, clock=self.clock, alert=self.alerts.append)

    def move(self, price: float) -> None:
        self.last = price
        self.server.push_price(*KEY, price / 100)

    def wait(self, seconds: float) -> None:
        self.server.advance(seconds)
        self.server.push_price(*KEY, self.last / 100)

    def trade_by_hand(self, side: str, quantity: int) -> None:
        self.server.trade_by_hand(*KEY, side, quantity)

    def break_reading(self) -> None:
        self.server.faults.script(
            [Fault("html_504", "before", route) for route in ("orders", "trades", "positions") for _ in range(3)]
        )

    def close(self) -> None:
        self.broker.close()
        self.server.stop()
