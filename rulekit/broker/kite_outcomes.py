"""What an answer to a request means: accepted, refused, never sent, or unknown; one table, the first row that fits.

Two requests of which one was placed and one was not can end in the very same exception. What is not proof of the one
or the other is therefore unknown, and only the order book can tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from attrs import frozen

from rulekit.broker.calls import Answer
from rulekit.model.orders import Accepted, NotSent, Outcome, Refused, Uncertain, is_beyond_a_band

LONGEST_MESSAGE = 300
"""A page of HTML is no reason to read."""

_TIMED_OUT = re.compile(r"timed?[ -]?out|check (the |your )?order ?book|confirm before placing", re.IGNORECASE)
_HANDSHAKE = re.compile(r"certificate|handshake|wrong.version.number|unsupported.protocol", re.IGNORECASE)

PLACE = "place"
CANCEL = "cancel"
CHANGE = "change"


@frozen
class Failure:
    """A failed call, as the table's rows look at it.

    Args:
        verb: `place`, `change` or `cancel`.
        kinds: names of the classes of the error and of what caused it.
        message: its text, without secrets.
        code: of the client's own exceptions: what the answer's JSON came with.
        status: what the server truly answered with.
    """

    verb: str
    kinds: frozenset[str]
    message: str
    code: int | None
    status: int | None

    @property
    def said_no(self) -> bool:
        """Tell whether the broker answered in JSON that it did not take the request, with a status that means it."""
        if "KiteException" not in self.kinds or self.code != self.status:
            return False
        return self.status in (400, 403, 429, 428) or (self.verb != PLACE and self.status in (404, 405, 409))


@frozen
class Row:
    """One kind of failure.

    For refusals: whether trying `again` later can help, and whether the broker's limits alone speak, `limited`.
    """

    name: str
    fits: Callable[[Failure], bool]
    outcome: type[Refused] | type[NotSent] | type[Uncertain]
    again: bool = True
    limited: bool = False


def _is(*kinds: str) -> Callable[[Failure], bool]:
    return lambda failure: not failure.kinds.isdisjoint(kinds)


FAILURES: tuple[Row, ...] = (
    Row("given up before it began", _is("NeverStartedError"), NotSent),
    Row("the deadline passed", _is("DeadlineError"), Uncertain),
    Row("no connection in time", _is("ConnectTimeout"), NotSent),
    Row("no connection", _is("NewConnectionError", "NameResolutionError", "ConnectTimeoutError"), NotSent),
    Row(
        "no agreement on encryption",
        lambda failure: "SSLError" in failure.kinds and bool(_HANDSHAKE.search(failure.message)),
        NotSent,
    ),
    Row("an address that cannot be called", _is("InvalidURL", "InvalidSchema", "MissingSchema"), NotSent),
    Row("the server failed", lambda failure: failure.status is not None and failure.status >= 500, Uncertain),
    Row("redirected", _is("TooManyRedirects"), Uncertain),
    Row("an answer that is no JSON", _is("DataException"), Uncertain),
    Row("a refusal that speaks of a time-out", lambda f: f.said_no and bool(_TIMED_OUT.search(f.message)), Uncertain),
    Row("too many requests", lambda failure: failure.said_no and failure.status == 429, Refused, limited=True),
    Row("the broker's own network", _is("NetworkException"), Uncertain),
    Row("the session has ended", lambda failure: failure.said_no and "TokenException" in failure.kinds, Refused),
    Row("beyond a price band", lambda f: f.said_no and is_beyond_a_band(f.message), Refused),
    Row(
        "a request that can never stand",
        lambda failure: failure.said_no and "InputException" in failure.kinds,
        Refused,
        again=False,
    ),
    Row("refused", lambda failure: failure.said_no, Refused),
    Row("anything else", lambda failure: True, Uncertain),
)
"""In the order in which they are tried. The last one fits everything."""


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
    failure = failure_of(answer, verb, hide)
    row = next(row for row in FAILURES if row.fits(failure))
    text = failure.message or row.name
    if row.outcome is Refused:
        return Refused(text, again=row.again, limited=row.limited), row.name
    return row.outcome(f"{row.name}: {text}"), row.name


def failure_of(answer: Answer, verb: str = PLACE, hide: Callable[[str], str] = str) -> Failure:
    """Return a failed answer as the table looks at it."""
    assert answer.error is not None
    kinds = frozenset(kind.__name__ for cause in causes(answer.error) for kind in type(cause).__mro__)
    return Failure(verb, kinds, message_of(answer, hide), getattr(answer.error, "code", None), answer.status)


def message_of(answer: Answer, hide: Callable[[str], str] = str) -> str:
    """Return the text of a failure in one line, without secrets and not too long."""
    error = answer.error
    if error is None:
        return ""
    text = " ".join(hide(str(error)).split())
    if "KiteException" not in {kind.__name__ for kind in type(error).__mro__}:
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return shortened(text)


def shortened(text: str) -> str:
    """Return a text as far as a person may want to read it."""
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "…"


def causes(error: BaseException) -> Iterator[BaseException]:
    """Go through an error and what it says caused it; what merely happened before it is no cause."""
    seen: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            yield one
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__]
