"""What the account holds, by the true trades: positions, holdings, margins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, field, frozen

from rulekit.kite_server.clock import day_of
from rulekit.kite_server.listing import Listing
from rulekit.kite_server.market import Line
from rulekit.kite_server.money import rupees
from rulekit.kite_server.orders import SIGN, TrueTrade

PositionKey = tuple[str, str, str]
"""Exchange, symbol, product."""

RATES = {
    ("EQ", "CNC"): 1.0,
    ("EQ", "MTF"): 0.25,
    ("EQ", "MIS"): 0.2,
    ("FUT", "NRML"): 0.15,
    ("FUT", "MIS"): 0.15,
}
"""The margin as a share of the value; a bought option costs its premium, a written one a share of its strike."""
WRITTEN_OPTION = 0.15


def margin(listing: Listing, side: str, quantity: int, price: int, product: str) -> int:
    """Return the margin that a new position needs, in units."""
    value = quantity * price * listing.multiplier
    if listing.kind in {"CE", "PE"}:
        return (
            value if side == "BUY" else value + round(quantity * listing.strike * listing.multiplier * WRITTEN_OPTION)
        )
    return round(value * RATES.get((listing.kind, product), 1.0))


@frozen
class Overnight:
    """What was carried over from an earlier day, or entered before the server began."""

    quantity: int
    price: int


@define
class Holding:
    """Shares in the demat account; `t1` have not arrived yet."""

    listing: Listing
    quantity: int
    price: int
    t1: int = 0


@define
class Tally:
    """Bought and sold quantities and values of one position."""

    buy: int = 0
    buy_value: int = 0
    sell: int = 0
    sell_value: int = 0

    def add(self, side: str, quantity: int, price: int) -> None:
        """Count one trade."""
        if side == "BUY":
            self.buy += quantity
            self.buy_value += quantity * price
        else:
            self.sell += quantity
            self.sell_value += quantity * price

    @property
    def net(self) -> int:
        """What is left, sales negative."""
        return self.buy - self.sell


@frozen
class Conversion:
    """A part of a position that changed its product at an average price."""

    before: PositionKey
    after: PositionKey
    side: str
    quantity: int
    price: int


@define
class Portfolio:
    """Positions that were there before, and the shares held."""

    conversions: list[tuple[str, Conversion]] = field(factory=list)
    """With the day on which each was made."""
    overnight: dict[PositionKey, Overnight] = field(factory=dict)
    holdings: dict[tuple[str, str], Holding] = field(factory=dict)

    def tallies(self, trades: Iterable[TrueTrade], today: str) -> tuple[dict[PositionKey, Tally], ...]:
        """Count today's trades, and what was carried over: older delivery trades have become holdings."""
        carried: dict[PositionKey, Tally] = defaultdict(Tally)
        day: dict[PositionKey, Tally] = defaultdict(Tally)
        for key, row in self.overnight.items():
            carried[key].add("BUY" if row.quantity > 0 else "SELL", abs(row.quantity), row.price)
        for trade in trades:
            ticket = trade.order.ticket
            key = (*ticket.listing.key, ticket.product)
            if day_of(trade.at) == today:
                day[key].add(ticket.side, trade.quantity, trade.price)
            elif ticket.product != "CNC":
                carried[key].add(ticket.side, trade.quantity, trade.price)
        for when, one in self.conversions:
            book = day if when == today else carried
            book[one.before].add("SELL" if one.side == "BUY" else "BUY", one.quantity, one.price)
            book[one.after].add(one.side, one.quantity, one.price)
        return carried, day

    def net(self, trades: Iterable[TrueTrade], today: str) -> dict[PositionKey, int]:
        """Return the net quantity of every position."""
        carried, day = self.tallies(trades, today)
        return {key: carried[key].net + day[key].net for key in {**carried, **day}}

    def rows(
        self, trades: Iterable[TrueTrade], today: str, lines: Mapping[tuple[str, str], Line], shown: Mapping[Any, int]
    ) -> dict[str, list[dict[str, Any]]]:
        """Write both lists of positions; `shown` holds the last prices that this list knows."""
        carried, day = self.tallies(trades, today)
        net_rows = [
            position_row(key, carried[key], day[key], lines[key[:2]], shown[key[:2]]) for key in {**carried, **day}
        ]
        day_rows = [position_row(key, Tally(), day[key], lines[key[:2]], shown[key[:2]]) for key in list(day)]
        return {"net": net_rows, "day": [row for row in day_rows if row["buy_quantity"] or row["sell_quantity"]]}

    def held(self, listing: Listing, trades: Iterable[TrueTrade], today: str) -> Holding:
        """Return the shares held this morning: those from before and those traded on earlier days."""
        known = self.holdings.get(listing.key)
        held = Holding(listing, known.quantity, known.price, known.t1) if known else Holding(listing, 0, 0)
        for trade in trades:
            ticket = trade.order.ticket
            if ticket.product == "CNC" and ticket.listing.key == listing.key and day_of(trade.at) < today:
                if ticket.side == "BUY":
                    total = held.quantity + held.t1
                    held.price = (held.price * total + trade.price * trade.quantity) // (total + trade.quantity)
                held.quantity += SIGN[ticket.side] * trade.quantity
        return held


