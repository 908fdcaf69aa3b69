"""The broker port: what every broker must offer, shaped by what Kite can and cannot promise.

A reading that fails raises `ReadFailedError`; it is never an empty list. Sending never raises: it answers with
one of the outcomes of `rulekit.model.orders`. Cancelling answers in the same way; `Accepted` then means that the
broker has taken the request, not that the order is dead: its end is read from the book.

A broker that does not give the tags of orders back says so by an attribute `nameless`, which is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.orders import Order, OrderRequest, Outcome, Quote, StopRequest, Trade
from rulekit.model.position import NetPosition


class Broker(Protocol):
    """One account at one broker."""

    name: str
    account: str

    def place(self, request: OrderRequest) -> Outcome:
        """Send one order, once. Never retried inside."""
        ...

    def cancel(self, order_id: str) -> Outcome:
        """Ask for an order's cancellation, once."""
        ...

    def orders(self) -> Sequence[Order]:
        """Read today's order book, in no particular order; intermediate states may be missing from it."""
        ...

    def trades(self) -> Sequence[Trade]:
        """Read today's trades."""
        ...

    def positions(self) -> Sequence[NetPosition]:
        """Read the net positions, flat rows included or not; they may lag the trades."""
        ...

    def instrument(self, key: InstrumentKey) -> Instrument | None:
        """Look up an instrument of the day; None if the exchange does not list it."""
        ...

    def quotes(self, keys: Sequence[InstrumentKey]) -> dict[InstrumentKey, Quote]:
        """Read last prices; unknown instruments are left out."""
        ...

    def updates(self) -> int:
        """Return how many order updates have come since the last call; they are only a reason to read the book."""
        ...


@runtime_checkable
class HoldsStops(Protocol):
    """What a broker offers besides, where stop orders can stand at it."""

    def place_stop(self, request: StopRequest) -> Outcome:
        """Send one stop order, once."""
        ...

    def change_stop(self, order_id: str, request: StopRequest) -> Outcome:
        """Ask, once, for a standing stop's quantity and trigger to become those of the request; its tag stays."""
        ...


def is_nameless(broker: Broker) -> bool:
    """Tell whether a broker shows orders without the tags that they were sent with, so that only numbers tell."""
    return bool(getattr(broker, "nameless", False))
