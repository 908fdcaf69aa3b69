"""`rulekit settle`: record what became of an unknown order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rulekit.cli.journal_option import journal_option
from rulekit.cli.journal_place import one_account
from rulekit.errors import UsageError

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place


@click.command(
    "settle",
    epilog="""\b
Examples:
  rulekit pending --journal day.journal                                 (lists the ids)
  rulekit settle 7QK3ZJ5C2LPA --journal day.journal --filled 50
  rulekit settle 7QK3ZJ5C2LPA --journal day.journal --not-placed""",
)
@click.argument("action", metavar="ID")
@journal_option
@click.option("--filled", type=click.IntRange(min=0), metavar="N", help="it was placed, and N were filled in all")
@click.option("--not-placed", is_flag=True, help="the broker never had it")
def command(action: str, journal: Place | None, account: str | None, filled: int | None, not_placed: bool) -> None:
    """Record what became of an order that the evidence could not settle; its instrument may then be traded again.

    Look at the broker's own order book first: what you record is believed.
    """
    if (filled is None) == (not not_placed):
        raise UsageError("say what became of it", "give either --filled N or --not-placed")
    from rulekit.cli.ask import ask
    from rulekit.execution.commands import check_settlable
    from rulekit.execution.journal import read_journal
    from rulekit.execution.requests import SETTLE, Request

    request = Request(SETTLE, action=action, filled=filled)
    place = one_account(journal, account)
    check_settlable(read_journal(place), action, filled)
    if ask(place, request):
        click.echo("settled")
