"""A small page on this machine: `/metrics` for Prometheus and `/health` for whoever restarts what is not well."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from rulekit.errors import UsageError
from rulekit.metrics.exposition import Exposition
from rulekit.metrics.health import Watched, health
from rulekit.metrics.settings import MetricsSettings

LOCAL = "127.0.0.1"
_FORM = "write it like 127.0.0.1:9108, or a port alone for this machine only"

_LOOK_S = 0.1
"""How soon a request to end is seen."""

Page = Callable[[], tuple[int, str, bytes]]
"""Gives the status, the kind of text and the body."""


def place(text: str) -> tuple[str, int]:
    """Read where to listen: `HOST:PORT`, or a port alone.

    Raises:
        UsageError: it is neither.
    """
    host, colon, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not port.isdecimal() or int(port) > 65535 or (colon and not host):
        raise UsageError(f"`{text}` is no place to listen at", _FORM)
    return host or LOCAL, int(port)


def pages(watched: Sequence[Watched], settings: MetricsSettings) -> dict[str, Page]:
    """Return the pages by their path.

    Raises:
        UsageError: the package that writes metrics is not installed.
    """
    try:
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    except ModuleNotFoundError:
        raise UsageError(
            "metrics need the package `prometheus-client`, which is not installed", "pip install 'rulekit[metrics]'"
        ) from None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Exposition(watched))

    def metrics() -> tuple[int, str, bytes]:
        return 200, CONTENT_TYPE_LATEST, generate_latest(registry)

    def well() -> tuple[int, str, bytes]:
        good, body = health(list(watched), settings)
        return 200 if good else 503, "application/json", json.dumps(body, allow_nan=False).encode() + b"\n"

    return {"/metrics": metrics, "/health": well}


def _handler(by_path: dict[str, Page]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers with one of the pages."""

        timeout = 10.0

        def do_GET(self) -> None:
            page = by_path.get(self.path.partition("?")[0])
            status, kind, body = page() if page else (404, "text/plain", b"there is /metrics and /health\n")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *unused: object) -> None:
            """Say nothing: a scrape each few seconds is no news."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *unused: object) -> None:
        """Say nothing of a reader that went away."""


@contextmanager
def serving(watched: Sequence[Watched], settings: MetricsSettings) -> Iterator[str]:
    """Serve the pages in threads of their own; gives the address, empty where nothing is to be served.

    Raises:
        UsageError: the place is none, or taken, or the package is missing.
    """
    if not settings.listen:
        yield ""
        return
    host, port = place(settings.listen)
    by_path = pages(watched, settings)
    try:
        server = _Server((host, port), _handler(by_path))
    except OSError as error:
        raise UsageError(
            f"`{settings.listen}` cannot be listened at: {error.strerror or error}",
            "another program may be using it: choose another port",
        ) from None
    thread = Thread(target=server.serve_forever, args=(_LOOK_S,), name="metrics", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
