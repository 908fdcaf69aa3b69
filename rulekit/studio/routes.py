"""The studio's addresses: quick answers from worker threads, long work from processes, publishing under a name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import PurePath
from typing import Any, TypeVar

from attrs import asdict
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from rulekit.errors import InputError, RulekitError, UsageError
from rulekit.language.source import MAX_BYTES
from rulekit.lint.selection import Selection
from rulekit.lint.settings import SettingsFinder
from rulekit.model.instant import day_of
from rulekit.page.doors import person_of, route, screen_of
from rulekit.page.layout import render
from rulekit.page.people import LOOK, WRITE
from rulekit.page.room import Room
from rulekit.page.screen import Screen
from rulekit.settings.days_text import calendar_text
from rulekit.studio import answers
from rulekit.studio.asking import pieces
from rulekit.studio.draft import Draft, Drafts
from rulekit.studio.findings import about
from rulekit.studio.open_now import open_now
from rulekit.studio.price_folder import price_files
from rulekit.studio.publishing import checked, publish, running
from rulekit.studio.shelf import Shelf
from rulekit.studio.waiting import Bench, OvertakenError

PROOFS_S, COMPARE_S, REPLAY_S = 20.0, 40.0, 120.0
"""Seconds after which a proof, a comparison, a replay is given up; each has a process of its own."""

Found = TypeVar("Found")


class Workshop:
    """What the studio keeps while it serves: the drafts that are open, and the processes for long work."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.drafts = Drafts()
        self.benches = {
            "prove": Bench(PROOFS_S, "the proofs of this text take too long"),
            "compare": Bench(COMPARE_S, "comparing takes too long"),
            "replay": Bench(REPLAY_S, "the replay takes too long"),
        }

    @property
    def shelf(self) -> Shelf:
        """The folder of policies.

        Raises:
            UsageError: the page was started without one.
        """
        if self.screen.policies is None:
            raise UsageError("the page was started without a folder of policies", "start it with --policies FOLDER")
        return Shelf(self.screen.policies)

    def today(self) -> date:
        """Return the day that decides what has expired."""
        return day_of(self.screen.clock.now())

    def selection(self, name: str) -> Selection:
        """Return what is looked for in a policy, as its folder's settings say."""
        path = self.shelf.folder / PurePath(name).name
        return SettingsFinder().of(path).selection_for(path)

    def draft(self, asked: dict[str, Any]) -> Draft:
        """Return the draft of a page."""
        return self.drafts.of(asked["key"], asked["name"], self.selection(asked["name"]))

    async def aside(self, kind: str, asked: dict[str, Any], **more: Any) -> Response:
        """Have long work done, for the newest question of a page."""
        selection = await run_in_threadpool(self.selection, asked["name"])
        question = {
            "kind": kind, "text": asked["text"], "name": asked["name"], "today": self.today().isoformat(),
            "select": selection.select, "ignore": selection.ignore, "severity": dict(selection.severity),
            "proofs": selection.proofs, **more,
        }  # fmt: skip
        bench = self.benches["replay" if kind == "offer" else kind]
        try:
            return JSONResponse({"found": await bench.ask(f"{asked['key']} {kind}", question)})
        except OvertakenError:
            return JSONResponse({"overtaken": True})


_FIELDS = {"key": 80, "name": 200, "text": MAX_BYTES}


async def _asked(request: Request) -> dict[str, Any]:
    """Read what a page sends: its key, the name of the policy and its text are texts of a bounded length.

    Raises:
        InputError: it is no object, or one of them is none of these.
    """
    try:
        asked = await request.json()
    except (ValueError, RecursionError):
        raise InputError("this is no JSON", "load the page again") from None
    if not isinstance(asked, dict):
        raise InputError("an object is expected", "load the page again")
    for name, most in _FIELDS.items():
        value = asked.setdefault(name, "")
        if not isinstance(value, str):
            raise InputError(f"`{name}` is no text", "load the page again")
        if len(value) > most:
            raise InputError(
                f"the {name} has {len(value):,} letters, more than {most:,}", "split the policy into several"
            )
    return asked


