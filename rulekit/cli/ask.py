"""How a command reaches the engine, and what it says of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place
    from rulekit.execution.requests import Request

THROUGH = "command line"
"""By what a command asks, as it stands in the journal."""


def ask(journal: Place, request: Request) -> bool:
    """Have a request applied, and say by whom; False if a running engine has not taken it yet.

    The journal keeps who asked: the request's own name, or else the login name.

    Raises:
        JournalError: the journal is damaged. UnreadableFileError: there is none. UsageError: nothing to settle.
    """
    from attrs import evolve

    from rulekit.cli.login_name import login_name
    from rulekit.execution import asking
    from rulekit.model.clock import WallClock

    named = evolve(request, by=request.by or login_name(), through=THROUGH)
    answer = asking.ask(journal, named, WallClock())
    click.echo(answer.text)
    return answer.taken
