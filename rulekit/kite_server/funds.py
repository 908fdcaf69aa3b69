"""What the account can still do: net positions, shares to sell, money that is free."""

from __future__ import annotations

from collections.abc import Mapping

from rulekit.kite_server.accounts import Conversion, Portfolio, PositionKey, margin
from rulekit.kite_server.answers import refused
from rulekit.kite_server.clock import day_of
from rulekit.kite_server.listing import Listing
from rulekit.kite_server.market import Line
from rulekit.kite_server.money import RUPEE, rupees
from rulekit.kite_server.orders import SIGN, Ticket, TrueOrder, TrueTrade
from rulekit.kite_server.settings import ServerSettings
from rulekit.kite_server.tickets import PRODUCTS


class Funds:
    """Reckons from the true trades and the orders that are still open."""

    def __init__(self, settings: ServerSettings, portfolio: Portfolio, lines: Mapping[tuple[str, str], Line]) -> None:
        self.settings, self.portfolio, self.lines = settings, portfolio, lines
        self.trades: list[TrueTrade] = []
        self.open: dict[str, TrueOrder] = {}
        self._net: tuple[tuple[str, int, int, int], dict[PositionKey, int]] | None = None

    def positions(self, at: int) -> dict[PositionKey, int]:
        """Return the true net quantities."""
        seen = (day_of(at), len(self.trades), len(self.portfolio.conversions), len(self.portfolio.overnight))
        if self._net is None or self._net[0] != seen:
            self._net = seen, self.portfolio.net(self.trades, day_of(at))
        return self._net[1]

    def open_orders(self) -> list[TrueOrder]:
        """Return the orders that have not ended."""
        self.open = {order_id: order for order_id, order in self.open.items() if not order.ended}
        return list(self.open.values())

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
        if new == old or new not in PRODUCTS[self.lines[listing].listing.kind == "EQ"]:
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
            order.left for order in self.open_orders()
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
        for order in self.open_orders():
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
        free = round(self.settings.cash * RUPEE) - self.used_margin(at, order)
        if needed == 0 or needed <= free:
            return None
        return (
            f"Insufficient funds. Required margin is {rupees(needed):.2f} but available margin is {rupees(free):.2f}."
        )
