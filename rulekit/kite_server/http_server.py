"""HTTP/1.1 over asyncio streams, by hand, so that every way of breaking off can be played."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from rulekit.kite_server.answers import Answer, Request
from rulekit.kite_server.faults import Sending

MOST_BODY = 8 * 1024 * 1024
GONE = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read one request; None when the client has gone or does not speak HTTP."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except GONE:
        return None
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3:
        return None
    headers = {}
    for line in lines[1:]:
        name, separator, value = line.partition(":")
        if separator:
            headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MOST_BODY:
        return None
    try:
        body = await reader.readexactly(int(length))
    except GONE:
        return None
    where = urlsplit(words[1])
    form = {}
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return Request(words[0], unquote(where.path), parse_qs(where.query), headers, body, form)


def head_of(answer: Answer, length: int) -> bytes:
    """Write status line and headers."""
    try:
        reason = HTTPStatus(answer.status).phrase
    except ValueError:
        reason = "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {reason}", f"Content-Length: {length}", "Server: simulated-kite"]
    if answer.content_type is not None:
        lines.append(f"Content-Type: {answer.content_type}")
    lines += [f"{name}: {value}" for name, value in answer.headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection with a TCP reset."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        )
    writer.transport.abort()


async def wait_or_gone(reader: asyncio.StreamReader, seconds: float) -> None:
    """Wait, but no longer than the client does."""
    reading = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait({reading}, timeout=seconds)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def send(sending: Sending, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Put an answer onto the wire; return whether the connection lives on."""
    answer, manner = sending.answer, sending.manner
    if manner == "reset":
        reset(writer)
        return False
    if manner == "hang":
        await wait_or_gone(reader, sending.hold)
    if manner in {"hang", "cut"} or answer is None:
        return False
    if manner == "slow":
        await asyncio.sleep(sending.hold)
    head = head_of(answer, len(answer.body) + (40 if manner == "truncated" else 0))
    if manner == "drip":
        writer.write(head)
        for index in range(len(answer.body)):
            writer.write(answer.body[index : index + 1])
            await writer.drain()
            await asyncio.sleep(sending.hold)
        return True
    writer.write(head + (answer.body[: len(answer.body) // 2] if manner == "truncated" else answer.body))
    await writer.drain()
    return manner != "truncated"


async def converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    respond: Callable[[Request], Sending],
    upgrade: Callable[[Request, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> None:
    """Serve one connection until one of the two has had enough."""
    cut_next = False
    try:
        while (request := await read_request(reader)) is not None:
            if cut_next:
                return
            if request.headers.get("upgrade", "").lower() == "websocket":
                await upgrade(request, reader, writer)
                return
            sending = respond(request)
            cut_next = sending.cut_next
            if not await send(sending, reader, writer):
                return
            if request.headers.get("connection", "").lower() == "close":
                return
    except GONE:
        return
    finally:
        writer.close()
