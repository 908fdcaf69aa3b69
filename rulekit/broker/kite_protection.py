"""Market protection: how far from the last price an order may fill, by what is traded and how urgent it has become.

The broker turns a protected market order into a limit order at that distance, and refuses one without protection.
"""

from __future__ import annotations

import math

from rulekit.model.instrument import Instrument
from rulekit.model.orders import BUY, SIGN, StopRequest

AUTOMATIC = -1
"""Leaves the distance to the broker."""

BANDS: dict[str, tuple[tuple[float, float], ...]] = {
    "option": ((10.0, 5.0), (100.0, 3.0), (500.0, 2.0), (math.inf, 1.0)),
    "other": ((100.0, 2.0), (500.0, 1.0), (math.inf, 0.5)),
}
"""The broker's automatic distance: below that price in rupees, so many percent."""

WIDEST = {"option": 40.0, "future": 2.0}
"""Beyond these the exchange refuses the price of a derivative; in percent."""
WIDEST_OTHER = 10.0


def band_of(instrument: Instrument, price: float) -> float:
    """Return the broker's automatic distance in percent, 0 where the price (smallest units) is unknown."""
    rupees = price / instrument.scale
    table = BANDS.get(instrument.kind, BANDS["other"])
    return next((percent for bound, percent in table if rupees < bound), 0.0)


def stop_limit(request: StopRequest, instrument: Instrument) -> float:
    """Return the limit of a stop order in smallest units, on the tick: how far beyond its trigger it may fill."""
    band = band_of(instrument, request.trigger) or BANDS["other"][0][1]
    percent = min(max(band, band * request.width), WIDEST.get(instrument.kind, WIDEST_OTHER))
    exact = request.trigger * (1 + SIGN[request.side] * percent / 100) / instrument.tick
    # A share of a tick's millionth is arithmetic, not price.
    steps = math.floor(exact + 1e-6) if request.side == BUY else math.ceil(exact - 1e-6)
    return max(1, steps) * instrument.tick


def protection_of(step: float | None, instrument: Instrument, price: float, *, written_out: bool = False) -> float:
    """Return the protection that an order is sent with, in percent, or AUTOMATIC.

    Args:
        step: None for a first order; for the rest of one that stayed in the market, how wide it is to be: N percent,
            and at least N times the automatic distance, since one percent of a cheap option is less than that.
        instrument: what is traded.
        price: the last price known, in smallest units.
        written_out: write the automatic distance out instead of leaving it to the broker.
    """
    band = band_of(instrument, price)
    if step is None:
        return band if written_out and band else AUTOMATIC
    return round(min(max(step, step * band), WIDEST.get(instrument.kind, WIDEST_OTHER)), 2)
