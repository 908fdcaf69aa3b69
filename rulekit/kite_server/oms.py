"""The broker's order desk and the exchange behind it: acceptance, checks, fills, changes, cancellations."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from rulekit.kite_server.accounts import Conversion, Portfolio, PositionKey, margin
from rulekit.kite_server.answers import refused
from rulekit.kite_server.clock import SECOND, at_time, day_of, moment, next_time, stamp
from rulekit.kite_server.listing import Listing, Listings
from rulekit.kite_server.market import Line
from rulekit.kite_server.money import rupees
from rulekit.kite_server.orders import (
    AMO_RECEIVED,
    CANCEL_PENDING,
    CANCELLED,
    COMPLETE,
    INTERMEDIATE,
    MODIFIED,
    MODIFY_PENDING,
    MODIFY_VALIDATION_PENDING,
    OPEN,
    OPEN_PENDING,
    RECEIVED,
    REJECTED,
    SIGN,
    TRIGGER_PENDING,
    VALIDATION_PENDING,
    Ticket,
    TrueOrder,
    TrueTrade,
)
from rulekit.kite_server.protection import limit_price
from rulekit.kite_server.schedule import Schedule
from rulekit.kite_server.settings import CLOSES, OPENS, ServerSettings
from rulekit.kite_server.tickets import PRODUCTS, check_prices, check_quantity, price_of, protection_of, whole

MAX_SLICES = 10
OPEN_TYPES = frozenset({OPEN, TRIGGER_PENDING})
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
        self.orders: dict[str, TrueOrder] = {}
        self.trades: list[TrueTrade] = []
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
            self._try(order, line, at)
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
        self._number += 1
        order = TrueOrder(
            self._order_id(at), ticket, self.settings.credentials.user_id, at, ticket.quantity, price, ticket.trigger,
            order_type, ticket.validity, f"{self.draw.getrandbits(64):016x}", tags,
        )  # fmt: skip
        self.orders[order.order_id] = order
        delay = round((self.settings.latency + extra_latency) * SECOND)
        if ticket.variety == "amo":
            order.move(AMO_RECEIVED, at)
            self.schedule.add(next_time(at, OPENS[ticket.listing.exchange]), lambda when: self._validate(order, when))
        else:
            order.move(RECEIVED, at)
            self.schedule.add(at + delay // 2, lambda when: self._validate(order, when))
        return order

    def place_slices(
        self, ticket: Ticket, at: int, *, failing: int | None = None, count: Callable[[], None] = lambda: None
    ) -> Any:
        """Place an order above the freeze quantity in slices; one may fail by itself.

        Returns:
            The `data` of the answer, in the shape that the settings name.
        """
        freeze = ticket.listing.freeze or ticket.quantity
        usable = max(ticket.listing.lot, freeze // ticket.listing.lot * ticket.listing.lot)
        sizes = [min(usable, ticket.quantity - start) for start in range(0, ticket.quantity, usable)]
        if len(sizes) > MAX_SLICES:
            raise refused(f"An order can be sliced into at most {MAX_SLICES} orders.")
        self._number += 1
        parent = self._order_id(at)
        children: list[dict[str, Any]] = []
        from attrs import evolve

        from rulekit.kite_server.answers import ApiError

        for index, size in enumerate(sizes):
            child = evolve(ticket, quantity=size, parent=None, tags=(*ticket.tags, "autoslice", f"autoslice:{parent}"))
            try:
                if index > 0:
                    count()
                if index == failing:
                    raise refused("Insufficient funds for this slice.", "MarginException")
                children.append({"order_id": self.place(child, at).order_id})
            except ApiError as error:
                children.append(
                    {
                        "error": {
                            "code": error.status, "error_type": error.error_type, "message": error.message, "data": None
                        }
                    }
                )  # fmt: skip
        if self.settings.autoslice_shape == "array":
            return children
        return {"order_id": parent, "children": children}

    def _order_id(self, at: int) -> str:
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
        if self.settings.margin_check == "post" and (lack := self.lack(ticket, price)):
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
            free = self.sellable(ticket.listing, order)
            if order.left > free:
                return f"Insufficient stock holding. Check holdings. Quantity: {order.left}, available: {max(0, free)}."
        if self.settings.margin_check == "book":
            return self.lack(ticket, order.price, order)
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
            self.schedule.add(at + order.ticket.ttl * 60 * SECOND, lambda when: self._drop(order, when))
        if line is not None:
            self._try(order, line, at)
        if order.validity == "IOC" and not order.ended:
            self._drop(order, at)

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

    def _drop(self, order: TrueOrder, at: int) -> None:
        """End what is left; the pending quantity stays as it is in the row."""
        if order.ended:
            return
        order.cancelled = order.left
        order.at_exchange = False
        order.move(CANCELLED, at)
        self.on_update(order, CANCELLED, at)

    # ---- fills

    def _try(self, order: TrueOrder, line: Line, at: int) -> None:
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

    def cancel(self, order_id: str, at: int) -> TrueOrder:
        """Ask the exchange to let an order go; it may trade on the way.

        Raises:
            ApiError: there is nothing to cancel.
        """
        order = self.find(order_id, at)
        if order.ended:
            raise refused(f"Order cannot be cancelled as it is already {order.status.lower()}.", "OrderException")
        if order.status in INTERMEDIATE:
            raise refused("Order cannot be cancelled as it is being processed. Try later.", "OrderException")
        order.generation += 1
        generation = order.generation
        order.move(CANCEL_PENDING, at)

        def let_go(when: int) -> None:
            if order.generation == generation:
                self._drop(order, when)

        self.schedule.add(at + round(self.settings.latency * SECOND), let_go)
        return order

    def modify(self, order_id: str, form: Mapping[str, str], at: int) -> TrueOrder:
        """Ask the exchange to change an order.

        Raises:
            ApiError: the change is not possible.
        """
        order = self.find(order_id, at)
        ticket, line = order.ticket, self.lines.get(order.ticket.listing.key)
        if order.status not in OPEN_TYPES:
            raise refused("Order cannot be modified as it is being processed or has ended.", "OrderException")
        allowed = self.settings.limits.modifications
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
            self.on_update(order, "UPDATE", when)
            waits = asked == "SL" and not order.triggered
            if order.left == 0:
                order.at_exchange = False
                order.move(COMPLETE, when)
                self.on_update(order, COMPLETE, when)
                return
            order.move(TRIGGER_PENDING if waits else OPEN, when)
            if line is not None:
                self._try(order, line, when)

        self.schedule.add(at + round(self.settings.latency * SECOND), change)
        return order

    # ---- the account

    def positions(self, at: int) -> dict[PositionKey, int]:
        """Return the true net quantities."""
        return self.portfolio.net(self.trades, day_of(at))

    def convert(self, listing: tuple[str, str], old: str, new: str, side: str, quantity: int, at: int) -> None:
        """Let a part of a position change its product.

        Raises:
            ApiError: there is no such position.
        """
        carried, day = self.portfolio.tallies(self.trades, day_of(at))
        key = (*listing, old)
        net = carried[key].net + day[key].net
        if side not in SIGN or net * SIGN[side] < quantity or quantity <= 0:
            raise refused("There is no open position of that quantity to convert.")
        if new == old or new not in PRODUCTS[self.listings.by_key[listing].kind == "EQ"]:
            raise refused("Invalid `new_product`.")
        tallies = carried[key], day[key]
        count = sum(tally.buy if side == "BUY" else tally.sell for tally in tallies)
        value = sum(tally.buy_value if side == "BUY" else tally.sell_value for tally in tallies)
        conversion = Conversion(key, (*listing, new), side, quantity, value // count)
        self.portfolio.conversions.append((day_of(at), conversion))

    def sellable(self, listing: Listing, leaving_out: TrueOrder | None = None) -> int:
        """Return how many shares may still be sold for delivery."""
        at = leaving_out.placed_at if leaving_out else max((line.at for line in self.lines.values()), default=0)
        held = self.portfolio.held(listing, self.trades, day_of(at))
        waiting = sum(
            order.left for order in self.orders.values()
            if order is not leaving_out and not order.ended and order.ticket.listing.key == listing.key
            and order.ticket.product == "CNC" and order.ticket.side == "SELL"
        )  # fmt: skip
        return held.quantity + held.t1 + self.positions(at).get((*listing.key, "CNC"), 0) - waiting

    def used_margin(self, at: int, leaving_out: TrueOrder | None = None) -> int:
        """Return the margin that positions and open orders hold, in units."""
        used, net = 0, self.positions(at)
        for (exchange, symbol, product), quantity in net.items():
            line = self.lines.get((exchange, symbol))
            if quantity and line is not None and not (product == "CNC" and quantity < 0):
                used += margin(line.listing, "BUY" if quantity > 0 else "SELL", abs(quantity), line.last, product)
        for order in self.orders.values():
            if order.ended or order is leaving_out:
                continue
            used += self.needed(order.ticket, order.price, order.left, net)
        return used

    def needed(self, ticket: Ticket, price: int, quantity: int, net: Mapping[PositionKey, int]) -> int:
        """Return the margin of an order for what is not an exit."""
        if ticket.product == "CNC" and ticket.side == "SELL":
            return 0
        against = max(0, -net.get((*ticket.listing.key, ticket.product), 0) * SIGN[ticket.side])
        return margin(ticket.listing, ticket.side, max(0, quantity - against), price, ticket.product)

    def lack(self, ticket: Ticket, price: int, order: TrueOrder | None = None) -> str | None:
        """Tell that the money does not do; None if it does."""
        at = max((line.at for line in self.lines.values()), default=0)
        needed = self.needed(ticket, price, ticket.quantity, self.positions(at))
        free = round(self.settings.cash * 10_000) - self.used_margin(at, order)
        if needed == 0 or needed <= free:
            return None
        return (
            f"Insufficient funds. Required margin is {rupees(needed):.2f} but available margin is {rupees(free):.2f}."
        )

    # ---- the end of the session

    def square_off(self, exchange: str, at: int) -> None:
        """Close every intraday position of an exchange by orders of the broker's own, without a tag."""
        self.squared_off.add((exchange, day_of(at)))
        for order in list(self.orders.values()):
            if order.ticket.product == "MIS" and order.ticket.listing.exchange == exchange and not order.ended:
                self._drop(order, at)
        for (place, symbol, product), quantity in self.positions(at).items():
            if place != exchange or product != "MIS" or not quantity:
                continue
            line = self.lines[place, symbol]
            size = abs(quantity)
            step = (line.listing.freeze or size) // line.listing.lot * line.listing.lot or size
            for start in range(0, size, step):
                ticket = Ticket(
                    line.listing, "regular", "SELL" if quantity > 0 else "BUY", min(step, size - start), "MIS",
                    "MARKET", protection=-1, placed_by="ADMINSQF",
                )  # fmt: skip
                self.place(ticket, at)

    def close_exchange(self, exchange: str, at: int) -> None:
        """End the day's orders of an exchange."""
        for order in list(self.orders.values()):
            if order.ticket.listing.exchange == exchange and not order.ended and order.status != AMO_RECEIVED:
                self._drop(order, at)

    def update_row(self, order: TrueOrder, status: str, at: int) -> dict[str, Any]:
        """Write what an order update says."""
        return {
            **order.row(at), "status": status, "unfilled_quantity": order.left, "checksum": "", "app_id": 1,
            "user_id": order.account, "order_timestamp": stamp(at),
        }  # fmt: skip
