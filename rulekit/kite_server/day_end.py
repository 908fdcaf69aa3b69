"""What the broker and the exchange do by themselves when the session ends."""

from __future__ import annotations

from rulekit.kite_server.clock import day_of
from rulekit.kite_server.oms import Oms
from rulekit.kite_server.orders import AMO_RECEIVED, Ticket


def square_off(oms: Oms, exchange: str, at: int) -> None:
    """Close every intraday position of an exchange by orders of the broker's own, without a tag."""
    oms.squared_off.add((exchange, day_of(at)))
    for order in oms.funds.open_orders():
        if order.ticket.product == "MIS" and order.ticket.listing.exchange == exchange and not order.ended:
            oms.drop(order, at)
    for (place, symbol, product), quantity in oms.funds.positions(at).items():
        if place != exchange or product != "MIS" or not quantity:
            continue
        line = oms.lines[place, symbol]
        size = abs(quantity)
        step = (line.listing.freeze or size) // line.listing.lot * line.listing.lot or size
        for start in range(0, size, step):
            ticket = Ticket(
                line.listing, "regular", "SELL" if quantity > 0 else "BUY", min(step, size - start), "MIS",
                "MARKET", protection=-1, placed_by="ADMINSQF",
            )  # fmt: skip
            oms.place(ticket, at)


def close_exchange(oms: Oms, exchange: str, at: int) -> None:
    """End the day's orders of an exchange."""
    for order in oms.funds.open_orders():
        if order.ticket.listing.exchange == exchange and not order.ended and order.status != AMO_RECEIVED:
            oms.drop(order, at)
