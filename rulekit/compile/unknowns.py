"""Exact arithmetic in which None is unknown: what touches an unknown number is unknown itself."""

from __future__ import annotations

from fractions import Fraction

from rulekit.compile.slots import BOUND

Value = Fraction | None


def known_price(value: float | None) -> Value:
    """Return a price as a fraction; None if it is missing, NaN, not above 0, or no measurement at all."""
    return None if value is None or not 0 < value < BOUND else Fraction(value)


def known_number(value: float | None) -> Value:
    """Return a number as a fraction; None if it is missing, NaN or infinite."""
    return None if value is None or not -BOUND < value < BOUND else Fraction(value)


def plus(left: Value, right: Value) -> Value:
    """Add; unknown if either is."""
    return None if left is None or right is None else left + right


def minus(left: Value, right: Value) -> Value:
    """Subtract; unknown if either is."""
    return None if left is None or right is None else left - right


def times(left: Value, right: Value) -> Value:
    """Multiply; unknown if either is."""
    return None if left is None or right is None else left * right


def over(left: Value, right: Value) -> Value:
    """Divide; unknown if either is, or if the divisor is not positive."""
    return None if left is None or right is None or right <= 0 else left / right
