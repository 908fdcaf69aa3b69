"""Changing and cancelling orders: asked for now, done at the exchange a little later, if nothing has come between."""

from __future__ import annotations

from collections.abc import Mapping

from rulekit.kite_server.answers import refused
from rulekit.kite_server.clock import SECOND
from rulekit.kite_server.oms import Oms
from rulekit.kite_server.orders import (
    CANCEL_PENDING,
    COMPLETE,
    INTERMEDIATE,
    MODIFIED,
    MODIFY_PENDING,
    MODIFY_VALIDATION_PENDING,
    OPEN,
    TRIGGER_PENDING,
    TrueOrder,
)
from rulekit.kite_server.protection import limit_price
from rulekit.kite_server.tickets import check_prices, check_quantity, price_of, protection_of, whole

CHANGEABLE = frozenset({OPEN, TRIGGER_PENDING})


def cancel(oms: Oms, order_id: str, at: int) -> TrueOrder:
    """Ask the exchange to let an order go; it may trade on the way.

    Raises:
        ApiError: there is nothing to cancel.
    """
    order = oms.find(order_id, at)
    if order.ended:
        raise refused(f"Order cannot be cancelled as it is already {order.status.lower()}.", "OrderException")
    if order.status in INTERMEDIATE:
        raise refused("Order cannot be cancelled as it is being processed. Try later.", "OrderException")
    order.generation += 1  # a change that is still under way comes too late now
    order.move(CANCEL_PENDING, at)
    oms.schedule.add(at + round(oms.settings.latency * SECOND), lambda when: oms.drop(order, when))
    return order


def modify(oms: Oms, order_id: str, form: Mapping[str, str], at: int) -> TrueOrder:
    """Ask the exchange to change an order.

    Raises:
        ApiError: the change is not possible.
    """
    order = oms.find(order_id, at)
    ticket, line = order.ticket, oms.lines.get(order.ticket.listing.key)
    if order.status not in CHANGEABLE:
        raise refused("Order cannot be modified as it is being processed or has ended.", "OrderException")
    allowed = oms.settings.limits.modifications
    if allowed is not None and order.modifications >= allowed:
        raise refused("Maximum allowed order modifications exceeded.", "NetworkException", 429)
    quantity = whole(form, "quantity") or order.quantity
    asked = form.get("order_type") or order.order_type
    price = price_of(form, "price") or order.price
    trigger = price_of(form, "trigger_price") or order.trigger
    protection = protection_of(form)
    check_quantity(quantity, ticket.listing)
    check_prices(asked, price, trigger, protection, ticket.listing)
    if quantity < order.filled:
        raise refused("Quantity cannot be less than what is filled already.")
    tags: list[str] = []
    if asked in {"MARKET", "SL-M"} and line is not None:
        price, percent = limit_price(line, ticket.side, protection, trigger if asked == "SL-M" else line.last)
        tags = ["mktp", f"mktp:{percent:.2f}"]
        asked = "LIMIT" if asked == "MARKET" else "SL"
    validity = form.get("validity") or order.validity
    order.modifications += 1
    order.generation += 1
    generation = order.generation
    order.move(MODIFY_VALIDATION_PENDING, at)
    order.move(MODIFY_PENDING, at)

    def change(when: int) -> None:
        if order.ended or order.generation != generation:
            return
        order.quantity, order.price, order.trigger = max(quantity, order.filled), price, trigger
        order.order_type, order.validity, order.modified, order.resting = asked, validity, True, False
        order.tags += [tag for tag in tags if tag not in order.tags]
        order.move(MODIFIED, when)
        oms.on_update(order, "UPDATE", when)
        waits = asked == "SL" and not order.triggered
        if order.left == 0:
            order.at_exchange = False
            order.move(COMPLETE, when)
            oms.on_update(order, COMPLETE, when)
            return
        order.move(TRIGGER_PENDING if waits else OPEN, when)
        if line is not None:
            oms.meet(order, line, when)

    oms.schedule.add(at + round(oms.settings.latency * SECOND), change)
    return order
