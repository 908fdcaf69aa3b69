"""What OpenAlgo's answer to a request means: accepted, refused, never sent, or unknown; the first row that fits.

OpenAlgo stands between: what it answers with a status of its own may have reached the broker or not, and where its call
of the broker broke off it answers 500 although the order lives. What is not proof is therefore unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from rulekit.broker import failures
from rulekit.broker.calls import Answer
from rulekit.broker.failures import (
    BAD_ADDRESS,
    BEYOND_A_BAND,
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
from rulekit.model.orders import Accepted, Outcome, Refused, Uncertain

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


FAILURES: tuple[Row, ...] = (
    *UNSENT,
    BAD_ADDRESS,
    SERVER_FAILED,
    Row("an answer that is no JSON", is_one_of("NoJsonError"), Uncertain),
    Row(
        "a refusal that leaves it open",
        lambda failure: failure.said_no and bool(_OPEN.search(failure.message)),
        Uncertain,
    ),
    TOO_MANY,
    Row("the key or the broker's session", lambda failure: failure.said_no and failure.status == 403, Refused),
    BEYOND_A_BAND,
    Row(
        "a request that can never stand",
        lambda failure: failure.said_no and failure.status == 400 and bool(_NEVER.search(failure.message)),
        Refused,
        again=False,
    ),
    *LAST,
)
"""In the order in which they are tried."""

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
    return judged(failure_of(answer, verb, hide), FAILURES)


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
    kinds, status, message = kinds_of(answer.error), answer.status, message_of(answer, hide)
    # It answered in JSON, with a status that means it, that the request was not taken.
    said_no = "OpenAlgoError" in kinds and status in REFUSALS and message not in _NO_REASON
    return Failure(verb, kinds, message, status, said_no)


def message_of(answer: Answer, hide: Callable[[str], str] = str) -> str:
    """Return the text of a failure in one line, without the key and not too long."""
    return failures.message_of(answer.error, ("OpenAlgoError", "NoJsonError"), hide)
