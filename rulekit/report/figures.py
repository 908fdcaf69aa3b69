"""How figures look in a line: money, shares, percentages, ages. Nothing here raises; what is missing is `unknown`."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

_SIDES = {"1": "long", "-1": "short", "BUY": "long", "SELL": "short"}


def money(value: Any) -> str:
    """Write rupees as `₹1998.50`; a price that does not stand on the paisa keeps four decimals."""
    exact = round(Decimal(str(value)), 4)
    places = 2 if exact == round(exact, 2) else 4
    return f"{'-' if exact < 0 else ''}₹{abs(exact):.{places}f}"


def percent(value: Any) -> str:
    """Write `18.5%`; below one percent with two decimals, since there a tenth is much."""
    number = float(value)
    text = f"{number:.1f}" if abs(number) >= 0.995 or abs(number) < 0.005 else f"{number:.2f}"
    return f"{text}%"


def share(value: Any) -> str:
    """Write a share of a position as a whole percentage: half of 107 shares is 53 of them, and still `50%`."""
    return f"{float(value):.0f}%"


def count(singular: str, plural: str) -> Callable[[Any], str]:
    """Make a format that writes a number with its noun, `1 share` and `50 shares`."""
    return lambda value: f"{value} {singular if abs(int(value)) == 1 else plural}"


def gain(value: Any) -> str:
    """Write `profit ₹120.00` or `loss ₹120.00`."""
    amount = Decimal(str(value))
    return f"{'loss' if amount < 0 else 'profit'} {money(abs(amount))}"


FORMATS: dict[str, Callable[[Any], str]] = {
    "": str,
    "money": money,
    "percent": percent,
    "share": share,
    "gain": gain,
    "shares": count("share", "shares"),
    "total shares": count("total share", "total shares"),
    "positions": count("position", "positions"),
    "signals": count("waiting regular signal", "waiting regular signals"),
    "minutes": lambda value: f"{float(value):.1f}min",
    "seconds": lambda value: f"{float(value):.1f}s",
    "side": lambda value: _SIDES.get(str(value), str(value)),
    "digest": lambda value: str(value)[:12],
}
"""Formats by name, as they stand after the colon of a field."""

_UNKNOWN = {"minutes": "overnight"}  # an age is unknown for a position that was carried over


class Figure:
    """One value on its way into a line."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __format__(self, name: str) -> str:
        value = self.value
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return _UNKNOWN.get(name, "unknown")
        try:
            return FORMATS[name](value)
        except (ArithmeticError, ValueError, TypeError):
            return str(value)  # a text where a number was meant: show it rather than lose the line
