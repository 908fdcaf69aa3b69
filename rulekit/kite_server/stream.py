"""The ticker: subscriptions, ticks in three modes, heartbeats, order updates, and its own ways of failing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any

from attrs import define, field

from rulekit.kite_server import websocket
from rulekit.kite_server.answers import Request, failure
from rulekit.kite_server.http_server import GONE, head_of, reset
from rulekit.kite_server.market import Line
from rulekit.kite_server.packets import HEARTBEAT, frame, packet

MODES = ("ltp", "quote", "full")
MOST_TOKENS = 3000
MOST_CONNECTIONS = 3
FULL = 256 * 1024
"""Bytes waiting for a slow client above which its ticks are put together instead of queued."""
PAST_ENDURING = 8 * 1024 * 1024
FAULTS = ("mute", "half_open", "reset", "close", "refuse", "heal", "truncated", "list")


@define(eq=False)
class Subscriber:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    modes: dict[int, str] = field(factory=dict)
    dirty: dict[int, None] = field(factory=dict)
    mute: bool = False
    frozen: bool = False

    def send(self, opcode: int, payload: bytes) -> None:
        """Queue one message, unless this connection plays dead."""
        if not self.mute and not self.frozen and not self.writer.is_closing():
            self.writer.write(websocket.encode(opcode, payload))

    @property
    def waiting(self) -> int:
        """Bytes that the client has not taken yet."""
        return self.writer.transport.get_write_buffer_size()


class Stream:
    """All connections of the ticker; everything but `touch`, `order_update` and `play` runs on the loop."""

    def __init__(
        self,
        lock: threading.RLock,
        line_of: Callable[[int], Line | None],
        now: Callable[[], int],
        admits: Callable[[str, str], bool],
        *,
        heartbeat: float,
        answer_pings: bool,
    ) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.lock, self.line_of, self.now, self.admits = lock, line_of, now, admits
        self.heartbeat, self.answer_pings = heartbeat, answer_pings
        self.subscribers: list[Subscriber] = []
        self.handshakes = 0
        self.thread: threading.Thread | None = None
        self.refuse_next = 0
        self.mute_new = False
        self._flushing = False

    # ---- one connection

    async def serve(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client from the handshake to the end."""
        self.handshakes += 1
        key, token = request.one("api_key") or "", request.one("access_token") or ""
        if self.refuse_next > 0 or not self.admits(key, token):
            self.refuse_next = max(0, self.refuse_next - 1)
            answer = failure(403, "TokenException", "Incorrect `api_key` or `access_token`.")
            writer.write(head_of(answer, len(answer.body)) + answer.body)
            await writer.drain()
            return
        if sum(not one.frozen for one in self.subscribers) >= MOST_CONNECTIONS:
            answer = failure(429, "NetworkException", "Too many connections")
            writer.write(head_of(answer, len(answer.body)) + answer.body)
            await writer.drain()
            return
        writer.write(websocket.handshake(request.headers.get("sec-websocket-key", "")))
        subscriber = Subscriber(reader, writer, mute=self.mute_new)
        self.subscribers.append(subscriber)
        beating = asyncio.create_task(self._beat(subscriber))
        try:
            await self._listen(subscriber)
        except GONE:
            pass
        finally:
            beating.cancel()
            self.subscribers.remove(subscriber)

    async def _listen(self, subscriber: Subscriber) -> None:
        while True:
            message = await websocket.read_message(subscriber.reader)
            while subscriber.frozen:
                await asyncio.sleep(0.05)
            if message.opcode == websocket.CLOSE:
                subscriber.send(websocket.CLOSE, message.payload[:2])
                return
            if message.opcode == websocket.PING and self.answer_pings:
                subscriber.send(websocket.PONG, message.payload)
            elif message.opcode == websocket.TEXT:
                self._obey(subscriber, message.payload)

    def _obey(self, subscriber: Subscriber, payload: bytes) -> None:
        try:
            order = json.loads(payload)
            action, value = order["a"], order["v"]
            if action == "mode":
                mode, tokens = value
            else:
                mode, tokens = "quote", value
            tokens = [int(token) for token in tokens]
            if action not in {"subscribe", "unsubscribe", "mode"} or mode not in MODES:
                raise ValueError(action)
        except (ValueError, KeyError, TypeError):
            self._say(subscriber, {"type": "error", "data": "Invalid message."})
            return
        if action == "unsubscribe":
            for token in tokens:
                subscriber.modes.pop(token, None)
            return
        if len({*subscriber.modes, *tokens}) > MOST_TOKENS:
            self._say(subscriber, {"type": "error", "data": f"At most {MOST_TOKENS} instruments on a connection."})
            return
        for token in tokens:
            if action == "mode" or token not in subscriber.modes:
                subscriber.modes[token] = mode
            subscriber.dirty[token] = None
        self._flush_one(subscriber)

    def _say(self, subscriber: Subscriber, message: dict[str, Any]) -> None:
        subscriber.send(websocket.TEXT, json.dumps(message).encode())

    async def _beat(self, subscriber: Subscriber) -> None:
        while True:
            await asyncio.sleep(self.heartbeat)
            if subscriber.waiting > PAST_ENDURING:
                subscriber.writer.transport.abort()
                return
            self._flush_one(subscriber)
            subscriber.send(websocket.BINARY, HEARTBEAT)

    # ---- what goes out

    def touch(self, token: int) -> None:
        """Note, from any thread, that an instrument has a new price."""
        if not self.subscribers:
            return
        for subscriber in list(self.subscribers):
            if token in subscriber.modes:
                subscriber.dirty[token] = None
        if not self._flushing:
            self._flushing = True
            self._later(self._flush)

    def _later(self, what: Callable[..., None], *arguments: Any) -> None:
        if self.loop is None:
            return
        # A loop that is closing has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(what, *arguments)

    def _flush(self) -> None:
        self._flushing = False
        for subscriber in self.subscribers:
            self._flush_one(subscriber)

    def _flush_one(self, subscriber: Subscriber) -> None:
        if not subscriber.dirty or subscriber.waiting > FULL:
            return
        with self.lock:
            tokens, subscriber.dirty = list(subscriber.dirty), {}
            now = self.now()
            lines = [(self.line_of(token), subscriber.modes.get(token)) for token in tokens]
            packets = [packet(line, mode, now) for line, mode in lines if line is not None and mode is not None]
        if packets:
            subscriber.send(websocket.BINARY, frame(packets))

    def order_update(self, row: dict[str, Any]) -> None:
        """Tell every connection, from any thread, what became of an order."""
        self._later(self._text, json.dumps({"type": "order", "data": row}).encode())

    def _text(self, payload: bytes) -> None:
        for subscriber in self.subscribers:
            subscriber.send(websocket.TEXT, payload)

    def drop_all(self) -> None:
        """Let every connection fall, from any thread."""
        self._later(self._each, lambda subscriber: subscriber.writer.transport.abort())

    def _each(self, what: Callable[[Subscriber], None]) -> None:
        for subscriber in list(self.subscribers):
            what(subscriber)

    # ---- faults

    def play(self, fault: str, *, count: int = 1, code: int = 1000, also_new: bool = False) -> None:
        """Let the ticker fail, from any thread.

        `mute`: TCP lives, nothing more is said (`also_new`: nor to those who come later). `half_open`: nothing is read
        or written any more. `reset`: TCP resets. `close`: a clean end with `code`. `refuse`: 403 to the next `count`
        handshakes. `truncated` and `list`: frames that kill the official client. `heal`: all is well again.

        Raises:
            ValueError: there is no such fault.
        """
        if fault not in FAULTS:
            raise ValueError(f"`{fault}` is not a fault of the ticker; there are {', '.join(FAULTS)}")
        if threading.current_thread() is self.thread:
            self._play(fault, count, code, also_new)
            return
        done = threading.Event()

        def act() -> None:
            self._play(fault, count, code, also_new)
            done.set()

        self._later(act)
        done.wait(2)

    def _play(self, fault: str, count: int, code: int, also_new: bool) -> None:
        if fault in {"mute", "heal"}:
            self.mute_new = also_new and fault == "mute"
        if fault in {"refuse", "heal"}:
            self.refuse_next = count if fault == "refuse" else 0
        for subscriber in list(self.subscribers):
            match fault:
                case "mute":
                    subscriber.mute = True
                case "half_open":
                    subscriber.frozen = True
                case "reset":
                    reset(subscriber.writer)
                case "close":
                    subscriber.send(websocket.CLOSE, code.to_bytes(2, "big"))
                case "truncated":
                    subscriber.send(websocket.BINARY, b"\x00\x02\x00\x2c\x00\x01")
                case "list":
                    subscriber.send(websocket.TEXT, b"[1]")
                case "heal":
                    subscriber.mute = False
                    subscriber.dirty.update(dict.fromkeys(subscriber.modes))
