"""What OpenAlgo asks of a request before anything else happens, in its words."""

from __future__ import annotations

import json
from typing import Any

EXCHANGES = ("NSE", "NFO", "CDS", "BSE", "BFO", "BCD", "MCX", "NCDEX", "NSE_INDEX", "BSE_INDEX")
NEEDED: dict[str, tuple[str, ...]] = {
    "placeorder": ("apikey", "strategy", "exchange", "symbol", "action", "quantity"),
    "cancelorder": ("apikey", "strategy", "orderid"),
    "symbol": ("apikey", "symbol", "exchange"),
    "multiquotes": ("apikey", "symbols"),
}
CHOICES = {
    "exchange": EXCHANGES,
    "action": ("BUY", "SELL", "buy", "sell"),
    "pricetype": ("MARKET", "LIMIT", "SL", "SL-M"),
    "product": ("MIS", "NRML", "CNC"),
}
NUMBERS = ("quantity", "price", "trigger_price")


class InvalidError(Exception):
    """A request that is not what it should be; its text goes out with status 400."""


def read(path: str, body: bytes) -> dict[str, Any]:
    """Read and check a request.

    Raises:
        InvalidError: it is not what it should be. ValueError: it is no JSON at all.
    """
    values = json.loads(body)
    if not isinstance(values, dict):
        raise InvalidError("{'_schema': ['Invalid input type.']}")
    wrong: dict[str, list[str]] = {}
    for name in NEEDED.get(path, ("apikey",)):
        if name not in values:
            wrong[name] = ["Missing data for required field."]
    if path == "placeorder":
        values = {"pricetype": "MARKET", "product": "MIS", "price": 0, "trigger_price": 0, **values}
        _check_order(values, wrong)
    if wrong:
        raise InvalidError(str(wrong))
    return values


def _check_order(values: dict[str, Any], wrong: dict[str, list[str]]) -> None:
    for name, allowed in CHOICES.items():
        if name in values and values[name] not in allowed:
            wrong[name] = [f"Must be one of: {', '.join(allowed)}."]
    for name in NUMBERS:
        try:
            values[name] = float(values[name])
        except (KeyError, TypeError, ValueError):
            wrong.setdefault(name, ["Not a valid number."])
            continue
        if name == "quantity" and not values[name] > 0:
            wrong[name] = ["Quantity must be a positive number."]
        elif values[name] < 0:
            wrong[name] = ["Price must be a non-negative number."]
        elif name == "quantity" and values[name] != int(values[name]):
            wrong[name] = [f"Fractional quantity ({values[name]}) is not allowed for non-crypto exchanges."]
    if not wrong:
        values["quantity"] = int(values["quantity"])
        values["action"] = str(values["action"]).upper()
