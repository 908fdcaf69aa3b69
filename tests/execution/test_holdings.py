"""What is looked at for one price alone is what a look at everything would find."""

from __future__ import annotations

import math
from random import Random

import pytest

from rulekit.execution.executor import Executor
from rulekit.model.book import DAY_PROFIT, EXPOSURE, OPEN_POSITIONS
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.orders import BUY, SELL, Quote
from tests.execution.scripted import Desk, book, next_morning, stop

SYMBOLS = [InstrumentKey("NSE", name) for name in ("A", "B", "C", "D", "E")]
PRODUCTS = ("MIS", "NRML")


def by_hand(executor: Executor) -> dict[str, float | None]:
    """Work the figures of the book out from everything that is known, without keeping anything."""
    tracker = executor._tracker
    profit, exposure, blind, held = 0.0, 0.0, False, 0
    for key, one in tracker._chronicle.ledger.books.items():
        instrument, quote = tracker.instrument(key.instrument), tracker.quotes.get(key.instrument)
        amount = one.day_realised
        if one.quantity and quote is not None and math.isfinite(one.entry):
            amount += (quote.price - one.entry) * one.quantity
        profit += amount * instrument.multiplier / instrument.scale
        own, shown = one.quantity + tracker.holdings.untraded(key), tracker.shown(key)
        if one.quantity and own * shown > 0:
            held += 1
            blind = blind or quote is None or not math.isfinite(one.entry)
            price = math.nan if quote is None else quote.price
            exposure += abs(one.quantity) * price * instrument.multiplier / instrument.scale
    return {
        DAY_PROFIT: None if blind else profit,
        OPEN_POSITIONS: float(held),
        EXPOSURE: None if math.isnan(exposure) else exposure,
    }


@pytest.mark.parametrize("seed", range(6))
def test_figures_that_are_kept_are_those_worked_out_anew(desk: Desk, seed: int) -> None:
    draw = Random(seed)
    desk.broker.listed = {key: Instrument(*key, multiplier=draw.choice((1.0, 1.0, 50.0))) for key in SYMBOLS}
    desk.start()
    for step in range(120):
        key = draw.choice(SYMBOLS)
        if draw.random() < 0.4:
            price = draw.randrange(900, 1100) * 100.0
            desk.broker.trade(key, draw.choice(PRODUCTS), draw.choice((BUY, SELL)), draw.randrange(1, 4) * 10, price)
        if draw.random() < 0.3:
            desk.pass_time()
        if draw.random() < 0.6:
            desk.executor.observe(key, Quote(draw.randrange(900, 1100) * 100.0, desk.clock.now()))
        if step == 80:
            next_morning(desk)
        expected, kept = by_hand(desk.executor), desk.executor.book_figures()
        assert set(kept) == set(expected)
        for name, value in expected.items():
            assert kept[name] == (None if value is None else pytest.approx(value)), (step, name)
    assert any(kept.values())


@pytest.mark.parametrize("seed", range(4))
def test_positions_of_one_instrument_are_those_of_all(desk: Desk, seed: int) -> None:
    draw = Random(seed)
    desk.start()
    for step in range(60):
        key = draw.choice(SYMBOLS)
        desk.broker.prices[key] = price = draw.randrange(900, 1100) * 100.0
        if draw.random() < 0.3:
            desk.broker.trade(key, draw.choice(PRODUCTS), draw.choice((BUY, BUY, SELL)), 20, price)
        if draw.random() < 0.5:
            desk.pass_time()
        desk.executor.observe(key, Quote(price, desk.clock.now()))
        held = desk.executor.positions_on(key)
        if held and draw.random() < 0.5:
            action = book(5, rule=f"book {step}", side=SELL if held[0].side > 0 else BUY)
            move = stop(held[0].entry - held[0].side * 5000, rule=f"stop {step}")
            desk.broker.fates = [draw.choice(("fill", "rest", "lost before", "refuse"))]
            desk.commit(held[0].key, draw.choice((action, move)))
        everything = desk.executor.positions()
        for one in SYMBOLS:
            assert list(desk.executor.positions_on(one)) == [each for each in everything if each.key.instrument == one]
        anew = [desk.executor._tracker._tracked(each) for each in books_of(desk)]
        assert [repr(each) for each in everything] == [repr(each) for each in anew]  # as text: NaN is equal to NaN
        assert desk.executor.holdings.exchanges() == ({"NSE"} if everything else set())


def books_of(desk: Desk) -> list:  # type: ignore[type-arg]
    """The books of what is held, in the order of their keys, looked up one by one."""
    tracker = desk.executor._tracker
    ledger = tracker._chronicle.ledger
    return [one for key, one in sorted(ledger.books.items()) if one.quantity and tracker.held(key)]


def test_a_list_that_lags_counts_less_until_it_catches_up(desk: Desk) -> None:
    key = desk.hold(quantity=100)
    desk.broker.lag_s = 0.5
    desk.clock.sleep(1)
    desk.start()
    assert desk.position(key).quantity == 100
    desk.broker.trade(key.instrument, "MIS", BUY, 50, 169_000.0)
    desk.executor.sync()
    assert desk.position(key).quantity == 100
    desk.pass_time()
    assert desk.position(key).quantity == 150
