"""The official login: the person logs in at the broker, who sends the browser back to an address on this machine."""

from __future__ import annotations

import base64
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from attrs import frozen

from rulekit.broker.calls import Answer
from rulekit.broker.kite_calls import make_client
from rulekit.broker.kite_outcomes import message_of
from rulekit.broker.kite_settings import KiteSettings, Secret
from rulekit.broker.kite_token import KeptToken
from rulekit.errors import RulekitError, UsageError
from rulekit.model.clock import Clock, fresh_bytes

HOST = "127.0.0.1"
ADVICE = "call `rulekit login` again, and log in within a few minutes"

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>rulekit</title>
<body style="font: 1.1rem sans-serif; margin: 4rem"><p>{text}</p></body></html>"""


class LoginError(RulekitError):
    """The login did not come to its end."""


@frozen
class _Came:
    """What the browser brought back."""

    status: str
    request_token: str
    state: str


class Redirect:
    """Waits on an address of this machine for the broker to send the browser there.

    Raises:
        UsageError: the port is taken.
    """

    def __init__(self, port: int) -> None:
        self.state = base64.urlsafe_b64encode(fresh_bytes(18)).decode()
        self._came: _Came | None = None
        self._there = threading.Event()
        try:
            self._server = _Server((HOST, port), self)
        except OSError as error:
            raise UsageError(
                f"port {port} on this machine is taken: {error.strerror or error}",
                "end the program that uses it, or register another address with your app and set `redirect_port`",
            ) from None
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True, name="login")
        self._thread.start()

    @property
    def address(self) -> str:
        """The address that the app must be registered to redirect to."""
        return f"http://{HOST}:{self.port}/"

    def take(self, query: str) -> str:
        """Take what the browser brought, and return the sentence that it shows."""
        found = {name: values[0] for name, values in parse_qs(query).items()}
        came = _Came(found.get("status", ""), found.get("request_token", ""), found.get("state", ""))
        if came.state != self.state:
            return "This page was not asked for by this login. Nothing was taken."
        if self._came is None:
            self._came = came
            self._there.set()
        return "Logged in. You can close this page." if came.request_token else "The login was not completed."

    def wait(self, seconds: float) -> str:
        """Return the request token; wait at most so many seconds for it.

        Raises:
            LoginError: nobody came, or without a token.
        """
        if not self._there.wait(seconds):
            raise LoginError(f"nobody logged in within {seconds:.0f} s", ADVICE)
        assert self._came is not None
        if not self._came.request_token or self._came.status not in ("", "success"):
            raise LoginError("the login was not completed at the broker", ADVICE)
        return self._came.request_token

    def close(self) -> None:
        """Give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2.0)


class _Server(HTTPServer):
    """The small server behind the address."""

    def __init__(self, address: tuple[str, int], redirect: Redirect) -> None:
        super().__init__(address, _Handler)
        self.redirect = redirect


class _Handler(BaseHTTPRequestHandler):
    """Answers the one page."""

    timeout = 10
    server: _Server

    def do_GET(self) -> None:
        """Take the query and show a sentence."""
        parts = urlsplit(self.path)
        known = parts.path == "/" and bool(parts.query)
        text = self.server.redirect.take(parts.query) if known else "There is nothing here."
        body = _PAGE.format(text=text).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Write nothing: the address holds the request token."""


def login_address(settings: KiteSettings, state: str) -> str:
    """Return the page of the broker that the person logs in on; the state comes back with the browser."""
    query = urlencode({"v": "3", "api_key": str(settings.api_key)})
    return f"{settings.login_page}?{query}&redirect_params={quote(urlencode({'state': state}), safe='')}"


def exchange(settings: KiteSettings, request_token: str, clock: Clock) -> KeptToken:
    """Exchange what the browser brought for the access token of the day.

    Raises:
        LoginError: the broker refuses, or does not answer.
    """
    client = make_client(settings)
    try:
        found = client.generate_session(request_token, api_secret=str(settings.api_secret))
        token, user = found["access_token"], str(found.get("user_id") or "")
    except Exception as error:
        text = message_of(Answer(error=error))
        for secret in (request_token, str(settings.api_secret), str(settings.api_key)):
            text = text.replace(secret, "[secret]")
        raise LoginError(
            f"the broker gave no access token: {text}", "check the api key and secret, then log in again"
        ) from None
    finally:
        client.reqsession.close()
    if not isinstance(token, str) or not token:
        raise LoginError("the broker's answer has no access token", "log in again")
    return KeptToken(Secret(token), user, clock.now())
