"""The stream of prices and order updates: the broker's own ticker, with the watchdog that it lacks.

All of it runs on the client's one reactor thread, which only hands over; the reactor is started once in a process and
never stopped, because it cannot be started again.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rulekit.broker.kite_calls import import_kiteconnect
from rulekit.broker.kite_settings import KiteSettings
from rulekit.broker.kite_ticks import Handover
from rulekit.model.clock import Clock

LOOK_S = 0.25
REFUSALS = 3
"""After so many refused connections the ticker is left alone for a while: there is no plan, or the token died."""
LEFT_ALONE_S = 60.0
CONNECT_S = 3

LIVE = "live"
CONNECTING = "connecting"
REFUSED = "refused"
CLOSED = "closed"

_start = threading.Lock()
_log = logging.getLogger(__name__)


def _running_reactor() -> Any:
    """Return the client's reactor; its thread is started if this is the first time."""
    import_kiteconnect()
    from twisted.internet import reactor

    loop: Any = reactor
    with _start:
        if not loop.running and not getattr(_running_reactor, "started", False):
            _running_reactor.started = True  # type: ignore[attr-defined]
            begun = threading.Event()
            loop.callWhenRunning(begun.set)
            thread = threading.Thread(
                target=loop.run, kwargs={"installSignalHandlers": False}, name="kite-ticker", daemon=True
            )
            thread.start()
            begun.wait(10)
    return loop


def _tolerant(ticker: Any, broken: Callable[[Exception], None]) -> Any:
    """Return the client's ticker with a connection that outlives a frame it cannot read."""

    class Tolerant(ticker):  # type: ignore[misc]
        """The client's own, and nothing else changed."""

        def _on_message(self, ws: Any, payload: bytes, is_binary: bool) -> None:
            try:
                super()._on_message(ws, payload, is_binary)
            except Exception as error:
                broken(error)

    return Tolerant


