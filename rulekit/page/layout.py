"""Fills the page's templates: one layout, the navigation, and what every template may know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from rulekit import __version__
from rulekit.report.page import number, rupees, signed, tone

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from rulekit.page.people import Visit
    from rulekit.page.room import Room


def render(request: Request, template: str, *, status_code: int = 200, **data: Any) -> HTMLResponse:
    """Fill a template, called `KEY/NAME.html` after its room; every text in it is escaped.

    A template extends `page/layout.html` and finds: `rooms` of the navigation, `here` (the path), `person` and `token`
    (None and empty before somebody is in), and what is given.
    """
    visit: Visit | None = request.state.visit
    rooms: Sequence[Room] = request.app.state.rooms
    known = {
        "rooms": [room for room in rooms if room.title and visit is not None and visit.person.may(room.role)],
        "here": request.url.path,
        "person": None if visit is None else visit.person,
        "token": "" if visit is None else visit.token,
        "version": __version__,
        "account": request.app.state.live.account_name,
    }
    text = _environment(_packages(rooms)).get_template(template).render(**known, **data)
    return HTMLResponse(text, status_code)


def prepare(rooms: Sequence[Room]) -> None:
    """Read every template of the rooms, so that the first browser need not wait for it."""
    environment = _environment(_packages(rooms))
    for name in environment.list_templates(extensions=("html",)):
        environment.get_template(name)


def _packages(rooms: Sequence[Room]) -> tuple[tuple[str, str], ...]:
    return tuple((room.key, room.package) for room in rooms if room.package)


@cache
def _environment(packages: tuple[tuple[str, str], ...]) -> Environment:
    from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined

    made = Environment(
        loader=PrefixLoader({key: PackageLoader(package) for key, package in packages}),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(_FILTERS)
    return made


def _moment(text: str | None) -> str:
    """Write a moment of the journal for people: day and second."""
    return "" if text is None else text[:19].replace("T", " ")


def _said(text: str) -> Markup:
    """Show what stands between backticks as what a person types; all else is escaped."""
    from markupsafe import Markup, escape

    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


def _broken(text: str) -> Markup:
    """Let a long name go on in the next line behind each `_` of it."""
    from markupsafe import Markup, escape

    return Markup("_<wbr>").join(escape(part) for part in text.split("_"))


_FILTERS: dict[str, Callable[..., str]] = {
    "said": _said, "broken": _broken,
    "moment": _moment, "rupees": rupees, "signed": signed, "number": number, "tone": tone,
}  # fmt: skip
