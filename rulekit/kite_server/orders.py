"""A true order with its whole history, and the row that the API shows of it."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from rulekit.kite_server.clock import stamp
from rulekit.kite_server.listing import Listing
from rulekit.kite_server.money import rupees

RECEIVED = "PUT ORDER REQ RECEIVED"
VALIDATION_PENDING = "VALIDATION PENDING"
OPEN_PENDING = "OPEN PENDING"
OPEN = "OPEN"
TRIGGER_PENDING = "TRIGGER PENDING"
MODIFY_VALIDATION_PENDING = "MODIFY VALIDATION PENDING"
MODIFY_PENDING = "MODIFY PENDING"
MODIFIED = "MODIFIED"
CANCEL_PENDING = "CANCEL PENDING"
AMO_RECEIVED = "AMO REQ RECEIVED"
COMPLETE = "COMPLETE"
CANCELLED = "CANCELLED"
REJECTED = "REJECTED"
ENDED = frozenset({COMPLETE, CANCELLED, REJECTED})
INTERMEDIATE = frozenset({RECEIVED, VALIDATION_PENDING, OPEN_PENDING})
SIGN = {"BUY": 1, "SELL": -1}


Snapshot = tuple[int, dict[str, Any]]
"""An instant, and the row as it was from then on."""


@define(eq=False)
class Ticket:
    """What was asked for, checked; prices in units."""

    listing: Listing
    variety: str
    side: str
    quantity: int
    product: str
    order_type: str
    price: int = 0
    trigger: int = 0
    protection: float = 0.0
    validity: str = "DAY"
    ttl: int = 0
    disclosed: int = 0
    tag: str | None = None
    tags: tuple[str, ...] = ()
    autoslice: bool = False
    parent: str | None = None
    placed_by: str | None = None


@define(eq=False)
class TrueOrder:
    """One order as it truly is."""

    order_id: str
    ticket: Ticket
    account: str
    placed_at: int
    quantity: int
    price: int
    trigger: int
    order_type: str
    validity: str
    guid: str
    tags: list[str] = field(factory=list)
    status: str = RECEIVED
    message: str | None = None
    raw_message: str | None = None
    exchange_order_id: str | None = None
    exchange_at: int | None = None
    filled: int = 0
    value: int = 0
    cancelled: int = 0
    modified: bool = False
    modifications: int = 0
    resting: bool = False
    """It has been seen not to trade at once: from now on it trades at its own price."""
    at_exchange: bool = False
    triggered: bool = False
    generation: int = 0
    """Counts cancellations and changes under way, so that a late step of an older one does nothing."""
    snapshots: list[Snapshot] = field(factory=list)

    @property
    def ended(self) -> bool:
        """Tell whether nothing can happen to it any more."""
        return self.status in ENDED

    @property
    def left(self) -> int:
        """The quantity that has neither traded nor gone."""
        return self.quantity - self.filled

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sale."""
        return SIGN[self.ticket.side]

    def move(self, status: str, at: int, message: str | None = None) -> None:
        """Enter a status and keep the row as it is now."""
        self.status = status
        if message is not None:
            self.message, self.raw_message = message, f"RMS:{message}"
        if self.exchange_order_id is not None:
            self.exchange_at = at
        self.snapshots.append((at, self.row(at)))

    def row(self, at: int) -> dict[str, Any]:
        """Write the order as the API does; `average_price` is that of all fills so far."""
        ticket, listing = self.ticket, self.ticket.listing
        exchange_stamp = stamp(self.exchange_at) if self.exchange_at is not None else None
        row: dict[str, Any] = {
            "account_id": self.account,
            "placed_by": ticket.placed_by or self.account,
            "order_id": self.order_id,
            "exchange_order_id": self.exchange_order_id,
            "parent_order_id": ticket.parent,
            "status": self.status,
            "status_message": self.message,
            "status_message_raw": self.raw_message,
            "order_timestamp": stamp(at),
            "exchange_update_timestamp": exchange_stamp,
            "exchange_timestamp": exchange_stamp,
            "variety": ticket.variety,
            "modified": self.modified,
            "exchange": listing.exchange,
            "tradingsymbol": listing.symbol,
            "instrument_token": listing.token,
            "order_type": self.order_type,
            "transaction_type": ticket.side,
            "validity": self.validity,
            "validity_ttl": ticket.ttl,
            "product": ticket.product,
            "quantity": self.quantity,
            "disclosed_quantity": ticket.disclosed,
            "price": rupees(self.price),
            "trigger_price": rupees(self.trigger),
            "average_price": rupees(self.value / self.filled) if self.filled else 0,
            "filled_quantity": self.filled,
            "pending_quantity": 0 if self.status in {COMPLETE, REJECTED} else self.left,
            "cancelled_quantity": self.cancelled,
            "market_protection": 0,
            "meta": {},
            "tag": ticket.tag,
            "guid": self.guid,
        }
        if self.tags:
            row["tags"] = list(self.tags)
        return row

    def as_of(self, at: int) -> dict[str, Any] | None:
        """Return the row as it was at an instant; None before the order came."""
        found: dict[str, Any] | None = None
        for when, row in reversed(self.snapshots):
            if when <= at:
                found = row
                break
        return found


@define(eq=False)
class TrueTrade:
    """One fill; the price in units."""

    trade_id: str
    order: TrueOrder
    quantity: int
    price: int
    at: int

    def row(self) -> dict[str, Any]:
        """Write the trade as the API does."""
        ticket, listing = self.order.ticket, self.order.ticket.listing
        return {
            "trade_id": self.trade_id,
            "order_id": self.order.order_id,
            "exchange": listing.exchange,
            "tradingsymbol": listing.symbol,
            "instrument_token": listing.token,
            "product": ticket.product,
            "average_price": rupees(self.price),
            "quantity": self.quantity,
            "exchange_order_id": self.order.exchange_order_id,
            "transaction_type": ticket.side,
            "fill_timestamp": stamp(self.at),
            "order_timestamp": stamp(self.at)[11:],
            "exchange_timestamp": stamp(self.at),
        }
