"""The positions file: what the host or the trader already holds, or will enter later in a simulated day."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import evolve, frozen

from rulekit.errors import InputError, UnreadableFileError
from rulekit.model.instant import Instant, parse_instant
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.position import LONG, SHORT
from rulekit.model.prices import UNKNOWN, to_units

COLUMNS = ("symbol", "exchange", "product", "side", "quantity", "entry", "opened", "stop")
OPTIONAL = ("strategy",)
_SIDES = {"long": LONG, "short": SHORT, "buy": LONG, "sell": SHORT}


@frozen
class Entry:
    """One row: a position that stands, or will be entered at `opened`. Prices in smallest units.

    `copy` tells rows apart that enter the same quantity of the same at the same time.
    """

    row: int
    instrument: InstrumentKey
    product: str
    side: int
    quantity: int
    entry: float
    opened: Instant
    stop: float = UNKNOWN
    strategy: str = ""
    copy: int = 1

    @property
    def reference(self) -> str:
        """A name for this entry that stays the same over restarts, also when rows are put in before it."""
        instrument = f"{self.instrument.exchange}:{self.instrument.symbol} {self.product}"
        return f"entry {self.copy} {instrument} {self.side * self.quantity} at {self.opened}"

    def key(self, account: str) -> PositionKey:
        """Return the key of the position that it makes in an account."""
        return PositionKey(account, self.instrument.exchange, self.instrument.symbol, self.product)


def read_entries(path: Path) -> list[Entry]:
    """Read a positions file in CSV; a wrong cell is an error that names its row and column.

    The rows come back in the order in which they are opened.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnreadableFileError(f"there is no file `{path}`", "give the path of a positions file in CSV") from None
    except IsADirectoryError:
        raise UnreadableFileError(f"`{path}` is a folder", "give the path of a positions file in CSV") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"`{path}` cannot be read: {error}", "save it as CSV in UTF-8") from None
    reader = csv.DictReader(text.splitlines())
    names = [name.strip().lower() for name in reader.fieldnames or []]
    missing = [name for name in COLUMNS if name not in names and name != "stop"]
    if missing:
        raise InputError(
            f"`{path}` lacks the column{'s' if len(missing) > 1 else ''} {', '.join(f'`{name}`' for name in missing)}",
            f"the first line must be {','.join(COLUMNS)} (stop may be empty)",
        )
    reader.fieldnames = names
    entries = _numbered(_entry(path, number, row) for number, row in enumerate(reader, start=2))
    return sorted(entries, key=lambda entry: (entry.opened, entry.row))


def _numbered(entries: Iterable[Entry]) -> list[Entry]:
    """Give each of several equal rows a number of its own."""
    seen: Counter[str] = Counter()
    found = []
    for entry in entries:
        seen[entry.reference] += 1
        found.append(evolve(entry, copy=seen[entry.reference]))
    return found


def _entry(path: Path, number: int, row: Mapping[str, str | None]) -> Entry:
    """Read one row."""

    def wrong(column: str, what: str, help: str) -> InputError:
        return InputError(f"{path}, line {number}, column `{column}`: {what}", help)

    def cell(column: str) -> str:
        text = (row.get(column) or "").strip()
        if not text:
            raise wrong(column, "is empty", f"every row needs its {column}")
        return text

    side = _SIDES.get(cell("side").lower())
    if side is None:
        raise wrong("side", f"`{cell('side')}` is not a side", "write long or short")
    quantity_text = cell("quantity").replace(",", "")
    if not quantity_text.isdecimal() or int(quantity_text) == 0:
        raise wrong("quantity", f"`{cell('quantity')}` is not a whole number above 0", "write it like 100")
    try:
        opened = parse_instant(cell("opened"))
    except InputError as error:
        raise wrong("opened", error.message, error.help) from None

    def price(column: str, text: str) -> float:
        try:
            units = to_units(text.replace(",", "").removeprefix("₹").strip())
        except ArithmeticError:
            units = UNKNOWN
        if not units > 0:
            raise wrong(column, f"`{text}` is not a price", "write it like 1690.50")
        return units

    stop_text = (row.get("stop") or "").strip()
    return Entry(
        row=number,
        instrument=InstrumentKey(cell("exchange").upper(), cell("symbol")),
        product=cell("product").upper(),
        side=side,
        quantity=int(quantity_text),
        entry=price("entry", cell("entry")),
        opened=opened,
        stop=price("stop", stop_text) if stop_text else UNKNOWN,
        strategy=(row.get("strategy") or "").strip(),
    )


def carried_over(entries: Iterable[Entry]) -> list[Entry]:
    """Return, of each position that these rows leave standing, the one that began it: from flat, or through zero.

    Args:
        entries: in the order in which they are opened.
    """
    held: dict[tuple[InstrumentKey, str], int] = {}
    began: dict[tuple[InstrumentKey, str], Entry] = {}
    for entry in entries:
        owner = (entry.instrument, entry.product)
        before = held.get(owner, 0)
        held[owner] = after = before + entry.side * entry.quantity
        if after * entry.side > 0 >= before * entry.side:
            began[owner] = entry
    return [entry for owner, entry in began.items() if held[owner]]
