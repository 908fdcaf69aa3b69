"""The call that OpenAlgo makes of the broker: what comes back, and every way in which it can break off."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from attrs import frozen

from rulekit.kite_server.answers import Request
from rulekit.kite_server.desk import Desk

BROKEN = frozenset({"cut", "reset", "truncated"})
"""Manners in which an answer does not arrive; the client of OpenAlgo raises."""


class BrokenOffError(Exception):
    """The connection to the broker broke off, or what came was no JSON."""


class HangingError(Exception):
    """The broker never answers; OpenAlgo waits for it, and whoever called waits for OpenAlgo."""

    def __init__(self, hold: float) -> None:
        super().__init__()
        self.hold = hold


@frozen
class Told:
    """An answer of the broker: status, JSON, and how many seconds it took to come."""

    status: int
    body: Any
    hold: float = 0.0


class Upstream:
    """OpenAlgo's session with the broker."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._cut_next = False

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, query: str = "") -> Told:
        """Make one request.

        Raises:
            BrokenOffError: no whole answer in JSON came. HangingError: none will come for a while.
        """
        if self._cut_next:
            self._cut_next = False
            raise BrokenOffError("Server disconnected without sending a response.")
        form = form or {}
        sending = self._desk.respond(
            Request(method, path, _words(query), self._headers(), urlencode(form).encode(), dict(form))
        )
        self._cut_next = sending.cut_next
        if sending.manner == "hang":
            raise HangingError(sending.hold)
        if sending.manner in BROKEN or sending.answer is None:
            raise BrokenOffError("Server disconnected without sending a response.")
        try:
            body = json.loads(sending.answer.body)
        except ValueError as error:
            raise BrokenOffError(str(error)) from None
        return Told(sending.answer.status, body, sending.hold if sending.manner in ("slow", "drip") else 0.0)

    def read(self, path: str, query: str = "") -> Any:
        """Read something; a status that is no success raises, as the plug-in does.

        Raises:
            BrokenOffError: as above, or the broker refused. HangingError: as above.
        """
        told = self.ask("GET", path, query=query)
        if told.status >= 400:
            raise BrokenOffError(f"Client error '{told.status}' for url 'https://api.kite.trade{path}'")
        return told.body

    def _headers(self) -> dict[str, str]:
        sessions = self._desk.sessions
        key = self._desk.settings.credentials.api_key
        return {
            "x-kite-version": "3", "authorization": f"token {key}:{sessions.access_token or 'none'}",
            "user-agent": "python-httpx/0.28",
        }  # fmt: skip


def _words(query: str) -> dict[str, list[str]]:
    words: dict[str, list[str]] = {}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        words.setdefault(name, []).append(value)
    return words