class Ticker:
    """Keeps a stream open for as long as it is wanted.

    Args:
        settings: the key, the address, how long silence may last.
        token: gives the access token to connect with.
        clock: tells when a tick came.
        handover: takes ticks and wake-ups.
    """

    def __init__(
        self, settings: KiteSettings, token: Callable[[], str], *, clock: Clock, handover: Handover | None = None
    ) -> None:
        self.handover = handover if handover is not None else Handover()
        self.state = CONNECTING
        self.connections = 0
        """How often a connection came to stand."""
        self.cut = 0
        """How often the watchdog cut a silent one."""
        self._settings = settings
        self._token = token
        self._clock = clock
        self._wanted: set[int] = set()
        self._client: Any = None
        self._connected_with = ""
        self._refusals = 0
        self._heard = 0.0
        self._again_at = 0.0
        self._closing = False
        self._reactor = _running_reactor()

    # --- from the deciding thread --------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin to connect; returns at once."""
        self._reactor.callFromThread(self._safely, self._begin)

    def watch(self, tokens: Iterable[int]) -> None:
        """Hear these instruments from now on, besides those that are heard."""
        fresh = {token for token in tokens if token} - self._wanted
        if fresh:
            self._wanted = self._wanted | fresh
            self._reactor.callFromThread(self._safely, self._subscribe, sorted(fresh))

    @property
    def is_live(self) -> bool:
        """Tell whether the stream stands and has shown a sign of life lately."""
        return self.state == LIVE

    def close(self, wait_s: float = 2.0) -> None:
        """End the stream; the reactor goes on, since it cannot be started twice."""
        done = threading.Event()

        def end() -> None:
            self._safely(self._end)
            done.set()

        self._reactor.callFromThread(end)
        done.wait(wait_s)

    # --- on the reactor's thread -----------------------------------------------------------------------------------

    def _safely(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do something; whatever it raises would cut the connection."""
        try:
            work(*arguments)
        except Exception as error:
            _log.debug("the ticker's %s failed: %s", getattr(work, "__name__", "work"), type(error).__name__)

    def _begin(self) -> None:
        if self._client is None and not self._closing:
            self._connect()
            self._reactor.callLater(LOOK_S, self._look)

    def _connect(self) -> None:
        kiteconnect = import_kiteconnect()
        self._connected_with = self._token()
        client = _tolerant(kiteconnect.KiteTicker, self._broken_frame)(
            str(self._settings.api_key),
            self._connected_with,
            debug=False,
            root=self._settings.ticker,
            reconnect_max_tries=300,
            reconnect_max_delay=5,
            connect_timeout=CONNECT_S,
        )
        client.on_message = self._guard(self._on_message, client)
        client.on_ticks = self._guard(self._on_ticks, client)
        client.on_order_update = self._guard(self._on_order_update, client)
        client.on_connect = self._guard(self._on_connect, client)
        client.on_open = self._guard(self._on_open, client)
        client.on_close = self._guard(self._on_close, client)
        self._client = client
        self.state = CONNECTING
        self._heard = self._reactor.seconds()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client.connect(threaded=True)

    def _guard(self, work: Callable[..., None], client: Any) -> Callable[..., None]:
        """Return a callback that never raises, and is deaf to a connection that was replaced."""

        def callback(*arguments: Any) -> None:
            if client is self._client:
                self._safely(work, *arguments)

        return callback

    def _on_message(self, ticker: Any, payload: bytes, is_binary: bool) -> None:
        self._heard = self._reactor.seconds()

    def _on_ticks(self, ticker: Any, ticks: list[Mapping[str, Any]]) -> None:
        self.handover.put(ticks, self._clock.now())

    def _on_order_update(self, ticker: Any, row: Any) -> None:
        self.handover.wake()

    def _broken_frame(self, error: Exception) -> None:
        """Go on after a frame that the client cannot read; it may have been about an order."""
        _log.debug("a frame was not understood: %s", type(error).__name__)
        self.handover.wake()

    def _on_connect(self, ticker: Any, response: Any) -> None:
        self._heard = self._reactor.seconds()

    def _on_open(self, ticker: Any) -> None:
        self.state = LIVE
        self._refusals = 0
        self._heard = self._reactor.seconds()
        self.connections += 1
        self._subscribe(sorted(self._wanted))
        # What happened while nobody listened is not told again; the book knows.
        self.handover.wake()

    def _on_close(self, ticker: Any, code: Any, reason: Any) -> None:
        if self.state == LIVE:
            self.handover.wake()
        self.state = CONNECTING
        if "403" in str(reason):
            self._refusals += 1
            if self._refusals >= REFUSALS:
                self._leave_alone()

    def _leave_alone(self) -> None:
        self.state = REFUSED
        self._again_at = self._reactor.seconds() + LEFT_ALONE_S
        self._drop_client()

    def _subscribe(self, tokens: list[int]) -> None:
        if self.state == LIVE and tokens:
            self._client.subscribe(tokens)
            self._client.set_mode(self._client.MODE_FULL, tokens)

    def _look(self) -> None:
        """Cut a connection that is silent, and try again after a refusal; called all the time."""
        if self._closing:
            return
        self._safely(self._watch_over)
        self._reactor.callLater(LOOK_S, self._look)

    def _watch_over(self) -> None:
        now = self._reactor.seconds()
        if self.state == REFUSED:
            renewed = self._token() != self._connected_with
            if now >= self._again_at or renewed:
                self._refusals = 0 if renewed else REFUSALS - 1
                self._connect()
        elif self.state == LIVE and now - self._heard > self._settings.silence_s:
            self.cut += 1
            self.state = CONNECTING
            self.handover.wake()
            self._client.ws.dropConnection(abort=True)

    def _drop_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.stop_retry()
            socket = getattr(client.factory, "ws", None)
            if socket is not None:
                socket.dropConnection(abort=True)

    def _end(self) -> None:
        self._closing = True
        self.state = CLOSED
        self._drop_client()
