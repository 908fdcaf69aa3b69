"""The WebSocket protocol (RFC 6455), server side: handshake, frames, ping, close."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct

from attrs import frozen

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MOST = 1 << 20


@frozen
class Message:
    """One whole message."""

    opcode: int
    payload: bytes


def handshake(key: str) -> bytes:
    """Answer a client's request for a WebSocket."""
    accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()  # noqa: S324 - the protocol's
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ).encode("latin-1")


def encode(opcode: int, payload: bytes) -> bytes:
    """Write one frame; a server's frames carry no mask."""
    size = len(payload)
    if size < 126:
        head = struct.pack(">BB", 0x80 | opcode, size)
    elif size < 1 << 16:
        head = struct.pack(">BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, 127, size)
    return head + payload


async def read_message(reader: asyncio.StreamReader) -> Message:
    """Read one message; its pieces are put together, control frames come through as they are.

    Raises:
        asyncio.IncompleteReadError: the client has gone.
        ConnectionError: it does not keep to the protocol.
    """
    whole, opcode = b"", CONTINUED
    while True:
        first, second = await reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", await reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", await reader.readexactly(8))
        if size + len(whole) > MOST or not second & 0x80:
            raise ConnectionError("not a frame of a client")
        mask = await reader.readexactly(4)
        masked = await reader.readexactly(size)
        payload = bytes(byte ^ mask[index & 3] for index, byte in enumerate(masked))
        kind = first & 0x0F
        if kind >= CLOSE:
            return Message(kind, payload)
        opcode = kind or opcode
        whole += payload
        if first & 0x80:
            return Message(opcode, whole)
