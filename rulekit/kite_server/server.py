"""The localhost Kite: REST and WebSocket on one port of 127.0.0.1, in a thread of the process that starts it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from rulekit.kite_server import control
from rulekit.kite_server.accounts import Holding, Overnight
from rulekit.kite_server.answers import Request, failure
from rulekit.kite_server.clock import SECOND, ServerClock, instant, moment
from rulekit.kite_server.desk import Desk
from rulekit.kite_server.faults import Faults, Sending
from rulekit.kite_server.feed import Print, read_feed, since
from rulekit.kite_server.http_server import converse
from rulekit.kite_server.listing import Listing
from rulekit.kite_server.money import units
from rulekit.kite_server.orders import Ticket
from rulekit.kite_server.postback import post
from rulekit.kite_server.settings import ServerSettings
from rulekit.kite_server.stream import Stream
from rulekit.kite_server.walk import Walk

HOST = "127.0.0.1"
NAP = 0.25
"""Real seconds that the pump sleeps at most."""
BATCH = 2_000
"""How many things happen at a stretch before the sockets get their turn."""


class KiteServer:
    """A simulated account at a simulated broker.

    Use it as a context manager; everything may be called from any thread.

    Args:
        settings: the broker's rules, lags and limits.
        start: the server's own time at the start, ISO, Indian unless it says otherwise; None is the time of the
            feed's first price, or the real time.
        speed: how fast that time runs; 0 stands still until `advance`.
        feed: a file of prices, or prices, that come when their time has come.
        port: 0 takes a free one.
        control: open the side door for tests in other processes.
        walk: let prices be made up, from the seed.
    """

    def __init__(
        self,
        settings: ServerSettings | None = None,
        *,
        start: str | None = None,
        speed: float = 1.0,
        feed: Path | str | Sequence[Print] | None = None,
        port: int = 0,
        control: bool = True,
        walk: bool = False,
    ) -> None:
        self.settings = settings if settings is not None else ServerSettings()
        if isinstance(feed, str | Path):
            prices: Sequence[Print] = read_feed(Path(feed), start=None if start is None else instant(start))
        else:
            prices = feed or ()
        if start is None and prices:
            start = moment(prices[0].at).isoformat()
        self.clock = ServerClock(start, speed)
        prices = since(prices, self.clock.now())
        self.desk = Desk(self.settings, self.clock, prices)
        self._asked_port, self._control = port, control
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._stop: asyncio.Event | None = None
        self._wake: asyncio.Event | None = None
        self.stream = Stream(
            self.desk.lock, self.desk.line_of, self.desk.now, self.desk.admits,
            heartbeat=self.settings.heartbeat, answer_pings=self.settings.answer_pings,
        )  # fmt: skip
        if walk:
            Walk(self.desk, self.settings.seed)
        self.desk.touched = self.stream.touch
        self.desk.told = self.stream.order_update
        self.desk.logged_out = self.stream.drop_all
        self.desk.rearm = self._rearm
        self.desk.posted = lambda row: post(str(self.settings.postback_url), row)
        self.port = 0

    # ---- life

    def start(self) -> KiteServer:
        """Begin to listen; returns when it does.

        Raises:
            OSError: the port is taken.
        """
        self._thread = threading.Thread(target=self._run, name="kite-server", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            self._thread.join()
            raise self._failed
        return self

    def stop(self) -> None:
        """Let go of every connection and of the port."""
        if self._thread is None or self._stop is None:
            return
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._thread = None
        if self._failed is not None:
            raise RuntimeError("the simulated broker failed; what came after cannot be trusted") from self._failed

    def wait(self) -> None:
        """Wait until the server ends, or a key press interrupts."""
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(0.5)

    def __enter__(self) -> KiteServer:
        return self if self._thread is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failed = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = self.stream.loop = asyncio.get_running_loop()
        self.stream.thread = threading.current_thread()
        self._stop, self._wake = asyncio.Event(), asyncio.Event()
        listener = await asyncio.start_server(self._connected, HOST, self._asked_port, limit=1 << 20)
        self.port = listener.sockets[0].getsockname()[1]
        self._connections: set[asyncio.Task[None]] = set()
        pump = asyncio.create_task(self._pump())
        pump.add_done_callback(self._pump_ended)
        self._ready.set()
        await self._stop.wait()
        listener.close()
        for task in (pump, *self._connections):
            task.cancel()
        await asyncio.gather(pump, *self._connections, return_exceptions=True)
        await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await converse(reader, writer, self._respond, self.stream.serve)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._connections.discard(task)

    def _respond(self, request: Request) -> Sending:
        try:
            if self._control and request.path.startswith(control.PREFIX):
                return control.respond(self, request)
            return self.desk.respond(request)
        except Exception as error:
            # A fault of the simulation must not pass for one of the broker: `stop` raises it.
            self._failed = self._failed or error
            return Sending(failure(500, "GeneralException", f"the simulation itself failed: {error!r}"))

    async def _pump(self) -> None:
        """Let things happen when they are due."""
        assert self._wake is not None
        while True:
            if self.desk.advance(BATCH):
                await asyncio.sleep(0)
                continue
            self._wake.clear()
            due, speed, nap = self.desk.next_due(), self.clock.speed, NAP
            if due is not None and speed > 0:
                nap = min(NAP, max(0.0, (due - self.clock.now()) / SECOND / speed))
            alarm = self._loop.call_later(nap + 0.0005, self._wake.set)
            await self._wake.wait()
            alarm.cancel()

    def _pump_ended(self, pump: asyncio.Task[None]) -> None:
        if not pump.cancelled() and pump.exception() is not None:
            self._failed = self._failed or pump.exception()

    def _rearm(self) -> None:
        if self._wake is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake.set)

    # ---- where it is

    @property
    def root(self) -> str:
        """What `KiteConnect(root=...)` wants."""
        return f"http://{HOST}:{self.port}"

    @property
    def ticker_root(self) -> str:
        """What `KiteTicker(root=...)` wants."""
        return f"ws://{HOST}:{self.port}"

    @property
    def login_url(self) -> str:
        """The page that a browser opens to log in."""
        return f"{self.root}/connect/login?v=3&api_key={self.api_key}"

    @property
    def api_key(self) -> str:
        """The application's key."""
        return self.settings.credentials.api_key

    @property
    def api_secret(self) -> str:
        """The application's secret."""
        return self.settings.credentials.api_secret

    @property
    def access_token(self) -> str:
        """The token that is alive; empty when none is."""
        return self.desk.sessions.access_token or ""

    @property
    def faults(self) -> Faults:
        """What will go wrong next."""
        return self.desk.faults

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Every request so far: time, method, path, route, user agent, tag, fault."""
        with self.desk.lock:
            return list(self.desk.requests)

    # ---- what a test does

    def push_price(
        self, exchange: str, symbol: str, price: float, *, quantity: int = 0, volume: int | None = None
    ) -> None:
        """Let an instrument trade at a price in rupees; a new share is listed by it."""
        with self.desk.lock:
            self.desk.advance()
            self.desk.hear(exchange, symbol, units(price), self.desk.now(), quantity, volume)
            self.desk.advance()
        self._rearm()

    def list_instrument(self, exchange: str, symbol: str, **more: Any) -> Listing:
        """List an instrument: tick, lot, kind, name, expiry, strike, multiplier, freeze, token, index."""
        with self.desk.lock:
            return self.desk.oms.listings.add(exchange, symbol, **more)

    def token_of(self, exchange: str, symbol: str) -> int:
        """Return an instrument's token."""
        return self.desk.oms.listings.by_key[exchange, symbol].token

    def hold(self, exchange: str, symbol: str, quantity: int, price: float, *, t1: int = 0) -> None:
        """Put shares into the demat account."""
        with self.desk.lock:
            listing = self.desk.oms.listings.by_key[exchange, symbol]
            self.desk.oms.portfolio.holdings[listing.key] = Holding(listing, quantity, units(price), t1)

    def carry_over(self, exchange: str, symbol: str, product: str, quantity: int, price: float) -> None:
        """Let a position be there from an earlier day."""
        with self.desk.lock:
            self.desk.oms.portfolio.overnight[exchange, symbol, product] = Overnight(quantity, units(price))

    def trade_by_hand(self, exchange: str, symbol: str, side: str, quantity: int, product: str = "MIS") -> str:
        """Let the account's owner trade on another screen; returns the order id. It carries no tag."""
        with self.desk.lock:
            self.desk.advance()
            listing = self.desk.oms.listings.by_key[exchange, symbol]
            ticket = Ticket(listing, "regular", side, quantity, product, "MARKET", protection=-1)
            order_id = self.desk.place_by_hand(ticket)
        self._rearm()
        return order_id

    def advance(self, seconds: float) -> None:
        """Move the clock on and let everything happen on the way."""
        with self.desk.lock:
            self.clock.move(seconds)
            self.desk.advance()
        self._rearm()

    def expire_token(self) -> None:
        """Let the session die now."""
        with self.desk.lock:
            self.desk.expire_token()

    def request_token(self) -> str:
        """Log in without a browser: return a request token to exchange."""
        with self.desk.lock:
            return self.desk.sessions.request_token(self.desk.now())

    # ---- the oracle

    def true_orders(self) -> list[dict[str, Any]]:
        """Every order as it truly is, oldest first, with `left` and the `history` of its statuses."""
        with self.desk.lock:
            self.desk.advance()
            return self.desk.true_orders()

    def true_trades(self) -> list[dict[str, Any]]:
        """Every trade, oldest first, with its order's `tag`."""
        with self.desk.lock:
            self.desk.advance()
            return [{**trade.row(), "tag": trade.order.ticket.tag, "at": trade.at} for trade in self.desk.oms.trades]

    def true_positions(self) -> dict[tuple[str, str, str], int]:
        """Net quantities that are not 0, by exchange, symbol and product."""
        with self.desk.lock:
            self.desk.advance()
            return self.desk.true_positions()

    def position_path(self, exchange: str, symbol: str, product: str) -> list[int]:
        """Return the net quantity after each trade, from what was carried over: it tells a flip from an exit."""
        with self.desk.lock:
            key = (exchange, symbol, product)
            carried = self.desk.oms.portfolio.overnight.get(key)
            path = [carried.quantity if carried else 0]
            for trade in self.desk.oms.trades:
                ticket = trade.order.ticket
                if (*ticket.listing.key, ticket.product) == key:
                    path.append(path[-1] + trade.order.sign * trade.quantity)
            return path
