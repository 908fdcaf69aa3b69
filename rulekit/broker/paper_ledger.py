"""Trades of one position, in the order of their times, and what they add up to at any instant."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

from rulekit.model.instant import Instant
from rulekit.model.orders import SIGN, Trade
from rulekit.model.prices import UNKNOWN


def _time(trade: Trade) -> Instant:
    return trade.at


class Ledger:
    """The trades of one exchange, symbol and product; of those that were forgotten, what they add up to."""

    __slots__ = ("_before", "_forgot", "booked", "last", "quantity", "trades")

    def __init__(self) -> None:
        self.trades: list[Trade] = []
        self.last: Trade | None = None
        self._before = (0, 0, 0.0)
        self._forgot = False
        self.quantity = 0
        self.booked: Instant = 0

    def book(self, trade: Trade, booked: Instant) -> None:
        """Take a trade in; one of an earlier time finds its place."""
        insort(self.trades, trade, key=_time)
        self.quantity += SIGN[trade.side] * trade.quantity
        self.booked = max(self.booked, booked)
        if self.last is None or trade.at >= self.last.at:
            self.last = trade

    def forget(self, before: Instant) -> bool:
        """Keep of the trades before an instant what they add up to; tell whether anything is left to know."""
        earlier = bisect_left(self.trades, before, key=_time)
        self._before = _added_up(self._before, self.trades[:earlier])
        self._forgot = self._forgot or earlier > 0
        del self.trades[:earlier]
        return bool(self.quantity or self.trades)

    def began_by(self, instant: Instant) -> bool:
        """Tell whether any trade was made until an instant."""
        return self._forgot or bool(self.trades and self.trades[0].at <= instant)

    def quantity_at(self, instant: Instant) -> int:
        """Return the signed quantity held at an instant, trades of that instant included."""
        later = bisect_right(self.trades, instant, key=_time)
        return self.quantity - sum(SIGN[trade.side] * trade.quantity for trade in self.trades[later:])

    def average_at(self, instant: Instant) -> float:
        """Return the mean price of what was bought (sold, for a short) since the position was last flat.

        As at Kite, what was given back does not change it; a flip begins anew with the rest of the trade that flips.
        """
        known = self.trades[: bisect_right(self.trades, instant, key=_time)]
        held, quantity, value = _added_up(self._before, known)
        return value / quantity if held else UNKNOWN


def _added_up(start: tuple[int, int, float], trades: Iterable[Trade]) -> tuple[int, int, float]:
    """Return what is held after trades, how much of it was bought since it was last flat, and for what."""
    held, quantity, value = start
    for trade in trades:
        signed = SIGN[trade.side] * trade.quantity
        before, held = held, held + signed
        if before * held <= 0:
            quantity, value = abs(held), abs(held) * trade.price
        elif before * signed > 0:
            quantity, value = quantity + trade.quantity, value + trade.quantity * trade.price
    return held, quantity, value
