"""Orders, trades and the three outcomes of sending, in the broker's terms."""

from __future__ import annotations

import re

from attrs import frozen

from rulekit.model.instant import Instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import UNKNOWN

BUY = "BUY"
SELL = "SELL"
OPPOSITE = {BUY: SELL, SELL: BUY}
SIGN = {BUY: 1, SELL: -1}

COMPLETE = "COMPLETE"
CANCELLED = "CANCELLED"
REJECTED = "REJECTED"
TERMINAL = frozenset({COMPLETE, CANCELLED, REJECTED})
"""The broker's end states; any other word, also one never seen, is "still going"."""

OPEN = "OPEN"
TRIGGER_PENDING = "TRIGGER PENDING"
"""An order in the market, and a stop order that waits for its price: nothing is under way with either."""

_BAND = re.compile(r"circuit|protection|price (band|range)|execution range|lpp", re.IGNORECASE)


def is_beyond_a_band(reason: str) -> bool:
    """Tell whether a refusal or rejection says that the price with its protection was too far from the market."""
    return bool(_BAND.search(reason))


@frozen
class OrderRequest:
    """A protected MARKET order as it is handed to a broker port.

    Args:
        tag: unique for this attempt, at most 20 letters and digits; one request per tag, ever.
        protection: widest distance from the last price in percent, or None for the broker's automatic one.
        reference: the price at the decision, in smallest units; for logs and slippage only.
    """

    tag: str
    exchange: str
    symbol: str
    product: str
    side: str
    quantity: int
    protection: float | None = None
    reference: float = UNKNOWN

    @property
    def instrument(self) -> InstrumentKey:
        """The instrument that is traded."""
        return InstrumentKey(self.exchange, self.symbol)


@frozen
class StopRequest:
    """A stop order that is to stand at the broker until the price comes to its trigger.

    Args:
        tag: unique for this order, at most 20 letters and digits.
        side: of the order, so the opposite of the position's.
        trigger: the price at which it comes to life, in smallest units and on the tick.
        width: how far beyond the trigger it may fill, as a multiple of the broker's own protection.
    """

    tag: str
    exchange: str
    symbol: str
    product: str
    side: str
    quantity: int
    trigger: float
    width: float = 1.0

    @property
    def instrument(self) -> InstrumentKey:
        """The instrument that is traded."""
        return InstrumentKey(self.exchange, self.symbol)


@frozen
class Order:
    """A row of the broker's order book.

    `filled` is the only quantity to trust; `status` is the broker's own word; `trigger` is that of a stop order.
    """

    order_id: str
    tag: str
    exchange: str
    symbol: str
    product: str
    side: str
    quantity: int
    filled: int
    status: str
    average: float = UNKNOWN
    placed: Instant = 0
    message: str = ""
    trigger: float = UNKNOWN

    @property
    def waits_for_trigger(self) -> bool:
        """Tell whether it is a stop order that the price has not come to, and nothing is under way with it."""
        return self.status == TRIGGER_PENDING

    @property
    def ended(self) -> bool:
        """Tell whether the broker will do nothing more with it."""
        return self.status in TERMINAL


@frozen
class Trade:
    """One fill of one order. `price` is in smallest units."""

    trade_id: str
    order_id: str
    exchange: str
    symbol: str
    product: str
    side: str
    quantity: int
    price: float
    at: Instant


@frozen
class Accepted:
    """The broker has registered the order and answered with its number."""

    order_id: str


@frozen
class Refused:
    """The broker answered that it did not take the order. `again`: whether trying later can help.

    `limited`: it refused for the number of requests alone, and did not look at the order.
    """

    reason: str
    again: bool = True
    limited: bool = False


@frozen
class NotSent:
    """The request never left: no connection was made."""

    reason: str


@frozen
class Uncertain:
    """Nobody knows: the order may be live. Only the order book and the trades can tell."""

    evidence: str


Outcome = Accepted | Refused | NotSent | Uncertain


@frozen
class Quote:
    """The last price of an instrument in smallest units, and when it was heard."""

    price: float
    at: Instant
    bid: float = UNKNOWN
    ask: float = UNKNOWN
