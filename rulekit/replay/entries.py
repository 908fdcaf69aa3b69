"""Entries to replay: a CSV of them, or one every so many bars; each is checked against the bars."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from rulekit.errors import InputError, UnreadableFileError
from rulekit.market.feed import instrument_key
from rulekit.market.numbers import scale_of
from rulekit.model.instant import Instant, exchange_instant, iso
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import UNKNOWN, to_units

COLUMNS = ("symbol", "side", "quantity", "at")
OPTIONAL = ("price", "stop", "exchange", "product", "strategy")
_ALIASES = {"opened": "at", "entry": "price", "time": "at", "entered": "at"}
_SIDES = {"long": 1, "short": -1, "buy": 1, "sell": -1}
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
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnreadableFileError(f"there is no file `{path}`", "give the path of a CSV of entries") from None
    except IsADirectoryError:
        raise UnreadableFileError(f"`{path}` is a folder", "give the path of a CSV of entries") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"`{path}` cannot be read: {error}", "save it as CSV in UTF-8") from None
    reader = csv.DictReader(text.splitlines())
    names = [name.strip().lower() for name in reader.fieldnames or []]
    names = [_ALIASES[name] if name in _ALIASES and _ALIASES[name] not in names else name for name in names]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InputError(
            f"`{path}` lacks the column{'s' if len(missing) > 1 else ''} {', '.join(f'`{name}`' for name in missing)}",
            f"the first line must be {','.join(COLUMNS)}, and may go on with {','.join(OPTIONAL)}",
        )
    reader.fieldnames = names
    entries = [_entry(f"{path}, line {reader.line_num:,}", row, exchange) for row in reader]
    if not entries:
        raise InputError(f"`{path}` has column names but no rows", "give at least one entry")
    return entries


def _entry(where: str, row: Mapping[str, str | None], exchange: str) -> Entry:
    """Read one row."""

    def wrong(column: str, what: str, help: str) -> InputError:
        return InputError(f"{where}, column `{column}`: {what}", help)

    def cell(column: str) -> str:
        text = (row.get(column) or "").strip()
        if not text:
            raise wrong(column, "is empty", f"every row needs its {column}")
        return text

    side = _SIDES.get(cell("side").lower())
    if side is None:
        raise wrong("side", f"`{cell('side')}` is not a side", "write long or short")
    quantity = cell("quantity").replace(",", "")
    if not quantity.isdecimal() or int(quantity) == 0:
        raise wrong("quantity", f"`{cell('quantity')}` is not a whole number above 0", "write it like 100")
    try:
        moment, naive = exchange_instant(cell("at"))
    except InputError as error:
        raise wrong("at", error.message, error.help) from None
    key = instrument_key(cell("symbol"), (row.get("exchange") or "").strip().upper() or exchange)

    def price(column: str) -> float:
        text = (row.get(column) or "").strip()
        if not text:
            return UNKNOWN
        try:
            units = to_units(text.replace(",", "").removeprefix("₹").strip(), scale_of(key.exchange))
        except ArithmeticError:
            units = UNKNOWN
        if not units > 0:
            raise wrong(column, f"`{text}` is not a price", "write it like 1690.50")
        return units

    entry = Entry(
        key=key,
        side=side,
        quantity=int(quantity),
        at=moment,
        price=price("price"),
        stop=price("stop"),
        product=(row.get("product") or "").strip().upper(),
        strategy=(row.get("strategy") or "").strip(),
        where=where,
        has_zone=not naive,
    )
    if entry.price == entry.price and (entry.stop - entry.price) * side >= 0:
        raise wrong("stop", "stands on the winning side of the entry", "the stop of a long lies below its entry")
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
