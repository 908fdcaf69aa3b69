"""`rulekit history`: every action and its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rulekit.cli.journal_option import (
    clock_time,
    format_option,
    journal_option,
    last_option,
    print_json,
    print_table,
    since_option,
)
from rulekit.cli.journal_place import accounts_of, with_account

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place
    from rulekit.model.instant import Instant


@click.command(
    "history",
    epilog="""\b
Examples:
  rulekit history --journal day.journal
  rulekit history --journal day.journal --last 20
  rulekit history --journal day.journal --since 2026-11-20 --format json
  rulekit history --journal postgresql://trader@db/journals --account AB1234""",
)
@journal_option
@last_option
@since_option
@format_option
def command(journal: Place | None, account: str | None, last: int | None, since: Instant | None, form: str) -> None:
    """Show every action with its path, from the decision to its end; also while a run goes on.

    All of the journal is read and checked; with --last or --since only its last part, however long it is.
    Of a database all accounts are shown, or the one that --account names.
    """
    places = accounts_of(journal, account)
    rows = [with_account(place, row, account) for place in places for row in _rows_of(place, last, since)]
    if form == "json":
        print_json(rows)
        return
    if not rows:
        click.echo("no actions yet")
        return
    several = len(places) > 1
    table = [
        (
            *([row["account"]] if several else []),
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
    names = ("decided", "id", "symbol", "rule", "kind", "side", "quantity", "filled", "path", "reason")
    print_table("", (*(["account"] if several else []), *names), table)


def _rows_of(place: Place, last: int | None, since: Instant | None) -> list[dict[str, Any]]:
    from rulekit.execution.history import history
    from rulekit.execution.journal import open_shelf, read_journal
    from rulekit.execution.recent import recent_history

    if last is None and since is None:
        return history(read_journal(place))
    with open_shelf(place) as shelf:
        return recent_history(shelf, last=last, since=since)
