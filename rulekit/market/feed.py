"""A feed from a file: ticks or bars, CSV or Parquet, in the order in which they were heard."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rulekit.errors import InputError
from rulekit.market.bar_path import bar_length, volume_before, walk_bars
from rulekit.market.columns import Columns, find_columns
from rulekit.market.numbers import floats, scale_of, units
from rulekit.market.rows import Rows, read_rows
from rulekit.market.ticks import Tick
from rulekit.market.times import instants
from rulekit.model.instant import DAY, SECOND, Instant
from rulekit.model.instrument import InstrumentKey

BATCH = 1 << 15
"""Ticks that are turned into Python values at once."""
_INDIA_US = 19_800_000_000
_EXCHANGES = frozenset({"NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX"})


class Feed:
    """The ticks of a file, numbered from 0 in the order of arrival, the same in every run.

    Symbols are merged by the latest time that each has shown so far; within a symbol nothing is ever re-ordered.

    Attributes:
        symbols: the instruments, in the order in which the file names them first.
        count: number of ticks.
        first: time of the first tick. last: the latest time in the file.
        skipped: how many rows were left out, by reason.
        notes: what had to be assumed, for people.
        bar_s: length of a bar in seconds, or None for a file of ticks.
    """

    def __init__(
        self, table: Any, symbols: tuple[InstrumentKey, ...], skipped: Mapping[str, int], notes: tuple[str, ...]
    ) -> None:
        import pyarrow.compute as pc

        self._table = table
        self.symbols = symbols
        self.count: int = table.num_rows
        self.skipped = dict(skipped)
        self.notes = notes
        self.bar_s: float | None = None
        self._quoted = not pc.all(pc.is_nan(table["bid"])).as_py()
        self.first: Instant = table["at"][0].as_py()
        self.last: Instant = pc.max(table["at"]).as_py()
        days = pc.run_end_encode(pc.divide(pc.add(table["key"].combine_chunks(), _INDIA_US), DAY))
        self._day_starts: list[int] = [0, *days.run_ends.to_pylist()[:-1]]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Tick]:
        return self.ticks()

    def ticks(self, after: int = -1) -> Iterator[Tick]:
        """Go through the ticks behind the running number `after`."""
        owners = self.symbols
        for start in range(after + 1, self.count, BATCH):
            part = self._table.slice(start, BATCH)
            names = ("owner", "at", "price", "volume", *(("bid", "ask") if self._quoted else ()))
            rows = zip(*(part[name].to_pylist() for name in names), strict=True)
            for seq, (owner, *rest) in enumerate(rows, start):
                yield Tick(seq, *owners[owner], *rest)

    def warm_up_from(self, after: int) -> int:
        """Return the running number behind which a restart at `after` must listen again, without deciding.

        It lies before the day that precedes the day of the tick after `after`, so that every fact (the previous
        close too) comes out as if the run had never stopped.
        """
        day = bisect_right(self._day_starts, min(after + 1, self.count - 1)) - 1
        return self._day_starts[max(0, day - 1)] - 1


def open_feed(path: Path, *, exchange: str = "NSE", symbol: str | None = None) -> Feed:
    """Open a price file.

    Args:
        path: CSV or Parquet; ticks (symbol, time, price, the day's volume so far) or bars (symbol, start, open,
            high, low, close, volume). The names of columns may be any of `rulekit.market.columns.ALIASES`.
        exchange: of rows that do not name theirs, neither in a column nor as `NSE:INFY`.
        symbol: of all rows, for a file that has no such column.

    Raises:
        UnreadableFileError: missing, empty, or neither CSV nor Parquet.
        InputError: a column is missing, or a cell is wrong; the row is named.
    """
    rows = read_rows(path)
    table, symbols, columns, note = price_table(rows, exchange=exchange, symbol=symbol)
    notes = (note,) if note else ()
    if columns.bars:
        table, skipped, length = _from_bars(table)
    else:
        table, skipped = _from_ticks(table, rows)
    if table.num_rows == 0:
        raise InputError(f"`{path}` has no row with a usable price", "prices must be numbers above 0")
    feed = Feed(_in_order_of_arrival(table), symbols, skipped, notes)
    if columns.bars:
        feed.bar_s = length / SECOND
    return feed


def price_table(
    rows: Rows, *, exchange: str = "NSE", symbol: str | None = None
) -> tuple[Any, tuple[InstrumentKey, ...], Columns, str | None]:
    """Return the rows of a price file in their order, under our names: owner, at, prices in smallest units, volume.

    Returns:
        The table, its instruments, its columns by meaning, and a note where a zone had to be assumed.
    """
    columns = find_columns(rows.table.column_names, rows.where, needs_symbol=symbol is None)
    owner, symbols = owners(rows, columns, exchange, symbol)
    at, note = times(rows, columns)
    return _assemble(rows, columns, owner, at, symbols), symbols, columns, note


def times(rows: Rows, columns: Columns) -> tuple[Any, str | None]:
    """Return the instant of each row, and a note where a zone had to be assumed."""
    column, name = _time_column(rows, columns)
    return instants(column, rows, name)


def owners(rows: Rows, columns: Columns, exchange: str, symbol: str | None) -> tuple[Any, tuple[InstrumentKey, ...]]:
    """Return the index of each row's instrument, and the instruments."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count = rows.table.num_rows
    if "symbol" not in columns:
        return pa.array([0] * count, pa.int32()), (InstrumentKey(exchange, symbol or ""),)
    names = _plain(rows.table[columns["symbol"]], pa.string())
    rows.refuse_first(
        pc.or_kleene(pc.is_null(names), pc.equal(pc.utf8_length(names), 0)),
        columns["symbol"],
        "is empty",
        "every row needs its symbol",
    )
    if "exchange" in columns:
        places = pc.fill_null(_plain(rows.table[columns["exchange"]], pa.string()), exchange)
        names = pc.binary_join_element_wise(pc.utf8_upper(places), names, ":")
    encoded = pc.dictionary_encode(names)
    keys = [instrument_key(text, exchange) for text in encoded.dictionary.to_pylist()]
    distinct = tuple(dict.fromkeys(keys))
    rank = pa.array([distinct.index(key) for key in keys], pa.int32())
    return rank.take(encoded.indices), distinct


