"""Price files looked through once, and then read by part: each worker reads the rows of its own symbol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen

from rulekit.errors import InputError, UnreadableFileError
from rulekit.market.bar_path import bar_length
from rulekit.market.columns import ALIASES, Columns, find_columns
from rulekit.market.feed import owners, times
from rulekit.market.plugged_feed import is_of_plugin
from rulekit.market.rows import PART, Rows, read_rows
from rulekit.model.instant import DAY, Instant
from rulekit.model.instrument import InstrumentKey
from rulekit.replay.bars import Bars, bars_of, price_files
from rulekit.replay.gathering import wanted_columns

_PARQUET = (".parquet", ".pq")
_INDIA_US = 19_800_000_000
_SAMPLE = 20_000


@frozen
class FilePart:
    """Where a symbol stands in a file: in these row groups of a Parquet file, or (None) anywhere in it."""

    path: str
    groups: tuple[int, ...] | None
    changed: int


@frozen
class SeriesPart:
    """What has to be read for one symbol. `length` is that of a bar in microseconds, 0 for ticks."""

    key: InstrumentKey
    files: tuple[FilePart, ...]
    length: int


@frozen
class Survey:
    """What stands where in the price files, and from when to when.

    Args:
        spans: of each symbol, from its first price to its last.
        days: on which there are prices, as numbers since 1970. stamps: name, size and time of change of each file.
    """

    parts: dict[InstrumentKey, SeriesPart]
    spans: dict[InstrumentKey, tuple[Instant, Instant]]
    days: tuple[int, ...]
    rows: int
    stamps: tuple[tuple[str, int, int], ...]

    @property
    def feed_end(self) -> Instant:
        """When the last price of all comes."""
        return max(last for _, last in self.spans.values())


@define
class _Seen:
    """One symbol while files are looked through."""

    files: dict[str, FilePart] = field(factory=dict)
    first: int | None = None
    last: int | None = None
    sample: list[int] = field(factory=list)
    bars: bool = False


def survey(source: Path | Sequence[Path], *, exchange: str = "NSE") -> Survey:
    """Look price files through, symbols and times only; Parquet by row group, so that no file is held whole.

    Raises:
        InputError: a time or a symbol that cannot be, with its row.
        UnreadableFileError: a file that cannot be read.
    """
    seen: dict[InstrumentKey, _Seen] = {}
    days: set[int] = set()
    stamps = []
    total = 0
    for path in price_files([Path(source)] if isinstance(source, str | Path) else [Path(each) for each in source]):
        if is_of_plugin(path):
            help = "write its prices to a file, and sweep over that: `rulekit replay` reads it as it is"
            raise InputError(f"`{path}` is a feed, and a sweep reads files by part", help)
        for group, rows in _looked_through(path):
            columns, symbol = _columns(rows)
            owner, symbols = owners(rows, columns, exchange, symbol)
            at, _ = times(rows, columns)
            total += rows.table.num_rows
            days |= _days(at)
            for place, key in enumerate(symbols):
                _note(seen.setdefault(key, _Seen()), path, group, _of(owner, place, at), bars=columns.bars)
        state = path.stat()
        stamps.append((str(path), state.st_size, state.st_mtime_ns))
    seen = {key: one for key, one in seen.items() if one.sample}
    if not seen:
        raise InputError("there is no usable price in the bars", "prices must be numbers above 0")
    length = _length(seen)
    lengths = {key: length if one.bars else 0 for key, one in seen.items()}
    spans = {key: (one.first or 0, (one.last or 0) + (lengths[key] or 1)) for key, one in seen.items()}
    parts = {key: SeriesPart(key, tuple(one.files.values()), lengths[key]) for key, one in seen.items()}
    return Survey(parts, spans, tuple(sorted(days)), total, tuple(stamps))


def read_part(part: SeriesPart, *, exchange: str = "NSE", skip_bad: bool = False, facts: Sequence[str] = ()) -> Bars:
    """Read the bars or ticks of one symbol, and nothing else where the file allows that.

    Raises:
        InputError: a row that cannot be, with its place in the file.
        UnreadableFileError: a file that this machine does not have, or that has changed since it was looked through.
    """
    sources = [(_own_rows(file, part.key, exchange, facts), Path(file.path).stem) for file in part.files]
    return bars_of(sources, exchange=exchange, skip_bad=skip_bad, facts=facts, length=part.length)


# --- looking through -----------------------------------------------------------------------------------------------


def _looked_through(path: Path) -> Iterator[tuple[int | None, Rows]]:
    """Yield what names symbols and times: by row group, or the whole of a file that has none."""
    if path.suffix.lower() not in _PARQUET or not path.is_file():
        yield None, read_rows(path)
        return
    file = _opened(path)
    wanted = [name for name in file.schema_arrow.names if name.strip().lower() in _naming()]
    place = 0
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=wanted)
        # the columns that are not read are named all the same, so that it is known what the file holds
        for name in file.schema_arrow.names:
            if name not in wanted:
                table = table.append_column(name, _nothing(table.num_rows))
        yield group, Rows(table, str(path), "row", place + 1)
        place += table.num_rows


def _naming() -> set[str]:
    return {name for meaning in ("symbol", "exchange", "at") for name in ALIASES[meaning]}


def _nothing(count: int) -> Any:
    import pyarrow as pa

    return pa.nulls(count)


def _opened(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError):
        read_rows(path)  # says in plain words what is wrong with it
        raise UnreadableFileError(f"`{path}` cannot be read", "download it again, or write it anew") from None


def _columns(rows: Rows) -> tuple[Columns, str]:
    return find_columns(rows.table.column_names, rows.where, needs_symbol=False), Path(rows.where).stem


def _days(at: Any) -> set[int]:
    import pyarrow.compute as pc

    return set(pc.unique(pc.divide(pc.add(at, _INDIA_US), DAY)).to_pylist())


def _of(owner: Any, place: int, at: Any) -> Any:
    import pyarrow.compute as pc

    return at.filter(pc.equal(owner, place))


def _note(one: _Seen, path: Path, group: int | None, at: Any, *, bars: bool) -> None:
    """Note where a symbol stands, from when to when, and some of its times."""
    import pyarrow.compute as pc

    name = str(path)
    known = one.files.get(name)
    groups = None if group is None else (*(known.groups or () if known else ()), group)
    one.files[name] = FilePart(name, groups, path.stat().st_mtime_ns)
    ends = pc.min_max(at)
    low, high = ends["min"].as_py(), ends["max"].as_py()
    one.first = low if one.first is None else min(one.first, low)
    one.last = high if one.last is None else max(one.last, high)
    one.sample += at.slice(0, max(0, _SAMPLE - len(one.sample))).to_pylist()
    one.bars = bars


def _length(seen: dict[InstrumentKey, _Seen]) -> int:
    """Return the length of a bar as `read_bars` finds it: the commonest distance of neighbours."""
    starts: list[int] = []
    names: list[int] = []
    for place, one in enumerate(seen.values()):
        if len(starts) > 100_000:
            break
        some = sorted(one.sample)
        names += [place] * len(some)
        starts += some
    return bar_length(names, starts)


# --- reading by part -----------------------------------------------------------------------------------------------


def _own_rows(file: FilePart, key: InstrumentKey, exchange: str, facts: Sequence[str]) -> Iterator[Rows]:
    """Yield the rows of one symbol with the places at which they stand in the file."""
    path = Path(file.path)
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise UnreadableFileError(
            f"this machine cannot read `{path}`: {error.strerror or error}",
            "every worker must see the price files under the same path; give one that all of them see",
        ) from None
    if changed != file.changed:
        raise UnreadableFileError(f"`{path}` has changed meanwhile", "leave the price files as they are; start again")
    if file.groups is None:
        found = _only(_whole(file.path, file.changed), key, exchange, 0)
        if found is not None:
            yield found
        return
    import pyarrow as pa

    opened = _opened(path)
    wanted = wanted_columns(opened.schema_arrow.names, file.path, facts, needs_symbol=False)
    whole = sum(opened.metadata.row_group(group).num_rows for group in file.groups)
    for group in file.groups:
        before = sum(opened.metadata.row_group(each).num_rows for each in range(group))
        for batch in opened.iter_batches(batch_size=PART, row_groups=[group], columns=wanted):
            found = _only(Rows(pa.Table.from_batches([batch]), file.path, "row", 1, whole=whole), key, exchange, before)
            if found is not None:
                yield found
            before += batch.num_rows


@lru_cache(maxsize=2)
def _whole(path: str, changed: int) -> Rows:
    """Read a file that has no parts; the next symbol of it is asked for soon."""
    return read_rows(Path(path))


def _only(rows: Rows, key: InstrumentKey, exchange: str, before: int) -> Rows | None:
    """Keep the rows of one symbol."""
    import pyarrow.compute as pc

    columns, symbol = _columns(rows)
    owner, symbols = owners(rows, columns, exchange, symbol)
    if key not in symbols:
        return None
    if len(symbols) == 1:
        return evolve(rows, first=rows.first + before)
    places = pc.indices_nonzero(pc.equal(owner, symbols.index(key)))
    return evolve(rows, table=rows.table.take(places), places=pc.add(pc.cast(places, "int64"), before))
