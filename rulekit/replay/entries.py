"""Entries to replay: a CSV of them, or one every so many bars; each is checked against the bars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from rulekit.errors import InputError
from rulekit.market.entry_rows import EntryRow, entry_rows
from rulekit.market.feed import instrument_key
from rulekit.market.numbers import scale_of
from rulekit.model.instant import Instant, exchange_instant, iso
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import UNKNOWN

COLUMNS = ("symbol", "side", "quantity", "at")
OPTIONAL = ("price", "stop", "exchange", "product", "strategy")
_ALIASES = {"opened": "at", "entry": "price", "time": "at", "entered": "at"}
_EVERY = re.compile(r"\s*every\s+(\d+)\s+bars?\s*", re.IGNORECASE)


@frozen
class Entry:
    """One position to begin. Price and stop in smallest units; a NaN price is the first one from `at` on."""

    key: InstrumentKey
    side: int
    quantity: int
    at: Instant
    price: float = UNKNOWN
    stop: float = UNKNOWN
    product: str = ""
    strategy: str = ""
    where: str = ""
    has_zone: bool = True


def read_entries(path: Path, *, exchange: str = "NSE") -> list[Entry]:
    """Read entries from a CSV.

    Raises:
        InputError: a wrong cell, named with its line and column.
        UnreadableFileError: the file is missing or no text.
    """
    help = f"the first line must be {','.join(COLUMNS)}, and may go on with {','.join(OPTIONAL)}"
    rows = entry_rows(path, "a CSV of entries", COLUMNS, help, aliases=_ALIASES)
    entries = [_entry(row, exchange) for row in rows]
    if not entries:
        raise InputError(f"`{path}` has column names but no rows", "give at least one entry")
    return entries


def _entry(row: EntryRow, exchange: str) -> Entry:
    """Read one row."""
    side, quantity = row.side(), row.quantity()
    moment, naive = row.moment("at", exchange_instant)
    key = instrument_key(row.cell("symbol"), row.text("exchange").upper() or exchange)
    scale = scale_of(key.exchange)
    entry = Entry(
        key=key,
        side=side,
        quantity=quantity,
        at=moment,
        price=row.price("price", scale),
        stop=row.price("stop", scale),
        product=row.text("product").upper(),
        strategy=row.text("strategy"),
        where=row.where,
        has_zone=not naive,
    )
    if entry.price == entry.price and (entry.stop - entry.price) * side >= 0:
        raise row.wrong("stop", "stands on the winning side of the entry", "the stop of a long lies below its entry")
    return entry


def every_bars(text: str) -> int:
    """Read `every 50 bars`."""
    found = _EVERY.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise InputError(f"`{text}` does not say when to enter", "write it like: every 50 bars")
    return int(found[1])


def refuse_outside(entry: Entry, known: Mapping[InstrumentKey, tuple[Instant, Instant]]) -> None:
    """Refuse an entry that lies outside the bars."""
    span = known.get(entry.key)
    if span is None:
        some = ", ".join(f"`{key.symbol}`" for key in list(known)[:6])
        raise InputError(
            f"{entry.where}, column `symbol`: there are no bars of {entry.key.exchange}:{entry.key.symbol}",
            f"the bars hold {some}{'…' if len(known) > 6 else ''}; write the symbol as the bars do",
        )
    first, last = span
    if not first <= entry.at < last:
        raise InputError(
            f"{entry.where}, column `at`: {iso(entry.at)} lies outside the bars of {entry.key.symbol}, which go from "
            f"{iso(first)} to {iso(last)}",
            "give bars of that time, or leave the row out",
        )
