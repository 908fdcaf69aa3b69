"""Each fact holds what it declares, is a word of policies, and works in a replay of an option beside its index."""

from __future__ import annotations

from math import isnan

import pyarrow as pa
import pytest
from test_black import priced

from rulekit.plugins.day_bars import DayBars, sample_day
from rulekit.replay import replay
from rulekit.runtime.plugin_trial import faults_of, health
from rulekit.runtime.policy import Policy
from rulekit_greeks import black
from rulekit_greeks.facts import ALL, DELTA, IN_THE_MONEY_BY, PREMIUM_DECAY, TIME_VALUE

SYMBOL = "NIFTY26N2424000CE"
DAYS_LEFT = 4 + 6.25 / 24
"""From 20 November 2026, 09:15, to the 24th, 15:30."""


def day(symbol: str = SYMBOL) -> DayBars:
    return sample_day(exchange="NFO", symbol=symbol)


@pytest.mark.parametrize("fact", ALL, ids=lambda fact: fact.name)
def test_it_holds_what_it_declares(fact: object) -> None:
    assert faults_of(fact) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("fact", ALL, ids=lambda fact: fact.name)
def test_it_has_values_for_an_option_and_none_for_a_share(fact: object) -> None:
    assert not all(isnan(value) for value in fact.compute(day(), 0))  # type: ignore[attr-defined]
    assert all(isnan(value) for value in fact.compute(sample_day(), 0))  # type: ignore[attr-defined]


def test_values_of_one_bar_by_hand() -> None:
    bars = day().first(1)
    price, spot = bars.close[0], bars.underlying[0]
    assert TIME_VALUE.compute(bars, 0) == [price - max(0.0, spot - 24000)]
    assert IN_THE_MONEY_BY.compute(bars, 0) == [(spot - 24000) / 24000 * 100]
    years = (DAYS_LEFT - 1 / 1440) / 365
    (look,) = black.looks(bars)
    assert look is not None and look.years == pytest.approx(years)
    volatility = black.greeks(look).volatility
    tomorrow = priced(spot, 24000, 1, years - 0.01 / 365, volatility, black.RATE)
    assert PREMIUM_DECAY.compute(bars, 0)[0] == pytest.approx((price - tomorrow) / 0.01 / price * 100, rel=5e-3)


def test_a_missing_underlying_is_unknown() -> None:
    row = day().as_row() | {"underlying": [float("nan")] * 120}
    assert all(isnan(value) for value in DELTA.compute(DayBars.of_row(row), 0))


def test_all_of_them_are_installed_and_well() -> None:
    found = {each.entry.name: each.trouble for each in health() if each.entry.package == "rulekit-greeks"}
    assert found == {fact.name: "" for fact in ALL} | {"iv": ""}


def test_a_seller_is_out_when_delta_grows() -> None:
    """The index rises 20 points a minute; the sold call goes at the first look after its delta was above 0.6."""
    minutes = 40
    starts = [f"2026-11-20T09:{15 + place}:00+05:30" for place in range(minutes)]
    spots = [23900.0 + 20 * place for place in range(minutes)]
    years = [(DAYS_LEFT * 1440 - place - 1) / 1440 / 365 for place in range(minutes)]
    moments = list(zip(spots, years, strict=True))
    prices = [round(priced(spot, 24000, 1, left, 0.12, black.RATE) * 20) / 20 for spot, left in moments]
    rows = [
        {
            "symbol": symbol,
            "exchange": exchange,
            "time": start,
            **dict.fromkeys(("open", "high", "low", "close"), value),
        }
        for symbol, exchange, values in ((SYMBOL, "NFO", prices), ("NIFTY 50", "NSE", spots))
        for start, value in zip(starts, values, strict=True)
    ]
    policy = Policy.from_text("OUT: exit when delta is above 0.6\nexit at 500% loss")
    sold = [{"symbol": SYMBOL, "exchange": "NFO", "side": "short", "quantity": 75, "at": starts[0], "price": prices[0]}]
    (trade,) = replay(policy, pa.Table.from_pylist(rows), sold, looks="path", native=False, sessions="always").trades
    (fill,) = trade.as_json()["fills"]
    seen = [black.Look(price, spot, 24000.0, 1, left) for price, (spot, left) in zip(prices, moments, strict=True)]
    deltas = [black.greeks(look).delta for look in seen]
    first = next(place for place, delta in enumerate(deltas) if delta > 0.6)
    assert 5 < first < minutes - 1
    assert (fill["rule"], fill["at"][11:16]) == ("OUT", starts[first + 1][11:16])
