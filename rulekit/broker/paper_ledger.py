"""Trades of one position, in the order of their times, and what they add up to at any instant."""

from __future__ import annotations

from bisect import bisect_right, insort

from rulekit.model.instant import Instant
from rulekit.model.orders import SIGN, Trade
from rulekit.model.prices import UNKNOWN


def _time(trade: Trade) -> Instant:
    return trade.at


class Ledger:
    """The trades of one exchange, symbol and product."""

    __slots__ = ("booked", "quantity", "trades")

    def __init__(self) -> None:
        self.trades: list[Trade] = []
        self.quantity = 0
        self.booked: Instant = 0

    def book(self, trade: Trade, booked: Instant) -> None:
        """Take a trade in; one of an earlier time finds its place."""
        insort(self.trades, trade, key=_time)
        self.quantity += SIGN[trade.side] * trade.quantity
        self.booked = max(self.booked, booked)

    def quantity_at(self, instant: Instant) -> int:
        """Return the signed quantity held at an instant, trades of that instant included."""
        later = bisect_right(self.trades, instant, key=_time)
        return self.quantity - sum(SIGN[trade.side] * trade.quantity for trade in self.trades[later:])

    def average_at(self, instant: Instant) -> float:
        """Return the mean price of what was bought (sold, for a short) since the position was last flat.

        As at Kite, what was given back does not change it; a flip begins anew with the rest of the trade that flips.
        """
        held, quantity, value = 0, 0, 0.0
        for trade in self.trades[: bisect_right(self.trades, instant, key=_time)]:
            signed = SIGN[trade.side] * trade.quantity
            before, held = held, held + signed
            if before * held <= 0:
                quantity, value = abs(held), abs(held) * trade.price
            elif before * signed > 0:
                quantity, value = quantity + trade.quantity, value + trade.quantity * trade.price
        return value / quantity if held else UNKNOWN
