"""Runs the page's server: where it listens, which names it answers to, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from attrs import frozen
from starlette.applications import Starlette

from rulekit.errors import UsageError

LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")
LOCAL = "127.0.0.1"
USUAL_PORT = 8750
_FORM = "write it like 127.0.0.1:8750, or a port alone for this machine only"


@frozen
class Address:
    """Where a server listens."""

    host: str
    port: int

    @property
    def is_local(self) -> bool:
        """Tell whether only this machine reaches it."""
        return self.host in LOCAL_NAMES

    @property
    def names(self) -> frozenset[str]:
        """What a browser on this machine may call it; empty where it is reached from elsewhere, too."""
        if not self.is_local:
            return frozenset()
        return frozenset(f"{f'[{name}]' if ':' in name else name}:{self.port}" for name in LOCAL_NAMES)

    def url(self, *, secure: bool) -> str:
        """Return how a browser calls it."""
        host = LOCAL if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104 - only compared with
        return f"http{'s' if secure else ''}://{f'[{host}]' if ':' in host else host}:{self.port}"


def address_of(text: str) -> Address:
    """Read `HOST:PORT`, or a port alone.

    Raises:
        UsageError: it is neither.
    """
    host, colon, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not port.isdecimal() or int(port) > 65535 or (colon and not host):
        raise UsageError(f"`{text}` is no place to listen at", _FORM)
    return Address(host or LOCAL, int(port))


def bound(address: Address) -> tuple[socket.socket, Address]:
    """Take the place to listen at; port 0 takes a free one.

    Raises:
        UsageError: it is taken, or not on this machine.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((address.host, address.port))
    except OSError as error:
        taken.close()
        raise UsageError(
            f"`{address.host}:{address.port}` cannot be listened at: {error.strerror or error}",
            "another program may be using it: choose another port with --listen",
        ) from None
    return taken, Address(address.host, taken.getsockname()[1])


class Server(uvicorn.Server):
    """A server that says when it answers, and lets the streams of its browsers end before it waits for them."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None], begun: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_ending = ending
        self._tell_begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, and say so: before that a browser would be turned away."""
        await super().startup(sockets)
        if self.started:
            self._tell_begun()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, after the streams were told."""
        self._tell_ending()
        await super().shutdown(sockets)


def server_of(
    app: Starlette,
    certificate: Path | None = None,
    key: Path | None = None,
    *,
    begun: Callable[[], None] = lambda: None,
) -> Server:
    """Return a server that is not running yet.

    Args:
        begun: called once it answers, with the account's picture ready.
    """
    return Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            server_header=False,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=64 * 1024,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        ),
        app.state.live.end,
        begun,
    )


def serve(server: Server, taken: socket.socket) -> None:
    """Serve until a signal asks to end."""
    asyncio.run(server.serve(sockets=[taken]))


@contextmanager
def serving(app: Starlette, taken: socket.socket) -> Iterator[Server]:
    """Serve in a thread of its own for as long as the block runs: for tests and for hosts."""
    began = threading.Event()
    server = server_of(app, begun=began.set)
    thread = threading.Thread(target=serve, args=(server, taken), name="page", daemon=True)
    thread.start()
    try:
        if not began.wait(30.0):
            raise UsageError("the page did not start", "look at what the terminal says")
        yield server
    finally:
        server.should_exit = True
        thread.join(5.0)
        taken.close()