def instrument_key(text: str, exchange: str) -> InstrumentKey:
    """Split `NSE:INFY`; a text without a known exchange in front belongs to the default one."""
    head, colon, tail = text.partition(":")
    if colon and head.upper() in _EXCHANGES:
        return InstrumentKey(head.upper(), tail)
    return InstrumentKey(exchange, text)


def _time_column(rows: Rows, columns: Columns) -> tuple[Any, str]:
    """Return the column of times; a date and a time of day in two columns are put together."""
    import pyarrow as pa
    import pyarrow.compute as pc

    name = columns["at"]
    column = rows.table[name].combine_chunks()
    if columns.clock is None:
        return column, name
    clock = pc.cast(rows.table[columns.clock].combine_chunks(), pa.string())
    return pc.binary_join_element_wise(pc.cast(column, pa.string()), clock, " "), name


def _plain(column: Any, kind: Any) -> Any:
    """Return a column in one piece and of one type."""
    import pyarrow as pa
    import pyarrow.compute as pc

    piece = column.combine_chunks()
    if pa.types.is_dictionary(piece.type):
        piece = piece.dictionary_decode()
    return pc.utf8_trim_whitespace(pc.cast(piece, kind))


def _assemble(rows: Rows, columns: Columns, owner: Any, at: Any, symbols: tuple[InstrumentKey, ...]) -> Any:
    """Put the columns that matter into one table, prices in smallest units."""
    import pyarrow as pa

    scale = pa.array([float(scale_of(key.exchange)) for key in symbols], pa.float64()).take(owner)
    data = {"owner": owner, "at": at}
    prices = ("open", "high", "low", "close") if columns.bars else ("price", "bid", "ask")
    for meaning in (*prices, "volume", "seq"):
        if meaning not in columns:
            data[meaning] = pa.nulls(rows.table.num_rows, pa.float64())
            continue
        column = rows.table[columns[meaning]].combine_chunks()
        found = floats(column, rows, columns[meaning])
        data[meaning] = units(found, scale) if meaning in prices else found
    return pa.table(data)


