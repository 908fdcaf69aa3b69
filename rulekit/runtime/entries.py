"""The positions file: what the host or the trader already holds, or will enter later in a simulated day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from attrs import evolve, frozen

from rulekit.market.entry_rows import EntryRow, entry_rows
from rulekit.model.instant import Instant, parse_instant
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.prices import UNKNOWN

COLUMNS = ("symbol", "exchange", "product", "side", "quantity", "entry", "opened", "stop")
OPTIONAL = ("strategy",)


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
    needed = [name for name in COLUMNS if name != "stop"]
    help = f"the first line must be {','.join(COLUMNS)} (stop may be empty)"
    entries = _numbered(map(_entry, entry_rows(path, "a positions file in CSV", needed, help)))
    return sorted(entries, key=lambda entry: (entry.opened, entry.row))


def _numbered(entries: Iterable[Entry]) -> list[Entry]:
    """Give each of several equal rows a number of its own."""
    seen: Counter[str] = Counter()
    found = []
    for entry in entries:
        seen[entry.reference] += 1
        found.append(evolve(entry, copy=seen[entry.reference]))
    return found


def _entry(row: EntryRow) -> Entry:
    """Read one row."""
    side, quantity = row.side(), row.quantity()
    opened = row.moment("opened", parse_instant)
    row.cell("entry")
    return Entry(
        row=row.line,
        instrument=InstrumentKey(row.cell("exchange").upper(), row.cell("symbol")),
        product=row.cell("product").upper(),
        side=side,
        quantity=quantity,
        entry=row.price("entry"),
        opened=opened,
        stop=row.price("stop"),
        strategy=row.text("strategy"),
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
