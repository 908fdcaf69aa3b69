"""The localhost OpenAlgo: its API on the port of a localhost Kite, which is the broker behind it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rulekit.kite_server.answers import Request
from rulekit.kite_server.faults import Faults, Sending
from rulekit.kite_server.feed import Print
from rulekit.kite_server.server import KiteServer
from rulekit.kite_server.settings import ServerSettings
from rulekit.openalgo_server.gateway import PREFIX, Gateway
from rulekit.openalgo_server.settings import GatewaySettings


class OpenAlgoServer(KiteServer):
    """A simulated OpenAlgo before a simulated account; prices, time and the oracle are those of `KiteServer`.

    Args:
        gateway: OpenAlgo as its owner set it up.
        settings: the broker behind it. start, speed, feed, port, control, walk: as of `KiteServer`.
    """

    def __init__(
        self,
        gateway: GatewaySettings | None = None,
        settings: ServerSettings | None = None,
        *,
        start: str | None = None,
        speed: float = 1.0,
        feed: Path | str | Sequence[Print] | None = None,
        port: int = 0,
        control: bool = True,
        walk: bool = False,
    ) -> None:
        super().__init__(settings, start=start, speed=speed, feed=feed, port=port, control=control, walk=walk)
        chance = random.Random(f"{self.settings.seed} before it")  # noqa: S311 - a simulation, no secret
        self.gateway = Gateway(self.desk, gateway or GatewaySettings(), Faults(chance))

    def _respond(self, request: Request) -> Sending:
        if not request.path.startswith(PREFIX):
            return super()._respond(request)
        try:
            return self.gateway.respond(request)
        except Exception as error:
            self._failed = self._failed or error
            raise

    @property
    def front_faults(self) -> Faults:
        """What will go wrong next between a client and OpenAlgo; `faults` is what does behind it."""
        return self.gateway.faults

    @property
    def openalgo_key(self) -> str:
        """The key of OpenAlgo's owner."""
        return self.gateway.settings.api_key

    def approve(self, place: int = 0) -> tuple[int, dict[str, Any]]:
        """Let a person approve an order that waits in the Action Center."""
        with self.desk.lock:
            self.desk.advance()
            told = self.gateway.pass_on(self.gateway.pending.pop(place))
        self._rearm()
        return told
