"""Prices and Greeks against a textbook's figures, against finite differences, and at the edges."""

from __future__ import annotations

from itertools import product
from math import erf, exp, isnan, log, sqrt

import pytest

from rulekit_greeks import black
from rulekit_greeks.black import Look, greeks


def priced(spot: float, strike: float, right: int, years: float, volatility: float, rate: float) -> float:
    """Black and Scholes (1973), written out with the error function: independent of the library."""
    first = (log(spot / strike) + (rate + volatility**2 / 2) * years) / (volatility * sqrt(years))
    second = first - volatility * sqrt(years)

    def normal(x: float) -> float:
        return (1 + erf(x / sqrt(2))) / 2

    return right * (spot * normal(right * first) - strike * exp(-rate * years) * normal(right * second))


def test_the_textbooks_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hull, Options, Futures and Other Derivatives, chapter on the Greek letters: S 49, K 50, 5%, 20%, 20 weeks."""
    monkeypatch.setattr(black, "RATE", 0.05)
    years = 0.3846
    found = greeks(Look(priced(49, 50, 1, years, 0.2, 0.05), 49, 50, 1, years))
    assert found.volatility == pytest.approx(0.2, abs=1e-6)
    assert found.delta == pytest.approx(0.522, abs=5e-4)
    assert found.gamma == pytest.approx(0.066, abs=5e-4)
    assert found.theta * 365 == pytest.approx(-4.31, abs=5e-3)
    assert found.vega * 100 == pytest.approx(12.1, abs=0.05)
    greeks.cache_clear()


SPOT = 24010.0


def time_value(right: int, strike: float, years: float, volatility: float) -> float:
    """Return what an option costs beyond its discounted worth at the forward."""
    worth = max(0.0, right * (SPOT - strike * exp(-black.RATE * years)))
    return priced(SPOT, strike, right, years, volatility, black.RATE) - worth


CASES = [
    case
    for case in product((1, -1), (23000.0, 24000.0, 24400.0), (1 / 365, 7 / 365, 40 / 365), (0.1, 0.18, 0.6))
    if time_value(*case) >= 0.05  # an option without a tick of time value implies no volatility to compare
]


def test_most_cases_have_time_value() -> None:
    assert len(CASES) > 40


@pytest.mark.parametrize(("right", "strike", "years", "volatility"), CASES)
def test_the_greeks_are_the_slopes_of_the_price(right: int, strike: float, years: float, volatility: float) -> None:
    spot, rate = SPOT, black.RATE

    def price(spot: float = SPOT, years: float = years, volatility: float = volatility) -> float:
        return priced(spot, strike, right, years, volatility, rate)

    found = greeks(Look(price(), spot, strike, right, years))
    step = 0.5
    assert found.volatility == pytest.approx(volatility, rel=1e-4)
    assert found.delta == pytest.approx((price(spot + step) - price(spot - step)) / (2 * step), abs=2e-4)
    slope = (price(spot + step) - 2 * price() + price(spot - step)) / step**2
    assert found.gamma == pytest.approx(slope, rel=5e-3, abs=1e-8)
    tiny = 1e-6
    aged = -(price(years=years + tiny) - price(years=years - tiny)) / (2 * tiny) / 365
    assert found.theta == pytest.approx(aged, rel=1e-3)
    assert found.vega == pytest.approx((price(volatility=volatility + tiny) - price()) / tiny / 100, rel=1e-3)


@pytest.mark.parametrize(
    "look",
    [
        Look(5.0, 24000.0, 23000.0, 1, 0.02),  # cheaper than exercising it
        Look(25000.0, 24000.0, 23000.0, 1, 0.02),  # dearer than the index
        Look(8000.0, 24000.0, 24000.0, 1, 0.002),  # beyond 500% a year
    ],
)
def test_a_price_that_no_volatility_explains_has_no_greeks(look: Look) -> None:
    assert all(isnan(value) for value in (greeks(look).delta, greeks(look).theta, greeks(look).volatility))
