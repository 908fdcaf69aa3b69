"""The broker's order desk and the exchange behind it: acceptance, checks, fills, changes, cancellations."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from rulekit.kite_server.accounts import Portfolio
from rulekit.kite_server.answers import refused
from rulekit.kite_server.clock import SECOND, at_time, day_of, moment, next_time, stamp
from rulekit.kite_server.funds import Funds
from rulekit.kite_server.listing import Listing, Listings
from rulekit.kite_server.market import Line
from rulekit.kite_server.money import rupees
from rulekit.kite_server.orders import (
    AMO_RECEIVED,
    CANCELLED,
    COMPLETE,
    OPEN,
    OPEN_PENDING,
    RECEIVED,
    REJECTED,
    TRIGGER_PENDING,
    VALIDATION_PENDING,
    Ticket,
    TrueOrder,
    TrueTrade,
)
from rulekit.kite_server.protection import limit_price
from rulekit.kite_server.schedule import Schedule
from rulekit.kite_server.settings import CLOSES, OPENS, ServerSettings

MAX_SLICES = 10
RENEW = SECOND


class Oms:
    """One account's true book."""

    def __init__(self, settings: ServerSettings, schedule: Schedule, draw: random.Random) -> None:
        self.settings = settings
        self.schedule = schedule
        self.draw = draw
        self.listings = Listings(dict(settings.freeze))
        self.lines: dict[tuple[str, str], Line] = {}
        self.portfolio = Portfolio()
        self.funds = Funds(settings, self.portfolio, self.lines)
        self.orders: dict[str, TrueOrder] = {}
        self.trades = self.funds.trades
        self.squared_off: set[tuple[str, str]] = set()
        self.on_update: Callable[[TrueOrder, str, int], None] = lambda order, status, at: None
        self._live: dict[tuple[str, str], list[TrueOrder]] = {}
        self._number = draw.randrange(10_000, 90_000)
        self._renewing: set[tuple[str, str]] = set()

    # ---- the market

    def price(self, listing: Listing, units: int, at: int, quantity: int = 0, volume: int | None = None) -> None:
        """Hear a trade of others and let waiting orders meet it."""
        line = self.lines.get(listing.key)
        if line is None:
            line = self.lines[listing.key] = Line(listing, self.settings, units, units, at)
        line.trade(units, at, quantity, volume)
        self._meet(line, at)

    def _meet(self, line: Line, at: int) -> None:
        waiting = self._live.get(line.listing.key)
        if not waiting:
            return
        for order in list(waiting):
            self.meet(order, line, at)
        self._live[line.listing.key] = [order for order in waiting if order.at_exchange]

    def _renew(self, listing: Listing, at: int) -> None:
        """Offer a thin book anew a second later, as long as someone waits for it."""
        if self.settings.depth is None or listing.key in self._renewing:
            return
        self._renewing.add(listing.key)

        def renew(when: int) -> None:
            self._renewing.discard(listing.key)
            line = self.lines[listing.key]
            line.renew()
            self._meet(line, when)

        self.schedule.add(at + RENEW, renew)

    # ---- placing

    def place(self, ticket: Ticket, at: int, *, extra_latency: float = 0.0) -> TrueOrder:
        """Take an order into the book; what happens to it comes by the clock.

        Raises:
            ApiError: it is refused at the door.
        """
        price, order_type, tags = ticket.price, ticket.order_type, list(ticket.tags)
        line = self.lines.get(ticket.listing.key)
        if order_type in {"MARKET", "SL-M"}:
            if line is None:
                raise refused("No last price is available for this instrument. Please use a Limit order.")
            reference = ticket.trigger if order_type == "SL-M" else line.last
            price, percent = limit_price(line, ticket.side, ticket.protection, reference)
            order_type = "LIMIT" if order_type == "MARKET" else "SL"
            automatic = ticket.protection == -1 and self.settings.auto_tag is not None
            tags += ["mktp", str(self.settings.auto_tag) if automatic else f"mktp:{percent:.2f}"]
        self._hours(ticket, at)
        self._door(ticket, price)
        order = TrueOrder(
            self.order_id(at), ticket, self.settings.credentials.user_id, at, ticket.quantity, price, ticket.trigger,
            order_type, ticket.validity, f"{self.draw.getrandbits(64):016x}", tags,
        )  # fmt: skip
        self.orders[order.order_id] = self.funds.open[order.order_id] = order
        delay = round((self.settings.latency + extra_latency) * SECOND)
        if ticket.variety == "amo":
            order.move(AMO_RECEIVED, at)
            self.schedule.add(next_time(at, OPENS[ticket.listing.exchange]), lambda when: self._validate(order, when))
        else:
            order.move(RECEIVED, at)
            self.schedule.add(at + delay // 2, lambda when: self._validate(order, when))
        return order

    def order_id(self, at: int) -> str:
        """Make the next order's id."""
        self._number += 1
        if self.settings.long_ids:
            return f"{1_900_000_000_000_000_000 + (at // SECOND - 1_700_000_000) * 1_000_000 + self._number}"
        return f"{moment(at):%y%m%d}2{self._number:08d}"

    def _hours(self, ticket: Ticket, at: int) -> None:
        exchange = ticket.listing.exchange
        if ticket.placed_by is not None:
            return
        if ticket.product == "MIS" and (exchange, day_of(at)) in self.squared_off and ticket.variety == "regular":
            raise refused("MIS orders are blocked: intraday square-off has begun. Use another product.")
        if not self.settings.check_hours or exchange not in OPENS or ticket.variety == "amo":
            return
        if not at_time(at, OPENS[exchange]) <= at < at_time(at, CLOSES[exchange]) or moment(at).weekday() > 4:
            raise refused("Markets are closed right now. Use an after market order (AMO).")

    def _door(self, ticket: Ticket, price: int) -> None:
        """What is checked while the client still waits."""
        if (
            ticket.product == "CNC" and ticket.side == "SELL" and not self.settings.holdings_authorised
            and ticket.placed_by is None
        ):  # fmt: skip
            raise refused(
                "You have not authorised the sale of your holdings today. Please complete the CDSL TPIN authorisation.",
                "HoldingException", 428,
            )  # fmt: skip
        if self.settings.margin_check == "post" and (lack := self.funds.lack(ticket, price)):
            raise refused(lack, "MarginException")

    # ---- the way to the exchange

    def _validate(self, order: TrueOrder, at: int) -> None:
        if order.ended:
            return
        order.move(VALIDATION_PENDING, at)
        why = self._rms(order)
        if why:
            self._reject(order, at, why)
            return
        order.move(OPEN_PENDING, at)
        rest = max(0, at - order.placed_at) if order.ticket.variety != "amo" else round(self.settings.latency * SECOND)
        self.schedule.add(at + rest, lambda when: self._reach(order, when))

    def _rms(self, order: TrueOrder) -> str | None:
        """The broker's risk checks after acceptance: a reason, or None."""
        ticket = order.ticket
        if ticket.product == "CNC" and ticket.side == "SELL":
            free = self.funds.sellable(ticket.listing, order)
            if order.left > free:
                return f"Insufficient stock holding. Check holdings. Quantity: {order.left}, available: {max(0, free)}."
        if self.settings.margin_check == "book":
            return self.funds.lack(ticket, order.price, order)
        return None

    def _reach(self, order: TrueOrder, at: int) -> None:
        """Arrive at the exchange."""
        if order.ended:
            return
        line = self.lines.get(order.ticket.listing.key)
        order.exchange_order_id = f"{1_100_000_000_000_000 + self._number * 1000 + len(order.snapshots)}"
        why = self._outside(order, line)
        if why:
            self._reject(order, at, why)
            return
        order.at_exchange = True
        self._live.setdefault(order.ticket.listing.key, []).append(order)
        order.move(TRIGGER_PENDING if order.order_type == "SL" else OPEN, at)
        if order.validity == "TTL":
            self.schedule.add(at + order.ticket.ttl * 60 * SECOND, lambda when: self.drop(order, when))
        if line is not None:
            self.meet(order, line, at)
        if order.validity == "IOC" and not order.ended:
            self.drop(order, at)

    def _outside(self, order: TrueOrder, line: Line | None) -> str | None:
        """Tell why the exchange does not take a price."""
        if line is None:
            return None
        lower, upper = line.bands
        if not lower <= order.price <= upper:
            return f"Your order price is outside the circuit limits. Lower: {rupees(lower)}, upper: {rupees(upper)}."
        share = self.settings.lpp_percent
        if share is not None and abs(order.price - line.last) > line.last * share / 100:
            return f"17070 : The price is out of the LPP range around {rupees(line.last)}."
        if order.order_type == "SL" and (line.last - order.trigger) * order.sign >= 0:
            where = "higher" if order.sign > 0 else "lower"
            side = order.ticket.side.lower()
            return f"Trigger price for stoploss {side} orders should be {where} than the last traded price."
        return None

    def _reject(self, order: TrueOrder, at: int, why: str) -> None:
        order.move(REJECTED, at, why)
        self.on_update(order, REJECTED, at)

    def drop(self, order: TrueOrder, at: int) -> None:
        """End what is left; the pending quantity stays as it is in the row."""
        if order.ended:
            return
        order.cancelled = order.left
        order.at_exchange = False
        order.move(CANCELLED, at)
        self.on_update(order, CANCELLED, at)

    # ---- fills

    def meet(self, order: TrueOrder, line: Line, at: int) -> None:
        """Let an order meet the market: trigger, trade, or rest."""
        if order.ended or not order.at_exchange:
            return
        if order.order_type == "SL" and not order.triggered:
            if (line.last - order.trigger) * order.sign < 0:
                return
            order.triggered = True
            order.move(OPEN, at)
        touch = line.touch(order.ticket.side)
        if (order.price - touch) * order.sign < 0:
            order.resting = True
            return
        offered = line.ask_left if order.sign > 0 else line.bid_left
        lot = 1 if order.ticket.listing.lots_traded else order.ticket.listing.lot
        quantity = min(order.left, offered // lot * lot)
        if quantity > 0:
            if order.sign > 0:
                line.ask_left -= quantity
            else:
                line.bid_left -= quantity
            self._fill(order, quantity, order.price if order.resting else touch, at)
        if not order.ended:
            self._renew(line.listing, at)

    def _fill(self, order: TrueOrder, quantity: int, price: int, at: int) -> None:
        order.filled += quantity
        order.value += quantity * price
        self.trades.append(TrueTrade(f"{40_000_000 + len(self.trades) + 1}", order, quantity, price, at))
        if order.left == 0:
            order.at_exchange = False
            order.move(COMPLETE, at)
            self.on_update(order, COMPLETE, at)
        else:
            order.move(order.status, at)
            self.on_update(order, "UPDATE", at)

    # ---- changes

    def find(self, order_id: str, at: int) -> TrueOrder:
        """Look up an order of today.

        Raises:
            ApiError: there is none.
        """
        order = self.orders.get(order_id)
        if order is None or day_of(order.placed_at) != day_of(at):
            raise refused("Couldn't find that `order_id`.", "GeneralException", 404)
        return order

    def update_row(self, order: TrueOrder, status: str, at: int) -> dict[str, Any]:
        """Write what an order update says."""
        return {
            **order.row(at), "status": status, "unfilled_quantity": order.left, "checksum": "", "app_id": 1,
            "user_id": order.account, "order_timestamp": stamp(at),
        }  # fmt: skip
