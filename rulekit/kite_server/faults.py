"""What may go wrong between a client and the broker: scripted one by one, or drawn from a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from attrs import define, evolve, field, frozen

from rulekit.kite_server.answers import Answer, failure

BEFORE, AFTER, LATE = "before", "after", "late"
MOMENTS = (BEFORE, AFTER, LATE)


@frozen
class Fault:
    """One thing that goes wrong with one request.

    `before`: the broker never takes the request. `after`: it takes it, and the answer goes wrong. `late`: the answer
    goes wrong, and the broker takes the request `delay` seconds later, on its own clock.
    """

    kind: str
    when: str = BEFORE
    route: str = "place"
    """The name of a route (see `rulekit.kite_server.api.ROUTES`), or `*`."""
    delay: float = 8.0
    hold: float | None = None
    """Real seconds that a hanging, slow or dripping answer takes; None is what is usual for the kind."""
    index: int | None = None
    """Which slice fails, for `slice`; None is the last."""


HTML = "<html><head><title>{code}</title></head><body><center><h1>{code} {reason}</h1></center></body></html>"
TIMED_OUT = "Order request timed out. Please check the order book and confirm before placing again."

ERRORS: dict[str, tuple[int, str, str]] = {
    "network_503": (503, "NetworkException", "Unable to reach the order management system. Please try again."),
    "network_500": (500, "NetworkException", "The order management system did not answer."),
    "timeout_400": (400, "OrderException", TIMED_OUT),
    "too_many_429": (429, "NetworkException", "Too many requests"),
    "token_403": (403, "TokenException", "Incorrect `api_key` or `access_token`."),
    "permission_403": (403, "PermissionException", "Order requests are allowed from registered static IPs only."),
    "input_400": (400, "InputException", "Invalid request."),
    "order_400": (400, "OrderException", "Order could not be placed."),
    "margin_400": (400, "MarginException", "Insufficient funds."),
    "holding_400": (400, "HoldingException", "Insufficient stock holding."),
    "user_403": (403, "UserException", "The user account is blocked."),
    "data_502": (502, "DataException", "Unintelligible answer from the order management system."),
    "general_500": (500, "GeneralException", "Something went wrong."),
}
"""Kinds that answer with an error in the broker's own form."""

PAGES: dict[str, tuple[int, str]] = {
    "html_502": (502, "Bad Gateway"),
    "html_504": (504, "Gateway Time-out"),
    "html_403": (403, "Forbidden"),
}
"""Kinds that answer with a page of something in between."""

BODIES: dict[str, tuple[int, bytes, str | None]] = {
    "empty_200": (200, b"", "application/json"),
    "garbage_200": (200, b'{"status": "succ\x00\x00', "application/json"),
    "null_200": (200, b'{"status": "success", "data": null}', "application/json"),
    "no_data_200": (200, b'{"status": "success"}', "application/json"),
    "list_200": (200, b'["success"]', "application/json"),
    "no_message_400": (400, b'{"status": "error", "error_type": "InputException"}', "application/json"),
    "no_type_400": (400, b'{"status": "error", "message": "Something is missing."}', "application/json"),
}
"""Kinds that answer with something malformed."""

TRANSPORTS: dict[str, float] = {"cut": 0.0, "reset": 0.0, "hang": 30.0, "drip": 0.3, "truncated": 0.0, "slow": 1.0}
"""Kinds that spoil the connection, with their usual `hold`."""

REDIRECTS = {"redirect_301": 301, "redirect_302": 302, "redirect_307": 307, "redirect_308": 308}
SPECIAL = ("success_500", "no_content_type", "idle_close", "slice", "stuck")
"""`idle_close` cuts the next request on the same connection; `slice` lets one slice of an autoslice fail;
`stuck` leaves an order for `delay` seconds before the exchange."""
KINDS = (*ERRORS, *PAGES, *BODIES, *TRANSPORTS, *REDIRECTS, *SPECIAL)

CERTAIN = ("too_many_429", "token_403", "permission_403", "input_400", "order_400", "margin_400", "holding_400",
           "user_403", "redirect_301", "redirect_302")  # fmt: skip
"""Kinds that a broker never answers with once it has taken an order; they are drawn `before` only."""


