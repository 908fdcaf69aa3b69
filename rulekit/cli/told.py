"""A journal told in sentences, for people who would rather read than look figures up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rulekit.execution.journal_place import Place


def print_told(journal: Place, title: str = "", *, simulated: bool = False) -> None:
    """Print what each rule of a journal did, in words.

    Args:
        title: of the policy; the journal's name where there is none.
        simulated: say that no order left this machine.
    """
    from rulekit.execution.history import FullLedger
    from rulekit.execution.journal import read_journal
    from rulekit.execution.summary import summarise
    from rulekit.model.instant import moment_of
    from rulekit.report.summary import DaySummary, day_text

    entries = list(read_journal(journal))
    ledger = FullLedger(entries)
    moments = [entry.at for entry in entries]
    began, ended = (f"{moment_of(moment):%Y-%m-%d %H:%M}" for moment in (min(moments), max(moments)))
    text = day_text(
        DaySummary(
            title=title or _name_of(journal),
            began=began,
            ended=ended,
            rules=summarise(entries),
            actions=len(ledger.actions),
            without_end=len(ledger.open),
            open_positions=sum(bool(book.quantity) for book in ledger.books.values()),
            simulated=simulated,
        )
    )
    click.echo(text, nl=False)


def _name_of(journal: Place) -> str:
    return str(getattr(journal, "account", "")) or journal.name
