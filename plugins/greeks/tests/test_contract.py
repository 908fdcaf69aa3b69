"""Symbols of options, monthly and weekly, and the days on which they expire."""

from __future__ import annotations

import pytest

from rulekit.model.instant import iso
from rulekit_greeks.contract import contract


@pytest.mark.parametrize(
    ("exchange", "symbol", "strike", "right", "expires"),
    [
        ("NFO", "NIFTY26NOV24500CE", 24500, 1, "2026-11-23"),
        ("NFO", "NIFTY26OCT24500PE", 24500, -1, "2026-10-27"),
        ("NFO", "NIFTY25AUG24500CE", 24500, 1, "2025-08-28"),
        ("NFO", "BANKNIFTY25JAN48000PE", 48000, -1, "2025-01-30"),
        ("NFO", "NIFTY2610624500CE", 24500, 1, "2026-01-06"),
        ("NFO", "NIFTY26N1724500PE", 24500, -1, "2026-11-17"),
        ("NFO", "NIFTYNXT5026OCT70000CE", 70000, 1, "2026-10-27"),
        ("NFO", "M&M26OCT3000CE", 3000, 1, "2026-10-27"),
        ("NFO", "IDEA26OCT7.5CE", 7.5, 1, "2026-10-27"),
        ("BFO", "SENSEX25JUN82000CE", 82000, 1, "2025-06-24"),
        ("BFO", "SENSEX26OCT85000CE", 85000, 1, "2026-10-29"),
    ],
)
def test_a_symbol_is_read(exchange: str, symbol: str, strike: float, right: int, expires: str) -> None:
    found = contract(exchange, symbol)
    assert found is not None
    assert (found.strike, found.right, iso(found.expires)[:16]) == (strike, right, f"{expires}T15:30")


@pytest.mark.parametrize(
    ("exchange", "symbol"),
    [
        ("NSE", "RELIANCE"),
        ("NFO", "NIFTY26NOVFUT"),
        ("NFO", "NIFTY26XXX24500CE"),
        ("NFO", "NIFTY2623024500CE"),
        ("NFO", "NIFTY24NOV24500CE"),
        ("NSE", "NIFTY26NOV24500CE"),
    ],
)
def test_what_is_no_option_or_has_no_known_day_is_none(exchange: str, symbol: str) -> None:
    assert contract(exchange, symbol) is None
