"""How a command reaches the engine, and what it says of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place
    from rulekit.execution.requests import Request


def ask(journal: Place, request: Request) -> bool:
    """Have a request applied, and say by whom; False if a running engine has not taken it yet.

    Raises:
        JournalError: the journal is damaged. UnreadableFileError: there is none. UsageError: nothing to settle.
    """
    from rulekit.execution import asking
    from rulekit.model.clock import WallClock

    answer = asking.ask(journal, request, WallClock())
    click.echo(answer.text)
    return answer.taken
