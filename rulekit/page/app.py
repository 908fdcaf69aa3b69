"""Puts the page together: the fence round it, its own rooms, and those of others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from rulekit.errors import RulekitError
from rulekit.page import entering
from rulekit.page.doors import sentence
from rulekit.page.fence import Fence
from rulekit.page.history_routes import history_routes
from rulekit.page.layout import prepare
from rulekit.page.live import Live
from rulekit.page.live_routes import live_routes
from rulekit.page.room import Room
from rulekit.page.screen import Screen
from rulekit.page.switch_routes import switch_routes

MOST_BYTES = 2_000_000
"""Of what a browser may send at once."""


def own_rooms(live: Live) -> tuple[Room, ...]:
    """Return the page's own rooms in the order of the navigation."""

    @asynccontextmanager
    async def following(screen: Screen) -> AsyncIterator[None]:
        with live.running():
            await run_in_threadpool(live.wait_for_first)
            yield

    return (
        Room("page", "Live", "/", lambda screen: live_routes(live), package="rulekit.page", living=following),
        Room("history", "History", "/history", lambda screen: history_routes(live)),
        Room("rules", "Rules", "/rules", lambda screen: []),
        Room("switch", "Switch", "/switch", lambda screen: switch_routes(live)),
    )


def build(screen: Screen, rooms: Sequence[Room] = ()) -> Starlette:
    """Return the page as an ASGI application.

    Args:
        rooms: those of others, shown in the navigation behind the page's own.
    """
    live = Live(screen)
    every = (*own_rooms(live), *rooms)
    routes: list[BaseRoute] = [*entering.routes(screen)]
    for room in every:
        routes += room.routes(screen)
        if room.package:
            routes.append(Mount(f"/assets/{room.key}", Assets(packages=[(room.package, "assets")])))
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Fence, screen=screen)],
        exception_handlers={HTTPException: _nothing_here},
        max_body_size=MOST_BYTES,
        lifespan=_living(screen, every),
    )
    app.state.screen, app.state.rooms, app.state.live = screen, every, live
    return app


class Assets(StaticFiles):
    """Files for the browser; each load asks whether they changed, so that no old script meets a new page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file, or with nothing where the browser has it."""
        answer = await super().get_response(path, scope)
        answer.headers["cache-control"] = "no-cache"
        return answer


def size_of_assets(package_folder: Path) -> int:
    """Return how many bytes a room's files have together."""
    return sum(path.stat().st_size for path in (package_folder / "assets").rglob("*") if path.is_file())


def _living(screen: Screen, rooms: Sequence[Room]) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        prepare(rooms)
        async with AsyncExitStack() as stack:
            for room in rooms:
                if room.living is not None:
                    await stack.enter_async_context(room.living(screen))
            yield

    return living


async def _nothing_here(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return sentence(request, RulekitError("there is nothing at this address", "begin at the first page"), 404)
    return sentence(request, RulekitError(str(error.detail).lower().rstrip(".")), error.status_code)
