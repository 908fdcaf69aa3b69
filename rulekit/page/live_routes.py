"""The first page: how the account stands."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from rulekit.execution.journal import read_ledger
from rulekit.execution.status import status_of
from rulekit.page.doors import route, screen_of
from rulekit.page.layout import render
from rulekit.page.people import LOOK
from rulekit.page.room import Room
from rulekit.page.screen import Screen


def routes(screen: Screen) -> Sequence[BaseRoute]:
    """Return the routes of the live view."""
    return [route("/", page, LOOK, name="live"), route("/live/status", status, LOOK)]


async def page(request: Request) -> Response:
    """Show how the account stands."""
    screen = screen_of(request)
    found = await run_in_threadpool(read_ledger, screen.journal)
    return render(request, "page/live.html", stand=status_of(found, screen.settings.execution))


async def status(request: Request) -> Response:
    """Return what `rulekit status --format json` shows."""
    screen = screen_of(request)
    found = await run_in_threadpool(read_ledger, screen.journal)
    return JSONResponse(status_of(found, screen.settings.execution))


LIVE = Room("page", "Live", "/", routes, package="rulekit.page")
