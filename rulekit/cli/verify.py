"""`rulekit verify`: decide every recorded look of a journal again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rulekit.cli.journal_option import format_option, journal_option, print_json
from rulekit.cli.journal_place import one_account
from rulekit.cli.settings_option import calendar_in_force

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place
    from rulekit.runtime.verify import Verified


@click.command(
    "verify",
    epilog="""\b
Examples:
  rulekit verify --journal day.journal
  rulekit verify --journal day.journal --policy edited.policy      (what another version would have decided)
Exit codes: 0 all equal, 1 a difference, or nothing was recorded, 2 usage or an unreadable file.""",
)
@journal_option
@click.option(
    "--policy",
    "policies",
    type=click.Path(path_type=Path),
    multiple=True,
    help="decide by this file instead of the text in the journal",
)
@format_option
def command(journal: Place | None, account: str | None, policies: tuple[Path, ...], form: str) -> int:
    """Decide every look that a journal records again, from its own snapshot, and compare bit by bit.

    Recorded are the looks that something came of; all of them with `record = "all"` under [journal]. Every row is
    checked against the chain of digests first.
    """
    from rulekit.execution.journal import read_journal
    from rulekit.runtime.policy import load
    from rulekit.runtime.verify import verify

    calendar_in_force()
    entries = read_journal(one_account(journal, account))
    found = verify(entries, [load(path) for path in policies])
    if form == "json":
        first = found.first
        print_json(
            {
                "looks": found.looks,
                "equal": found.equal,
                "first": None
                if first is None
                else {"entry": first.seq, "at": first.at, "symbol": first.symbol, "then": first.then, "now": first.now},
                "unrecorded": found.unrecorded,
                "notes": found.notes,
            }
        )
    else:
        _print(found)
    return 0 if found.ok else 1


def _print(found: Verified) -> None:
    for note in found.notes:
        click.echo(f"note: {note}")
    if found.unrecorded:
        click.echo(f"note: {found.unrecorded} actions were decided before looks were recorded")
    click.echo(f"{found.looks} looks, {found.equal} equal")
    if found.first is not None:
        click.echo(f"first difference: {found.first.text()}")
    elif not found.looks:
        click.echo("nothing was recorded, so nothing is verified")
