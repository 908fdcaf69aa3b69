"""The day's instruments: one list an exchange, fetched once a day to a file, of which only what is needed is kept."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from rulekit.errors import ReadFailedError
from rulekit.market.numbers import scale_of
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.prices import to_units

COLUMNS = (
    "instrument_token",
    "tradingsymbol",
    "name",
    "expiry",
    "tick_size",
    "lot_size",
    "instrument_type",
    "exchange",
)

KINDS = {"CE": "option", "PE": "option", "FUT": "future", "EQ": "equity"}
EXCHANGE_KINDS = {"MCX": "commodity", "NCO": "commodity", "CDS": "currency", "BCD": "currency"}
COUNTED_IN_LOTS = frozenset({"MCX", "NCO"})
"""Where a quantity of 1 is one lot."""

Fetch = Callable[[str], bytes]
"""Fetches an exchange's list as CSV; raises ReadFailedError."""


class InstrumentList:
    """Looks instruments up in the day's lists.

    Args:
        fetch: asks the broker.
        folder: where the lists are kept from run to run.
        freeze: largest quantity of one order by underlying; the lists do not say it.
    """

    def __init__(self, fetch: Fetch, folder: Path, freeze: Mapping[str, int], mark: str = "") -> None:
        self._fetch = fetch
        self._folder = folder
        self._freeze = freeze
        self._mark = mark
        self._found: dict[tuple[date, InstrumentKey], Instrument | None] = {}
        self._fetched: dict[tuple[date, str], Path | None] = {}

    def find(self, keys: Iterable[InstrumentKey], today: date) -> dict[InstrumentKey, Instrument | None]:
        """Look instruments up; None for one that the exchange does not list.

        Raises:
            ReadFailedError: a list could not be fetched, or is none.
        """
        self._found = {(day, key): found for (day, key), found in self._found.items() if day == today}
        wanted = list(dict.fromkeys(keys))
        missing: dict[str, set[str]] = {}
        for key in wanted:
            if (today, key) not in self._found:
                missing.setdefault(key.exchange, set()).add(key.symbol)
        for exchange, symbols in missing.items():
            listed = self._read(exchange, symbols, today)
            for symbol in symbols:
                self._found[today, InstrumentKey(exchange, symbol)] = listed.get(symbol)
        return {key: self._found[today, key] for key in wanted}

    def _read(self, exchange: str, symbols: set[str], today: date) -> dict[str, Instrument]:
        """Go through an exchange's list line by line, and keep what is asked for."""
        path = self._path(exchange, today)
        if not path.is_file():
            self._bring(exchange, path)
        try:
            with path.open(encoding="utf-8", newline="") as file:
                return dict(self._matching(file, exchange, symbols))
        except (OSError, ValueError, KeyError, ArithmeticError, csv.Error) as error:
            path.unlink(missing_ok=True)
            raise ReadFailedError(f"the list of instruments of {exchange} is not understood: {error}") from None

    def _matching(self, lines: Iterable[str], exchange: str, symbols: set[str]) -> Iterator[tuple[str, Instrument]]:
        reader = csv.DictReader(lines)
        lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if lacking:
            raise ValueError(f"it has no column {', '.join(lacking)}")
        for row in reader:
            if row["tradingsymbol"] in symbols and row["exchange"] == exchange:
                yield row["tradingsymbol"], instrument_of(row, self._freeze)

    def _path(self, exchange: str, today: date) -> Path:
        return self._folder / f"instruments-{self._mark}{exchange}-{today.isoformat()}.csv"

    def _bring(self, exchange: str, path: Path) -> None:
        """Fetch a list to its file, and remove the lists of other days."""
        body = self._fetch(exchange)
        if not isinstance(body, bytes) or not body.lstrip().startswith(b"instrument_token"):
            raise ReadFailedError(f"the broker's list of instruments of {exchange} is none")
        draft = path.with_name(path.name + ".new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(body)
            draft.replace(path)
            for old in self._folder.glob(f"instruments-{self._mark}{exchange}-*.csv"):
                if old != path:
                    old.unlink(missing_ok=True)
        except OSError as error:
            raise ReadFailedError(f"the day's instruments cannot be kept in `{self._folder}`: {error}") from None


def instrument_of(row: Mapping[str, str], freeze: Mapping[str, int]) -> Instrument:
    """Return one row of a list; its freeze quantity comes from the settings, in whole lots."""
    exchange = row["exchange"]
    scale = scale_of(exchange)
    lot = 1 if exchange in COUNTED_IN_LOTS else int(row["lot_size"])
    tick = to_units(row["tick_size"], scale)
    kind = KINDS.get(row["instrument_type"], "equity")
    if kind in ("future", "equity"):
        kind = EXCHANGE_KINDS.get(exchange, kind)
    if lot < 1 or not tick > 0:
        raise ValueError(f"{row['tradingsymbol']} has a lot of {row['lot_size']} and a tick of {row['tick_size']}")
    most = freeze.get(row["name"]) if row["instrument_type"] in ("CE", "PE", "FUT") else None
    return Instrument(
        exchange=exchange,
        symbol=row["tradingsymbol"],
        tick=tick,
        lot=lot,
        scale=scale,
        kind=kind,
        freeze=None if most is None else max(lot, most - most % lot),
        expiry=date.fromisoformat(row["expiry"]) if row["expiry"] else None,
        token=int(row["instrument_token"]),
    )
