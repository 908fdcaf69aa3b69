"""Log lines and progress for commands that run for a while."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rulekit.market.ticks import Tick
from rulekit.model.events import Emit, Event
from rulekit.model.instant import MINUTE

_CALM = 30 * MINUTE
"""At full speed, a line of a kind that comes by the thousand is shown once in this simulated time."""


def log_to(stream: TextIO, *, form: str, quiet: bool, title: str, calm: bool) -> Emit:
    """Return where events go: lines for people, JSON lines, or nowhere.

    Args:
        calm: show a stop that follows the price, and a cycle in which nothing happened, twice an hour only.
    """
    if quiet:
        return lambda event: None
    from rulekit.report.console import Console
    from rulekit.report.jsonlines import JsonLines

    write: Emit = JsonLines(stream) if form == "json" else Console(stream, title=title)
    return _calmly(write) if calm else write


def _calmly(write: Emit) -> Emit:
    """Thin out what comes by the thousand: cycles in which nothing happened, and a stop that follows the price."""
    shown: dict[tuple[str, str, object], int] = {}

    def emit(event: Event) -> None:
        quiet = event.name == "cycle_evaluated" and not event.data.get("exits")
        if quiet or event.name == "stop_moved":
            key = (event.name, event.symbol, event.data.get("rule"))
            if event.at < shown.get(key, -_CALM) + _CALM:
                return
            shown[key] = event.at
        write(event)

    return emit


@contextmanager
def progress_over(total: int, what: str, *, quiet: bool) -> Iterator[Callable[[Tick], None] | None]:
    """Show a progress bar on standard error while ticks go by; nothing where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=RichConsole(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=total)
        seen = 0

        def advance(tick: Tick) -> None:
            nonlocal seen
            seen += 1
            if seen % 512 == 0:
                bar.update(task, completed=seen)

        yield advance
