"""The stream when it goes wrong: mute, half-open, reset, refused, broken frames, and a slow consumer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from rulekit.broker.kite_feed import KiteFeed
from rulekit.broker.kite_login import exchange
from rulekit.broker.kite_settings import Secret
from rulekit.broker.kite_ticker import LIVE, REFUSED
from rulekit.broker.kite_ticks import Ages, Handover
from rulekit.broker.kite_token import KeptToken, keep
from rulekit.kite_server.settings import ServerSettings
from rulekit.market.ticks import Tick
from rulekit.model.clock import WallClock
from rulekit.model.instant import SECOND
from tests.kite.bench import KEY, KiteBench, until
from tests.kite.test_outcomes import REQUEST


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[KiteBench]:
    made = KiteBench(tmp_path, ticker=True, server=ServerSettings(heartbeat=0.3), silence_s=1.0)
    yield made
    made.close()


def feed_of(bench: KiteBench) -> KiteFeed:
    feed = KiteFeed(bench.broker, bench.ticker, clock=bench.clock)
    feed.watch([KEY])
    return feed


def heard(bench: KiteBench, feed: KiteFeed, price: float, seconds: float = 5.0) -> Tick:
    """Move the price until it is heard on the stream."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        bench.move(price)
        for tick in feed.take(0.05):
            if tick.price == price:
                return tick
    raise AssertionError(f"{price} was not heard")


def test_ticks_carry_price_volume_and_both_sides(bench: KiteBench) -> None:
    feed = feed_of(bench)
    heard(bench, feed, 150_050.0)
    time.sleep(0.1)  # the first one may come before the full mode was asked for
    tick = heard(bench, feed, 150_100.0)
    assert (tick.exchange, tick.symbol) == KEY
    assert tick.volume is not None
    assert 0 < tick.bid <= tick.ask
    assert tick.at <= bench.clock.now()
    assert feed.closes[KEY] > 0


@pytest.mark.parametrize("fault", ["mute", "half_open", "reset", "close"])
def test_the_stream_comes_back_within_five_seconds(bench: KiteBench, fault: str) -> None:
    assert bench.ticker is not None
    feed = feed_of(bench)
    heard(bench, feed, 150_100.0)
    bench.broker.updates()
    bench.server.advance(1)
    before = bench.ticker.connections
    broke = time.monotonic()
    bench.server.stream.play(fault)
    until(lambda: bench.ticker is not None and not bench.ticker.is_live, 5)
    bench.ticker.handover.updates()
    until(lambda: bench.ticker is not None and bench.ticker.connections > before and bench.ticker.is_live, 5)
    heard(bench, feed, 150_300.0, seconds=5 - (time.monotonic() - broke))
    bench.server.advance(1)
    assert bench.broker.updates() > 0, "what was missed is not told twice: the book is read again"


@pytest.mark.parametrize("fault", ["truncated", "list"])
def test_a_frame_that_cannot_be_read_cuts_nothing_and_the_book_is_read(bench: KiteBench, fault: str) -> None:
    assert bench.ticker is not None
    feed = feed_of(bench)
    heard(bench, feed, 150_100.0)
    bench.broker.updates()
    bench.server.advance(1)
    bench.server.stream.play(fault)
    until(lambda: bench.broker.updates() > 0)
    heard(bench, feed, 150_300.0, seconds=1)
    assert bench.ticker.connections == 1


def test_while_the_stream_is_refused_quotes_are_asked_for(bench: KiteBench) -> None:
    assert bench.ticker is not None
    feed = feed_of(bench)
    heard(bench, feed, 150_100.0)
    bench.server.stream.play("refuse", count=100)
    bench.server.stream.play("reset")
    bench.move(150_700.0)
    until(lambda: bench.ticker is not None and not bench.ticker.is_live)
    bench.server.advance(2)
    assert [tick.price for tick in feed.take(0.01)][-1] == 150_700.0
    assert bench.server.requests[-1]["route"] == "quote"


def test_a_plan_without_market_data_says_so_once_and_asks_seldom(tmp_path: Path) -> None:
    bench = KiteBench(tmp_path, server=ServerSettings(market_data=False))
    told: list[str] = []
    bench.broker.alert = told.append
    try:
        feed = KiteFeed(bench.broker, None, clock=bench.clock)
        feed.watch([KEY])
        for _ in range(300):
            assert feed.take(1.0) == []
        asked = sum(request["route"] == "quote" for request in bench.server.requests)
        assert 3 <= asked < 15
        assert len(told) == 1
    finally:
        bench.close()


def test_a_refused_stream_is_left_alone_and_comes_back_with_a_new_token(tmp_path: Path) -> None:
    bench = KiteBench(tmp_path, ticker=True)
    ticker = bench.ticker
    assert ticker is not None
    try:
        bench.server.expire_token()
        until(lambda: ticker.state == REFUSED, 20)
        bench.broker.place(REQUEST)
        assert bench.broker.tokens.dead
        request_token = bench.server.request_token()
        kept = exchange(evolve(bench.settings, api_secret=Secret(bench.server.api_secret)), request_token, WallClock())
        keep(tmp_path / "token.json", KeptToken(kept.token, kept.user, kept.since))
        until(lambda: ticker.state == LIVE, 10)
        assert not bench.broker.tokens.dead
    finally:
        bench.close()


def test_a_slow_consumer_gets_the_latest_of_each_and_holds_nobody_up() -> None:
    handover = Handover(most=100)
    for number in range(1000):
        handover.put([{"instrument_token": number % 3, "last_price": number}], number)
    found = handover.take(0)
    assert len(found) <= 100
    assert {row["instrument_token"]: row["last_price"] for row, _ in found} == {0: 999, 1: 997, 2: 998}
    assert handover.left_out == 1000 - len(found)


def test_one_who_is_behind_gets_the_latest_of_each_and_no_more_at_once_than_it_can_look_at() -> None:
    handover = Handover()
    for number in range(1000):
        handover.put([{"instrument_token": number % 3, "last_price": number}], number)
    assert len(handover.take(0, 1000)) == Handover.AT_ONCE
    late = handover.take(0, 256 + 2 * SECOND + 1)
    assert {row["instrument_token"]: row["last_price"] for row, _ in late} == {0: 999, 1: 997, 2: 998}
    assert len(late) == 3
    assert handover.take(0, 5 * SECOND) == []


def test_doubled_updates_wake_once() -> None:
    handover = Handover()
    for _ in range(50):
        handover.wake()
    assert handover.updates() == 50
    assert handover.updates() == 0


def test_an_age_is_what_a_tick_took_longer_than_others() -> None:
    ages = Ages()
    apart = 7200 * SECOND
    assert ages.made(10 * SECOND, 10 * SECOND + apart) == 10 * SECOND + apart
    assert ages.made(11 * SECOND, 19 * SECOND + apart) == 11 * SECOND + apart, "eight seconds old when it came"
    assert ages.made(90 * SECOND, 90 * SECOND + apart + SECOND) == 90 * SECOND + apart + SECOND, "the clocks drifted"
