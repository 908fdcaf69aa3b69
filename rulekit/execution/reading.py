"""One reading of the broker: orders first, then positions, then trades, all or nothing.

A fill between the orders and the positions is then counted twice against us, which is safe; the other order oversells.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from attrs import frozen

from rulekit.errors import ReadFailedError
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.port import Broker
from rulekit.model.clock import Clock
from rulekit.model.instant import SECOND, Instant
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import SIGN, Order, Trade
from rulekit.model.position import NetPosition

_TOLD = (1, 10, 100)
"""At which failures in a row a person is told."""


@frozen
class Reading:
    """What the broker showed. `started` is before the first call: nothing in it is older."""

    started: Instant
    orders: Sequence[Order]
    positions: Sequence[NetPosition]
    trades: Sequence[Trade]

    def net(self) -> dict[PositionKey, NetPosition]:
        """Return the net rows by position."""
        return {row.key: row for row in self.positions}

    def untraded(self, account: str) -> dict[PositionKey, int]:
        """Return signed fills that the order book shows and the trades do not show yet."""
        if not any(order.filled for order in self.orders):
            return {}
        traded: dict[str, int] = {}
        for trade in self.trades:
            traded[trade.order_id] = traded.get(trade.order_id, 0) + trade.quantity
        found: dict[PositionKey, int] = {}
        for order in self.orders:
            missing = order.filled - traded.get(order.order_id, 0)
            if missing > 0:
                key = PositionKey(account, order.exchange, order.symbol, order.product)
                found[key] = found.get(key, 0) + missing * SIGN[order.side]
        return found

    def resting(self, key: PositionKey, side: str | None, since: Instant, ours: Container[str]) -> int:
        """Sum what rests of others' orders in a position, on one side, placed since an instant.

        Args:
            ours: the tags of our own orders.
        """
        return sum(
            order.quantity - order.filled
            for order in self.orders
            if not order.ended
            and order.tag not in ours
            and (order.exchange, order.symbol, order.product) == key[1:]
            and order.side == side
            and (order.placed >= since or not order.placed)
        )


def take(broker: Broker, clock: Clock) -> Reading:
    """Read the book.

    Raises:
        ReadFailedError: a part of it failed, so that all of it is worth nothing.
    """
    started = clock.now()
    orders = broker.orders()
    positions = broker.positions()
    return Reading(started, orders, positions, broker.trades())


class Reader:
    """Takes readings, keeps the latest good one, and tells a person when they go on failing.

    Args:
        name: gives orders the tags that the broker does not give back; None where it does.
    """

    def __init__(self, broker: Broker, chronicle: Chronicle, name: Callable[[Reading], Reading] | None = None) -> None:
        self._broker = broker
        self._chronicle = chronicle
        self._name = name
        self.failures = 0
        self.latest: Reading | None = None

    def take(self) -> Reading | None:
        """Read the book; None if that failed, which says nothing about what is in it."""
        try:
            reading = take(self._broker, self._chronicle.clock)
        except ReadFailedError as error:
            self._failed(error)
            return None
        self.failures = 0
        self.latest = reading if self._name is None else self._name(reading)
        return self.latest

    def _failed(self, error: ReadFailedError) -> None:
        self.failures += 1
        if self.failures in _TOLD:
            text = f"reading the broker's book failed ({self.failures} in a row): {error.message}"
            self._chronicle.alert(text, level="critical" if self.failures > 1 else "warning")

    def is_fresh(self, now: Instant) -> bool:
        """Tell whether the latest reading is good and young enough to size an order on."""
        reading = self.latest
        fresh = self._chronicle.settings.fresh_s * SECOND
        return reading is not None and self.failures == 0 and now - reading.started <= fresh
