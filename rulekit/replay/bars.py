"""Reads bars and ticks from files, folders and frames; every row that cannot be, or that is odd, is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from rulekit.errors import InputError, UnreadableFileError
from rulekit.market.bar_path import bar_length
from rulekit.market.rows import PART, Rows, read_parts
from rulekit.model.instrument import InstrumentKey
from rulekit.replay.gathering import Gathering, one_piece, wanted_columns
from rulekit.replay.soundness import Note

ENDINGS = (".csv", ".parquet", ".pq", ".arrow", ".feather", ".ipc")
PRICES = ("open", "high", "low", "close")
Source = tuple[Iterable[Rows], str | None]
"""The parts of a file or frame, and the symbol of its rows where no column names one."""


@frozen(eq=False)
class Series:
    """The bars or ticks of one instrument, in order. Prices in smallest units, times in microseconds.

    Args:
        table: Arrow columns at, open, high, low, close (ticks: only close), volume, bid, ask, and facts by phrase.
        length: of a bar in microseconds, 0 for ticks.
        ups: for each bar 1 where its high came first, 0 where its low did; None where nothing finer tells.
    """

    key: InstrumentKey
    table: Any
    length: int
    ups: Sequence[float] | None = None

    @property
    def is_ticks(self) -> bool:
        """Tell whether these are ticks."""
        return self.length == 0

    @property
    def rows(self) -> int:
        """Number of bars or ticks."""
        return int(self.table.num_rows)


@frozen
class Bars:
    """Everything that was read, by instrument, with what is to be said about it."""

    series: dict[InstrumentKey, Series]
    notes: tuple[Note, ...]

    @property
    def rows(self) -> int:
        """Number of bars or ticks in all."""
        return sum(one.rows for one in self.series.values())


def read_bars(
    source: Path | Sequence[Path] | Any, *, exchange: str = "NSE", skip_bad: bool = False, facts: Iterable[str] = ()
) -> Bars:
    """Read bars or ticks.

    Args:
        source: a file (CSV, Parquet, Arrow), a folder of them, several files, or a frame of polars, pandas or pyarrow.
        exchange: of symbols that do not name theirs.
        skip_bad: leave rows out that cannot be, instead of refusing them.
        facts: names of further columns that are facts.

    Raises:
        InputError: a row that cannot be, with its place and how to mend it.
        UnreadableFileError: a file that cannot be read.
    """
    facts = list(dict.fromkeys(facts))
    return bars_of(_sources(source, facts), exchange=exchange, skip_bad=skip_bad, facts=facts)


def bars_of(
    sources: Iterable[Source], *,
    exchange: str = "NSE", skip_bad: bool = False, facts: Iterable[str] = (), length: int | None = None,
) -> Bars:  # fmt: skip
    """Return the bars or ticks of rows as they are read; the arguments are those of `read_bars`.

    Args:
        sources: files or frames: the parts of their rows, and their symbol where no column names it.
        length: of a bar in microseconds, where that is known; else it is the commonest distance.
    """
    import pyarrow as pa

    facts = list(facts)
    tables: dict[InstrumentKey, list[Any]] = {}
    notes: list[Note] = []
    kinds: dict[bool, str] = {}
    pool = pa.default_memory_pool()
    for parts, symbol in sources:
        gathering = Gathering(exchange, skip_bad, facts)
        for rows in parts:
            gathering.take(rows, symbol)
        if not gathering.where:
            continue
        kinds.setdefault(gathering.is_bars, gathering.where)
        for key, table in gathering.tables().items():
            tables.setdefault(key, []).append(table)
        notes += gathering.notes
        pool.release_unused()
    if len(kinds) > 1:
        raise InputError(
            f"`{kinds[True]}` holds bars and `{kinds[False]}` ticks", "give bars or ticks, not both, in one replay"
        )
    series = {key: _joined(key, tables.pop(key), is_bars=True in kinds) for key in list(tables)}
    if not series:
        raise InputError("there is no usable price in the bars", "prices must be numbers above 0")
    if True in kinds:
        length = _length(series) if length is None else length
        series = {key: evolve(one, length=length) for key, one in series.items()}
    pool.release_unused()
    return Bars(series, tuple(notes))


def _joined(key: InstrumentKey, parts: list[Any], *, is_bars: bool) -> Series:
    """Put the files of one instrument one after another; they may not overlap."""
    import pyarrow as pa

    if len(parts) == 1:
        return Series(key, parts[0], 1 if is_bars else 0)
    parts.sort(key=lambda part: part["at"][0].as_py())
    for before, after in pairwise(parts):
        if after["at"][0].as_py() <= before["at"][-1].as_py():
            raise InputError(
                f"the files overlap in the times of {key.symbol}", "give each bar once: leave one of the files out"
            )
    columns = {}
    for name in dict.fromkeys(name for part in parts for name in part.column_names):
        kind = next((kind for part in parts if (kind := _kind(part, name)) != pa.null()), pa.null())
        columns[name] = pa.concat_arrays(
            [pa.nulls(part.num_rows, kind) if _kind(part, name) != kind else one_piece(part[name]) for part in parts]
        )
        # column by column, so that all is never there twice
        parts = [part.drop_columns([name]) if name in part.column_names else part for part in parts]
    return Series(key, pa.table(columns), 1 if is_bars else 0)


def _kind(part: Any, name: str) -> Any:
    """Return the type of a column; one that is not there is of nothing."""
    import pyarrow as pa

    return part[name].type if name in part.column_names else pa.null()


def _length(series: dict[InstrumentKey, Series]) -> int:
    """Return the length of a bar: the commonest distance of neighbours."""
    owners: list[int] = []
    starts: list[int] = []
    for index, one in enumerate(series.values()):
        if len(starts) > 100_000:
            break
        some = one.table["at"].slice(0, 20_000).to_pylist()
        owners += [index] * len(some)
        starts += some
    return bar_length(owners, starts)


# --- where rows come from ----------------------------------------------------------------------------------------


def _sources(source: Any, facts: Sequence[str]) -> Iterator[Source]:
    """Yield the parts of each file, or of the one frame, with their symbol where no column names it."""
    if isinstance(source, str | Path):
        source = [Path(source)]
    if isinstance(source, list | tuple) and all(isinstance(each, str | Path) for each in source):
        for path in price_files([Path(each) for each in source]):
            yield file_parts(path, facts), path.stem
        return
    table = as_arrow(source)
    names = wanted_columns(table.column_names, "the frame", facts, needs_symbol=True)
    whole = table.select(names)
    starts = range(0, max(1, whole.num_rows), PART)
    yield (Rows(whole.slice(start, PART), "the frame", "row", start, whole=whole.num_rows) for start in starts), None


def file_parts(path: Path, facts: Sequence[str]) -> Iterator[Rows]:
    """Yield the rows of a price file part by part, only the columns that are needed."""
    return read_parts(path, lambda names: wanted_columns(names, str(path), facts, needs_symbol=False))


def price_files(paths: Sequence[Path]) -> list[Path]:
    """List files; a folder stands for the price files in it."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(each for each in path.iterdir() if each.suffix.lower() in ENDINGS)
        if not inside:
            raise UnreadableFileError(
                f"there is no price file in `{path}`", f"price files end with {', '.join(ENDINGS[:4])}"
            )
        found += inside
    return found


def as_arrow(frame: Any) -> Any:
    """Turn a frame of polars, pandas or pyarrow into an Arrow table."""
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        return frame
    if hasattr(frame, "collect") and hasattr(frame, "lazy"):
        frame = frame.collect()
    if hasattr(frame, "to_arrow"):
        return frame.to_arrow()
    if hasattr(frame, "iloc"):
        indexed = frame.index.name is not None or not isinstance(frame.index, type(frame.reset_index().index))
        return pa.Table.from_pandas(frame.reset_index() if indexed else frame, preserve_index=False)
    raise InputError(
        f"`{type(frame).__name__}` is no table of bars", "give a path, or a frame of polars, pandas or pyarrow"
    )


def first_of(series: Series) -> int:
    """Return when a series begins."""
    return int(series.table["at"][0].as_py())


def last_of(series: Series) -> int:
    """Return the time of the last price: the end of the last bar."""
    last = int(series.table["at"][-1].as_py())
    return last + 1 if series.is_ticks else last + series.length
