"""`rulekit alerts`: what a person should look at, and what somebody has seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rulekit.cli.journal_option import clock_time, format_option, journal_option, print_json, print_table
from rulekit.cli.journal_place import one_account

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place


@click.group(
    "alerts",
    invoke_without_command=True,
    epilog="""\b
Examples:
  rulekit alerts --journal day.journal
  rulekit alerts ack QK3ZJ5 --journal day.journal
  rulekit alerts ack all --journal day.journal --by owner
  rulekit alerts test""",
)
@journal_option
@format_option
@click.pass_context
def command(context: click.Context, journal: Place | None, account: str | None, form: str) -> None:
    """List open alerts: those of which nobody has said that they were seen. A critical one is sent again until then."""
    if context.invoked_subcommand is not None:
        return
    from rulekit.execution.journal import read_journal
    from rulekit.execution.ledger import Ledger
    from rulekit.model.instant import iso

    alarms = list(Ledger(read_journal(one_account(journal, account))).alarms.open.values())
    if form == "json":
        names = ("id", "level", "cause", "text", "symbol", "action")
        print_json([{"at": iso(one.at), **{name: getattr(one, name) for name in names}} for one in alarms])
    elif not alarms:
        click.echo("no open alerts")
    else:
        rows = [(one.id, clock_time(iso(one.at)), one.level, one.symbol or "-", one.text) for one in alarms]
        print_table("", ("id", "at", "level", "symbol", "what"), rows)


@command.command("ack")
@click.argument("alert", metavar="ID")
@journal_option
@click.option("--by", default="", metavar="NAME", help="who has seen it [default: your name on this machine]")
def acknowledge(alert: str, journal: Place | None, account: str | None, by: str) -> None:
    """Say that an alert was seen; `all` for every open one. It is kept in the journal, with who said it."""
    from rulekit.cli.ask import ask
    from rulekit.cli.login_name import login_name
    from rulekit.execution.commands import seen
    from rulekit.execution.journal import read_journal
    from rulekit.execution.ledger import Ledger
    from rulekit.execution.requests import ACKNOWLEDGE, Request

    place = one_account(journal, account)
    if not seen(Ledger(read_journal(place)), alert):
        click.echo("no open alerts")
        return
    who = by or login_name()
    if ask(place, Request(ACKNOWLEDGE, action=alert, reason=who, by=who)):
        click.echo("seen")


@command.command("test")
@click.option("--settings", "settings_path", type=click.Path(path_type=Path), help="settings file")
def try_out(settings_path: Path | None) -> int:
    """Send a test message to every address, and say which of them took it."""
    import os

    from rulekit.report.channels import Message, open_channels
    from rulekit.settings import load_settings

    channels = open_channels(load_settings(settings_path).alerts, os.environ).channels
    if not channels:
        click.echo("no address: put one into the environment variable RULEKIT_ALERT_URLS")
        return 1
    message = Message("told", "Rulekit", "this is a test: alerts come this way")
    taken = [channel.send_once(message) for channel in channels]
    for channel, done in zip(channels, taken, strict=True):
        click.echo(f"{channel.name}: {'sent' if done else 'failed'}")
    return 0 if all(taken) else 1
