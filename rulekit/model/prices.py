"""Prices as whole numbers of the smallest unit (paise; a ten-thousandth for currencies) held in a float64.

Whole numbers below 2**53 are exact in a float64, so comparisons of prices that stand on the tick are exact.
NaN means unknown everywhere.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from rulekit.errors import InputError

UNKNOWN = math.nan
PAISE = 100
"""Smallest units in one rupee."""


def to_units(price: Decimal | float | int | str, scale: int = PAISE) -> float:
    """Return a price in smallest units; a price that stands on them comes out exact.

    Args:
        price: in rupees. A float is read as the shortest decimal that prints it.
        scale: smallest units in one rupee.
    """
    if isinstance(price, float):
        if not math.isfinite(price):
            return UNKNOWN
        near = round(price * scale, 6)
        whole = round(near)
        return float(whole) if abs(near - whole) < 1e-6 else near
    exact = Decimal(price) * scale
    return float(exact) if exact.is_finite() else UNKNOWN


def stated_units(price: Decimal | float | int | str, scale: int = PAISE) -> float:
    """Return a price that a program states in smallest units; numbers of other libraries are read as they print.

    Raises:
        InputError: it is no number.
    """
    try:
        if not isinstance(price, bool):
            return to_units(price if isinstance(price, Decimal | float | int | str) else str(price), scale)
    except (ArithmeticError, TypeError, ValueError):
        pass
    raise InputError(f"`{price}` is no price", 'give rupees: a number, or a text such as "1998.50"')


def to_rupees(units: float, scale: int = PAISE) -> Decimal:
    """Return a price in rupees with as many decimals as its scale has."""
    return (Decimal(units) / scale).quantize(_last_place(scale), rounding=ROUND_HALF_UP)


@lru_cache(maxsize=16)
def _last_place(scale: int) -> Decimal:
    """Return one in the last decimal of prices of a scale: a hundredth for paise."""
    return Decimal(1).scaleb(-round(math.log10(scale)))


def rupees(units: float, scale: int = PAISE, *, grouped: bool = True) -> str:
    """Write a price for people, for example `₹1,998.50`; unknown is written `unknown`."""
    if not math.isfinite(units):
        return "unknown"
    amount = to_rupees(units, scale)
    text = f"{abs(amount):,}" if grouped else f"{abs(amount)}"
    return f"-₹{text}" if amount < 0 else f"₹{text}"


def known(value: float | None) -> bool:
    """Tell whether a number is known: there, and neither NaN nor infinite."""
    return value is not None and math.isfinite(value)
