"""Phrases of facts are read as the language writes them."""

from __future__ import annotations

import pytest

from rulekit.market.market import is_market_fact
from rulekit.market.requests import read_request
from rulekit.model.instant import HOUR, MINUTE, SECOND


@pytest.mark.parametrize(
    ("phrase", "span", "bars"),
    [
        ("momentum", 15 * MINUTE, None),
        ("momentum over 1 minute", MINUTE, None),
        ("momentum over 1 hour 30 minutes", HOUR + 30 * MINUTE, None),
        ("momentum over 45 seconds", 45 * SECOND, None),
        ("volume over 5 bars", None, 5),
        ("volatility over 1,000 minutes", 1000 * MINUTE, None),
        ("ATR", None, 14),
        ("day high", None, None),
        ("change", None, None),
        ("change over 5 minutes", 5 * MINUTE, None),
        ("vwap over 20 bars", None, 20),
    ],
)
def test_a_phrase_is_read(phrase: str, span: int | None, bars: int | None) -> None:
    request = read_request(phrase)
    assert request is not None
    assert (request.phrase, request.name, request.span, request.bars) == (
        phrase, phrase.lower().split(" over ")[0], span, bars,
    )  # fmt: skip


@pytest.mark.parametrize(
    "phrase",
    ["profit", "momentum over", "momentum over 0 minutes", "momentum over 0 bars", "momentum over 5",
     "day high over 5 bars", "momentum over 5 bars 3 minutes", "momentum over 5 apples", "momentumover 5 bars", ""],
)  # fmt: skip
def test_what_is_no_fact_of_the_market_is_left_to_others(phrase: str) -> None:
    assert not is_market_fact(phrase)


def test_windows_turn_into_bars_and_time() -> None:
    request = read_request("momentum over 90 seconds")
    assert request is not None
    assert request.in_bars(MINUTE) == 2
    assert request.in_time(MINUTE) == 90 * SECOND
    bars = read_request("momentum over 3 bars")
    assert bars is not None
    assert bars.in_time(5 * MINUTE) == 15 * MINUTE
