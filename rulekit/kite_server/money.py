"""Prices as whole numbers of 1/10,000 rupee, fine enough for currency ticks and free of rounding drift."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

RUPEE = 10_000
MOST = 10**9
"""Rupees that no price reaches."""


def units(value: object) -> int:
    """Read rupees, as a number or as text.

    Raises:
        ValueError: it is not a finite number.
    """
    if isinstance(value, bool):
        raise ValueError(f"{value} is not a number")
    try:
        amount = Decimal(str(value))
        if not abs(amount) < MOST:
            raise ValueError(f"{value} is too much")
        return int((amount * RUPEE).to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise ValueError(f"{value} is not a number that a price can be") from error


def rupees(value: float) -> float:
    """Show units as rupees."""
    return round(value / RUPEE, 4)


def to_tick(value: float, tick: int) -> int:
    """Round to the nearest multiple of the tick."""
    return max(1, int(Decimal(value) / tick + Decimal("0.5"))) * tick
