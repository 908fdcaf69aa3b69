"""Requests to OpenAlgo: JSON by POST, each made once, to the very host that was meant."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from rulekit.broker.calls import Calls
from rulekit.broker.openalgo_settings import OpenAlgoSettings


class OpenAlgoError(Exception):
    """An answer in JSON that the request failed; `message` is OpenAlgo's, or the broker's own that it passes on."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NoJsonError(Exception):
    """An answer that is none of OpenAlgo's: a page of a server before it, or a half one."""


class Client:
    """One session of requests; used by one thread."""

    def __init__(self, settings: OpenAlgoSettings) -> None:
        import requests
        from requests.adapters import HTTPAdapter

        self._root = settings.root.rstrip("/")
        self._wait = (settings.connect_s, settings.deadline_s)
        self.access_token = ""
        self.reqsession = requests.Session()
        self.reqsession.trust_env = False  # no proxy between, and no password from elsewhere
        for scheme in ("http://", "https://"):
            self.reqsession.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))

    def set_access_token(self, token: str) -> None:
        """Take the key that goes into each request."""
        self.access_token = token

    def post(self, what: str, **values: Any) -> Mapping[str, Any]:
        """Ask for something and return the whole answer.

        Raises:
            OpenAlgoError: it answered that it failed.
            NoJsonError: the answer is none of its own.
        """
        answer = self.reqsession.post(
            f"{self._root}/api/v1/{what}",
            json={"apikey": self.access_token, **values},
            timeout=self._wait,
            allow_redirects=False,  # a redirected order would be posted twice
        )
        try:
            found = answer.json()
        except ValueError:
            raise NoJsonError(f"status {answer.status_code} and no JSON") from None
        if not isinstance(found, dict) or found.get("status") not in ("success", "error"):
            raise NoJsonError(f"status {answer.status_code} and JSON that is no answer of OpenAlgo")
        if found["status"] == "error" or answer.status_code >= 300:
            message = found.get("message")
            raise OpenAlgoError(message if isinstance(message, str) and message else "no reason was given")
        return found


def openalgo_calls(settings: OpenAlgoSettings, speed: float = 1.0) -> Calls:
    """Return what makes the requests, at the speed of a clock."""
    return Calls(settings, partial(Client, settings), "openalgo", speed)
