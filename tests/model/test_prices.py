"""Prices stand exactly on the smallest unit, and unknown stays unknown."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulekit.model.prices import UNKNOWN, known, rupees, to_rupees, to_units

SCALES = st.sampled_from([100, 10_000])


@given(st.integers(-(10**11), 10**11), SCALES)
def test_a_price_on_the_smallest_unit_is_a_whole_number(units: int, scale: int) -> None:
    exact = Decimal(units) / scale
    assert to_units(exact, scale) == units
    assert to_units(str(exact), scale) == units
    assert to_units(float(exact), scale) == units
    assert to_rupees(float(units), scale) == exact


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_comparisons_are_those_of_the_decimals(left: int, right: int) -> None:
    assert (to_units(left / 100) < to_units(right / 100)) == (Decimal(left) < Decimal(right))


def test_prices_that_floats_get_wrong() -> None:
    assert to_units(1998.1) == 199_810
    assert to_units(0.07) == 7
    assert 0.07 * 100 != 7
    assert to_units(4.35) == 435
    assert to_units("83.2375", 10_000) == 832_375


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_number_is_unknown(bad: float | Decimal) -> None:
    assert math.isnan(to_units(bad))
    assert rupees(UNKNOWN) == "unknown"


def test_known() -> None:
    assert known(0.0)
    assert not any(known(value) for value in (None, math.nan, math.inf))


def test_rupees_for_people() -> None:
    assert rupees(199_850.0) == "₹1,998.50"
    assert rupees(199_850.0, grouped=False) == "₹1998.50"
    assert rupees(-5.0) == "-₹0.05"
    assert rupees(832_375.0, 10_000) == "₹83.2375"
