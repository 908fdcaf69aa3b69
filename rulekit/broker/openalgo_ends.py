"""Which ends of orders can be believed, where a row of the book may show the state of the row before it.

OpenAlgo's plug-in for Zerodha knows five states; a row in any other state, on its way to the exchange or being
cancelled, is written with the state of the row before it. So `complete` counts once the trades add up, and `cancelled`
or `rejected` once it has been shown for a while: long where it may be borrowed and the order was never seen alive. No
row says how much was filled either, so that an end is worth nothing until the trades of it can have been listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rulekit.broker.openalgo_rows import BookRow
from rulekit.broker.openalgo_settings import OpenAlgoSettings
from rulekit.errors import ReadFailedError
from rulekit.model.instant import SECOND, Instant
from rulekit.model.orders import CANCELLED, COMPLETE, OPEN, REJECTED, TRIGGER_PENDING, Order
from rulekit.model.prices import UNKNOWN

NOT_YET = "MAY HAVE ENDED"
"""The state of an order whose end is not believed yet; like every other word, "still going"."""


class Ends:
    """Remembers how long each order has been shown to have ended, and which were surely seen alive."""

    def __init__(self, settings: OpenAlgoSettings) -> None:
        self._soon = round(settings.ended_s * SECOND)
        self._late = round(max(settings.ended_s, settings.doubt_s) * SECOND)
        self._since: dict[str, Instant] = {}
        self._alive: set[str] = set()
        self._sure: set[str] = set()

    def judge(self, rows: Sequence[BookRow], fills: Mapping[str, tuple[int, float]], now: Instant) -> list[Order]:
        """Return the book with what was filled of each order, and with the ends that can be believed.

        Args:
            rows: as they were listed.
            fills: what the trades say of an order: how much, and the average price.

        Raises:
            ReadFailedError: an order has traded more than it was for.
        """
        found = []
        for place, row in enumerate(rows):
            filled, average = fills.get(row.order_id, (0, UNKNOWN))
            if filled > row.quantity:
                raise ReadFailedError(f"order {row.order_id} is for {row.quantity}, and {filled} of it have traded")
            borrowed = place > 0 and rows[place - 1].status == row.status
            found.append(_order(row, filled, average, self._state(row, filled, borrowed, now)))
        self._forget({row.order_id for row in rows})
        return found

    def _state(self, row: BookRow, filled: int, borrowed: bool, now: Instant) -> str:
        number = row.order_id
        if filled == row.quantity:
            return COMPLETE
        if row.status in (CANCELLED, REJECTED):
            since = self._since.setdefault(number, now)
            if not borrowed:
                self._sure.add(number)
            known = filled or number in self._sure or number in self._alive
            return row.status if now >= since + (self._soon if known else self._late) else NOT_YET
        if not borrowed:
            self._since.pop(number, None)
            self._sure.discard(number)
            if row.status in (OPEN, TRIGGER_PENDING):
                self._alive.add(number)
        return NOT_YET if row.status == COMPLETE else row.status

    def _forget(self, shown: set[str]) -> None:
        """Let the orders of another day go; a list that was cut only makes an end be believed later."""
        self._since = {number: at for number, at in self._since.items() if number in shown}
        self._alive &= shown
        self._sure &= shown


def _order(row: BookRow, filled: int, average: float, status: str) -> Order:
    return Order(
        order_id=row.order_id, tag="", exchange=row.exchange, symbol=row.symbol, product=row.product, side=row.side,
        quantity=row.quantity, filled=filled, status=status, average=average, placed=row.placed, trigger=row.trigger,
    )  # fmt: skip
