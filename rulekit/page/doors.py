"""Every way into the page: who must be in, what they must be allowed, and what must come with a change."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from rulekit.errors import RulekitError
from rulekit.page.layout import render
from rulekit.page.people import Person, Visit
from rulekit.page.screen import Screen

_log = logging.getLogger("rulekit.page")
Endpoint = Callable[[Request], Awaitable[Response]]

TOKEN = "x-rulekit-token"  # noqa: S105 - the name of a header
"""The header that comes with a change from a script; a form has the field `token`."""
_WORDS = {"look": "look at this", "write": "write policies", "act": "act"}


def route(
    path: str, endpoint: Endpoint, role: str, *, methods: Sequence[str] = ("GET",), name: str | None = None
) -> Route:
    """Return a route that only people with a role may use.

    Everything but GET must bear the visit's token, from this very page. A RulekitError becomes a sentence: JSON for a
    script, a page for a person.
    """

    async def guarded(request: Request) -> Response:
        visit: Visit | None = request.state.visit
        if visit is None:
            return _ask_who(request)
        if not visit.person.may(role):
            text = f"{visit.person.name} may not {_WORDS[role]} here"
            return sentence(request, RulekitError(text, "ask whoever started the page for a link that may"), 403)
        if request.method not in ("GET", "HEAD") and (why := await _forged(request, visit)):
            return sentence(request, RulekitError(why, "load the page again, and do it there"), 403)
        try:
            return await endpoint(request)
        except RulekitError as error:
            return sentence(request, error, 400)
        except Exception as error:
            _log.exception("%s %s", request.method, request.url.path)
            return sentence(request, own_fault(error), 500)

    guarded.role = role  # type: ignore[attr-defined]
    return Route(path, guarded, methods=list(methods), name=name or endpoint.__name__)


def own_fault(error: Exception) -> RulekitError:
    """Say that the page is to blame, and not the engine."""
    text = f"the page itself failed ({type(error).__name__}); the engine is not touched by that"
    return RulekitError(text, "load it again; what the page's terminal says helps to mend it")


def visit_of(request: Request) -> Visit:
    """Return the visit that a guarded request belongs to."""
    visit: Visit | None = request.state.visit
    assert visit is not None, "only guarded routes know who is there"
    return visit


def person_of(request: Request) -> Person:
    """Return who sent a guarded request."""
    return visit_of(request).person


def screen_of(request: Request) -> Screen:
    """Return what the page is about."""
    screen: Screen = request.app.state.screen
    return screen


def number_in(text: str) -> int:
    """Read a whole number of an address, 0 for what is none; a browser counts to 2^53."""
    return int(text) if text.isdecimal() and len(text) <= 16 else 0


def wants_json(request: Request) -> bool:
    """Tell whether a script asks."""
    return TOKEN in request.headers or "text/html" not in request.headers.get("accept", "")


def sentence(request: Request, error: RulekitError, status: int) -> Response:
    """Say what is wrong, as JSON or as a page."""
    if wants_json(request):
        return JSONResponse({"error": error.message, "help": error.help}, status)
    return render(request, "page/sentence.html", status_code=status, message=error.message, help=error.help)


def _ask_who(request: Request) -> Response:
    if wants_json(request):
        text = {"error": "you are not in any longer", "help": "load the page again"}
        return JSONResponse(text, 401)
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/enter?next={quote(path, safe='')}", 303)


async def _forged(request: Request, visit: Visit) -> str:
    """Say why a change may not have come from this page; empty if it did."""
    if not same_origin(request):
        return "this was asked for by another page"
    given = request.headers.get(TOKEN)
    if given is None and _is_form(request):
        given = str((await request.form()).get("token", ""))
    if given is None or not hmac.compare_digest(given.encode(), visit.token.encode()):
        return "this page is not the one you came in by"
    return ""


def same_origin(request: Request) -> bool:
    """Tell whether a browser says that the request comes from this server's own page; both headers must agree."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


def _is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "")
    return kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data"))
