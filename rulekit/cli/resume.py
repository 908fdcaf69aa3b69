"""`rulekit resume`: act again after a halt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rulekit.cli.journal_option import journal_option
from rulekit.cli.journal_place import one_account, tell_note

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place


@click.command(
    "resume",
    epilog="""\b
Examples:
  rulekit resume --journal day.journal
  rulekit resume --journal day.journal --confirm RESUME""",
)
@journal_option
@click.option("--confirm", metavar="WORD", help="RESUME, instead of typing it when asked")
def command(journal: Place | None, account: str | None, confirm: str | None) -> None:
    """Act again after a halt, or after the engine held back by itself; it must be confirmed by typing RESUME."""
    from rulekit.cli.ask import ask
    from rulekit.execution.journal import read_ledger
    from rulekit.execution.requests import RESUME, Request
    from rulekit.execution.switch import CONFIRMATION, check_confirmation

    place = one_account(journal, account)
    mode = read_ledger(place, tell_note).mode
    click.echo(f"trading state: {mode.name}" + (f", {mode.reason}" if mode.reason else ""))
    word = confirm if confirm is not None else click.prompt(f"type {CONFIRMATION} to act again")
    check_confirmation(word)
    if ask(place, Request(RESUME, reason=word.strip())):
        click.echo("active")
