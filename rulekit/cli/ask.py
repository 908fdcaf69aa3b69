"""How a command reaches the engine: by a request beside the journal, or by the journal itself if no engine holds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place
    from rulekit.execution.requests import Request
    from rulekit.model.clock import Clock

PATIENCE_S = 5.0
"""How long a command waits in real seconds for a running engine to take its request."""
_LOOK_S = 0.05


def ask(journal: Place, request: Request) -> bool:
    """Have a request applied, and say by whom; False if a running engine has not taken it yet.

    Raises:
        JournalError: the journal is damaged. UnreadableFileError: there is none. UsageError: nothing to settle.
    """
    from rulekit.execution.commands import apply_without_engine
    from rulekit.execution.journal import check_present, is_held
    from rulekit.model.clock import WallClock

    check_present(journal)
    clock = WallClock()
    if not is_held(journal):
        apply_without_engine(journal, request, clock)
        click.echo("written to the journal; no engine is running on it")
        return True
    waits = _put_down(journal, request, clock)
    for _ in range(round(PATIENCE_S / _LOOK_S)):
        if not waits():
            click.echo("the running engine has taken it")
            return True
        clock.sleep(_LOOK_S)
    click.echo("the running engine will take it at its next look; `rulekit status` shows whether it has")
    return False


def _put_down(journal: Place, request: Request, clock: Clock) -> Callable[[], bool]:
    """Put a request where the engine finds it; return what tells whether it waits yet."""
    from rulekit.execution.journal_place import ServerPlace

    if isinstance(journal, ServerPlace):
        from rulekit.execution.journal_postgres_reading import drop_request, is_waiting

        key = drop_request(journal, request, clock)
        return lambda: is_waiting(journal, key)
    from rulekit.execution.requests import drop

    return drop(journal, request, clock).exists
