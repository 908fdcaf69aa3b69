"""Prices from a file, played under the server's clock: CSV or Parquet, in the order of their arrival."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from attrs import frozen

from rulekit.kite_server.clock import IST, at_time, instant
from rulekit.kite_server.listing import SEGMENT_CODES
from rulekit.kite_server.money import units

COLUMNS = {
    "at": ("ts", "time", "timestamp", "datetime", "date", "bar_start", "at"),
    "symbol": ("symbol", "tradingsymbol"),
    "exchange": ("exchange",),
    "price": ("ltp", "last_price", "price", "close"),
    "volume": ("cum_volume", "volume_traded"),
    "quantity": ("last_quantity", "last_traded_quantity", "quantity"),
}
"""What a column may be called, by its meaning."""


EXCHANGES = tuple(name for name in SEGMENT_CODES if name != "INDICES")


class FeedError(ValueError):
    """A price file cannot be read."""


@frozen
class Print:
    """One price of the file; `volume` is the day's so far."""

    at: int
    exchange: str
    symbol: str
    price: int
    volume: int | None
    quantity: int


def read_feed(path: Path, symbol: str | None = None, start: int | None = None) -> list[Print]:
    """Read a file of prices, in the order of their arrival.

    Args:
        path: CSV or Parquet; its columns may be called as in `COLUMNS`.
        symbol: whose prices they are, where no column says it.
        start: leave out what `since` leaves out.

    Raises:
        FeedError: the file is missing, or lacks a column, or holds something that is no price or time.
    """
    table = _table(path)
    names = {name.lower(): name for name in table.column_names}
    found = {
        meaning: names[next(one for one in known if one in names)]
        for meaning, known in COLUMNS.items()
        if any(one in names for one in known)
    }
    missing = [meaning for meaning in ("at", "price") if meaning not in found]
    if "symbol" not in found and symbol is None:
        missing.append("symbol")
    if missing:
        wanted = ", ".join(f"{meaning} ({' or '.join(COLUMNS[meaning])})" for meaning in missing)
        raise FeedError(f"`{path}` has no column for {wanted}; it has {', '.join(table.column_names)}")
    times = _instants(path, table[found["at"]])
    owners = [table[found[name]].to_pylist() for name in ("exchange", "symbol") if name in found]
    kept = _arrivals(times, list(zip(*owners, strict=True)) if owners else [symbol] * len(times), start)
    part = table.take([row for _, row in kept])
    columns = {meaning: part[name].to_pylist() for meaning, name in found.items() if meaning != "at"}
    columns.setdefault("symbol", [symbol] * len(kept))
    return [_print(path, at, row, index, columns) for index, (at, row) in enumerate(kept)]


def _arrivals(times: list[int], symbols: list[Any], start: int | None) -> list[tuple[int, int]]:
    """Return instant and row in the order of arrival: one that is late by its stamp comes after those before it."""
    latest: dict[Any, int] = {}
    order, before = [], {}
    today = at_time(start, "00:00") if start is not None else 0
    for row, (at, symbol) in enumerate(zip(times, symbols, strict=True)):
        arrived = latest[symbol] = max(at, latest.get(symbol, 0))
        if arrived >= today:
            order.append((arrived, row))
        else:
            before[symbol] = (arrived, row)
    return sorted([*before.values(), *order])


def since(prints: Sequence[Print], start: int) -> list[Print]:
    """Leave out the days before that of an instant, but for each instrument's last price: the previous close."""
    today = at_time(start, "00:00")
    before = {(row.exchange, row.symbol): row for row in prints if row.at < today}
    return [*sorted(before.values(), key=lambda row: row.at), *(row for row in prints if row.at >= today)]


def _table(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    if not path.is_file():
        raise FeedError(f"there is no file `{path}`")
    try:
        if path.suffix.lower() == ".parquet":
            return pyarrow.parquet.read_table(path)
        return pyarrow.csv.read_csv(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise FeedError(f"`{path}` cannot be read as prices: {error}") from error


def _instants(path: Path, column: Any) -> list[int]:
    """Read the column of times; those without a zone are Indian."""
    import pyarrow as pa

    kind = column.type
    try:
        if pa.types.is_timestamp(kind) and kind.tz is not None:
            times: list[Any] = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_pylist()
        elif pa.types.is_timestamp(kind):
            offset = IST.utcoffset(None) // timedelta(microseconds=1)
            times = [at - offset for at in column.cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()]
        else:
            times = [instant(str(text)) for text in column.to_pylist()]
    except (ValueError, TypeError) as error:
        raise FeedError(f"`{path}` has a time that cannot be read: {error}") from error
    if None in times:
        raise FeedError(f"`{path}`, row {times.index(None) + 1}: there is no time")
    return times


def _print(path: Path, at: int, row: int, index: int, columns: dict[str, list[Any]]) -> Print:
    volume = columns["volume"][index] if "volume" in columns else None
    quantity = columns["quantity"][index] if "quantity" in columns else None
    exchange = str(columns["exchange"][index]) if "exchange" in columns else "NSE"
    try:
        if exchange not in EXCHANGES:
            raise ValueError(f"`{exchange}` is not an exchange; there are {', '.join(EXCHANGES)}")
        price = units(columns["price"][index])
        if price <= 0:
            raise ValueError("a price must be above 0")
        symbol = str(columns["symbol"][index])
        return Print(at, exchange, symbol, price, None if volume is None else int(volume), int(quantity or 0))
    except (ValueError, TypeError) as error:
        raise FeedError(f"`{path}`, row {row + 1}: {error}") from error
