"""The login flow: a local page, one-time request tokens, checksums, and access tokens that die at six."""

from __future__ import annotations

import hashlib
import hmac
import random
from typing import Any
from urllib.parse import urlencode

from attrs import define, field

from rulekit.kite_server.answers import Answer, ApiError
from rulekit.kite_server.clock import SECOND, next_time, stamp
from rulekit.kite_server.settings import Credentials

DEATH = "06:00"
REQUEST_TOKEN_LIFE = 300 * SECOND
WRONG_TOKEN = "Incorrect `api_key` or `access_token`."  # noqa: S105 - a message
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A simulated Kite</title></head>
<body><h1>A simulated Kite</h1><p>This is a simulation on your own machine. No real account is behind it.</p>
<form method="post" action="/connect/finish"><input type="hidden" name="api_key" value="{api_key}">
<input type="hidden" name="redirect_params" value="{redirect_params}"><button>Log in as {user}</button></form>
</body></html>"""


@define
class Sessions:
    """Who is logged in."""

    credentials: Credentials
    draw: random.Random
    access_token: str | None = None
    dies_at: int = 0
    login_at: int = 0
    _request_tokens: dict[str, int] = field(factory=dict)

    def begin(self, at: int, token: str | None = None) -> str:
        """Open a session; the token of the one before is worth nothing any more."""
        self.access_token = token or self._fresh()
        self.login_at, self.dies_at = at, next_time(at, DEATH)
        return self.access_token

    def end(self) -> None:
        """Let the token die."""
        self.access_token = None

    def knows(self, api_key: str, access_token: str, at: int) -> bool:
        """Tell whether a token is alive."""
        alive = self.access_token is not None and at < self.dies_at
        return alive and api_key == self.credentials.api_key and access_token == self.access_token

    def check_header(self, header: str, at: int) -> None:
        """Check `token key:token`.

        Raises:
            ApiError: it does not open a session.
        """
        scheme, _, pair = header.partition(" ")
        api_key, _, access_token = pair.partition(":")
        if scheme != "token" or not self.knows(api_key, access_token, at):
            raise ApiError(403, "TokenException", WRONG_TOKEN)

    def login_page(self, api_key: str, redirect_params: str) -> Answer:
        """Show the page with one button."""
        from html import escape

        if api_key != self.credentials.api_key:
            raise ApiError(400, "InputException", "Invalid `api_key`.")
        page = PAGE.format(
            api_key=escape(api_key), redirect_params=escape(redirect_params), user=self.credentials.user_id
        )
        return Answer(200, page.encode(), "text/html; charset=utf-8")

    def finish(self, form: dict[str, str], at: int) -> Answer:
        """Send the browser back to the application with a request token."""
        if form.get("api_key") != self.credentials.api_key:
            raise ApiError(400, "InputException", "Invalid `api_key`.")
        token = self.request_token(at)
        query = urlencode({"action": "login", "type": "login", "status": "success", "request_token": token})
        more = form.get("redirect_params")
        url = self.credentials.redirect_url
        location = f"{url}{'&' if '?' in url else '?'}{query}{'&' + more if more else ''}"
        return Answer(302, b"", "text/html", (("Location", location),))

    def request_token(self, at: int) -> str:
        """Make a token that can be exchanged once, within five minutes."""
        token = self._fresh()
        self._request_tokens[token] = at
        return token

    def exchange(self, form: dict[str, str], at: int) -> dict[str, Any]:
        """Exchange a request token for a session.

        Raises:
            ApiError: token or checksum is wrong.
        """
        token, keys = form.get("request_token", ""), self.credentials
        expected = hashlib.sha256(f"{keys.api_key}{token}{keys.api_secret}".encode()).hexdigest()
        if form.get("api_key") != keys.api_key or not hmac.compare_digest(expected, form.get("checksum", "")):
            raise ApiError(403, "TokenException", "Invalid `checksum`.")
        born = self._request_tokens.pop(token, None)
        if born is None or at - born > REQUEST_TOKEN_LIFE:
            raise ApiError(403, "TokenException", "Token is invalid or has expired.")
        access_token = self.begin(at)
        return {
            **self.profile(),
            "api_key": keys.api_key,
            "access_token": access_token,
            "public_token": self._fresh(),
            "enctoken": self._fresh(),
            "refresh_token": "",
            "silo": "",
            "login_time": stamp(at),
        }

    def profile(self) -> dict[str, Any]:
        """Describe the user."""
        user = self.credentials.user_id
        return {
            "user_id": user,
            "user_type": "individual",
            "email": "someone@example.com",
            "user_name": "Simulated Account",
            "user_shortname": "Simulated",
            "broker": "ZERODHA",
            "exchanges": ["NSE", "BSE", "NFO", "BFO", "CDS", "MCX"],
            "products": ["CNC", "NRML", "MIS", "MTF"],
            "order_types": ["MARKET", "LIMIT", "SL", "SL-M"],
            "avatar_url": None,
            "meta": {"demat_consent": "consent"},
        }

    def _fresh(self) -> str:
        return f"{self.draw.getrandbits(160):040x}"[:32]
