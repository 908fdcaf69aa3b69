"""A tick: one price as it was heard."""

from __future__ import annotations

from typing import NamedTuple

from rulekit.model.instant import Instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import UNKNOWN


class Tick(NamedTuple):
    """One price of one instrument, in the order of arrival.

    Args:
        seq: running number of the feed, the same from run to run.
        at: when the exchange made it; ticks may arrive out of this order.
        price: last traded price in smallest units.
        volume: quantity traded since the day began, or None where the feed has none.
        bid: best price of a buyer in smallest units, NaN unknown.
        ask: best price of a seller in smallest units, NaN unknown.
    """

    seq: int
    exchange: str
    symbol: str
    at: Instant
    price: float
    volume: float | None = None
    bid: float = UNKNOWN
    ask: float = UNKNOWN

    @property
    def key(self) -> InstrumentKey:
        """The instrument."""
        return InstrumentKey(self.exchange, self.symbol)
