"""Prices at which orders fill: the protection band, the touch, and the steps of the tick; pure arithmetic."""

from __future__ import annotations

import math

from rulekit.model.orders import BUY, SIGN

AUTOMATIC: dict[str, tuple[tuple[float, float], ...]] = {
    "option": ((10, 5.0), (100, 3.0), (500, 2.0), (math.inf, 1.0)),
    "": ((100, 2.0), (500, 1.0), (math.inf, 0.5)),
}
"""The broker's automatic protection in percent, below which price in rupees, by kind; "" is every other kind.

The table is Zerodha's own as its users published it; both ends of a step belong to the lower one.
"""


def automatic_protection(kind: str, rupees: float) -> float:
    """Return the automatic protection in percent for a last price."""
    steps = AUTOMATIC.get(kind, AUTOMATIC[""])
    return next(percent for bound, percent in steps if rupees <= bound)


def on_tick(price: float, tick: float, side: str) -> float:
    """Round a price to the tick, against the order: up for a buy, down for a sell, and never below one tick."""
    steps = price / tick
    whole = math.ceil(steps - 1e-9) if side == BUY else math.floor(steps + 1e-9)
    return max(1, whole) * tick


def limit_of(price: float, percent: float, tick: float, side: str) -> float:
    """Return the limit of a protected market order: the last price ± percent, to the nearest tick."""
    edge = price * (100.0 + SIGN[side] * percent) / 100.0
    return max(1.0, math.floor(edge / tick + 0.5)) * tick


def missed_limit(price: float, ticks: int, tick: float, side: str) -> float:
    """Return the limit of an order that the price has run away from by some ticks."""
    return max(1.0, math.floor(price / tick + 0.5) - SIGN[side] * ticks) * tick


def touch_of(price: float, spread: float, tick: float, side: str) -> float:
    """Return what the other side asks: the last price and half the spread (in ticks), on the tick."""
    return on_tick(price + SIGN[side] * spread * tick / 2.0, tick, side)


def within(price: float, limit: float, side: str) -> bool:
    """Tell whether a limit allows a price."""
    return price <= limit if side == BUY else price >= limit


def slipped(touch: float, ticks: int, tick: float, limit: float, side: str) -> float:
    """Return the price of a market fill: the touch, some ticks worse, but never beyond the limit."""
    worse = max(tick, touch + SIGN[side] * ticks * tick)
    if math.isnan(limit) or within(worse, limit, side):
        return worse
    return limit