def routes(screen: Screen) -> Sequence[BaseRoute]:
    """Return the studio's routes."""
    shop = Workshop(screen)
    _shops[id(screen)] = shop

    def quick(path: str, answer: Callable[[Draft, dict[str, Any], date], Any]) -> BaseRoute:
        async def endpoint(request: Request) -> Response:
            asked = await _asked(request)

            def work() -> Any:
                draft = shop.draft(asked)
                with draft.lock:
                    return answer(draft, asked, shop.today())

            return JSONResponse(await run_in_threadpool(work))

        return route(path, endpoint, LOOK, methods=["POST"], name=path)

    return [
        route("/studio", _list(shop), LOOK, name="studio"),
        route("/studio/edit", _editor(shop), LOOK, name="studio_edit"),
        *(quick(f"/studio/{name}", answer) for name, answer in answers.QUICK.items()),
        route("/studio/about/{code}", _about, LOOK, name="studio_about"),
        route("/studio/open", _open_now(shop), LOOK, methods=["POST"], name="studio_open"),
        route("/studio/prove", _prove(shop), LOOK, methods=["POST"], name="studio_prove"),
        route("/studio/compare", _compare(shop), LOOK, methods=["POST"], name="studio_compare"),
        route("/studio/bars", _bars(shop), LOOK, methods=["POST"], name="studio_bars"),
        route("/studio/replay", _replay(shop), LOOK, methods=["POST"], name="studio_replay"),
        route("/studio/check", _check(shop), LOOK, methods=["POST"], name="studio_check"),
        route("/studio/publish", _publish(shop), WRITE, methods=["POST"], name="studio_publish"),
        route("/studio/file", _file(shop), LOOK, methods=["POST"], name="studio_file"),
        route("/studio/version", _version(shop), LOOK, methods=["POST"], name="studio_version"),
        route("/studio/running", _running(shop), LOOK, methods=["POST"], name="studio_running"),
        route("/studio/charts.js", _charts, LOOK, name="studio_charts"),
    ]


_shops: dict[int, Workshop] = {}


@asynccontextmanager
async def _living(screen: Screen) -> AsyncIterator[None]:
    """End the processes with the server."""
    try:
        yield
    finally:
        shop = _shops.pop(id(screen))
        for bench in shop.benches.values():
            await bench.stop()


STUDIO = Room("studio", "Studio", "/studio", routes, package="rulekit.studio", role=LOOK, living=_living)
"""The studio as a room of the page."""

Endpoint = Callable[[Request], Any]


# --- pages ------------------------------------------------------------


def _list(shop: Workshop) -> Endpoint:
    async def listing(request: Request) -> Response:
        rows = await run_in_threadpool(answers.listed, shop.shelf, shop.today(), shop.selection)
        return render(request, "studio/list.html", policies=rows, writes=person_of(request).may(WRITE))

    return listing


def _editor(shop: Workshop) -> Endpoint:
    async def editor(request: Request) -> Response:
        name, fresh = request.query_params.get("policy", ""), request.query_params.get("new", "")
        if fresh:
            path = await run_in_threadpool(shop.shelf.fresh_path, fresh)
            opened = {"name": path.name, "text": answers.FIRST, "digest": ""}
        else:
            opened = asdict(await run_in_threadpool(shop.shelf.open, name))
        versions = await run_in_threadpool(shop.shelf.versions, opened["name"])
        return render(
            request, "studio/editor.html", opened=opened, writes=person_of(request).may(WRITE),
            bars=screen_of(request).bars is not None, versions=[asdict(each) for each in versions[:50]],
        )  # fmt: skip

    return editor


async def _about(request: Request) -> Response:
    """Return the page of a code."""
    text = await run_in_threadpool(about, request.path_params["code"])
    return JSONResponse({"pieces": [asdict(each) for each in pieces(text)]})


async def _charts(request: Request) -> Response:
    """Return the charting library, as its package carries it."""
    from rulekit.report.chart_library import chart_library

    library = await run_in_threadpool(chart_library)
    return Response(library.script, media_type="text/javascript", headers={"cache-control": "private, max-age=86400"})


