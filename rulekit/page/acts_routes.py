"""What a person does from the live view: settle an order, say that an alert was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as WebRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from rulekit.errors import UsageError
from rulekit.execution.commands import seen
from rulekit.execution.requests import ACKNOWLEDGE, SETTLE, Request
from rulekit.execution.settling import settlable
from rulekit.page.acts import act
from rulekit.page.doors import person_of, route, screen_of
from rulekit.page.live import Live
from rulekit.page.people import ACT


async def body_of(request: WebRequest) -> dict[str, Any]:
    """Read the JSON that a script sent.

    Raises:
        UsageError: it is none.
    """
    try:
        found = await request.json()
    except (ValueError, RecursionError):  # no JSON, or a number or a depth that nobody means
        found = None
    if not isinstance(found, dict):
        raise UsageError("what was sent cannot be read", "load the page again")
    return found


def _checked_action(live: Live, action: object, filled: int | None) -> str:
    with live.ledger() as ledger:
        return settlable(ledger, str(action or ""), filled)[0].id


def _is_open(live: Live, alert: str) -> bool:
    with live.ledger() as ledger:
        return bool(seen(ledger, alert))


def act_routes(live: Live) -> Sequence[BaseRoute]:
    """Return the routes."""

    async def settle(request: WebRequest) -> Response:
        body = await body_of(request)
        filled = body.get("filled")
        if filled is not None and (isinstance(filled, bool) or not isinstance(filled, int)):
            raise UsageError(f"`{filled}` is no quantity", "give a whole number, or say that it was not placed")
        action = await run_in_threadpool(_checked_action, live, body.get("action"), filled)
        asked = Request(SETTLE, action=action, filled=filled)
        answer = await run_in_threadpool(act, screen_of(request), person_of(request), asked)
        return JSONResponse({"said": f"settled; {answer.text}"})

    async def acknowledge(request: WebRequest) -> Response:
        alert = str((await body_of(request)).get("alert", ""))
        if not await run_in_threadpool(_is_open, live, alert):
            return JSONResponse({"said": "there is no open alert"})
        person = person_of(request)
        asked = Request(ACKNOWLEDGE, action=alert, reason=person.name)
        answer = await run_in_threadpool(act, screen_of(request), person, asked)
        return JSONResponse({"said": f"seen; {answer.text}"})

    return [
        route("/live/settle", settle, ACT, methods=["POST"]),
        route("/live/acknowledge", acknowledge, ACT, methods=["POST"]),
    ]
