"""Prices from a file, played under the server's clock: CSV or Parquet, in the order of their arrival."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from rulekit.kite_server.clock import IST, at_time, instant
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


def read_feed(path: Path, symbol: str | None = None) -> list[Print]:
    """Read a file of prices.

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
    rows = list(_prints(path, table, found, symbol))
    # A price counts when it has arrived: one that is late by its stamp comes after those before it.
    latest: dict[str, int] = {}
    order = []
    for number, row in enumerate(rows):
        arrived = max(row.at, latest.get(row.symbol, 0))
        latest[row.symbol] = arrived
        order.append((arrived, number))
    return [rows[number] if rows[number].at == at else _moved(rows[number], at) for at, number in sorted(order)]


def since(prints: Sequence[Print], start: int) -> list[Print]:
    """Leave out the days before that of an instant, but for each instrument's last price: the previous close."""
    today = at_time(start, "00:00")
    before = {(row.exchange, row.symbol): row for row in prints if row.at < today}
    return [*sorted(before.values(), key=lambda row: row.at), *(row for row in prints if row.at >= today)]


def _moved(row: Print, at: int) -> Print:
    return Print(at, row.exchange, row.symbol, row.price, row.volume, row.quantity)


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


def _prints(path: Path, table: Any, found: dict[str, str], symbol: str | None) -> Iterator[Print]:
    columns = {meaning: table[name].to_pylist() for meaning, name in found.items()}
    for index, price in enumerate(columns["price"]):
        try:
            if price is None:
                continue
            volume = columns["volume"][index] if "volume" in columns else None
            quantity = columns["quantity"][index] if "quantity" in columns else None
            yield Print(
                _instant(columns["at"][index]),
                str(columns["exchange"][index]) if "exchange" in columns else "NSE",
                str(columns["symbol"][index]) if "symbol" in columns else str(symbol),
                units(price),
                None if volume is None else int(volume),
                0 if quantity is None else int(quantity),
            )
        except (ValueError, TypeError, AttributeError) as error:
            raise FeedError(f"`{path}`, row {index + 1}: {error}") from error


def _instant(value: Any) -> int:
    if isinstance(value, str):
        return instant(value)
    if value.tzinfo is None:
        value = value.replace(tzinfo=IST)
    moment: float = value.timestamp()
    return round(moment * 1_000_000)