def _from_ticks(table: Any, rows: Rows) -> tuple[Any, dict[str, int]]:
    """Drop ticks without a usable price, and put each symbol's ticks in the order of day and running number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    price = table["price"]
    reasons = {
        "no price": pc.or_kleene(pc.is_null(price), pc.invert(pc.is_finite(price))),
        "a price of zero": pc.equal(price, 0.0),
        "a negative price": pc.less(price, 0.0),
    }
    table, skipped = _without(table, reasons)
    numbered = table["seq"].null_count == 0
    data = {name: table[name] for name in ("owner", "at", "price", "volume")}
    for name in ("bid", "ask"):
        data[name] = pc.fill_null(table[name], float("nan"))
    data["day"] = pc.divide(pc.add(table["at"], _INDIA_US), DAY)
    data["number"] = table["seq"] if numbered else pa.array(range(table.num_rows), pa.float64())
    plain = pa.table(data)
    keys = [("owner", "ascending"), *([("day", "ascending")] if numbered else []), ("number", "ascending")]
    ordered = plain.take(pc.sort_indices(plain, sort_keys=keys))
    if not numbered:
        _refuse_backwards(ordered, rows)
    return ordered.drop_columns(["day", "number"]), skipped


def _refuse_backwards(table: Any, rows: Rows) -> None:
    """Refuse ticks without running numbers that stand newest first: all but one would count as late."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if table.num_rows < 3:
        return
    steps = pc.pairwise_diff(table["at"].combine_chunks())
    same = pc.equal(pc.pairwise_diff(pc.cast(table["owner"].combine_chunks(), pa.int64())), 0)
    falls = pc.sum(pc.and_(same, pc.less(steps, 0))).as_py() or 0
    rises = pc.sum(pc.and_(same, pc.greater(steps, 0))).as_py() or 0
    if falls > rises:
        raise InputError(
            f"the times in `{rows.where}` run backwards: {falls:,} of {falls + rises:,} steps",
            "put the oldest tick first, or add a column `seq` with the order of arrival",
        )


def _from_bars(table: Any) -> tuple[Any, dict[str, int], int]:
    """Drop impossible bars, sort the rest by their start, and walk them as ticks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [table[name] for name in ("open", "high", "low", "close")]
    top, bottom = pc.max_element_wise(*parts), pc.min_element_wise(*parts)
    reasons = {
        "no price": pc.invert(
            pc.fill_null(pc.is_finite(pc.add(pc.add(parts[0], parts[1]), pc.add(*parts[2:]))), False)
        ),
        "a price of zero or below": pc.less_equal(bottom, 0.0),
        "a bar whose high or low is not its highest or lowest": pc.or_(
            pc.not_equal(top, table["high"]), pc.not_equal(bottom, table["low"])
        ),
    }
    table, skipped = _without(table, reasons)
    table = table.take(pc.sort_indices(table, sort_keys=[("owner", "ascending"), ("at", "ascending")]))
    if table.num_rows > 1:
        owner, at = (pc.pairwise_diff(pc.cast(table[name].combine_chunks(), pa.int64())) for name in ("owner", "at"))
        repeated = pc.fill_null(pc.and_(pc.equal(owner, 0), pc.equal(at, 0)), False)
        table, again = _without(table, {"a bar that was there before": repeated})
        skipped |= again
    owners, starts = table["owner"].to_pylist(), table["at"].to_pylist()
    before = volume_before(owners, starts, table["volume"].to_pylist())
    length = bar_length(owners, starts)
    return walk_bars(table.append_column("before", pa.array(before, pa.float64())), length), skipped, length


def _without(table: Any, reasons: dict[str, Any]) -> tuple[Any, dict[str, int]]:
    """Drop the rows for which a reason holds, each counted under the first one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    skipped: dict[str, int] = {}
    keep = pa.chunked_array([pa.array([True] * table.num_rows, pa.bool_())])
    for reason, mask in reasons.items():
        hit = pc.and_(keep, pc.fill_null(mask, False))
        if count := pc.sum(hit).as_py() or 0:
            skipped[reason] = count
            keep = pc.and_(keep, pc.invert(hit))
    return (table.filter(keep) if skipped else table), skipped


def _in_order_of_arrival(table: Any) -> Any:
    """Merge the symbols by the running maximum of their times; the sort is stable, so ties keep the symbols' order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = table.combine_chunks()
    owners = pc.run_end_encode(table["owner"].combine_chunks())
    ends = owners.run_ends.to_pylist()
    pieces = [
        pc.cumulative_max(table["at"].combine_chunks().slice(start, end - start))
        for start, end in zip([0, *ends], ends, strict=False)
    ]
    keyed = table.append_column("key", pa.chunked_array(pieces))
    return keyed.take(pc.sort_indices(keyed, sort_keys=[("key", "ascending")])).combine_chunks()