def parse_fault(text: str) -> Fault:
    """Read `cut:after`, `html_504:late:8` or `token_403:before@orders`.

    Raises:
        ValueError: it names no fault.
    """
    words, _, route = text.partition("@")
    kind, *rest = words.strip().split(":")
    delay = float(rest[1]) if len(rest) > 1 else 8.0
    fault = Fault(kind, rest[0] if rest else BEFORE, route or "place", delay)
    check(fault)
    return fault


def check(fault: Fault) -> Fault:
    """Refuse a fault that does not exist."""
    if fault.kind not in (*KINDS, "none"):
        raise ValueError(f"`{fault.kind}` is not a fault; there are {', '.join(KINDS)}")
    if fault.when not in MOMENTS:
        raise ValueError(f"`{fault.when}` is no moment of a fault; there are {', '.join(MOMENTS)}")
    return fault


NONE = Fault("none")


@define
class Faults:
    """What will go wrong next."""

    draw: random.Random
    queue: list[Fault] = field(factory=list)
    rate: float = 0.0
    kinds: Sequence[str] = ()
    routes: Sequence[str] = ("place",)
    moments: Sequence[str] = (BEFORE, AFTER)
    hold: float | None = None
    delay: float = 8.0
    met: list[tuple[str, Fault]] = field(factory=list)
    """Every fault that has happened, with the route that met it."""

    def script(self, faults: Iterable[Fault | str | None]) -> None:
        """Let the next requests of the routes named meet these, in order; None lets one placement pass."""
        for fault in faults:
            self.queue.append(NONE if fault is None else parse_fault(fault) if isinstance(fault, str) else check(fault))

    def draw_from(
        self,
        rate: float,
        kinds: Sequence[str] | None = None,
        *,
        routes: Sequence[str] = ("place",),
        moments: Sequence[str] = (BEFORE, AFTER),
        hold: float | None = None,
        delay: float = 8.0,
    ) -> None:
        """Let a share of the requests of some routes go wrong, by the seed."""
        self.rate, self.routes, self.moments, self.hold, self.delay = rate, routes, moments, hold, delay
        self.kinds = tuple(kinds) if kinds is not None else (*ERRORS, *PAGES, *BODIES, *TRANSPORTS, "success_500")
        for kind in self.kinds:
            check(Fault(kind))

    def clear(self) -> None:
        """Let nothing go wrong from now on."""
        self.queue.clear()
        self.rate = 0.0

    def take(self, route: str) -> Fault | None:
        """Return what goes wrong with a request of this route."""
        fault = self._take(route)
        if fault is not None:
            self.met.append((route, fault))
        return fault

    def _take(self, route: str) -> Fault | None:
        for index, fault in enumerate(self.queue):
            if fault.route in {route, "*"}:
                del self.queue[index]
                return None if fault.kind == "none" else fault
        if self.rate and route in self.routes and self.draw.random() < self.rate:
            kind = self.draw.choice(list(self.kinds))
            when = BEFORE if kind in CERTAIN else self.draw.choice(list(self.moments))
            return Fault(kind, when, route, self.delay, self.hold)
        return None


@frozen
class Sending:
    """How an answer goes onto the wire; `manner` is `plain` or a kind of `TRANSPORTS`."""

    answer: Answer | None
    manner: str = "plain"
    hold: float = 0.0
    cut_next: bool = False


def spoil(fault: Fault, real: Callable[[], Answer], path: str) -> Sending:
    """Turn the real answer, which is asked for only where it is needed, into what the client gets."""
    kind = fault.kind
    if kind in ERRORS:
        return Sending(failure(*ERRORS[kind]))
    if kind in PAGES:
        code, reason = PAGES[kind]
        return Sending(Answer(code, HTML.format(code=code, reason=reason).encode(), "text/html"))
    if kind in BODIES:
        return Sending(Answer(*BODIES[kind]))
    if kind in REDIRECTS:
        return Sending(Answer(REDIRECTS[kind], b"", "text/html", (("Location", path),)))
    if kind in TRANSPORTS:
        return Sending(real(), kind, TRANSPORTS[kind] if fault.hold is None else fault.hold)
    answer = real()
    if kind == "success_500":
        return Sending(evolve(answer, status=500))
    if kind == "no_content_type":
        return Sending(evolve(answer, content_type=None))
    return Sending(answer, cut_next=kind == "idle_close")


def made_up(route: str) -> Answer:
    """Return what looks like success of something that was never done."""
    data: Any = {"order_id": "000000000000000"} if route in {"place", "modify", "cancel"} else []
    return Answer(200, json.dumps({"status": "success", "data": data}).encode())
