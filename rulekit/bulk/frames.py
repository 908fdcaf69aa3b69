"""Frames of polars, pandas, Arrow and NumPy as one thing: named columns of equal length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from attrs import field, frozen

from rulekit.errors import InputError

POLARS, PANDAS, ARROW, NUMPY = "polars", "pandas", "arrow", "numpy"


@frozen(eq=False)
class Column:
    """One column as it came: an Arrow array, or one value for every row.

    Args:
        written: its name in the frame, for messages.
    """

    written: str
    values: Any
    same: bool = False


@frozen(eq=False)
class Frame:
    """A frame's columns under plain names: lower case, single blanks, no underscores."""

    kind: str
    rows: int
    columns: dict[str, Column] = field(repr=False)

    def get(self, names: Iterable[str]) -> Column | None:
        """Return the column of the first of these names that is there."""
        return next((self.columns[name] for name in names if name in self.columns), None)


@lru_cache(4096)
def plain_name(name: str) -> str:
    """Return a column's name as it is looked up: `Best_Price` is `best price`."""
    return " ".join(name.casefold().replace("_", " ").split())


def read_frame(frame: Any, same: Mapping[str, Any]) -> Frame:
    """Read a frame, and the values that are the same in every row.

    Raises:
        InputError: it is no frame, its columns differ in length, or two of them have one name.
    """
    kind, columns = _columns(frame)
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        (one, few), (other, many) = min(lengths.items(), key=_length), max(lengths.items(), key=_length)
        raise InputError(f"the column `{one}` has {few:,} rows and `{other}` {many:,}", "give every column every row")
    found: dict[str, Column] = {}
    for name, column in (
        *((name, Column(name, values)) for name, values in columns.items()),
        *((name, Column(name, value, True)) for name, value in same.items()),
    ):
        plain = plain_name(name)
        if plain in found:
            raise InputError(f"`{found[plain].written}` and `{name}` mean the same column", "leave one of the two out")
        found[plain] = column
    return Frame(kind, next(iter(lengths.values()), 0), found)


def _length(item: tuple[str, int]) -> int:
    return item[1]


def _columns(frame: Any) -> tuple[str, dict[str, Any]]:
    """Take a frame apart into Arrow arrays by name."""
    import pyarrow as pa

    if isinstance(frame, pa.Table | pa.RecordBatch):
        return ARROW, {name: _one(frame.column(name)) for name in _once(frame.schema.names)}
    if hasattr(frame, "collect") and hasattr(frame, "lazy"):
        frame = frame.collect()
    if hasattr(frame, "to_arrow"):
        table = frame.to_arrow()
        return POLARS, {name: _one(table.column(name)) for name in table.schema.names}
    if hasattr(frame, "iloc") and hasattr(frame, "columns"):
        return PANDAS, {str(name): _array(frame[name], str(name)) for name in _once(list(frame.columns))}
    names = getattr(getattr(frame, "dtype", None), "names", None)
    if names:
        return NUMPY, {name: _array(frame[name], name) for name in names}
    if isinstance(frame, Mapping):
        return NUMPY, {str(name): _array(values, str(name)) for name, values in frame.items()}
    raise InputError(
        f"`{type(frame).__name__}` is no frame",
        "give a frame of polars, pandas or pyarrow, a structured NumPy array, or a dict of columns",
    )


def _once(names: list[Any]) -> list[Any]:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two columns are called `{name}`", "give each column a name of its own")
    return names


def _one(column: Any) -> Any:
    """Return one array, whatever the number of chunks."""
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def _array(values: Any, name: str) -> Any:
    """Return an Arrow array of anything that is one column; numbers without gaps are not copied."""
    import pyarrow as pa

    shape = getattr(values, "shape", None)
    if isinstance(values, str | bytes) or (shape is not None and len(shape) != 1) or not hasattr(values, "__len__"):
        raise InputError(f"`{name}` is no column", "give a value for each row; what is the same for all goes by name")
    plain = getattr(getattr(values, "dtype", None), "kind", "")
    try:
        if plain in "iuf" and plain and hasattr(values, "to_numpy") and str(values.dtype).islower():
            values = values.to_numpy()
        return _one(pa.array(values, from_pandas=plain not in ("i", "u", "f")))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        raise InputError(
            f"the column `{name}` holds values of several kinds", "give numbers, or texts, not both"
        ) from None
