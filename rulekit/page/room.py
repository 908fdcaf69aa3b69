"""What a room adds to the page: routes, an entry of the navigation, templates, and files for the browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from attrs import frozen

from rulekit.page.people import LOOK

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from rulekit.page.screen import Screen


@frozen
class Room:
    """One part of the page.

    Args:
        key: in addresses: its files are at `/assets/KEY/…`, its templates are called `KEY/….html`.
        title: in the navigation; empty for none.
        path: where the entry of the navigation leads.
        routes: gives its routes, made by `rulekit.page.doors.route`.
        package: holds its folders `templates` and `assets`; empty where it has neither.
        role: what a person must be allowed to see the entry of the navigation.
        living: what runs beside the server for as long as it serves; None for nothing.
    """

    key: str
    title: str
    path: str
    routes: Callable[[Screen], Sequence[BaseRoute]]
    package: str = ""
    role: str = LOOK
    living: Callable[[Screen], AbstractAsyncContextManager[None]] | None = None
