"""The first page: the account as it is now, pushed to the browser as it changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute

from rulekit.errors import UsageError
from rulekit.execution.actions import ActionRecord
from rulekit.model.clock import fresh_bytes
from rulekit.page.acts_routes import act_routes
from rulekit.page.doors import number_in, route, screen_of
from rulekit.page.fence import cookie_of
from rulekit.page.layout import render
from rulekit.page.live import Live
from rulekit.page.people import LOOK

TURN_S = 0.04
"""Between two looks of one browser's stream whether anything changed."""
BEAT_S = 2.0
"""At least so often a browser hears something, so that it knows that the page lives."""


def live_routes(live: Live) -> Sequence[BaseRoute]:
    """Return the routes of the live view."""
    run = fresh_bytes(4).hex()

    async def page(request: Request) -> Response:
        return render(request, "page/live.html")

    async def changes(request: Request) -> Response:
        return JSONResponse(live.changes(number_in(request.query_params.get("since", ""))))

    async def position(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(_details, live, request.query_params.get("id", "")))

    async def stream(request: Request) -> Response:
        last = request.headers.get("last-event-id", "") or request.query_params.get("since", "")
        whose, _, number = last.partition("-")
        since = number_in(number) if whose == run else 0
        return StreamingResponse(_events(request, live, run, since), media_type="text/event-stream")

    return [
        route("/", page, LOOK, name="live"),
        route("/live/changes", changes, LOOK),
        route("/live/position", position, LOOK),
        route("/live/stream", stream, LOOK),
        *act_routes(live),
    ]


async def _events(request: Request, live: Live, run: str, since: int) -> AsyncIterator[str]:
    """Send what changed, each time all of it that is new: a browser that was slow or asleep misses nothing."""
    screen, cookie = screen_of(request), cookie_of(request.headers, screen_of(request))
    loop = asyncio.get_running_loop()
    silent_since, looked = 0.0, loop.time()
    yield "retry: 1000\n\n"
    while not live.is_ending:
        if loop.time() - looked >= BEAT_S:
            # However much there is to tell: whoever left, or whose visit is over, sees no more.
            looked = loop.time()
            if screen.doors.visit(cookie) is None:
                yield "event: over\ndata: {}\n\n"
                return
        if live.version > since:
            found = live.changes(since)
            since, silent_since = found["version"], loop.time()
            yield f"id: {run}-{since}\ndata: {_text(found)}\n\n"
        elif loop.time() - silent_since >= BEAT_S:
            silent_since = loop.time()
            yield "event: beat\ndata: {}\n\n"
        await asyncio.sleep(TURN_S)


def _text(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _details(live: Live, shown: str) -> dict[str, Any]:
    """Return how every rule stands for one position, and what was done with it.

    Raises:
        UsageError: it is not held.
    """
    key = live.key_of(shown)
    if key is None:
        raise UsageError(f"`{shown[:80]}` is not held any longer", "look into the history")
    seen = live.seen.get(key)
    with live.ledger() as ledger:
        done = [_done(one) for one in ledger.of_episode(ledger.book(key).episode)[-20:]]
        rules = [one.to_dict() for one in live.nearness(key, ledger)]
    return {
        "id": shown,
        "policy": "" if seen is None else live.policy_title(seen.policy),
        "managed": seen is None or bool(seen.policy),
        "rules": rules,
        "done": done,
    }


def _done(action: ActionRecord) -> dict[str, Any]:
    return {
        "rule": action.rule,
        "kind": action.kind,
        "quantity": action.quantity,
        "filled": action.filled,
        "state": action.state,
        "why": action.reason or action.why,
    }
