"""Reads bars and ticks from files, folders and frames; every row that cannot be, or that is odd, is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from rulekit.errors import InputError, UnreadableFileError
from rulekit.market.bar_path import bar_length
from rulekit.market.feed import price_table
from rulekit.market.rows import Rows, read_rows
from rulekit.model.instrument import InstrumentKey
from rulekit.replay.soundness import Note, sound_bars, sound_ticks

ENDINGS = (".csv", ".parquet", ".pq", ".arrow", ".feather", ".ipc")
WRITE_OFFSET = "write the offset, for example 2026-11-20T09:15:00+05:30"
PRICES = ("open", "high", "low", "close")


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
    return bars_of(_sources(source), exchange=exchange, skip_bad=skip_bad, facts=facts)


def bars_of(
    sources: Iterable[tuple[Rows, Callable[[Rows], str | None]]], *,
    exchange: str = "NSE", skip_bad: bool = False, facts: Iterable[str] = (), length: int | None = None,
) -> Bars:  # fmt: skip
    """Return the bars or ticks of rows that were read; the arguments are those of `read_bars`.

    Args:
        sources: rows, each with what names their symbol where no column does.
        length: of a bar in microseconds, where that is known; else it is the commonest distance.
    """
    import pyarrow as pa

    facts = list(facts)
    tables: dict[InstrumentKey, list[Any]] = {}
    notes: list[Note] = []
    kinds: dict[bool, str] = {}
    pool = pa.default_memory_pool()
    for rows, named in sources:
        pool.release_unused()
        table, symbols, columns, note = price_table(rows, exchange=exchange, symbol=named(rows))
        if note:
            notes.append(Note(rows.where, note, WRITE_OFFSET, False))
        kinds.setdefault(columns.bars, rows.where)
        table = _with_facts(table, rows, facts)
        sound = sound_bars if columns.bars else sound_ticks
        table, found = sound(table, rows, symbols, skip_bad)
        notes += found
        for index, key in enumerate(symbols):
            part = _of_owner(table, index) if len(symbols) > 1 else table.drop_columns(["owner"])
            if part.num_rows:
                tables.setdefault(key, []).append(part)
    if len(kinds) > 1:
        raise InputError(
            f"`{kinds[True]}` holds bars and `{kinds[False]}` ticks", "give bars or ticks, not both, in one replay"
        )
        del table, rows  # a file's own columns are let go before the next is read
    series = {key: _joined(key, parts, notes, is_bars=True in kinds) for key, parts in tables.items()}
    if not series:
        raise InputError("there is no usable price in the bars", "prices must be numbers above 0")
    if True in kinds:
        length = _length(series) if length is None else length
        series = {key: evolve(one, length=length) for key, one in series.items()}
    tables.clear()
    pool.release_unused()
    return Bars(series, tuple(notes))


def _of_owner(table: Any, index: int) -> Any:
    import pyarrow.compute as pc

    return table.filter(pc.equal(table["owner"], index)).drop_columns(["owner"])


def _joined(key: InstrumentKey, parts: list[Any], notes: list[Note], *, is_bars: bool) -> Series:
    """Put the files of one instrument one after another; they may not overlap."""
    import pyarrow as pa

    parts = sorted(parts, key=lambda part: part["at"][0].as_py())
    for before, after in pairwise(parts):
        if after["at"][0].as_py() <= before["at"][-1].as_py():
            raise InputError(
                f"the files overlap in the times of {key.symbol}", "give each bar once: leave one of the files out"
            )
    table = pa.concat_tables(parts, promote_options="default").combine_chunks()
    return Series(key, table, 1 if is_bars else 0)


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


def _sources(source: Any) -> Iterable[tuple[Rows, Any]]:
    """Yield the rows of each file, or of the one frame, with what names a symbol where no column does."""
    if isinstance(source, str | Path):
        source = [Path(source)]
    if isinstance(source, list | tuple) and all(isinstance(each, str | Path) for each in source):
        for path in price_files([Path(each) for each in source]):
            yield read_rows(path), named_by_file
        return
    yield Rows(as_arrow(source), "the frame", "row", 0), lambda rows: None


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


def named_by_file(rows: Rows) -> str | None:
    """A file without a column of symbols is of the instrument whose name it bears."""
    from rulekit.market.columns import ALIASES

    names = {name.strip().lower() for name in rows.table.column_names}
    return None if names & set(ALIASES["symbol"]) else Path(rows.where).stem


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


def _with_facts(table: Any, rows: Rows, facts: Iterable[str]) -> Any:
    """Append the columns that are facts of the language."""
    from rulekit.market.numbers import floats

    by_name = {" ".join(name.lower().replace("_", " ").split()): name for name in rows.table.column_names}
    for phrase in dict.fromkeys(facts):
        name = by_name.get(phrase)
        if name is not None and f"fact {phrase}" not in table.column_names:
            column = floats(rows.table[name].combine_chunks(), rows, name)
            table = table.append_column(f"fact {phrase}", column)
    return table


def first_of(series: Series) -> int:
    """Return when a series begins."""
    return int(series.table["at"][0].as_py())


def last_of(series: Series) -> int:
    """Return the time of the last price: the end of the last bar."""
    last = int(series.table["at"][-1].as_py())
    return last + 1 if series.is_ticks else last + series.length
