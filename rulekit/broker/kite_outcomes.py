"""What an answer to a request means: accepted, refused, never sent, or unknown; one table, the first row that fits.

Two requests of which one was placed and one was not can end in the very same exception. What is not proof of the one
or the other is therefore unknown, and only the order book can tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rulekit.broker import failures
from rulekit.broker.calls import Answer
from rulekit.broker.failures import (
    BAD_ADDRESS,
    BEYOND_A_BAND,
    CANCEL,
    CHANGE,
    LAST,
    PLACE,
    SERVER_FAILED,
    TOO_MANY,
    UNSENT,
    Failure,
    Row,
    is_one_of,
    judged,
    kinds_of,
)
from rulekit.model.orders import Accepted, NotSent, Outcome, Refused, Uncertain

__all__ = ["CANCEL", "CHANGE", "FAILURES", "PLACE", "failure_of", "message_of", "outcome_of"]

_TIMED_OUT = re.compile(r"timed?[ -]?out|check (the |your )?order ?book|confirm before placing", re.IGNORECASE)
_HANDSHAKE = re.compile(r"certificate|handshake|wrong.version.number|unsupported.protocol", re.IGNORECASE)

FAILURES: tuple[Row, ...] = (
    *UNSENT,
    Row(
        "no agreement on encryption",
        lambda failure: "SSLError" in failure.kinds and bool(_HANDSHAKE.search(failure.message)),
        NotSent,
    ),
    BAD_ADDRESS,
    SERVER_FAILED,
    Row("redirected", is_one_of("TooManyRedirects"), Uncertain),
    Row("an answer that is no JSON", is_one_of("DataException"), Uncertain),
    Row("a refusal that speaks of a time-out", lambda f: f.said_no and bool(_TIMED_OUT.search(f.message)), Uncertain),
    TOO_MANY,
    Row("the broker's own network", is_one_of("NetworkException"), Uncertain),
    Row("the session has ended", lambda failure: failure.said_no and "TokenException" in failure.kinds, Refused),
    BEYOND_A_BAND,
    Row(
        "a request that can never stand",
        lambda failure: failure.said_no and "InputException" in failure.kinds,
        Refused,
        again=False,
    ),
    *LAST,
)
"""In the order in which they are tried."""


def outcome_of(answer: Answer, verb: str = PLACE, hide: Callable[[str], str] = str) -> tuple[Outcome, str]:
    """Return what an answer means, and the name of the row that says so.

    Args:
        answer: how the call ended.
        verb: `place`, `change` or `cancel`.
        hide: takes secrets out of a text.
    """
    if answer.error is None:
        if isinstance(answer.value, str) and answer.value and answer.status is not None and answer.status < 300:
            return Accepted(answer.value), "accepted"
        return Uncertain(f"an answer with status {answer.status} and no order number"), "no order number"
    return judged(failure_of(answer, verb, hide), FAILURES)


def failure_of(answer: Answer, verb: str = PLACE, hide: Callable[[str], str] = str) -> Failure:
    """Return a failed answer as the table looks at it."""
    assert answer.error is not None
    kinds, code, status = kinds_of(answer.error), getattr(answer.error, "code", None), answer.status
    return Failure(verb, kinds, message_of(answer, hide), status, _said_no(verb, kinds, code, status))


def _said_no(verb: str, kinds: frozenset[str], code: int | None, status: int | None) -> bool:
    """Tell whether the broker answered in JSON that it did not take the request, with a status that means it.

    Args:
        code: of the client's own exceptions: what the answer's JSON came with.
    """
    if "KiteException" not in kinds or code != status:
        return False
    return status in (400, 403, 429, 428) or (verb != PLACE and status in (404, 405, 409))


def message_of(answer: Answer, hide: Callable[[str], str] = str) -> str:
    """Return the text of a failure in one line, without secrets and not too long."""
    return failures.message_of(answer.error, ("KiteException",), hide)
