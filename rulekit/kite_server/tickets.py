"""Check what an order form says before the broker takes it: every refusal here leaves nothing in the book."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rulekit.kite_server.answers import refused
from rulekit.kite_server.listing import Listing, Listings
from rulekit.kite_server.money import rupees, units
from rulekit.kite_server.orders import Ticket

CHOICES = {
    "transaction_type": ("BUY", "SELL"),
    "order_type": ("MARKET", "LIMIT", "SL", "SL-M"),
    "product": ("CNC", "MIS", "NRML", "MTF"),
    "validity": ("DAY", "IOC", "TTL"),
}
VARIETIES = ("regular", "amo")
REQUIRED = ("exchange", "tradingsymbol", "transaction_type", "quantity", "product", "order_type")
PRODUCTS = {True: {"CNC", "MIS", "MTF"}, False: {"NRML", "MIS"}}
"""Products of shares (True) and of everything else."""
TAG_LENGTH = 20
NO_PROTECTION = (
    "Market orders without market protection are not allowed via API. "
    "Please set market protection or use a Limit order."
)


def whole(form: Mapping[str, str], name: str) -> int:
    """Read a whole number; 0 if it is not there."""
    text = form.get(name, "")
    if text == "":
        return 0
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise refused(f"Invalid `{name}`: failed to decode, got: {text} (expected integer)")
    return int(text)


def price_of(form: Mapping[str, str], name: str) -> int:
    """Read a price in units; 0 if it is not there."""
    text = form.get(name, "")
    try:
        return units(text) if text else 0
    except ValueError:
        raise refused(f"Invalid `{name}`: failed to decode, got: {text} (expected decimal)") from None


def protection_of(form: Mapping[str, str]) -> float:
    """Read the market protection: -1, or a percentage above 0 and up to 100; 0 if it is not there."""
    text = form.get("market_protection", "")
    if text == "":
        return 0.0
    if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise refused(f"failed to decode market_protection, got: {text} (expected decimal)")
    value = float(text)
    if value != -1 and not 0 <= value <= 100:
        raise refused("Invalid `market_protection`: it must be -1 or above 0 and up to 100.")
    return value


def read_ticket(variety: str, form: Mapping[str, str], listings: Listings) -> Ticket:
    """Read and check a placement.

    Raises:
        ApiError: with the words of the broker.
    """
    if variety not in VARIETIES:
        raise refused(f"Invalid `variety`: {variety} is not offered by this simulation.")
    for name in REQUIRED:
        if not form.get(name):
            raise refused(f"Missing or empty field `{name}`")
    for name, allowed in CHOICES.items():
        if form.get(name, allowed[0]) not in allowed:
            raise refused(f"Invalid `{name}`.")
    tag = form.get("tag") or None
    if tag is not None and len(tag) > TAG_LENGTH:
        raise refused(f"Invalid `tag`. It should be at most {TAG_LENGTH} characters.")
    listing = listings.find(form["exchange"], form["tradingsymbol"])
    if listing is None or not listing.tradable:
        raise refused("The instrument you are placing an order for has either expired or does not exist.")
    if form["product"] not in PRODUCTS[listing.kind == "EQ"]:
        raise refused(f"Product {form['product']} is not allowed for this instrument.")
    ticket = Ticket(
        listing, variety, form["transaction_type"], whole(form, "quantity"), form["product"], form["order_type"],
        price_of(form, "price"), price_of(form, "trigger_price"), protection_of(form), form.get("validity", "DAY"),
        whole(form, "validity_ttl"), whole(form, "disclosed_quantity"), tag,
        (tag,) if tag else (), form.get("autoslice", "").lower() == "true",
    )  # fmt: skip
    check_quantity(ticket.quantity, listing, sliced=ticket.autoslice)
    check_prices(ticket.order_type, ticket.price, ticket.trigger, ticket.protection, listing)
    if ticket.validity == "IOC" and listing.exchange == "MCX":
        raise refused("IOC orders are not allowed on MCX.")
    if ticket.validity == "TTL" and not 1 <= ticket.ttl <= 90:
        raise refused("Invalid `validity_ttl`: it must be between 1 and 90 minutes.")
    if not 0 <= ticket.disclosed <= ticket.quantity:
        raise refused("Disclosed quantity cannot be more than the quantity.")
    return ticket


def check_quantity(quantity: int, listing: Listing, *, sliced: bool = False) -> None:
    """Refuse what is not positive, not a multiple of the lot, or above the freeze quantity."""
    if quantity <= 0:
        raise refused("Invalid `quantity`: it must be above 0.")
    if not listing.lots_traded and quantity % listing.lot:
        raise refused(f"Quantity should be a multiple of the lot size {listing.lot}.")
    if listing.freeze is not None and quantity > listing.freeze and not sliced:
        raise refused(f"Quantity {quantity} is above the freeze quantity {listing.freeze} of the exchange.")


def check_prices(order_type: str, price: int, trigger: int, protection: float, listing: Listing) -> None:
    """Refuse missing prices, prices off the tick, and market orders without protection."""
    if order_type in {"MARKET", "SL-M"} and protection == 0:
        raise refused(NO_PROTECTION)
    if order_type in {"LIMIT", "SL"} and price <= 0:
        raise refused("Invalid `price`: it must be above 0.")
    if order_type in {"SL", "SL-M"} and trigger <= 0:
        raise refused("Invalid `trigger_price`: it must be above 0.")
    for name, value in (("Price", price), ("Trigger price", trigger)):
        if value % listing.tick:
            raise refused(f"{name} is not a multiple of the tick size {rupees(listing.tick)} for this script.")