def _open_now(shop: Workshop) -> Endpoint:
    async def positions(request: Request) -> Response:
        """Say what the text would do to the positions that are open now."""
        asked, live = await _asked(request), request.app.state.live

        def work() -> list[dict[str, Any]]:
            draft = shop.draft(asked)
            with draft.lock:
                policy = draft.read(asked["text"], shop.today()).policy
            return (
                [] if policy is None else [asdict(each) for each in open_now(policy, [*live.seen.values()], live.now)]
            )

        return JSONResponse({"open": await run_in_threadpool(work)})

    return positions


# --- long work ------------------------------------------------------------


def _prove(shop: Workshop) -> Endpoint:
    async def prove(request: Request) -> Response:
        asked = await _asked(request)
        neighbours = await run_in_threadpool(shop.shelf.neighbours, asked["name"])
        return await shop.aside("prove", asked, neighbours=neighbours)

    return prove


def _compare(shop: Workshop) -> Endpoint:
    async def compare(request: Request) -> Response:
        asked = await _asked(request)
        if asked["name"] not in await run_in_threadpool(shop.shelf.names):
            return JSONResponse({"found": None})
        opened = await run_in_threadpool(shop.shelf.open, asked["name"])
        return await shop.aside("compare", asked, running=opened.text)

    return compare


def _bars(shop: Workshop) -> Endpoint:
    async def bars(request: Request) -> Response:
        asked = await _asked(request)
        folder = shop.screen.bars
        if folder is None:
            raise UsageError("the page was started without price files", "start it with --bars FOLDER")
        if "file" not in asked:
            return JSONResponse({"files": await run_in_threadpool(price_files, folder)})
        return await shop.aside("offer", asked, bars=str(folder), file=str(asked["file"]))

    return bars


def _replay(shop: Workshop) -> Endpoint:
    async def replay(request: Request) -> Response:
        asked = await _asked(request)
        folder = shop.screen.bars
        if folder is None:
            raise UsageError("the page was started without price files", "start it with --bars FOLDER")
        against = ""
        if asked.get("beside") and asked["name"] in await run_in_threadpool(shop.shelf.names):
            against = (await run_in_threadpool(shop.shelf.open, asked["name"])).text
        return await shop.aside(
            "replay", asked, bars=str(folder), chosen=asked.get("chosen") or {}, running=against,
            calendar=calendar_text(shop.screen.settings.calendar),
        )  # fmt: skip

    return replay


# --- publishing ------------------------------------------------------------


def _check(shop: Workshop) -> Endpoint:
    async def check(request: Request) -> Response:
        """Say whether the text may be published: its errors, and whether the file is the one that was opened."""
        asked = await _asked(request)
        said = await run_in_threadpool(
            checked, shop.shelf, asked["name"], asked["text"], str(asked.get("opened", "")), shop.today()
        )
        return JSONResponse(asdict(said))

    return check


def _publish(shop: Workshop) -> Endpoint:
    async def put(request: Request) -> Response:
        asked = await _asked(request)
        done = await run_in_threadpool(
            publish, shop.screen, shop.shelf, person_of(request), asked["name"], asked["text"],
            str(asked.get("opened", "")), shop.today(),
        )  # fmt: skip
        return JSONResponse(asdict(done))

    return put


def _file(shop: Workshop) -> Endpoint:
    async def file(request: Request) -> Response:
        """Return a policy as it stands now."""
        asked = await _asked(request)
        return JSONResponse(asdict(await run_in_threadpool(shop.shelf.open, asked["name"])))

    return file


def _version(shop: Workshop) -> Endpoint:
    async def version(request: Request) -> Response:
        """Return the text of an earlier version."""
        asked = await _asked(request)
        number = asked.get("number")
        if not isinstance(number, int):
            raise InputError("which version?", "choose one of the list")
        return JSONResponse({"text": await run_in_threadpool(shop.shelf.version, asked["name"], number)})

    return version


def _running(shop: Workshop) -> Endpoint:
    async def runs(request: Request) -> Response:
        """Say whether the engine decides by a version of a policy."""
        asked = await _asked(request)
        try:
            found = await run_in_threadpool(running, shop.screen.journal, asked["name"], str(asked.get("digest", "")))
        except RulekitError as error:
            return JSONResponse({"engine": False, "runs": False, "said": error.message})
        return JSONResponse(asdict(found))

    return runs
