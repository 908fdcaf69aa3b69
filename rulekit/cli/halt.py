"""`rulekit halt`: stop acting, and exit everything if asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rulekit.cli.journal_option import journal_option
from rulekit.cli.journal_place import one_account

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place


@click.command(
    "halt",
    epilog="""\b
Examples:
  rulekit halt --journal day.journal --reason "news"
  rulekit halt --journal day.journal --exit-everything""",
)
@journal_option
@click.option("--exit-everything", is_flag=True, help="close every position too, by the broker's own quantities")
@click.option("--reason", default="halted by a person", show_default=True, help="kept in the journal")
def command(journal: Place | None, account: str | None, exit_everything: bool, reason: str) -> None:
    """Stop sending at once: what waits is cancelled, what rests is cancelled at the broker.

    It stays so over restarts until `rulekit resume`. If no engine runs, the next one starts halted.
    """
    from rulekit.cli.ask import ask
    from rulekit.execution.requests import HALT, Request

    if ask(one_account(journal, account), Request(HALT, reason=reason, exit_everything=exit_everything)):
        click.echo("halted" + ("; everything is to be exited" if exit_everything else ""))
