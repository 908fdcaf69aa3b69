"""What OpenAlgo's answer to a request means: accepted, refused, never sent, or unknown; the first row that fits.

OpenAlgo stands between: what it answers with a status of its own may have reached the broker or not, and where its call
of the broker broke off it answers 500 although the order lives. What is not proof is therefore unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from rulekit.broker.calls import Answer
from rulekit.broker.kite_outcomes import PLACE, causes, shortened
from rulekit.model.orders import Accepted, NotSent, Outcome, Refused, Uncertain, is_beyond_a_band

REFUSALS = frozenset({400, 403, 404, 422, 428, 429})
"""Statuses with which it refuses by itself, or passes a broker's refusal on."""

_OPEN = re.compile(
    r"timed?[ -]?out|check (the |your )?order ?book|confirm before placing|internal error|unexpected error",
    re.IGNORECASE,
)
"""Words of a failure after which the order may live."""
_NO_REASON = frozenset({"", "Failed to place order", "no reason was given"})
"""What it says where the broker's answer was none that it understands."""
_NEVER = re.compile(
    r"must be one of|not a valid|missing|fractional|positive number|is required|validation", re.IGNORECASE
)


@frozen
class Failure:
    """A failed call, as the table's rows look at it.

    Args:
        kinds: names of the classes of the error and of what caused it.
        message: its text, without the key.
        status: what the server answered with, None where it did not.
    """

    verb: str
    kinds: frozenset[str]
    message: str
    status: int | None

    @property
    def said_no(self) -> bool:
        """Tell whether it answered in JSON, with a status that means it, that the request was not taken."""
        return "OpenAlgoError" in self.kinds and self.status in REFUSALS and self.message not in _NO_REASON


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
    Row("an address that cannot be called", _is("InvalidURL", "InvalidSchema", "MissingSchema"), NotSent),
    Row("the server failed", lambda failure: failure.status is not None and failure.status >= 500, Uncertain),
    Row("an answer that is no JSON", _is("NoJsonError"), Uncertain),
    Row(
        "a refusal that leaves it open",
        lambda failure: failure.said_no and bool(_OPEN.search(failure.message)),
        Uncertain,
    ),
    Row("too many requests", lambda failure: failure.said_no and failure.status == 429, Refused, limited=True),
    Row("the key or the broker's session", lambda failure: failure.said_no and failure.status == 403, Refused),
    Row("beyond a price band", lambda failure: failure.said_no and is_beyond_a_band(failure.message), Refused),
    Row(
        "a request that can never stand",
        lambda failure: failure.said_no and failure.status == 400 and bool(_NEVER.search(failure.message)),
        Refused,
        again=False,
    ),
    Row("refused", lambda failure: failure.said_no, Refused),
    Row("anything else", lambda failure: True, Uncertain),
)
"""In the order in which they are tried. The last one fits everything."""

APPROVAL = (
    "OpenAlgo keeps orders for a person's approval (semi-auto): this one waits there and may be placed at any time; "
    "reject it in its Action Center, switch it to auto, then start again"
)
SANDBOX = "OpenAlgo is in analyzer mode: the order went to its sandbox, not to the broker"


def outcome_of(answer: Answer, verb: str = PLACE, hide: Callable[[str], str] = str) -> tuple[Outcome, str]:
    """Return what an answer means, and the name of the row that says so.

    Args:
        answer: how the call ended.
        verb: `place` or `cancel`.
        hide: takes the key out of a text.
    """
    if answer.error is None:
        return _taken(answer.value, verb)
    failure = failure_of(answer, verb, hide)
    row = next(row for row in FAILURES if row.fits(failure))
    text = failure.message or row.name
    if row.outcome is Refused:
        return Refused(text, again=row.again, limited=row.limited), row.name
    return row.outcome(f"{row.name}: {text}"), row.name


def _taken(value: Mapping[str, Any], verb: str) -> tuple[Outcome, str]:
    if value.get("mode") == "analyze":
        return Refused(SANDBOX, again=False), "sandbox"
    if value.get("mode") == "semi_auto" or "pending_order_id" in value:
        return Uncertain(APPROVAL), "approval"
    number = value.get("orderid")
    if isinstance(number, int) and not isinstance(number, bool):
        number = str(number)
    if isinstance(number, str) and number.strip():
        return Accepted(number.strip()), "accepted"
    # Some of its plug-ins call a broker's refusal a success without a number.
    return Uncertain("success without an order number"), "no order number"


def failure_of(answer: Answer, verb: str = PLACE, hide: Callable[[str], str] = str) -> Failure:
    """Return a failed answer as the table looks at it."""
    assert answer.error is not None
    kinds = frozenset(kind.__name__ for cause in causes(answer.error) for kind in type(cause).__mro__)
    return Failure(verb, kinds, message_of(answer, hide), answer.status)


def message_of(answer: Answer, hide: Callable[[str], str] = str) -> str:
    """Return the text of a failure in one line, without the key and not too long."""
    error = answer.error
    if error is None:
        return ""
    text = " ".join(hide(str(error)).split())
    if type(error).__name__ not in ("OpenAlgoError", "NoJsonError"):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return shortened(text)
