"""Black's formula over one day of an option's bars, by QuantLib: what the market implies, and how the price answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from math import exp, isfinite, nan, sqrt
from typing import Any

from attrs import frozen

from rulekit.plugins import DayBars
from rulekit_greeks.contract import Contract, contract

YEAR_US = 365 * 86_400 * 1_000_000
"""Time is counted in calendar days, 365 a year."""
LEAST_US = 60 * 1_000_000
"""In the last minute nothing is computed."""
RATE = float(os.environ.get("RULEKIT_GREEKS_RATE", "0.065"))
"""Riskless rate a year, continuously compounded: about the yield of Indian treasury bills. There are no dividends."""
MOST = 5.0
"""A volatility beyond 500% a year is no price of a market, but of an error."""


@frozen
class Look:
    """An option at one moment; money in rupees, time in years."""

    price: float
    spot: float
    strike: float
    right: int
    years: float

    @property
    def forward(self) -> float:
        """What the underlying costs at expiry."""
        return self.spot * exp(RATE * self.years)

    @property
    def discount(self) -> float:
        """What a rupee at expiry is worth now."""
        return exp(-RATE * self.years)

    @property
    def intrinsic(self) -> float:
        """What the option would be worth if it expired now."""
        return max(0.0, self.right * (self.spot - self.strike))


@frozen
class Greeks:
    """How a price answers: delta and gamma to a rupee of the underlying, theta to a day, vega to a point of volatility.

    Args:
        volatility: implied, as a share: 0.2 is 20% a year.
    """

    volatility: float
    delta: float
    gamma: float
    theta: float
    vega: float


NONE = Greeks(nan, nan, nan, nan, nan)


def looks(bars: DayBars) -> list[Look | None]:
    """Return the option at the end of each bar; None where price, underlying or time do not allow one."""
    known = contract(bars.exchange, bars.symbol)
    return [_look(bars, place, known) for place in range(len(bars))]


def _look(bars: DayBars, place: int, known: Contract | None) -> Look | None:
    price, spot = bars.close[place], bars.underlying[place]
    if known is None or not price > 0 or not spot > 0:
        return None
    left = known.expires - bars.at[place]
    return None if left < LEAST_US else Look(price, spot, known.strike, known.right, left / YEAR_US)


@lru_cache(maxsize=50_000)
def greeks(look: Look) -> Greeks:
    """Return what Black's formula (Black 1976, on the forward) says; `NONE` where no volatility gives that price.

    Theta is the change of the price over one calendar day with everything else as it is, negative where it is lost.
    """
    ql = _quantlib()
    kind = ql.Option.Call if look.right > 0 else ql.Option.Put
    try:
        deviation = ql.blackFormulaImpliedStdDev(kind, look.strike, look.forward, look.price, look.discount)
    except RuntimeError:
        return NONE  # cheaper than its worth at once, or dearer than the underlying
    volatility = deviation / sqrt(look.years)
    if not 0 < volatility <= MOST:
        return NONE
    found = ql.BlackCalculator(ql.PlainVanillaPayoff(kind, look.strike), look.forward, deviation, look.discount)
    values = (
        found.delta(look.spot),
        found.gamma(look.spot),
        found.thetaPerDay(look.spot, look.years),
        found.vega(look.years) / 100,
    )
    return Greeks(volatility, *values) if all(isfinite(value) for value in values) else NONE


def _quantlib() -> Any:
    import QuantLib

    return QuantLib


def column(of: Callable[[Look], float]) -> Callable[[DayBars, int], list[float]]:
    """Return the function of a fact: one value a bar, NaN where there is no look."""

    def compute(bars: DayBars, window: int) -> list[float]:
        return [nan if look is None else of(look) for look in looks(bars)]

    return compute
