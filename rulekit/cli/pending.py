"""`rulekit pending`: actions that have not reached an end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rulekit.cli.journal_option import clock_time, format_option, journal_option, print_json, print_table


@click.command(
    "pending",
    epilog="""\b
Examples:
  rulekit pending --journal day.journal
  rulekit settle 7QK3ZJ5C2LPA --journal day.journal --filled 50   (for one that is unknown or parked)""",
)
@journal_option
@format_option
def command(journal: Path, form: str) -> None:
    """Show the actions that have not reached an end, and what each of them waits for."""
    from rulekit.execution.history import pending
    from rulekit.execution.journal import read_journal

    rows = pending(read_journal(journal))
    if form == "json":
        print_json(rows)
    elif rows:
        print_pending("", rows)
    else:
        click.echo("nothing waits")


def print_pending(title: str, rows: list[dict[str, Any]]) -> None:
    """Print a table of actions without an end."""
    table = [
        (
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
    columns = ("id", "state", "symbol", "rule", "side", "quantity", "filled", "decided", "evidence")
    print_table(title, columns, table)
