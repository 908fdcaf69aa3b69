"""The official ticker, listening: what it hears is kept, and waiting for it has an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kiteconnect import KiteTicker

from rulekit.kite_server.server import KiteServer

PATIENCE = 10.0


def until(what: Callable[[], Any]) -> Any:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)
    return found


class Listener:
    """One unmodified `KiteTicker`; the library's reactor runs in a thread that all share and nobody can stop."""

    def __init__(self, server: KiteServer, access_token: str | None = None) -> None:
        self.ticker = KiteTicker(
            server.api_key, access_token or server.access_token, root=server.ticker_root, reconnect_max_delay=5
        )
        self.ticks: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.messages: list[tuple[bytes, bool]] = []
        self.connects = 0
        self.closes: list[tuple[Any, Any]] = []
        self.errors: list[tuple[Any, Any]] = []
        self.ticker.on_ticks = lambda ws, ticks: self.ticks.extend(ticks)
        self.ticker.on_order_update = lambda ws, row: self.updates.append(row)
        self.ticker.on_message = lambda ws, payload, binary: self.messages.append((payload, binary))
        self.ticker.on_close = lambda ws, code, reason: self.closes.append((code, reason))
        self.ticker.on_error = lambda ws, code, reason: self.errors.append((code, reason))
        self.ticker.on_connect = self._connected
        self._on_reactor(self.ticker.connect, threaded=True)

    def _connected(self, ws: Any, response: Any) -> None:
        self.connects += 1

    def _on_reactor(self, what: Callable[..., Any], *arguments: Any, **more: Any) -> None:
        from twisted.internet import reactor

        if reactor.running:
            reactor.callFromThread(what, *arguments, **more)
        else:
            what(*arguments, **more)
            until(lambda: reactor.running)

    def open(self) -> Listener:
        until(lambda: self.connects and self.ticker.is_connected())
        return self

    def subscribe(self, mode: str, *tokens: int) -> None:
        self._on_reactor(self.ticker.subscribe, list(tokens))
        if mode != "quote":
            self._on_reactor(self.ticker.set_mode, mode, list(tokens))

    def of_mode(self, mode: str) -> list[dict[str, Any]]:
        return [tick for tick in self.ticks if tick["mode"] == mode]

    def close(self) -> None:
        def end() -> None:
            self.ticker.stop_retry()
            if self.ticker.ws is not None:
                self.ticker.ws.dropConnection(abort=True)

        self._on_reactor(end)
        until(lambda: not self.ticker.is_connected())
