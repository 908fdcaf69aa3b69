"""What one page is about: the journal, the policies, who may come in, and the clock."""

from __future__ import annotations

from pathlib import Path

from attrs import field, frozen

from rulekit.execution.journal_place import Place
from rulekit.model.clock import Clock, WallClock
from rulekit.page.people import Doors
from rulekit.settings import Settings


@frozen
class Screen:
    """The values that every room of the page shares; a request finds it at `request.app.state.screen`.

    Args:
        journal: the place of one account's journal; it is read, and asked of through requests, never written here.
        policies: the folder with the policy files that the engine runs; None where none was named.
        settings: as from `rulekit.toml`.
        doors: who may come in.
        bars: a folder with price files that the studio may replay on; None where none was named.
        clock: of the requests that are put down; an engine's own clock may run elsewhere.
        hosts: what the browser may call this server, `name:port`; empty for anything.
        secure: whether it is served over TLS, so that cookies go nowhere else.
        cookie: its name; browsers give a cookie to every port of a machine, so each page has a name of its own.
    """

    journal: Place
    doors: Doors
    policies: Path | None = None
    settings: Settings = field(factory=Settings)
    bars: Path | None = None
    clock: Clock = field(factory=WallClock)
    hosts: frozenset[str] = frozenset()
    secure: bool = False
    cookie: str = "rulekit"
