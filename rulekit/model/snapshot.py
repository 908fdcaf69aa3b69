"""A snapshot: all that one decision about one position may look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from attrs import field, frozen

from rulekit.model.instant import Instant
from rulekit.model.prices import PAISE, UNKNOWN


@frozen
class SessionTimes:
    """Today's session at the position's exchange, and what the calendar knows about the day."""

    opens: Instant
    closes: Instant
    day: date


@frozen
class Snapshot:
    """One position at one instant. Prices are in smallest units; NaN is unknown.

    Args:
        side: 1 long, -1 short.
        opened: when the position became non-zero; None means overnight, older than one day.
        age_days: trading days since then (sessions begun after the day it was opened); NaN unknown.
        original: the largest quantity this position has had.
        stop: the tracked stop. initial_stop: the first one (R is measured from it).
        best: best price since entry in the position's favour; NaN means the better of price and entry.
        worst: worst price since entry; NaN means the worse of price and entry.
        price_age: seconds since the price was heard; a host that knows it is fresh leaves 0.
        lot: quantities are multiples of it. tick: price step in smallest units.
        scale: smallest units in a rupee. multiplier: see Instrument.
        session: today's session, None if unknown or if the exchange is closed.
        expiry: of the instrument, None for one that does not expire; expiry_days: calendar days to it.
        facts: market and book facts by their name in the language, lower-case, in natural units: prices
            and amounts in rupees, momentum in percent and signed as the market moves, volume and
            volatility as times normal. A missing name, None or NaN is unknown.
        in_flight: something that changes the quantity is on its way, so nothing of that kind is decided.
    """

    symbol: str
    side: int
    quantity: int
    entry: float
    price: float
    now: Instant
    opened: Instant | None = None
    exchange: str = "NSE"
    product: str = "MIS"
    strategy: str = ""
    original: int = 0
    stop: float = UNKNOWN
    initial_stop: float = UNKNOWN
    target: float = UNKNOWN
    best: float = UNKNOWN
    worst: float = UNKNOWN
    booked: int = 0
    added: int = 0
    realised: float = 0.0
    age_days: float = UNKNOWN
    lot: int = 1
    tick: float = 5.0
    scale: int = PAISE
    multiplier: float = 1.0
    session: SessionTimes | None = None
    expiry: date | None = None
    kind: str = "equity"
    facts: Mapping[str, float | None] = field(factory=dict)
    in_flight: bool = False
