"""A line between a browser and a server that can fall silent without a word, as one does when a machine sleeps."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class DeafLine:
    """Passes bytes on, until it is told not to: connections then stay open and nothing comes through any more."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.name = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.leads_to = ""
        self._silent = threading.Event()
        self._old: list[socket.socket] = []
        self._live: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def fall_silent(self) -> None:
        """Let nothing through, on what stands and on what comes."""
        self._silent.set()
        self._old += self._live

    def take_new_ones(self) -> None:
        """Serve new connections; those of before stay dead."""
        self._silent.clear()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._silent.is_set():
                self._old.append(near)
                continue
            where = urlsplit(self.leads_to)
            far = socket.create_connection((where.hostname, where.port))
            self._live += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if one in self._old:
                    return
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for each in {*self._live, *self._old}:
            each.close()
