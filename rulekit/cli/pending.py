"""`rulekit pending`: actions that have not reached an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rulekit.cli.journal_option import clock_time, format_option, journal_option, print_json, print_table
from rulekit.cli.journal_place import accounts_of, tell_note, with_account

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place


@click.command(
    "pending",
    epilog="""\b
Examples:
  rulekit pending --journal day.journal
  rulekit settle 7QK3ZJ5C2LPA --journal day.journal --filled 50   (for one that is unknown or parked)""",
)
@journal_option
@format_option
def command(journal: Place | None, account: str | None, form: str) -> None:
    """Show the actions that have not reached an end, and what each of them waits for."""
    from rulekit.execution.history import pending_of
    from rulekit.execution.journal import read_ledger

    places = accounts_of(journal, account)
    rows = [with_account(place, row, account) for place in places for row in pending_of(read_ledger(place, tell_note))]
    if form == "json":
        print_json(rows)
    elif rows:
        print_pending("", rows)
    else:
        click.echo("nothing waits")


def print_pending(title: str, rows: list[dict[str, Any]]) -> None:
    """Print a table of actions without an end."""
    several = len({row["account"] for row in rows if "account" in row}) > 1
    table = [
        (
            *([row["account"]] if several else []),
            row["id"],
            row["state"],
            row["symbol"],
            row["rule"],
            row["side"] or "-",
            "-" if row["quantity"] is None else str(row["quantity"]),
            str(row["filled"]),
            clock_time(row["decided"]),
            row["why"],
        )
        for row in rows
    ]
    names = ("id", "state", "symbol", "rule", "side", "quantity", "filled", "decided", "evidence")
    print_table(title, (*(["account"] if several else []), *names), table)
