"""`rulekit what-if`: what another policy would have done at the looks that a journal records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rulekit.cli.journal_option import format_option, print_json
from rulekit.cli.journal_place import PlaceType, account_option, one_account
from rulekit.cli.settings_option import calendar_in_force

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place
    from rulekit.runtime.what_if_outcome import Position, WhatIf


@click.command(
    "what-if",
    epilog="""\b
Examples:
  rulekit what-if day.journal --policy edited.policy
  rulekit what-if day.journal --policy edited.policy --format json

Exit codes: 0 done, 1 nothing was recorded, 2 usage or an unreadable file.""",
)
@click.argument("journal", type=PlaceType(), required=False, metavar="[JOURNAL]")
@account_option
@click.option(
    "--policy", "policies", type=click.Path(path_type=Path), multiple=True, required=True,
    help="decide by this file instead of what decided then; may be given several times, in the order of the settings",
)  # fmt: skip
@format_option
def command(journal: Place | None, account: str | None, policies: tuple[Path, ...], form: str) -> int:
    """Decide the recorded looks of a live run by another POLICY, and say where it parts from what was done, and why.

    JOURNAL is a file or the address of a database; else RULEKIT_JOURNAL or the settings say it. From where they part,
    a position is carried on by itself over the recorded prices; its orders fill at the price of the look.
    """
    from rulekit.execution.journal import read_journal
    from rulekit.runtime.policy import load
    from rulekit.runtime.what_if import what_if

    calendar_in_force()
    loaded = [load(path) for path in policies]
    found = what_if(read_journal(one_account(journal, account)), loaded)
    if form == "json":
        print_json(_plain(found))
    else:
        _print(found)
    return 0 if found.looks else 1


def _plain(found: WhatIf) -> dict[str, Any]:
    return {
        "looks": found.looks,
        "positions": [one.to_dict() for one in found.positions],
        "gained": found.gained,
        "book": found.book,
        "notes": found.notes,
    }


def _print(found: WhatIf) -> None:
    for note in found.notes:
        click.echo(f"note: {note}")
    if not found.looks:
        click.echo("nothing was recorded, so nothing can be said")
        return
    for one in found.parted:
        _print_position(one)
    for line in found.book:
        click.echo(f"the whole book, {line}")
    same = len(found.positions) - len(found.parted)
    many = "1 position" if len(found.positions) == 1 else f"{len(found.positions):,} positions"
    click.echo(f"{found.looks:,} looks at {many}; managed as then: {same:,}")
    if found.parted:
        click.echo(f"in all {found.gained:+,.2f} rupees beside what was earned")


def _print_position(one: Position) -> None:
    from rulekit.model.instant import iso
    from rulekit.runtime.what_if_outcome import price_text

    first, parted = one.first, one.parted
    assert parted is not None
    since = "overnight" if first.opened is None else f"since {iso(first.opened)[:16].replace('T', ' ')}"
    click.echo(f"{first.symbol} {'long' if first.side > 0 else 'short'} {first.quantity:,}, {since}")
    click.echo(f"  parts at {iso(parted.at)[:19].replace('T', ' ')}")
    click.echo(f"    then {parted.here} ({parted.why_here})")
    click.echo(f"    now  {parted.there} ({parted.why_there})")
    still = f"; {one.held:,} still held at the last price, {price_text(one)}" if one.held else ""
    click.echo(f"  from there: then {one.then_earned:,.2f}, now {one.now_earned:,.2f}: {one.gained:+,.2f}{still}")
    if one.by_hand:
        click.echo(f"  {one.by_hand:,} orders by hand after that are part of then, not of now")
