"""Rows of a price file: how they are read, where they stand, and what is said when one is wrong."""

from __future__ import annotations

import csv
import mmap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from rulekit.errors import InputError, UnreadableFileError
from rulekit.market.columns import recognised
from rulekit.market.plugged_feed import is_of_plugin, plugged_table

_PARQUET = b"PAR1"
_ARROW = b"ARROW1"
_SEPARATORS = ",;\t|"
_BLOCK = 1 << 16
"""Bytes of a CSV that are read at once; Arrow reads more than a dozen such blocks ahead."""
_SOME_BLOCKS = 16
"""Blocks of a CSV that make one part."""


@frozen
class Rows:
    """A file's table, and how its rows are called: lines of a CSV, rows of a Parquet file.

    `places`, a column, says of a part of a file which rows of it these are, counted from 0. `whole` is about how many
    rows the file has in all, 0 where that is not known.
    """

    table: Any
    where: str
    word: str
    first: int
    places: Any = None
    whole: int = 0

    def number(self, index: int) -> int:
        """Return the number by which people know a row of the table, counted from 0."""
        return self.first + (index if self.places is None else self.places[index].as_py())

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


PART = 1 << 15
"""Rows that are read at once where a file is read part by part."""
Wanted = Callable[[Sequence[str]], Sequence[str]]
"""Chooses among the names of a file's columns, or refuses them."""


def read_rows(path: Path) -> Rows:
    """Read a whole price file into columns; text columns of a CSV stay text.

    Raises:
        UnreadableFileError: missing, a folder, empty, or not what its name says.
    """
    if is_of_plugin(path):
        return Rows(plugged_table(path), str(path), "row", 0)
    form, head = _looked_at(path)
    return _filled(_WHOLE[form](path, head))


def read_parts(path: Path, wanted: Wanted) -> Iterator[Rows]:
    """Read a price file part by part, so that it is never held whole; each part knows where it stands.

    Args:
        wanted: is given the names of all columns, and returns those that are to be read.

    Raises:
        UnreadableFileError: as for `read_rows`.
    """
    if is_of_plugin(path):
        table = plugged_table(path)
        yield Rows(table.select(wanted(table.column_names)), str(path), "row", 0)
        return
    form, head = _looked_at(path)
    word, first = ("line", 2) if form == "csv" else ("row", 1)
    place = first
    for table, whole in _PARTS[form](path, head, wanted):
        if table.num_rows:
            yield Rows(table, str(path), word, place, whole=whole)
            place += table.num_rows
    if place == first:
        raise _without_rows(str(path))


