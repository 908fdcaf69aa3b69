"""Rows of a price file: how they are read, where they stand, and what is said when one is wrong."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen

from rulekit.errors import InputError, UnreadableFileError
from rulekit.market.columns import recognised
from rulekit.market.plugged_feed import is_of_plugin, plugged_table

_PARQUET = b"PAR1"
_ARROW = b"ARROW1"
_SEPARATORS = ",;\t|"


@frozen
class Rows:
    """A file's table, and how its rows are called: lines of a CSV, rows of a Parquet file.

    `places` says of a part of a file which rows of it these are, counted from 0.
    """

    table: Any
    where: str
    word: str
    first: int
    places: Any = None

    def number(self, index: int) -> int:
        """Return the number by which people know a row of the table, counted from 0."""
        return self.first + (index if self.places is None else int(self.places[index]))

    def wrong(self, index: int, column: str, what: str, help: str) -> InputError:
        """Make the error for one row, counted from 0."""
        return InputError(f"`{self.where}`, {self.word} {self.number(index):,}, column `{column}`: {what}", help)

    def refuse_first(self, mask: Any, column: str, what: str, help: str) -> None:
        """Raise for the first row where the mask is true; `what` may hold `{}` for the cell's text."""
        import pyarrow as pa
        import pyarrow.compute as pc

        index = pc.index(mask, pa.scalar(True)).as_py()
        if index >= 0:
            cell = self.table.column(column)[index].as_py() if column in self.table.column_names else ""
            raise self.wrong(index, column, what.replace("{}", str(cell)), help)


def read_rows(path: Path) -> Rows:
    """Read a whole price file into columns; text columns of a CSV stay text.

    Raises:
        UnreadableFileError: missing, a folder, empty, or not what its name says.
    """
    if is_of_plugin(path):
        return Rows(plugged_table(path), str(path), "row", 0)
    try:
        with path.open("rb") as file:
            head = file.read(1 << 16)
    except FileNotFoundError:
        raise UnreadableFileError(f"there is no file `{path}`", "give the path of a price file") from None
    except IsADirectoryError:
        raise UnreadableFileError(f"`{path}` is a folder", "give the path of one CSV or Parquet file") from None
    except PermissionError as error:
        what = "is a folder" if path.is_dir() else f"cannot be read: {error.strerror}"
        raise UnreadableFileError(f"`{path}` {what}", "give the path of one CSV or Parquet file") from None
    if not head.strip():
        raise UnreadableFileError(f"`{path}` is empty", "give a price file with a line of column names")
    named_parquet = path.suffix.lower() in (".parquet", ".pq")
    read: Callable[[Path, bytes], Rows] = _parquet if named_parquet or head.startswith(_PARQUET) else _csv
    if head.startswith(_ARROW) or path.suffix.lower() in (".arrow", ".feather", ".ipc"):
        read = _arrow
    return read(path, head)


def _arrow(path: Path, head: bytes) -> Rows:
    """Read an Arrow file."""
    import pyarrow as pa

    if not head.startswith(_ARROW):
        raise UnreadableFileError(
            f"`{path}` is not an Arrow file inside", "give it the ending .csv if it is text, or write it anew"
        )
    try:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(
            f"`{path}` is damaged: {_first_line(error)}", "download it again, or write it anew"
        ) from None
    return _filled(Rows(table, str(path), "row", 1))


def _parquet(path: Path, head: bytes) -> Rows:
    """Read a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not head.startswith(_PARQUET):
        raise UnreadableFileError(
            f"`{path}` is not a Parquet file inside", "give it the ending .csv if it is text, or download it again"
        )
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(
            f"`{path}` is damaged: {_first_line(error)}", "download it again, or write it anew"
        ) from None
    return _filled(Rows(table, str(path), "row", 1))


def _csv(path: Path, head: bytes) -> Rows:
    """Read a CSV: every column as text, so that a wrong cell can be shown as it was written."""
    import pyarrow as pa
    import pyarrow.csv as pc

    try:
        header = head.decode("utf-8-sig", errors="ignore").splitlines()[0]
        head[: head.find(b"\n")].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _not_text(path) from None
    if "\0" in header:
        raise _not_text(path)
    separator = max(_SEPARATORS, key=lambda mark: (recognised(_names(header, mark)), header.count(mark)))
    names = _names(header, separator)
    torn: list[tuple[int, int]] = []

    def note(row: Any) -> str:
        torn.append((row.number, row.actual_columns))
        return "skip"

    try:
        table = pc.read_csv(
            path,
            read_options=pc.ReadOptions(use_threads=False),
            parse_options=pc.ParseOptions(delimiter=separator, invalid_row_handler=note),
            convert_options=pc.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error) or "UTF-8" in str(error):
            raise _not_text(path) from None
        raise UnreadableFileError(f"`{path}` is not a CSV: {_first_line(error)}", "save it as CSV in UTF-8") from None
    if torn:
        number, columns = torn[0]
        raise InputError(
            f"`{path}`, line {number:,}: has {columns} columns where the first line has {len(names)}",
            "the line is cut off, or a text in it needs quotes",
        )
    return _filled(Rows(table, str(path), "line", 2))


def _filled(rows: Rows) -> Rows:
    """Refuse a file without rows."""
    if rows.table.num_rows == 0:
        raise InputError(f"`{rows.where}` has column names but no rows", "give a file with prices in it")
    return rows


def _names(header: str, separator: str) -> list[str]:
    """Split the first line of a CSV."""
    return next(csv.reader([header], delimiter=separator), [])


def _not_text(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"`{path}` is not text in UTF-8", "save it as CSV in UTF-8, or give it the ending .parquet if it is Parquet"
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(". ")
