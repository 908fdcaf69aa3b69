"""Which column of a price file means what: one table of names, in the order of preference."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from rulekit.errors import InputError

ALIASES: dict[str, tuple[str, ...]] = {
    "symbol": ("symbol", "tradingsymbol", "trading_symbol", "ticker", "instrument"),
    "exchange": ("exchange", "exch"),
    "at": ("ts", "timestamp", "at", "bar_start", "datetime", "exchange_timestamp", "last_trade_time", "time", "date"),
    "price": ("ltp", "price", "last_price", "last", "close"),
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close",),
    "volume": ("cum_volume", "volume", "volume_traded", "vol"),
    "seq": ("seq", "sequence"),
    "bid": ("bid", "bid_price", "best_bid"),
    "ask": ("ask", "ask_price", "best_ask"),
}
"""Meanings, and the names by which a file may call them; case and surrounding blanks do not matter."""

_BAR = ("open", "high", "low", "close")


@frozen
class Columns:
    """The columns of one file by meaning; `clock` is a second column that holds only the time of day."""

    named: dict[str, str]
    bars: bool
    clock: str | None = None

    def __contains__(self, meaning: str) -> bool:
        return meaning in self.named

    def __getitem__(self, meaning: str) -> str:
        return self.named[meaning]


def recognised(names: Sequence[str]) -> int:
    """Count the names that the table knows; by this the separator of a CSV is chosen."""
    known = {alias for aliases in ALIASES.values() for alias in aliases}
    return sum(name.strip().lower() in known for name in names)


def find_columns(names: Sequence[str], where: str, *, needs_symbol: bool = True) -> Columns:
    """Find the columns of a price file by their names.

    Raises:
        InputError: a column that is needed is not there, or stands there twice.
    """
    by_name: dict[str, str] = {}
    for name in names:
        plain = name.strip().lower()
        if plain in by_name and recognised([plain]):
            raise InputError(f"`{where}` has two columns `{plain}`", "give each column a name of its own")
        by_name[plain] = name
    found = {
        meaning: by_name[next(alias for alias in aliases if alias in by_name)]
        for meaning, aliases in ALIASES.items()
        if any(alias in by_name for alias in aliases)
    }
    bars = all(part in found for part in _BAR)
    needed = ["at", *(["symbol"] if needs_symbol else []), *([] if bars else ["price"])]
    missing = [meaning for meaning in needed if meaning not in found]
    if missing:
        wanted = "; ".join(f"{meaning}: one of {', '.join(ALIASES[meaning])}" for meaning in missing)
        have = ", ".join(f"`{name}`" for name in names[:12]) or "none"
        raise InputError(
            f"`{where}` is not a price file: it has no column for {' or '.join(missing)} (it has {have})",
            f"name the columns like this, {wanted}",
        )
    both = "date" in by_name and "time" in by_name and found["at"] in (by_name["date"], by_name["time"])
    if both:
        found["at"] = by_name["date"]
    return Columns(found, bars, by_name["time"] if both else None)
