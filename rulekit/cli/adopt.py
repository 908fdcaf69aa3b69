"""`rulekit adopt`: take an order that the journal lost back into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from rulekit.cli.journal_option import clock_time, format_option, journal_option, money, print_json
from rulekit.cli.journal_place import one_account

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place
    from rulekit.execution.ledger import Ledger


@click.command(
    "adopt",
    epilog="""\b
Examples:
  rulekit adopt --journal day.journal                     (shows the orders, both sides)
  rulekit adopt 251120000123 --journal day.journal
  rulekit adopt 251120000123 --journal day.journal --confirm ADOPT""",
)
@click.argument("order", metavar="[ORDER]", required=False)
@journal_option
@format_option
@click.option("--confirm", metavar="WORD", help="ADOPT, instead of typing it when asked")
def command(order: str | None, journal: Place | None, account: str | None, form: str, confirm: str | None) -> None:
    """Show orders in the broker's book that bear our tag and that the journal does not know, and take one in.

    Such an order says that the end of the journal was lost: a copy was put back, or a disk forgot. The engine halts.
    An order that was taken in counts as a firing of its rule, as far as that can be told; `rulekit resume` comes after.
    """
    from rulekit.cli.ask import ask
    from rulekit.execution.journal import read_journal
    from rulekit.execution.ledger import Ledger
    from rulekit.execution.requests import ADOPT, Request
    from rulekit.execution.strangers import CONFIRMATION, adoptable, check_adoption

    place = one_account(journal, account)
    ledger = Ledger(read_journal(place))
    if order is None:
        _show(ledger, form)
        return
    row = adoptable(ledger, order)
    if form == "text":
        _show_both(ledger, row)
    word = confirm if confirm is not None else click.prompt(f"type {CONFIRMATION} to take it in")
    check_adoption(word)
    if ask(place, Request(ADOPT, action=row["order"], reason=word.strip())):
        click.echo("adopted; `rulekit resume` lifts the halt")


def _show(ledger: Ledger, form: str) -> None:
    rows = [row for row in ledger.strangers.values() if row["tag"] not in ledger.adopted_tags]
    if form == "json":
        print_json([{**row, "journal": _journal_side(ledger, row)} for row in rows])
        return
    if not rows:
        click.echo("the journal knows every order of ours that was seen in the broker's book")
    for row in rows:
        _show_both(ledger, row)


def _show_both(ledger: Ledger, row: Mapping[str, Any]) -> None:
    from rulekit.model.instant import iso
    from rulekit.model.prices import PAISE

    price = "" if row["average"] is None else f" at {money(row['average'] / PAISE)}"
    click.echo(f"order {row['order']}, tag {row['tag']}")
    click.echo(
        f"  the broker:  {row['side']} {row['quantity']} {row['symbol']} {row['product']}, {row['status']}, "
        f"{row['filled']} filled{price}, placed {clock_time(iso(row['placed']))}"
    )
    click.echo(f"  the journal: {_journal_side(ledger, row)}")


def _journal_side(ledger: Ledger, row: Mapping[str, Any]) -> str:
    """Say what the journal knows of the instrument, and what the order was sent for as far as its tag tells."""
    from rulekit.execution.strangers import origin_of
    from rulekit.model.instant import iso
    from rulekit.model.instrument import PositionKey

    book = ledger.book(PositionKey(ledger.account, row["exchange"], row["symbol"], row["product"]))
    found = origin_of(ledger, row)
    sent_for = f"it was {found.text()}" if found is not None else "what it was sent for is not known"
    return (
        f"no request with this tag; the last entry is of {clock_time(iso(ledger.last_at))}; "
        f"{abs(book.quantity)} {row['symbol']} held by its trades; {sent_for}"
    )
