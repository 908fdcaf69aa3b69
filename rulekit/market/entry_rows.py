"""CSV files of entries, row by row: their cells read, and what is said of one that is wrong."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from attrs import frozen

from rulekit.errors import InputError, UnreadableFileError
from rulekit.model.position import LONG, SHORT
from rulekit.model.prices import PAISE, UNKNOWN, to_units

_SIDES = {"long": LONG, "short": SHORT, "buy": LONG, "sell": SHORT}
_Read = TypeVar("_Read")


@frozen
class EntryRow:
    """One row of a file of entries: the line that it stands in, and its cells."""

    path: Path
    line: int
    cells: Mapping[str, str | None]

    @property
    def where(self) -> str:
        """Where it stands, for people."""
        return f"{self.path}, line {self.line:,}"

    def wrong(self, column: str, what: str, help: str) -> InputError:
        """Make the error for one cell."""
        return InputError(f"{self.where}, column `{column}`: {what}", help)

    def text(self, column: str) -> str:
        """Return a cell that may be empty, or may not be there."""
        return (self.cells.get(column) or "").strip()

    def cell(self, column: str) -> str:
        """Return a cell that every row needs."""
        text = self.text(column)
        if not text:
            raise self.wrong(column, "is empty", f"every row needs its {column}")
        return text

    def side(self) -> int:
        """Return +1 for long, -1 for short."""
        side = _SIDES.get(self.cell("side").lower())
        if side is None:
            raise self.wrong("side", f"`{self.cell('side')}` is not a side", "write long or short")
        return side

    def quantity(self) -> int:
        """Return the quantity, which is above 0."""
        text = self.cell("quantity").replace(",", "")
        if not text.isdecimal() or int(text) == 0:
            raise self.wrong(
                "quantity", f"`{self.cell('quantity')}` is not a whole number above 0", "write it like 100"
            )
        return int(text)

    def moment(self, column: str, read: Callable[[str], _Read]) -> _Read:
        """Return a time as `read` reads it."""
        try:
            return read(self.cell(column))
        except InputError as error:
            raise self.wrong(column, error.message, error.help) from None

    def price(self, column: str, scale: int = PAISE) -> float:
        """Return a price in smallest units, NaN for an empty cell."""
        text = self.text(column)
        if not text:
            return UNKNOWN
        try:
            units = to_units(text.replace(",", "").removeprefix("₹").strip(), scale)
        except ArithmeticError:
            units = UNKNOWN
        if not units > 0:
            raise self.wrong(column, f"`{text}` is not a price", "write it like 1690.50")
        return units


def entry_rows(
    path: Path, what: str, needed: Sequence[str], help: str, *, aliases: Mapping[str, str] | None = None
) -> Iterator[EntryRow]:
    """Read a CSV of entries.

    Args:
        what: the file is, for messages. needed: columns that it must have, by our names; `help` says which.
        aliases: other names of columns, and ours.

    Raises:
        InputError: a column is missing.
        UnreadableFileError: the file is missing or no text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnreadableFileError(f"there is no file `{path}`", f"give the path of {what}") from None
    except IsADirectoryError:
        raise UnreadableFileError(f"`{path}` is a folder", f"give the path of {what}") from None
    except UnicodeDecodeError:
        raise UnreadableFileError(f"`{path}` is not text in UTF-8", "save it as CSV in UTF-8") from None
    except OSError as error:
        raise UnreadableFileError(f"`{path}` cannot be read: {error.strerror or error}", f"give {what}") from None
    reader = csv.DictReader(text.splitlines())
    names = [name.strip().lower() for name in reader.fieldnames or []]
    ours = aliases or {}
    names = [ours[name] if name in ours and ours[name] not in names else name for name in names]
    missing = [name for name in needed if name not in names]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        raise InputError(f"`{path}` lacks the column{'s' if len(missing) > 1 else ''} {listed}", help)
    reader.fieldnames = names
    for row in reader:
        yield EntryRow(path, reader.line_num, row)