def position_row(key: PositionKey, carried: Tally, day: Tally, line: Line, last: int) -> dict[str, Any]:
    """Write one position as the API does: all profit is in `pnl` and `unrealised`, `realised` stays 0."""
    listing = line.listing
    buy, sell = carried.buy + day.buy, carried.sell + day.sell
    buy_value, sell_value = carried.buy_value + day.buy_value, carried.sell_value + day.sell_value
    quantity = buy - sell
    times = listing.multiplier
    pnl = ((sell_value - buy_value) + quantity * last) * times
    close = line.close if carried.net else 0
    m2m = (day.sell_value - day.buy_value - carried.net * close + quantity * last) * times
    average = (buy_value / buy if quantity > 0 else sell_value / sell) if quantity else 0
    return {
        "tradingsymbol": listing.symbol,
        "exchange": listing.exchange,
        "instrument_token": listing.token,
        "product": key[2],
        "quantity": quantity,
        "overnight_quantity": carried.net,
        "multiplier": times,
        "average_price": rupees(average),
        "close_price": rupees(close),
        "last_price": rupees(last),
        "value": rupees((sell_value - buy_value) * times),
        "pnl": rupees(pnl),
        "m2m": rupees(m2m),
        "unrealised": rupees(pnl),
        "realised": 0,
        **sides("", buy, buy_value, sell, sell_value, times),
        "buy_m2m": rupees(buy_value * times),
        "sell_m2m": rupees(sell_value * times),
        **sides("day_", day.buy, day.buy_value, day.sell, day.sell_value, times),
    }


def sides(prefix: str, buy: int, buy_value: int, sell: int, sell_value: int, times: int) -> dict[str, Any]:
    """Write quantity, price and value of both sides."""
    return {
        f"{prefix}buy_quantity": buy,
        f"{prefix}buy_price": rupees(buy_value / buy) if buy else 0,
        f"{prefix}buy_value": rupees(buy_value * times),
        f"{prefix}sell_quantity": sell,
        f"{prefix}sell_price": rupees(sell_value / sell) if sell else 0,
        f"{prefix}sell_value": rupees(sell_value * times),
    }


def holding_row(held: Holding, sold_today: int, line: Line, *, authorised: bool, day: str) -> dict[str, Any]:
    """Write one holding as the API does; what was sold today stands in `used_quantity`."""
    total = held.quantity + held.t1
    change = line.last - line.close
    return {
        "tradingsymbol": held.listing.symbol,
        "exchange": held.listing.exchange,
        "instrument_token": held.listing.token,
        "isin": f"INE{held.listing.token:09d}",
        "product": "CNC",
        "price": 0,
        "quantity": held.quantity - sold_today,
        "used_quantity": sold_today,
        "t1_quantity": held.t1,
        "realised_quantity": held.quantity,
        "authorised_quantity": held.quantity if authorised else 0,
        "authorised_date": f"{day} 00:00:00",
        "opening_quantity": held.quantity,
        "collateral_quantity": 0,
        "collateral_type": "",
        "discrepancy": False,
        "average_price": rupees(held.price),
        "last_price": rupees(line.last),
        "close_price": rupees(line.close),
        "pnl": rupees((line.last - held.price) * total),
        "day_change": rupees(change),
        "day_change_percentage": round(change / line.close * 100, 4) if line.close else 0,
    }
