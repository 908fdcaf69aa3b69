"""At which prices paper orders fill, and when they wait."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.broker.paper_faults import fate_of
from rulekit.broker.paper_fills import automatic_protection, limit_of, missed_limit, slipped, touch_of, within
from rulekit.broker.paper_settings import PaperSettings
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.orders import BUY, CANCELLED, COMPLETE, REJECTED, SELL, Accepted
from tests.broker.bench import KEY, PRICE, PaperBench

TICK = 5.0


def test_a_market_order_pays_half_the_spread_and_some_slippage() -> None:
    bench = PaperBench(spread=4, slippage=0)
    bench.place("B", BUY)
    bench.place("S", SELL, 20)
    bench.pass_time(1)
    assert [trade.price for trade in bench.broker.trades()] == [PRICE + 2 * TICK, PRICE - 2 * TICK]
    slippery = PaperBench(spread=0, slippage=3)
    for number in range(60):
        slippery.place(f"B{number}")
        slippery.wait(1)
    assert {trade.price - PRICE for trade in slippery.broker.trades()} == {0.0, 5.0, 10.0, 15.0}


@given(
    st.integers(1, 10**6), st.sampled_from([1.0, 5.0, 25.0]), st.floats(0.01, 50), st.integers(0, 9), st.integers(0, 9)
)
@settings(max_examples=200)
def test_fills_stand_on_the_tick_and_within_the_limit(
    steps: int, tick: float, percent: float, spread: int, slip: int
) -> None:
    price = steps * tick
    for side, sign in ((BUY, 1), (SELL, -1)):
        limit, touch = limit_of(price, percent, tick, side), touch_of(price, spread, tick, side)
        for value in (limit, touch):
            assert value > 0
            assert value % tick == 0
        assert abs(limit - max(tick, price * (1 + sign * percent / 100))) <= tick / 2 + 1e-6
        assert (touch - price) * sign >= 0 or touch == tick
        if within(touch, limit, side):
            fill = slipped(touch, slip, tick, limit, side)
            assert within(fill, limit, side)
            assert fill % tick == 0
            assert (fill - touch) * sign >= 0


@given(st.integers(1000, 10**6), st.integers(0, 9), st.integers(0, 9))
@settings(max_examples=100)
def test_selling_mirrors_buying(steps: int, spread: int, slip: int) -> None:
    price = steps * TICK
    buy, sell = (touch_of(price, spread, TICK, side) for side in (BUY, SELL))
    assert buy - price == price - sell
    dear, cheap = (slipped(touch, slip, TICK, math.nan, side) for touch, side in ((buy, BUY), (sell, SELL)))
    assert dear - price == price - cheap
    assert missed_limit(price, 3, TICK, BUY) - price == price - missed_limit(price, 3, TICK, SELL) == -3 * TICK


@pytest.mark.parametrize(
    ("kind", "price", "percent"),
    [("equity", 50, 2), ("equity", 100, 2), ("equity", 100.05, 1), ("equity", 500, 1), ("future", 20_000, 0.5),
     ("option", 5, 5), ("option", 50, 3), ("option", 200, 2), ("option", 501, 1)],
)  # fmt: skip
def test_the_automatic_protection_follows_the_brokers_table(kind: str, price: float, percent: float) -> None:
    assert automatic_protection(kind, price) == percent


def test_an_order_in_parts_takes_one_part_a_tick() -> None:
    bench = PaperBench(partial=1, parts=4, spread=0, slippage=0)
    bench.place(quantity=100)
    bench.pass_time(1)
    seen = [bench.only().filled]
    while not bench.only().ended:
        bench.wait(1)
        seen.append(bench.only().filled)
    assert len(seen) >= 2
    assert seen == sorted(set(seen))
    assert seen[-1] == 100
    assert sum(trade.quantity for trade in bench.broker.trades()) == 100


@given(st.integers(1, 40), st.integers(1, 75), st.integers(0, 500), st.integers(1, 6))
@settings(max_examples=200)
def test_parts_are_whole_lots_and_add_up(lots: int, lot: int, ordinal: int, parts: int) -> None:
    fate = fate_of(PaperSettings(partial=1, parts=parts), KEY, ordinal, lots * lot, lot)
    assert sum(fate.parts) == lots * lot
    assert all(part > 0 and part % lot == 0 for part in fate.parts)
    assert len(fate.parts) <= max(1, parts)


def test_an_order_the_price_ran_away_from_rests_and_fills_at_its_own_price() -> None:
    bench = PaperBench(rest=1, rest_ticks=1, spread=0, slippage=0)
    bench.place(side=BUY)
    bench.wait(1)
    assert (bench.only().status, bench.only().filled) == ("OPEN", 0)
    bench.move(PRICE - 40 * TICK)
    assert bench.only().status == COMPLETE
    assert bench.broker.trades()[0].price == PRICE - TICK


def test_without_a_price_nothing_is_placed_and_with_an_old_one_nothing_fills() -> None:
    bench = PaperBench(spread=0, slippage=0)
    outcome = bench.place(symbol="SBIN")
    assert "no price of SBIN" in str(outcome)
    assert list(bench.broker.orders()) == []
    bench.pass_time(300)
    assert isinstance(bench.place(), Accepted)
    bench.pass_time(10)
    assert (bench.only().filled, bench.only().status) == (0, "OPEN")
    bench.move(PRICE * 2)  # the band is taken from the first price that is heard
    assert bench.only().filled == 10
    assert bench.broker.trades()[0].price == PRICE * 2


def test_statuses_pass_in_the_brokers_order() -> None:
    bench = PaperBench(latency_ms=100)
    bench.place()
    seen = []
    for _ in range(12):
        seen.append(bench.only().status)
        bench.pass_time(0.01)
    assert list(dict.fromkeys(seen)) == ["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "OPEN PENDING", "COMPLETE"]


def test_a_fill_may_come_before_the_cancel_works() -> None:
    bench = PaperBench(rest=1, rest_ticks=1, latency_ms=1000)
    outcome = bench.place()
    assert isinstance(outcome, Accepted)
    bench.wait(2)
    assert bench.broker.cancel(outcome.order_id) == outcome
    assert bench.only().status == "CANCEL PENDING"
    bench.move(PRICE * 0.99)
    assert bench.only().status == COMPLETE
    bench.pass_time(5)
    assert bench.only().status == COMPLETE


def test_a_cancelled_order_keeps_what_was_filled() -> None:
    bench = PaperBench(partial=1, parts=3)
    outcome = bench.place(quantity=90)
    assert isinstance(outcome, Accepted)
    bench.pass_time(1)
    filled = bench.only().filled
    assert 0 < filled < 90
    bench.broker.cancel(outcome.order_id)
    bench.pass_time(1)
    assert (bench.only().status, bench.only().filled) == (CANCELLED, filled)


LISTED = {
    KEY: Instrument("NSE", "INFY", lower=PRICE * 0.9, upper=PRICE * 1.1),
    InstrumentKey("NFO", "NIFTY26NOVFUT"): Instrument("NFO", "NIFTY26NOVFUT", lot=65, freeze=1755, kind="future"),
}


def test_lots_and_the_freeze_quantity_are_checked() -> None:
    bench = PaperBench(broker={"instruments": LISTED})
    bench.move(PRICE, InstrumentKey("NFO", "NIFTY26NOVFUT"))
    future = {"exchange": "NFO", "symbol": "NIFTY26NOVFUT"}
    assert "not a multiple of the lot of 65" in str(bench.place(quantity=100, **future))
    assert "above the freeze quantity of 1755" in str(bench.place(quantity=1820, **future))
    assert isinstance(bench.place(quantity=1755, **future), Accepted)


def test_too_wide_a_protection_is_rejected_at_the_circuit() -> None:
    bench = PaperBench(broker={"instruments": LISTED})
    bench.place(protection=20)
    bench.wait(1)
    assert (bench.only().status, bench.only().filled) == (REJECTED, 0)
    assert "circuit" in bench.only().message


def test_an_unlisted_instrument_is_refused() -> None:
    bench = PaperBench(broker={"instruments": LISTED.get})
    assert "is not listed" in str(bench.place(symbol="NOSUCH"))
    assert bench.broker.instrument(InstrumentKey("NSE", "NOSUCH")) is None
    assert PaperBench().broker.instrument(InstrumentKey("CDS", "USDINR")) == Instrument("CDS", "USDINR", scale=10_000)
