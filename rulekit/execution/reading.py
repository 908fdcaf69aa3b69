"""One reading of the broker: orders first, then positions, then trades, all or nothing.

A fill between the orders and the positions is then counted twice against us, which is safe; the other order oversells.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from rulekit.execution.port import Broker
from rulekit.model.clock import Clock
from rulekit.model.instant import Instant
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import SIGN, Order, Trade
from rulekit.model.position import NetPosition


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


def take(broker: Broker, clock: Clock) -> Reading:
    """Read the book.

    Raises:
        ReadFailedError: a part of it failed, so that all of it is worth nothing.
    """
    started = clock.now()
    orders = broker.orders()
    positions = broker.positions()
    return Reading(started, orders, positions, broker.trades())
