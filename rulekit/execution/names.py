"""Whose order is whose at a broker that gives no tag back.

An order whose answer came is known by the broker's number. One whose answer was lost is not: all that can be said is
which orders may be it, by position, side, quantity and time, and a stranger's may look the same.
"""

from __future__ import annotations

from attrs import evolve

from rulekit.execution.actions import ATTEMPT_ABSENT, ATTEMPT_ENDED, ATTEMPT_REFUSED, ActionRecord, Attempt
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.reading import Reading
from rulekit.model.instant import SECOND, day_number
from rulekit.model.orders import Order

APART = 120 * SECOND
"""How far the broker's clock may be behind: an order that seems older than this cannot be ours."""
GIVEN_UP = frozenset({ATTEMPT_ABSENT, ATTEMPT_ENDED, ATTEMPT_REFUSED})
"""Attempts that, without a number, an order may belong to after all."""


class Names:
    """Gives the orders that the journal knows by number their tags back, and finds those that may be an unknown one."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        self._first: dict[str, int] = {}  # when the first reading began that showed an order
        self._seen: dict[str, set[str]] = {}  # by tag: the orders that were ever seen to look like it

    def name(self, reading: Reading) -> Reading:
        """Return a reading in which orders bear the tags under which the journal knows their numbers."""
        today = day_number(reading.started)
        tags = {
            attempt.order_id: tag
            for tag, (_, attempt) in self._chronicle.ledger.tags.items()
            if attempt.order_id and day_number(attempt.sent) == today
        }
        for order in reading.orders:
            self._first.setdefault(order.order_id, reading.started)
        return evolve(reading, orders=[evolve(order, tag=tags.get(order.order_id, "")) for order in reading.orders])

    def let_go(self, reading: Reading) -> None:
        """Forget the orders of another day."""
        shown = {order.order_id for order in reading.orders}
        self._first = {number: at for number, at in self._first.items() if number in shown}
        self._seen = {tag: seen for tag, seen in self._seen.items() if tag in self._chronicle.ledger.tags}

    def alike(self, action: ActionRecord, attempt: Attempt, reading: Reading) -> list[Order] | None:
        """Return the orders that may be an attempt's; None where the list lacks one that was seen before."""
        found = [order for order in reading.orders if not order.tag and self._may_be(order, action, attempt)]
        seen = self._seen.setdefault(attempt.tag, set())
        seen.difference_update(order.order_id for order in reading.orders if order.tag)
        seen.update(order.order_id for order in found)
        return found if len(found) == len(seen) else None

    def resting(self, action: ActionRecord, reading: Reading) -> int:
        """Sum what rests on an action's side of orders that may be one of those that were given up there.

        One that comes long after all hope, or that a person called ended while it rested, bears no tag that says so.
        """
        given_up = [
            (other, attempt)
            for other in self._chronicle.ledger.actions.values()
            if other.key == action.key and other.side == action.side
            for attempt in other.attempts
            if attempt.state in GIVEN_UP and not attempt.order_id
        ]
        return sum(
            order.quantity - order.filled
            for order in (reading.orders if given_up else ())
            if not order.tag and not order.ended and any(self._may_be(order, *one) for one in given_up)
        )

    def _may_be(self, order: Order, action: ActionRecord, attempt: Attempt) -> bool:
        if (order.exchange, order.symbol, order.product) != action.key[1:]:
            return False
        if (order.side, order.quantity) != (action.side, attempt.quantity):
            return False
        if self._first[order.order_id] < attempt.sent:
            return False  # it was there before ours was sent
        return not order.placed or order.placed >= attempt.sent - APART


def told_of(orders: list[Order]) -> str:
    """Name orders for a person."""
    return ", ".join(
        f"{one.order_id} ({one.side} {one.quantity} {one.symbol}, {one.status.lower()}, {one.filled} filled)"
        for one in orders
    )
