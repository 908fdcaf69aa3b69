"""Instruments: what is traded, and in which steps."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from attrs import Factory, frozen

from rulekit.model.prices import PAISE

_KINDS = {"CDS": "currency", "MCX": "commodity"}
_DERIVATIVES = ("NFO", "BFO")
EQUITY = "equity"


def kind_of(exchange: str, symbol: str) -> str:
    """Tell what an instrument is by its exchange and its symbol: `NIFTY25NOVFUT` is a future, `…24000CE` an option."""
    exchange = exchange.upper()
    if exchange in _DERIVATIVES:
        return "future" if symbol.upper().endswith("FUT") else "option"
    return _KINDS.get(exchange, EQUITY)


class InstrumentKey(NamedTuple):
    """An instrument's identity."""

    exchange: str
    symbol: str


class PositionKey(NamedTuple):
    """A position's identity: products of one symbol are separate positions."""

    account: str
    exchange: str
    symbol: str
    product: str

    @property
    def instrument(self) -> InstrumentKey:
        """The instrument that is held."""
        return InstrumentKey(self.exchange, self.symbol)

    def __str__(self) -> str:
        return f"{self.account}:{self.exchange}:{self.symbol}:{self.product}"


@frozen
class Instrument:
    """One tradable instrument of the day.

    Args:
        tick: smallest step of its price, in smallest units (5 for ₹0.05).
        lot: quantities are multiples of it.
        scale: smallest units in one rupee: 100, or 10,000 for currencies.
        kind: `equity`, `future`, `option`, `currency` or `commodity`; told by the symbol where it is not given.
        multiplier: rupees of value per rupee of price and unit of quantity (MCX counts lots; elsewhere 1).
        freeze: largest quantity of one order, or None where there is no such bound.
        lower: lower circuit price in smallest units, or None.
        upper: upper circuit price in smallest units, or None.
    """

    exchange: str
    symbol: str
    tick: float = 5.0
    lot: int = 1
    scale: int = PAISE
    multiplier: float = 1.0
    kind: str = Factory(lambda self: kind_of(self.exchange, self.symbol), takes_self=True)
    freeze: int | None = None
    expiry: date | None = None
    lower: float | None = None
    upper: float | None = None
    token: int = 0

    @property
    def key(self) -> InstrumentKey:
        """The identity."""
        return InstrumentKey(self.exchange, self.symbol)
