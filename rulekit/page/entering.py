"""Coming in by a secret link or a password, and leaving."""

from __future__ import annotations

from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from rulekit.errors import RulekitError, UsageError
from rulekit.page.doors import route, same_origin, screen_of, sentence
from rulekit.page.fence import cookie_of, cookie_text
from rulekit.page.layout import render
from rulekit.page.people import LOOK, Person
from rulekit.page.screen import Screen


def routes(screen: Screen) -> list[BaseRoute]:
    """Return the only routes that anybody may use; leaving is for those who are in."""
    return [
        Route("/enter", ask, methods=["GET"], name="enter"),
        Route("/enter", by_password, methods=["POST"], name="enter_by_password"),
        Route("/enter/{secret}", show_link, methods=["GET"], name="link"),
        Route("/enter/{secret}", by_link, methods=["POST"], name="enter_by_link"),
        route("/leave", leave, LOOK, methods=["POST"]),
    ]


async def ask(request: Request) -> Response:
    """Ask who is there."""
    return _form(request)


async def by_password(request: Request) -> Response:
    """Let somebody in who knows a password."""
    form = await request.form()
    try:
        if not same_origin(request):
            raise UsageError("this was asked for by another page", "load this page itself")
        person = screen_of(request).doors.by_password(str(form.get("name", "")), str(form.get("password", "")))
    except RulekitError as error:
        return _form(request, error.message, error.help, status=429)
    if person is None:
        return _form(request, "name and password do not fit", "look at both, and try again", status=403)
    return _let_in(request, person, str(form.get("next", "/")))


async def show_link(request: Request) -> Response:
    """Show whose link it is; coming in takes a press, so that what previews links does not come in."""
    person = screen_of(request).doors.by_link(request.path_params["secret"])
    if person is None:
        return sentence(request, _unknown_link(), 404)
    return render(request, "page/link.html", guest=person)


async def by_link(request: Request) -> Response:
    """Let the owner of a link in."""
    person = screen_of(request).doors.by_link(request.path_params["secret"])
    if person is None or not same_origin(request):
        return sentence(request, _unknown_link(), 404)
    return _let_in(request, person, "/")


async def leave(request: Request) -> Response:
    """Let somebody out."""
    screen = screen_of(request)
    screen.doors.leave(cookie_of(request.headers, screen))
    return RedirectResponse("/enter", 303)


def _let_in(request: Request, person: Person, where: str) -> Response:
    screen = screen_of(request)
    cookie, _ = screen.doors.enter(person)
    answer = RedirectResponse(_inside(where), 303)
    answer.headers.append("set-cookie", cookie_text(cookie, screen))
    return answer


def _inside(where: str) -> str:
    """Return a path of this server; anything else leads to the first page."""
    path = unquote(where) if where.startswith("%2F") else where
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if inside else "/"


def _form(request: Request, message: str = "", help: str = "", status: int = 200) -> Response:
    doors = screen_of(request).doors
    where = request.query_params.get("next", "/")
    return render(
        request,
        "page/enter.html",
        status_code=status,
        message=message,
        help=help,
        next=where,
        asks=doors.asks_passwords,
    )


def _unknown_link() -> RulekitError:
    return RulekitError("this link leads nowhere", "links end with the page that made them: ask for the one of now")
