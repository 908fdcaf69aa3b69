"""An account at the localhost Kite: real sockets, the unmodified client, and a clock that both sides share."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rulekit.broker.kite import KiteBroker
from rulekit.broker.kite_settings import KiteSettings, Secret
from rulekit.broker.kite_ticker import Ticker
from rulekit.kite_server.faults import Fault
from rulekit.kite_server.server import KiteServer
from rulekit.kite_server.settings import ServerSettings
from rulekit.model.instant import Instant
from rulekit.model.instrument import InstrumentKey

START = "2026-11-20T10:00:00+05:30"
KEY = InstrumentKey("NSE", "INFY")
PRICE = 150_000.0


class SharedClock:
    """The server's clock, seen by the adapter: waiting moves both on."""

    speed = 1.0

    def __init__(self, server: KiteServer) -> None:
        self._server = server

    def now(self) -> Instant:
        return self._server.clock.now()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._server.advance(seconds)


def settings_for(server: KiteServer, folder: Path, **more: Any) -> KiteSettings:
    values = {"deadline_s": 2.0, "connect_s": 1.0} | more
    return KiteSettings(
        Secret(server.api_key), Secret(server.access_token), root=server.root, ticker=server.ticker_root,
        cache_folder=folder / "cache", token_file=folder / "token.json", **values,
    )  # fmt: skip


class KiteBench:
    """One server at ten o'clock with `KEY` heard at `PRICE`, and an adapter before it."""

    def __init__(
        self, folder: Path, *, ticker: bool = False, server: ServerSettings | None = None, **more: Any
    ) -> None:
        self.server = KiteServer(server, start=START, speed=0).start()
        self.key = KEY
        self.last = PRICE
        self.move(PRICE)
        self.clock = SharedClock(self.server)
        self.settings = settings_for(self.server, folder, **more)
        self.broker = KiteBroker(self.settings, clock=self.clock)
        self.ticker: Ticker | None = None
        if ticker:
            self.ticker = Ticker(self.settings, lambda: self.broker.tokens.current, clock=self.clock)
            self.broker.wake_ups = self.ticker.handover.updates
            self.ticker.open()
            until(lambda: self.ticker is not None and self.ticker.is_live)

    def move(self, price: float) -> None:
        self.last = price
        self.server.push_price(*KEY, price / 100)

    def wait(self, seconds: float) -> None:
        self.server.advance(seconds)
        self.server.push_price(*KEY, self.last / 100)
        if self.ticker is not None:
            time.sleep(0.02)  # frames travel in real time

    def trade_by_hand(self, side: str, quantity: int) -> None:
        self.server.trade_by_hand(*KEY, side, quantity)

    def break_reading(self) -> None:
        self.server.faults.script(
            [Fault("html_504", "before", route) for route in ("orders", "trades", "positions") for _ in range(3)]
        )

    def close(self) -> None:
        if self.ticker is not None:
            self.ticker.close()
        self.broker.close()
        self.server.stop()


def until(what: Any, seconds: float = 10.0) -> None:
    """Wait in real time for something to become true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)
