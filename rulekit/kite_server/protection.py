"""How the broker turns a protected market order into a limit order."""

from __future__ import annotations

from rulekit.kite_server.answers import refused
from rulekit.kite_server.listing import Listing
from rulekit.kite_server.market import Line
from rulekit.kite_server.money import rupees, to_tick

# The broker's automatic bands: last price below so many rupees, percent. The last row is for anything above.
SHARES_AND_FUTURES = ((100, 2.0), (500, 1.0), (float("inf"), 0.5))
OPTIONS = ((10, 5.0), (100, 3.0), (500, 2.0), (float("inf"), 1.0))


def automatic_percent(listing: Listing, last: int) -> float:
    """Return the percentage that -1 stands for."""
    slabs = OPTIONS if listing.kind in {"CE", "PE"} else SHARES_AND_FUTURES
    return next(percent for below, percent in slabs if rupees(last) < below)


def limit_price(line: Line, side: str, protection: float, reference: int) -> tuple[int, float]:
    """Return the limit that protects a market order, and the percentage that was used.

    Raises:
        ApiError: the percentage asked for leads beyond the circuit.
    """
    percent = automatic_percent(line.listing, reference) if protection == -1 else protection
    price = to_tick(reference * (1 + percent / 100 * (1 if side == "BUY" else -1)), line.listing.tick)
    lower, upper = line.bands
    if not lower <= price <= upper:
        if protection != -1:
            raise refused("Market protection percentage should be within the circuit limits.")
        price = min(max(price, lower), upper)
    return price, percent
