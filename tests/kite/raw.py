"""A socket that answers one prepared thing after another and counts what it was sent; knows nothing of Kite."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

Script = Callable[[socket.socket], None]


def body(status: int, value: Any, kind: str | None = "application/json", extra: str = "") -> Script:
    """Answer with a status and a body; text goes out as it is, all else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value)

    def act(connection: socket.socket) -> None:
        head = f"HTTP/1.1 {status} Word\r\nContent-Length: {len(text.encode())}\r\n{extra}"
        head += f"Content-Type: {kind}\r\n" if kind else ""
        connection.sendall((head + "\r\n" + text).encode())

    return act


def success(data: Any) -> Script:
    return body(200, {"status": "success", "data": data})


def error(status: int, kind: str, message: str = "no") -> Script:
    return body(status, {"status": "error", "message": message, "error_type": kind, "data": None})


def cut(connection: socket.socket) -> None:
    """End the connection without an answer."""
    connection.shutdown(socket.SHUT_RDWR)


def hang(connection: socket.socket) -> None:
    """Never answer."""
    time.sleep(3)


def drip(connection: socket.socket) -> None:
    """Answer a byte at a time, each within any time-out between two bytes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(200):
        time.sleep(0.02)
        try:
            connection.sendall(b" ")
        except OSError:
            return


def half(connection: socket.socket) -> None:
    """Promise more than is sent."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"status"')
    connection.shutdown(socket.SHUT_RDWR)


class RawServer:
    """Answers each request with the next script; the last one repeats."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.root = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._open = True
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while self._open:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                while line := stream.readline():
                    headers = {}
                    while (header := stream.readline().decode().strip()) != "":
                        name, _, value = header.partition(":")
                        headers[name.lower()] = value.strip()
                    sent = stream.read(int(headers.get("content-length", 0)))
                    self.requests.append((line.decode().rsplit(" ", 1)[0], sent.decode(), headers))
                    script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
                    script(connection)
        except (OSError, ValueError):
            pass

    def close(self) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
