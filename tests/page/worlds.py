"""Journals to look at, and a server over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from starlette.applications import Starlette

from rulekit.model.shipped import shipped_folder
from rulekit.page.app import build
from rulekit.page.people import ACT, Doors, Person
from rulekit.page.room import Room
from rulekit.page.screen import Screen
from rulekit.page.serving import Address, bound, serving
from rulekit.runtime import demo_day
from rulekit.runtime.paper import paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings

OWNER = Person("owner", ACT)


@frozen
class Served:
    """A page that is served."""

    url: str
    screen: Screen
    app: Starlette


def demo_journal(folder: Path) -> Path:
    """Run the demo's day into a folder: `demo.journal`, and its policy in `policies`."""
    text = shipped_folder("rules").joinpath("position-management.policy").read_text(encoding="utf-8")
    (folder / "policies").mkdir()
    (folder / "policies" / "position-management.policy").write_text(text, encoding="utf-8")
    entries = demo_day.entries()
    policy = Policy.from_text(text, "position-management.policy")
    with paper_day(
        [policy], demo_day.ticks(1), entries[0].opened, entries, folder / "demo.journal",
        settings=Settings(), fast=True, emit=lambda event: None, durable=False,
    ) as day:  # fmt: skip
        day.run()
    return folder


def screen_over(journal: Path, **more: Any) -> Screen:
    """Return a page's values with owner at the machine."""
    more.setdefault("doors", Doors((), OWNER))
    return Screen(journal=journal, **more)


@contextmanager
def served(journal: Path, *, rooms: Sequence[Room] = (), also: Sequence[str] = (), **more: Any) -> Iterator[Served]:
    """Serve a page on a free port of this machine; `doors` says who may come in, else it is owner at the machine.

    `also` are names by which it may be called besides.
    """
    taken, address = bound(Address("127.0.0.1", 0))
    screen = evolve(screen_over(journal, **more), hosts=address.names | set(also), cookie=f"rulekit-{address.port}")
    app = build(screen, rooms)
    with serving(app, taken):
        yield Served(address.url(secure=False), screen, app)
