"""`rulekit summary`: what each rule did and earned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rulekit.cli.journal_option import format_option, journal_option, money, print_json, print_table, since_option
from rulekit.cli.journal_place import one_account
from rulekit.cli.told import print_told

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place
    from rulekit.execution.summary import RuleFigures
    from rulekit.model.instant import Instant


@click.command(
    "summary",
    epilog="""\b
Examples:
  rulekit summary --journal day.journal
  rulekit summary --journal day.journal --since 2026-11-20
  rulekit summary --journal day.journal --words
  rulekit summary --journal day.journal --format json""",
)
@journal_option
@since_option
@format_option
@click.option("--words", is_flag=True, help="in sentences instead of a table")
def command(journal: Place | None, account: str | None, since: Instant | None, form: str, words: bool) -> None:
    """Show for each rule how often it acted, what was filled, what it cost, and what it earned.

    Slippage is how much worse than the price at the decision a share was filled. Earned is what the books and adds of
    a rule brought against having held on to the position's end; a dash stands where that is not known or does not
    apply (the exit that ends a position, a stop, a position that is still open).
    """
    if words and since is not None:
        raise click.UsageError("--words tells of a whole journal: leave --since out")
    place = one_account(journal, account)
    if form == "json":
        print_json([rule.to_dict() for rule in _rules_of(place, since)])
    elif words:
        print_told(place)
    else:
        print_summary(place, since)


def _rules_of(place: Place, since: Instant | None) -> list[RuleFigures]:
    from rulekit.execution.journal import open_shelf, read_journal
    from rulekit.execution.summary import summarise, summarise_since

    if since is None:
        return summarise(read_journal(place))
    with open_shelf(place) as shelf:
        return summarise_since(shelf, since)


def print_summary(journal: Place, since: Instant | None = None) -> None:
    """Print the table of a journal."""
    rules = _rules_of(journal, since)
    if not rules:
        click.echo("no rule has acted yet")
        return
    table = [
        (
            rule.rule,
            str(rule.fired),
            str(rule.filled),
            str(rule.applied),
            str(rule.refused),
            str(rule.superseded),
            str(rule.open),
            str(rule.quantity),
            money(rule.slippage),
            "-" if rule.seconds is None else f"{rule.seconds:.1f} s",
            money(rule.effect),
        )
        for rule in rules
    ]
    columns = (
        "rule", "fired", "filled", "applied", "refused", "superseded", "open", "shares", "slippage ₹", "to fill",
        "earned ₹",
    )  # fmt: skip
    print_table("", columns, table)
    _print_sections(rules)


def _print_sections(rules: list[RuleFigures]) -> None:
    """Print the sections that installed packages add; one that fails is named, and keeps no other back."""
    from rulekit.plugins.names import entries

    if not entries("rulekit.reports"):
        return
    from rulekit.runtime.plugin_sections import sections

    for title, text, trouble in sections([rule.to_dict() for rule in rules]):
        if trouble:
            click.echo(f"note: {trouble}", err=True)
        else:
            click.echo(f"\n{title}\n{text}")
