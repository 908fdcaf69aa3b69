"""Facts that are made of whole days at once, against a line that hears one price after another: the same bits."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rulekit.compile.layout import FactSlot
from rulekit.model.calendar import default
from rulekit.replay import read_bars, whole_facts
from rulekit.replay.bars import Series
from rulekit.replay.fact_column import Column, shaped
from rulekit.replay.facts import fact_columns
from rulekit.runtime.policy import Policy

RULES = (
    "momentum is above 0.1%", "momentum over 5 minutes is above 0.1%", "change is above 0.1%",
    "change over 20 minutes is above 0.1%", "volume is at least 2 times normal",
    "volume over 2 minutes is at least 2 times normal", "volatility is at least 2 times normal",
    "volatility over 5 bars is at least 2 times normal", "atr over 5 bars is above ₹2",
    "price is above sma over 5 bars",
    "price is above ema over 5 bars", "rsi over 5 bars is above 70", "price is above vwap",
    "price is above vwap over 3 bars", "price is above day high", "price is above day low", "price is above day open",
    "price is above previous close",
)  # fmt: skip
SLOTS: tuple[FactSlot, ...] = tuple(
    Policy.from_text("\n".join(f"R{place}: exit when {rule}" for place, rule in enumerate(RULES)))
    .compiled.layout.facts.values()
)  # fmt: skip
SPREAD = tuple(Policy.from_text("S: exit when spread is above 1%").compiled.layout.facts.values())
MONDAY = 1_609_731_900_000_000
"""09:15 on 4 January 2021."""
SECOND, MINUTE, DAY = 1_000_000, 60_000_000, 86_400_000_000


def drawn(seed: int) -> pa.Table:
    """Draw some days of bars or ticks: with holes, lulls, days off, times before and after the session."""
    draw = Random(seed)
    ticks = seed % 3 == 0
    length = draw.choice((MINUTE, MINUTE, 5 * MINUTE, 15 * SECOND))
    if ticks:
        length = 7 * SECOND
    shift = draw.choice((0, 0, 20 * SECOND))  # bars that do not begin with the session's slots
    rows: list[dict[str, Any]] = []
    price, still = 10_000 + draw.randint(0, 90_000), draw.random() < 0.15
    for day in sorted(draw.sample(range(12), draw.choice((1, 3, 5)))):
        place, total = draw.choice((-3, 0, 40, 390)), draw.choice((0, 5_000_000))
        for _ in range(draw.choice((5, 120, 260)) if rows else 120):  # enough to tell the length of a bar
            place += draw.choice((1,) * 30 + (2, 9, 40))
            if place * length > 12 * 60 * MINUTE:
                break
            opens, price = price, price if still else max(500, price + draw.randint(-30, 30))
            high, low = max(opens, price) + draw.randint(0, 9), min(opens, price) - draw.randint(0, 9)
            total += draw.choice((0, 10, 500, draw.randint(0, 9000)))
            at = MONDAY + day * DAY + place * length + shift
            if ticks:
                at += draw.randrange(SECOND)
                bid, ask = price - draw.randint(-1, 5), price + draw.randint(0, 5)
                row = {"price": price / 100, "bid": bid / 100 if draw.random() < 0.9 else None, "ask": ask / 100,
                       "volume": total - draw.choice((0, 0, 0, 700)) if draw.random() < 0.97 else None}  # fmt: skip
            else:
                row = {"open": opens / 100, "high": high / 100, "low": low / 100, "close": price / 100,
                       "volume": draw.randint(0, 5000) * 0.5 if draw.random() < 0.97 else None}  # fmt: skip
            rows.append({"symbol": "SBIN", "time": at, **row})
    table = pa.Table.from_pylist(rows)
    if draw.random() < 0.15:
        table = table.drop_columns(["volume"])
    return table.set_column(1, "time", table["time"].cast(pa.timestamp("us", tz="Asia/Kolkata")))


def made(series: Series, slots: tuple[FactSlot, ...], *, whole: bool, at_close: bool) -> list[Column]:
    return fact_columns(
        slots, series, given={}, calendar=default(), at_close=at_close, since=0, whole=whole
    )  # fmt: skip


def spread_out(column: Column, count: int) -> list[str]:
    """Return the value at each price, so that an unknown one equals another."""
    values = column.values.tolist() if hasattr(column.values, "tolist") else column.values
    return [float(values[place >> column.shift]).hex() for place in range(count)]


@pytest.mark.parametrize("seed", range(30))
def test_whole_days_come_to_the_bits_of_a_line_that_hears_price_after_price(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_facts, "PART", 64 if seed % 4 < 2 else 1 << 14)
    (series,) = read_bars(drawn(seed)).series.values()
    slots = (*SLOTS, *SPREAD) if series.is_ticks else SLOTS
    at_close = seed % 2 == 1 and not series.is_ticks
    count = series.rows * (1 if series.is_ticks or at_close else 4)
    one_by_one = made(series, slots, whole=False, at_close=at_close)
    at_once = made(series, slots, whole=True, at_close=at_close)
    for slot, heard, found in zip(slots, one_by_one, at_once, strict=True):
        assert not isinstance(found.values, list), "these prices are not made at once"
        assert spread_out(found, count) == spread_out(heard, count), slot.phrase


def test_a_column_of_rupees_comes_to_the_bits_of_single_prices() -> None:
    draw = Random(5)
    steps = (0, 1e-6, 1e-8, 5e-9, 5.00000001e-9, -1e-8, 9.9e-9, 0.005, 1e-5)
    values = [draw.randint(1, 10_000_000) / 100 + draw.choice(steps) for _ in range(20_000)]
    values += [draw.random() * 10 ** draw.randint(-9, 16) for _ in range(2_000)] + [float("nan"), 0.0, -1.0, 1e15]
    for slot in SLOTS:
        if slot.money:
            found = whole_facts.all_shaped(slot, np.array(values), 100).tolist()
            assert [one.hex() for one in found] == [shaped(slot, value, 100).hex() for value in values]
            break
    else:
        raise AssertionError("no fact is a price")
