"""A call that failed, as a broker's table of failures looks at it, and the rows that are the same at every broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import frozen

from rulekit.model.orders import NotSent, Outcome, Refused, Uncertain, is_beyond_a_band

LONGEST_MESSAGE = 300
"""A page of HTML is no reason to read."""

PLACE = "place"
CANCEL = "cancel"
CHANGE = "change"


@frozen
class Failure:
    """A failed call.

    Args:
        verb: `place`, `change` or `cancel`.
        kinds: names of the classes of the error and of what caused it.
        message: its text, without secrets.
        status: what the server truly answered with, None where it did not.
        said_no: whether the broker answered, with a status that means it, that the request was not taken.
    """

    verb: str
    kinds: frozenset[str]
    message: str
    status: int | None
    said_no: bool


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


def is_one_of(*kinds: str) -> Callable[[Failure], bool]:
    """Return what tells whether a failure is of one of these kinds."""
    return lambda failure: not failure.kinds.isdisjoint(kinds)


UNSENT = (
    Row("given up before it began", is_one_of("NeverStartedError"), NotSent),
    Row("the deadline passed", is_one_of("DeadlineError"), Uncertain),
    Row("no connection in time", is_one_of("ConnectTimeout"), NotSent),
    Row("no connection", is_one_of("NewConnectionError", "NameResolutionError", "ConnectTimeoutError"), NotSent),
)
"""They come first in every table."""
BAD_ADDRESS = Row(
    "an address that cannot be called", is_one_of("InvalidURL", "InvalidSchema", "MissingSchema"), NotSent
)
SERVER_FAILED = Row(
    "the server failed", lambda failure: failure.status is not None and failure.status >= 500, Uncertain
)
TOO_MANY = Row("too many requests", lambda failure: failure.said_no and failure.status == 429, Refused, limited=True)
BEYOND_A_BAND = Row(
    "beyond a price band", lambda failure: failure.said_no and is_beyond_a_band(failure.message), Refused
)
LAST = (
    Row("refused", lambda failure: failure.said_no, Refused),
    Row("anything else", lambda failure: True, Uncertain),
)
"""They end every table: the last one fits everything."""


def judged(failure: Failure, rows: Sequence[Row]) -> tuple[Outcome, str]:
    """Return what a failure means by the first row that fits, and the name of that row."""
    row = next(row for row in rows if row.fits(failure))
    text = failure.message or row.name
    if row.outcome is Refused:
        return Refused(text, again=row.again, limited=row.limited), row.name
    return row.outcome(f"{row.name}: {text}"), row.name


def kinds_of(error: BaseException) -> frozenset[str]:
    """Return the names of the classes of an error and of what caused it."""
    return frozenset(kind.__name__ for cause in causes(error) for kind in type(cause).__mro__)


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


def message_of(error: BaseException | None, own: Sequence[str], hide: Callable[[str], str]) -> str:
    """Return the text of an error in one line, without secrets and as far as a person may want to read it.

    Args:
        own: names of the classes whose text is the broker's own and needs no class before it.
        hide: takes secrets out of a text.
    """
    if error is None:
        return ""
    text = " ".join(hide(str(error)).split())
    if {kind.__name__ for kind in type(error).__mro__}.isdisjoint(own):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "…"
