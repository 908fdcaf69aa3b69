"""Instruments: tokens, ticks and lots as in the broker's daily list, and that list as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta

from attrs import define, field, frozen

from rulekit.kite_server.money import rupees, units

SEGMENT_CODES = {"NSE": 1, "NFO": 2, "CDS": 3, "BSE": 4, "BFO": 5, "BCD": 6, "MCX": 7, "INDICES": 9, "NCO": 12}
COLUMNS = [
    "instrument_token", "exchange_token", "tradingsymbol", "name", "last_price", "expiry", "strike", "tick_size",
    "lot_size", "instrument_type", "segment", "exchange",
]  # fmt: skip


@frozen
class Listing:
    """One instrument of the day; prices in units."""

    exchange: str
    symbol: str
    token: int
    name: str
    tick: int
    lot: int
    kind: str
    """EQ, FUT, CE or PE."""
    segment: str
    expiry: str = ""
    strike: int = 0
    multiplier: int = 1
    freeze: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Exchange and symbol."""
        return self.exchange, self.symbol

    @property
    def tradable(self) -> bool:
        """Tell an instrument from an index."""
        return self.segment != "INDICES"

    @property
    def lots_traded(self) -> bool:
        """Tell whether quantities are lots (commodities) instead of units."""
        return self.exchange in {"MCX", "NCO"}


@define
class Listings:
    """All instruments of the day."""

    freeze: dict[str, int]
    by_key: dict[tuple[str, str], Listing] = field(factory=dict)
    by_token: dict[int, Listing] = field(factory=dict)
    _next: int = 50_001

    def add(
        self,
        exchange: str,
        symbol: str,
        *,
        tick: float = 0.05,
        lot: int = 1,
        kind: str | None = None,
        name: str = "",
        expiry: str = "",
        strike: float = 0,
        multiplier: int = 1,
        freeze: int | None = None,
        token: int | None = None,
        index: bool = False,
    ) -> Listing:
        """List an instrument; one that is there already is replaced and keeps its token."""
        kind = kind or ("EQ" if exchange in {"NSE", "BSE"} else "FUT")
        segment = (
            "INDICES" if index else exchange if kind == "EQ" else f"{exchange}-{'FUT' if kind == 'FUT' else 'OPT'}"
        )
        known = self.by_key.get((exchange, symbol))
        if token is None:
            token = known.token if known else self._next * 256 + SEGMENT_CODES["INDICES" if index else exchange]
            self._next += 0 if known else 1
        listing = Listing(
            exchange, symbol, token, name or symbol, units(tick), lot, kind, segment, expiry, units(strike),
            multiplier, freeze if freeze is not None else self.freeze.get(name or symbol) if kind != "EQ" else None,
        )  # fmt: skip
        self.by_key[listing.key] = self.by_token[token] = listing
        return listing

    def find(self, exchange: str, symbol: str) -> Listing | None:
        """Look an instrument up."""
        return self.by_key.get((exchange, symbol))

    def csv(self, last_price: dict[tuple[str, str], int], exchange: str | None = None) -> str:
        """Write the list of one exchange or of all; there is no freeze quantity in it."""
        sink = io.StringIO()
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self.by_key.values():
            if exchange in {None, row.exchange}:
                writer.writerow(
                    [row.token, row.token >> 8, row.symbol, row.name, rupees(last_price.get(row.key, 0)), row.expiry,
                     rupees(row.strike), rupees(row.tick), row.lot, row.kind, row.segment, row.exchange]
                )  # fmt: skip
        return sink.getvalue()


EQUITIES = {
    "RELIANCE": 738561, "INFY": 408065, "TCS": 2953217, "SBIN": 779521, "HDFCBANK": 341249, "ICICIBANK": 1270529,
    "ITC": 424961, "TATASTEEL": 895745,
}  # fmt: skip


def list_defaults(listings: Listings, today: date) -> None:
    """List a small market: shares, two indices, a future and options of each, crude oil and the dollar."""
    for symbol, token in EQUITIES.items():
        listings.add("NSE", symbol, tick=0.01 if symbol in {"ITC", "TATASTEEL"} else 0.05, token=token)
        listings.add("BSE", symbol)
    listings.add("NSE", "NIFTY 50", token=256265, index=True)
    listings.add("NSE", "NIFTY BANK", token=260105, index=True)
    thursday = today + timedelta(days=(3 - today.weekday()) % 7 + 7)
    month, code = f"{thursday:%y%b}".upper(), f"{thursday:%y}{thursday.month}{thursday:%d}"
    for name, lot, strikes in (("NIFTY", 65, range(22000, 27001, 500)), ("BANKNIFTY", 30, range(50000, 60001, 1000))):
        listings.add("NFO", f"{name}{month}FUT", lot=lot, name=name, expiry=thursday.isoformat())
        for strike, kind in options(strikes):
            listings.add(
                "NFO", f"{name}{code}{strike}{kind}",
                lot=lot, kind=kind, name=name, expiry=thursday.isoformat(), strike=strike,
            )  # fmt: skip
    listings.add("MCX", f"CRUDEOIL{month}FUT", tick=1, name="CRUDEOIL", expiry=thursday.isoformat(), multiplier=100)
    listings.add("CDS", f"USDINR{month}FUT", tick=0.0025, name="USDINR", expiry=thursday.isoformat(), multiplier=1000)


def options(strikes: range) -> Iterator[tuple[int, str]]:
    """Pair each strike with a call and a put."""
    for strike in strikes:
        yield strike, "CE"
        yield strike, "PE"
