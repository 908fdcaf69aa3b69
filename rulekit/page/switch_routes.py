"""The switch: what it will do, a word to type, and what became of each instrument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from rulekit.model.instant import iso
from rulekit.page.accounts import shown_id
from rulekit.page.acts import act
from rulekit.page.acts_routes import body_of
from rulekit.page.doors import person_of, route, screen_of
from rulekit.page.layout import render
from rulekit.page.live import Live
from rulekit.page.people import ACT, LOOK
from rulekit.page.switching import Turned, Wish, changes_nothing, outcome, plan, request_of, wish_of


def switch_routes(live: Live) -> Sequence[BaseRoute]:
    """Return the routes of the switch."""

    async def page(request: Request) -> Response:
        return render(request, "page/switch.html", may_act=person_of(request).may(ACT))

    async def words(request: Request) -> Response:
        asked = request.query_params
        wish = wish_of(asked.get("to"), asked.get("exit") == "1")
        return JSONResponse(await run_in_threadpool(_plan, live, wish))

    async def turn(request: Request) -> Response:
        body = await body_of(request)
        wish = wish_of(body.get("to"), body.get("exit", False))
        asked = request_of(wish, str(body.get("typed", "")), str(body.get("reason", "")))
        person = person_of(request)
        before = await run_in_threadpool(_before, live, wish, person.name)
        answer = await run_in_threadpool(act, screen_of(request), person, asked)
        live.turned = before
        return JSONResponse({"said": answer.text, "taken": answer.taken})

    async def became(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(_became, live))

    return [
        route("/switch", page, LOOK, name="switch"),
        route("/switch/plan", words, LOOK),
        route("/switch/turn", turn, ACT, methods=["POST"]),
        route("/switch/outcome", became, LOOK),
    ]


def _plan(live: Live, wish: Wish) -> dict[str, Any]:
    with live.ledger() as ledger:
        said = plan(ledger, wish, live.rows_now())
        return {"plan": said, "word": wish.word, "changes": not changes_nothing(ledger, wish)}


def _before(live: Live, wish: Wish, by: str) -> Turned:
    with live.ledger() as ledger:
        held = {shown_id(key): book.quantity for key, book in ledger.books.items() if book.quantity}
        return Turned(wish, by, live.now, live.follower.seq, held)


def _became(live: Live) -> dict[str, Any]:
    turned = live.turned
    if turned is None:
        return {"turned": None}
    with live.ledger() as ledger:
        rows, mode = outcome(ledger, turned), ledger.mode.name
    return {
        "turned": {
            "to": turned.wish.to,
            "exit": turned.wish.exit_everything,
            "by": turned.by,
            "at": iso(turned.at)[11:19],
            "mode": mode,
        },
        "rows": rows,
    }
