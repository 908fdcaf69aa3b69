"""Looks at the quote at which a position could be left instead of the last price: a long's bid, a short's ask."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from attrs import evolve

from rulekit.compile.policy import CompiledPolicy
from rulekit.errors import InputError
from rulekit.language.tree import Add
from rulekit.replay.bars import Series
from rulekit.replay.entries import Entry
from rulekit.replay.gathering import one_piece
from rulekit.replay.soundness import Note

_LEAVES = {1: "bid", -1: "ask"}
"""What a position is left at, by its side; it is entered at the other."""


def refuse_without_quotes(series: Series, policy: CompiledPolicy) -> None:
    """Refuse prices that hold no quotes, and rules that would buy at the side that is sold at."""
    name = f"{series.key.exchange}:{series.key.symbol}"
    help = "give ticks with columns `bid` and `ask`, or leave `--looks-at quote` out"
    if series.is_ticks and not {"bid", "ask"} <= set(series.table.column_names):
        raise InputError(f"the ticks of {name} have no columns `bid` and `ask`", help)
    if not series.is_ticks:
        raise InputError(f"the prices of {name} are bars, which hold no quotes", help)
    adding = next((rule.name for rule in policy.rules if isinstance(rule.action.rule.verb, Add)), None)
    if adding is not None:
        raise InputError(
            f"the rule `{adding}` adds, and would pay the other side of the quote than the one that is looked at",
            "look at the last price: leave `--looks-at quote` out, and say what an order pays by --spread",
        )


def quote_of(series: Series, side: int) -> Any:
    """Return the quotes at which a position of a side is left; the last price stands for one that is unknown."""
    import pyarrow.compute as pc

    column = one_piece(series.table[_LEAVES[side]])
    known = pc.fill_null(pc.greater(column, 0.0), False)
    return pc.if_else(known, column, one_piece(series.table["close"]))


def entered_at_quote(entry: Entry, series: Series) -> Entry:
    """Return an entry with the price that it pays: the other side of the quote, where it does not name its own."""
    if entry.price == entry.price:
        return entry
    times = one_piece(series.table["at"]).to_numpy(zero_copy_only=False)
    place = bisect_left(times, entry.at)
    if place == series.rows:
        return entry
    return evolve(entry, price=quote_of(_row(series, place), -entry.side)[0].as_py(), at=int(times[place]))


def _row(series: Series, place: int) -> Series:
    return evolve(series, table=series.table.slice(place, 1))


def notes_on_quotes(series: Sequence[Series]) -> list[Note]:
    """Say how many ticks lack a quote."""
    import pyarrow.compute as pc

    notes = []
    for one in series:
        for name in _LEAVES.values():
            known = pc.fill_null(pc.greater(one.table[name], 0.0), False)
            lacking = one.rows - (pc.sum(known).as_py() or 0)
            if lacking:
                where = f"{one.key.exchange}:{one.key.symbol}"
                what = f"{lacking:,} of {one.rows:,} ticks have no {name}; the last price stands for it"
                notes.append(Note(where, what, "", False))
    return notes
