"""`rulekit history`: every action and its path."""

from __future__ import annotations

from pathlib import Path

import click

from rulekit.cli.journal_option import clock_time, format_option, journal_option, print_json, print_table


@click.command(
    "history",
    epilog="""\b
Examples:
  rulekit history --journal day.journal
  rulekit history --journal day.journal --format json""",
)
@journal_option
@format_option
def command(journal: Path, form: str) -> None:
    """Show every action with its path, from the decision to its end; also while a run goes on."""
    from rulekit.execution.history import history
    from rulekit.execution.journal import read_journal

    rows = history(read_journal(journal))
    if form == "json":
        print_json(rows)
        return
    if not rows:
        click.echo("no actions yet")
        return
    table = [
        (
            clock_time(row["decided"]),
            row["id"],
            row["symbol"],
            row["rule"],
            row["kind"],
            row["side"] or "-",
            "-" if row["quantity"] is None else str(row["quantity"]),
            str(row["filled"]) if row["side"] else "-",
            " > ".join(state["state"] for state in row["states"]),
            row["reason"],
        )
        for row in rows
    ]
    columns = ("decided", "id", "symbol", "rule", "kind", "side", "quantity", "filled", "path", "reason")
    print_table("", columns, table)
