"""What comes back for a request, as the broker's client raises it; classified by the program's own table."""

from __future__ import annotations

from collections.abc import Callable

from kiteconnect import exceptions as kite
from requests import exceptions as http
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from rulekit.broker.calls import Answer
from rulekit.broker.kite_outcomes import CANCEL, CHANGE, PLACE, outcome_of
from rulekit.model.orders import Outcome


def _no_connection() -> BaseException:
    inner = NewConnectionError(None, "Failed to establish a new connection: [Errno 111] Connection refused")  # type: ignore[arg-type]
    return http.ConnectionError(MaxRetryError(None, "/orders/regular", inner))  # type: ignore[arg-type]


def _cut() -> BaseException:
    return http.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer")))


LOST: tuple[Callable[[], Answer], ...] = (
    lambda: Answer(error=http.ReadTimeout("Read timed out. (read timeout=7)")),
    lambda: Answer(error=_cut()),
    lambda: Answer(error=kite.NetworkException("Gateway timed out", code=504), status=504),
    lambda: Answer(error=kite.GeneralException("Something went wrong", code=500), status=500),
    lambda: Answer(error=kite.DataException("Unknown Content-Type (text/html) with response: <html>"), status=502),
    lambda: Answer(error=KeyError("content-type"), status=503),
    lambda: Answer(value=None, status=200),
    lambda: Answer(error=TypeError("getattr(): attribute name must be string"), status=400),
)
"""After which nobody knows whether the order was placed."""

LYING: tuple[Callable[[], Answer], ...] = (
    lambda: Answer(
        error=kite.OrderException("Order request timed out. Please check the order book and confirm.", code=400),
        status=400,
    ),
    lambda: Answer(error=kite.NetworkException("Order request timed out. Check order book", code=400), status=400),
)
"""Refusals that are none."""

REFUSED: tuple[Callable[[], Answer], ...] = (
    lambda: Answer(error=kite.InputException("Insufficient funds", code=400), status=400),
    lambda: Answer(error=kite.OrderException("RMS: margin exceeds", code=400), status=400),
    lambda: Answer(error=kite.InputException("price is beyond the circuit limit", code=400), status=400),
)
DOUBTFUL = frozenset((*LOST, *LYING))
"""Answers after which a careful person would look into the book, whatever the program makes of them."""


def busy() -> Answer:
    """Return the answer to one request too many."""
    return Answer(error=kite.NetworkException("Too many requests", code=429), status=429)


def expired() -> Answer:
    """Return the answer to a token of yesterday."""
    return Answer(error=kite.TokenException("Incorrect `api_key` or `access_token`.", code=403), status=403)


def plain(order_id: str) -> Answer:
    """Return a plain acceptance."""
    return Answer(value=order_id, status=200)


def classified(answer: Callable[[], Answer], verb: str = PLACE) -> Outcome:
    """Return what the program makes of an answer."""
    return outcome_of(answer(), verb)[0]


def no_connection() -> Outcome:
    """Return what a connection that is never made comes to."""
    return outcome_of(Answer(error=_no_connection()), PLACE)[0]


def too_late() -> Outcome:
    """Return what cancelling an order that has ended comes to."""
    error = kite.OrderException("Order cannot be cancelled as it is being processed. Try later.", code=400)
    return outcome_of(Answer(error=error, status=400), CANCEL)[0]


def not_changed() -> Outcome:
    """Return what changing an order that cannot be changed comes to."""
    error = kite.OrderException("Order cannot be modified as it is being processed. Try later.", code=400)
    return outcome_of(Answer(error=error, status=400), CHANGE)[0]
