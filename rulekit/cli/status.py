"""`rulekit status`: positions, stops, what waits, what is unknown, budgets left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rulekit.cli.journal_option import clock_time, format_option, journal_option, money, print_json, print_table
from rulekit.cli.journal_place import accounts_of, tell_note

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place
    from rulekit.execution.settings import ExecutionSettings


@click.command(
    "status",
    epilog="""\b
Examples:
  rulekit status --journal day.journal
  rulekit status --journal day.journal --format json
  rulekit status --journal postgresql://trader@db/journals""",
)
@journal_option
@format_option
def command(journal: Place | None, account: str | None, form: str) -> None:
    """Show where the account stands, as of the journal's last entry; also while a run goes on.

    Of a database all accounts are shown, or the one that --account names.
    """
    places = accounts_of(journal, account)
    limits = _limits()
    found = [_status_of(place, limits) for place in places]
    one = len(found) == 1 and (account is not None or not hasattr(places[0], "account"))
    if form == "json":
        print_json(found[0] if one else found)
        return
    if not found:
        click.echo("the database has no journals yet")
    for number, state in enumerate(found):
        if number:
            click.echo("")
        _print_status(state)


def _status_of(place: Place, limits: ExecutionSettings) -> dict[str, Any]:
    from rulekit.execution.journal import is_held, read_ledger, waiting_requests
    from rulekit.execution.status import status_of

    found = status_of(read_ledger(place, tell_note), limits)
    found["running"] = is_held(place)
    found["requests"] = [request.kind for request in waiting_requests(place)]
    return found


def _limits() -> ExecutionSettings:
    """Return the limits of the settings file in this folder, as a run started here would have them."""
    from rulekit.errors import RulekitError
    from rulekit.execution.settings import ExecutionSettings
    from rulekit.settings import load_settings

    try:
        return load_settings(None).execution
    except RulekitError as error:
        # Where the account stands must be seen, whatever is wrong with the settings.
        click.echo(f"note: the budgets are counted by the default limits: {error.message}", err=True)
        return ExecutionSettings()


def _print_status(found: dict[str, Any]) -> None:
    from rulekit.cli.pending import print_pending

    reason = f": {found['reason']}" if found["reason"] else ""
    click.echo(f"{found['account']}, as of {clock_time(found['at'])}, engine {'on' if found['running'] else 'off'}")
    click.echo(f"trading state: {found['mode']}{reason}")
    if found["alerts"]:
        click.echo(f"open alerts: {found['alerts']}; `rulekit alerts` lists them")
    for row in found["strangers"]:
        side = f"{row['side']} {row['filled']} of {row['quantity']} {row['symbol']}, {row['status']}"
        click.echo(f"not known to the journal: order {row['order']}, {side}; `rulekit adopt` shows both sides")
    if found["no_adds"]:
        click.echo(f"nothing is added: {found['no_adds']}")
    if found["requests"]:
        click.echo(f"asked for and not yet taken: {', '.join(found['requests'])}")
    _print_positions(found["positions"])
    for title, rows in (("waiting", found["waiting"]), ("unknown", found["unknown"])):
        if rows:
            print_pending(title, rows)
        else:
            click.echo(f"{title}: nothing")
    for row in found["standing"]:
        figures = f"{row['side']} {row['quantity']} at {money(row['stop'])}, order {row['order_id']}"
        click.echo(f"stop at the broker: {row['symbol']} {row['product']}, {figures}")
    if found["blocked"]:
        click.echo(f"no more orders after refusals in a row: {', '.join(found['blocked'])}")
    left = found["budgets_left"]
    click.echo(
        f"orders today: {found['orders_today']}; requests left: {left['second']} this second, "
        f"{left['minute']} this minute, {left['day']} today"
    )


def _print_positions(positions: list[dict[str, Any]]) -> None:
    if not positions:
        click.echo("positions: none")
        return
    table = [
        (
            row["symbol"],
            row["product"],
            row["side"],
            str(row["quantity"]),
            money(row["entry"]),
            money(row["stop"]),
            money(row["best"]),
            money(row["worst"]),
            money(row["realised"]),
            clock_time(row["opened"]) if row["opened"] else "overnight",
        )
        for row in positions
    ]
    columns = ("symbol", "product", "side", "quantity", "entry", "stop", "best", "worst", "realised", "opened")
    print_table("positions", columns, table)