def _looked_at(path: Path) -> tuple[str, bytes]:
    """Return the form of a file, `csv`, `parquet` or `arrow`, and its beginning."""
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
    if head.startswith(_ARROW) or path.suffix.lower() in (".arrow", ".feather", ".ipc"):
        if not head.startswith(_ARROW):
            raise UnreadableFileError(
                f"`{path}` is not an Arrow file inside", "give it the ending .csv if it is text, or write it anew"
            )
        return "arrow", head
    if path.suffix.lower() in (".parquet", ".pq") or head.startswith(_PARQUET):
        if not head.startswith(_PARQUET):
            raise UnreadableFileError(
                f"`{path}` is not a Parquet file inside", "give it the ending .csv if it is text, or download it again"
            )
        return "parquet", head
    return "csv", head


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """Say that a file is damaged where its library finds that."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(
            f"`{path}` is damaged: {_first_line(error)}", "download it again, or write it anew"
        ) from None


def _arrow(path: Path, head: bytes) -> Rows:
    """Read an Arrow file."""
    import pyarrow as pa

    with _damage_told(path), pa.memory_map(str(path)) as source:
        return Rows(pa.ipc.open_file(source).read_all(), str(path), "row", 1)


def _arrow_parts(path: Path, head: bytes, wanted: Wanted) -> Iterator[tuple[Any, int]]:
    """Read an Arrow file batch by batch."""
    import pyarrow as pa

    with path.open("rb") as opened:
        # it is let go with the last piece of the file that somebody holds
        mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    source = pa.py_buffer(mapped)
    with _damage_told(path):
        have = pa.ipc.open_file(source).schema.names
    names = list(wanted(have))
    # chosen fields are copied out of the file, all of them are looked at where they stand
    fields = None if len(names) == len(have) else [have.index(name) for name in names]
    with _damage_told(path):
        file = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False))
    whole = 0
    for number in range(file.num_record_batches):
        with _damage_told(path):
            batch = pa.Table.from_batches([file.get_batch(number)]).select(names)
        whole = max(whole, batch.num_rows * (file.num_record_batches - number))
        for start in range(0, batch.num_rows, PART):
            yield batch.slice(start, PART), whole
            _let_go(mapped)


def _let_go(mapped: mmap.mmap) -> None:
    """Let the system take back the pages of a file that were read, where it can be told so; it has them elsewhere."""
    if hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def _parquet(path: Path, head: bytes) -> Rows:
    """Read a Parquet file."""
    import pyarrow.parquet as pq

    with _damage_told(path):
        return Rows(pq.read_table(path), str(path), "row", 1)


def _parquet_parts(path: Path, head: bytes, wanted: Wanted) -> Iterator[tuple[Any, int]]:
    """Read a Parquet file some pages at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _damage_told(path):
        # what is read ahead of its use would be there beside what is used
        file = pq.ParquetFile(path, buffer_size=1 << 16, pre_buffer=False)
    with file:
        names = list(wanted(file.schema_arrow.names))
        batches = file.iter_batches(batch_size=PART, columns=names, use_threads=False)
        while True:
            with _damage_told(path):
                batch = next(batches, None)
            if batch is None:
                return
            yield pa.Table.from_batches([batch]), file.metadata.num_rows


def _csv(path: Path, head: bytes) -> Rows:
    """Read a CSV: every column as text, so that a wrong cell can be shown as it was written."""
    import pyarrow as pa

    tables = [table for table, _ in _csv_parts(path, head, lambda names: names)]
    return Rows(pa.concat_tables(tables) if tables else pa.table({}), str(path), "line", 2)


def _csv_parts(path: Path, head: bytes, wanted: Wanted) -> Iterator[tuple[Any, int]]:
    """Read a CSV block by block, as text."""
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
        reader = pc.open_csv(
            path,
            read_options=pc.ReadOptions(use_threads=False, block_size=_BLOCK),
            parse_options=pc.ParseOptions(delimiter=separator, invalid_row_handler=note),
            convert_options=pc.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=True, null_values=[""]
            ),
        )
        with reader:
            have = reader.schema.names
            names_wanted = wanted(have)
            chosen = list(range(len(have))) if names_wanted is have else [have.index(name) for name in names_wanted]
            blocks, read, rows = path.stat().st_size / _BLOCK, 0, 0
            some: list[Any] = []
            for batch in reader:
                if torn:
                    break
                read, rows = read + 1, rows + batch.num_rows
                some.append(batch)
                if len(some) < min(_SOME_BLOCKS, blocks):
                    continue
                yield pa.Table.from_batches(some).select(chosen), max(rows, round(rows * blocks / read * 1.05))
                some.clear()
            if some and not torn:
                yield pa.Table.from_batches(some).select(chosen), rows
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


_WHOLE: dict[str, Callable[[Path, bytes], Rows]] = {"csv": _csv, "parquet": _parquet, "arrow": _arrow}
_PARTS: dict[str, Callable[[Path, bytes, Wanted], Iterator[tuple[Any, int]]]] = {
    "csv": _csv_parts, "parquet": _parquet_parts, "arrow": _arrow_parts,
}  # fmt: skip


def _filled(rows: Rows) -> Rows:
    """Refuse a file without rows."""
    if rows.table.num_rows == 0:
        raise _without_rows(rows.where)
    return rows


def _without_rows(where: str) -> InputError:
    return InputError(f"`{where}` has column names but no rows", "give a file with prices in it")


def _names(header: str, separator: str) -> list[str]:
    """Split the first line of a CSV."""
    return next(csv.reader([header], delimiter=separator), [])


def _not_text(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"`{path}` is not text in UTF-8", "save it as CSV in UTF-8, or give it the ending .parquet if it is Parquet"
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(". ")
