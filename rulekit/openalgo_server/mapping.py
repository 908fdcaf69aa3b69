"""The broker's rows as OpenAlgo shows them: fewer columns, no tag, and nothing of what is filled of an order."""

from __future__ import annotations

from datetime import date
from typing import Any

from rulekit.kite_server.listing import Listing, Listings
from rulekit.kite_server.money import rupees

STATES = {
    "COMPLETE": "complete",
    "REJECTED": "rejected",
    "TRIGGER PENDING": "trigger pending",
    "OPEN": "open",
    "CANCELLED": "cancelled",
}
"""The states that the plug-in knows."""


def symbol_of(listing: Listing) -> str:
    """Return an instrument's symbol as OpenAlgo writes it: the day of the expiry stands in it."""
    if listing.kind == "EQ" or not listing.expiry:
        return listing.symbol
    day = date.fromisoformat(listing.expiry).strftime("%d%b%y").upper()
    if listing.kind == "FUT":
        return f"{listing.name}{day}FUT"
    return f"{listing.name}{day}{rupees(listing.strike):g}{listing.kind}"


def find(listings: Listings, exchange: str, symbol: str) -> Listing | None:
    """Find an instrument by OpenAlgo's name for it."""
    for listing in listings.by_key.values():
        if listing.exchange == exchange and listing.tradable and symbol_of(listing) == symbol:
            return listing
    return None


def shown_symbol(listings: Listings, row: dict[str, Any]) -> str:
    """Return OpenAlgo's name for the instrument of a row."""
    listing = listings.by_key.get((row["exchange"], row["tradingsymbol"]))
    return row["tradingsymbol"] if listing is None else symbol_of(listing)


def order_rows(rows: list[dict[str, Any]], listings: Listings, *, borrowed: bool) -> list[dict[str, Any]]:
    """Return the order book; raises `UnboundLocalError` where the first row is in a state that is not known."""
    found, state = [], None
    for row in rows:
        if borrowed:
            state = STATES.get(row["status"], state)
        else:
            state = STATES.get(row["status"], row["status"].lower())
        if state is None:
            raise UnboundLocalError(
                "cannot access local variable 'order_status' where it is not associated with a value"
            )
        market = row["order_type"] == "MARKET"
        found.append(
            {
                "symbol": shown_symbol(listings, row), "exchange": row["exchange"], "action": row["transaction_type"],
                "quantity": row["quantity"], "price": 0.0 if market else round(float(row["price"]), 2),
                "trigger_price": round(float(row["trigger_price"]), 2), "pricetype": row["order_type"],
                "product": row["product"], "orderid": row["order_id"], "order_status": state,
                "timestamp": row["order_timestamp"],
            }
        )  # fmt: skip
    return found


def statistics(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Count the orders by what the broker truly says of them."""
    sides = [row["transaction_type"] for row in rows]
    states = [row["status"] for row in rows]
    return {
        "total_buy_orders": sides.count("BUY"), "total_sell_orders": sides.count("SELL"),
        "total_completed_orders": states.count("COMPLETE"), "total_open_orders": states.count("OPEN"),
        "total_rejected_orders": states.count("REJECTED"),
    }  # fmt: skip


def trade_rows(rows: list[dict[str, Any]], listings: Listings, *, numbered: bool, dated: bool) -> list[dict[str, Any]]:
    """Return the trades."""
    found = []
    for row in rows:
        price, quantity, at = round(float(row["average_price"]), 2), row["quantity"], str(row["fill_timestamp"])
        shown = {
            "symbol": shown_symbol(listings, row), "exchange": row["exchange"], "product": row["product"],
            "action": row["transaction_type"], "quantity": quantity, "average_price": price,
            "trade_value": round(quantity * price, 2), "orderid": row["order_id"],
            "timestamp": at if dated else at.split(" ")[-1],
        }  # fmt: skip
        found.append(shown | {"tradeid": row["trade_id"]} if numbered else shown)
    return found


def position_rows(rows: list[dict[str, Any]], listings: Listings) -> list[dict[str, Any]]:
    """Return the net positions."""
    return [
        {
            "symbol": shown_symbol(listings, row), "exchange": row["exchange"], "product": row["product"],
            "quantity": row["quantity"], "pnl": round(float(row["pnl"]), 2),
            "average_price": f"{float(row['average_price']):.2f}", "ltp": round(float(row["last_price"]), 2),
        }
        for row in rows
    ]  # fmt: skip


def quote_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return the prices of an instrument; 0 stands where there is none."""
    depth = row["depth"]
    return {
        "ltp": row["last_price"], "bid": depth["buy"][0]["price"] if depth["buy"] else 0,
        "ask": depth["sell"][0]["price"] if depth["sell"] else 0, "open": row["ohlc"]["open"],
        "high": row["ohlc"]["high"], "low": row["ohlc"]["low"], "prev_close": row["ohlc"]["close"],
        "volume": row["volume"], "oi": row["oi"],
    }  # fmt: skip


def listing_row(listing: Listing) -> dict[str, Any]:
    """Return what OpenAlgo's own list says of an instrument."""
    expiry = date.fromisoformat(listing.expiry).strftime("%d-%b-%y").upper() if listing.expiry else ""
    return {
        "id": listing.token, "name": listing.name, "symbol": symbol_of(listing), "brsymbol": listing.symbol,
        "exchange": listing.exchange, "brexchange": listing.exchange, "instrumenttype": listing.kind,
        "expiry": expiry, "strike": rupees(listing.strike) if listing.strike else -0.01, "lotsize": listing.lot,
        "tick_size": rupees(listing.tick), "token": f"{listing.token}", "freeze_qty": listing.freeze or 1,
    }  # fmt: skip
