"""The market's facts against plain formulas over the whole column, on made and on real ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.market.feed import open_feed
from rulekit.market.market import Market
from rulekit.market.ticks import Tick
from rulekit.model.calendar import Calendar
from rulekit.model.instant import MINUTE, SECOND, day_of, parse_instant
from rulekit.model.instrument import InstrumentKey

KEY = InstrumentKey("NSE", "A")
OPEN = parse_instant("2026-11-20T09:15:00+05:30")
CLOSE = parse_instant("2026-11-20T15:30:00+05:30")
PHRASES = (
    "momentum", "momentum over 5 minutes", "change", "volume", "volume over 2 minutes", "volatility",
    "volatility over 5 bars", "atr", "atr over 5 bars", "vwap", "vwap over 3 bars", "sma over 5 bars",
    "ema over 5 bars", "rsi over 5 bars", "day high", "day low", "day open", "previous close", "spread",
)  # fmt: skip


def tick(second: float, price: float, volume: float | None = None, *, seq: int = 0, **more: Any) -> Tick:
    return Tick(seq, "NSE", "A", OPEN + round(second * SECOND), price * 100, volume, **more)


def heard(ticks: Iterable[Tick], phrases: Iterable[str] = PHRASES) -> Market:
    market = Market(phrases)
    for one in ticks:
        market.update(one)
    return market


def steady(minutes: float, step: float = 10, price: float = 100.0, volume: float = 10) -> list[Tick]:
    """Ticks at a steady pace, each trading `volume`."""
    return [tick(i * step, price, i * volume) for i in range(int(minutes * 60 / step) + 1)]


def fact(market: Market, phrase: str) -> float:
    return market.facts(KEY, (phrase,))[phrase]


# --- an oracle that looks at the whole day at once ----------------------------------------------------------------


def oracle(ticks: list[Tick]) -> dict[str, float]:
    """Compute the facts from scratch out of all ticks of one session, in the plainest way."""
    kept: list[Tick] = []
    for one in ticks:
        if kept and (one.at < kept[-1].at or (one.at, one.price, one.volume) == kept[-1][3:6]):
            continue
        kept.append(one)
    last = kept[-1]
    slots = [(one.at - OPEN) // MINUTE for one in kept]
    final = slots[-1]
    bars = {
        slot: [one.price for one, its in zip(kept, slots, strict=True) if its == slot]
        for slot in sorted(set(slots))
        if slot != final
    }
    holes: set[int] = set()
    slot_volume = dict.fromkeys(range(slots[0], final + 1), 0.0)
    slot_value = dict(slot_volume)
    traded = value = 0.0
    top = kept[0].volume
    for before, after in zip([None, *kept], kept, strict=False):
        since = before.at if before else OPEN
        if after.at - since > 90 * SECOND:
            holes |= set(range((since - OPEN) // MINUTE, (after.at - OPEN) // MINUTE + 1))
        elif before is not None and after.volume is not None and top is not None and after.volume > top:
            slot_volume[(after.at - OPEN) // MINUTE] += after.volume - top
            slot_value[(after.at - OPEN) // MINUTE] += (after.volume - top) * after.price
            traded += after.volume - top
            value += (after.volume - top) * after.price
        if after.volume is not None:
            top = max(top or 0.0, after.volume)
    volumes = [math.nan if slot in holes else slot_volume[slot] for slot in range(slots[0], final)]
    values = [math.nan if slot in holes else slot_value[slot] for slot in range(slots[0], final)]
    returns = []
    close = math.nan
    for slot in range(slots[0], final):
        now = bars[slot][-1] if slot in bars else close
        returns.append(math.nan if slot in holes else (now - close) * 100 / close)
        close = now
    returns = returns[1:]
    closes = [prices[-1] for prices in bars.values()]
    found = {
        "day open": kept[0].price / 100,
        "day high": max(one.price for one in kept) / 100,
        "day low": min(one.price for one in kept) / 100,
        "vwap": value / traded / 100 if traded else math.nan,
        "vwap over 3 bars": _ratio(values[-3:], volumes[-3:], 3) / 100,
        "volume": _times(volumes, 5, 6, lambda part: sum(part) / len(part)),
        "volume over 2 minutes": _times(volumes, 2, 6, lambda part: sum(part) / len(part)),
        "volatility": _times(returns, 15, 2, _root_mean_square),
        "volatility over 5 bars": _times(returns, 5, 2, _root_mean_square),
        "sma over 5 bars": sum(closes[-5:]) / 500 if len(closes) >= 5 else math.nan,
        "ema over 5 bars": _ema(closes, 5) / 100,
        "rsi over 5 bars": _rsi(closes, 5),
        "atr over 5 bars": _atr(list(bars.values()), 5) / 100,
        "atr": _atr(list(bars.values()), 14) / 100,
    }
    for phrase, span in (("momentum", 15), ("momentum over 5 minutes", 5)):
        then = last.at - span * MINUTE
        earlier = [one for one in kept if one.at <= then]
        fresh = earlier and then - earlier[-1].at <= 90 * SECOND
        found[phrase] = (last.price - earlier[-1].price) * 100 / earlier[-1].price if fresh else math.nan
    return found


def _ratio(above: list[float], below: list[float], least: int) -> float:
    return sum(above) / sum(below) if len(below) >= least and sum(below) > 0 else math.nan


def _times(series: list[float], window: int, least: int, measure: Any) -> float:
    recent, earlier = series[-window:], [value for value in series[:-window] if not math.isnan(value)]
    if len(series) <= window or len(earlier) < least * window or not measure(earlier) > 0:
        return math.nan
    return float(measure(recent) / measure(earlier))


def _root_mean_square(values: list[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values))


def _ema(closes: list[float], count: int) -> float:
    if len(closes) < count:
        return math.nan
    value = sum(closes[:count]) / count
    for close in closes[count:]:
        value += (close - value) * 2 / (count + 1)
    return value


def _rsi(closes: list[float], count: int) -> float:
    if len(closes) <= count:
        return math.nan
    moves = [after - before for before, after in pairwise(closes)]
    gain = sum(max(move, 0) for move in moves[:count]) / count
    loss = sum(max(-move, 0) for move in moves[:count]) / count
    for move in moves[count:]:
        gain, loss = (gain * (count - 1) + max(move, 0)) / count, (loss * (count - 1) + max(-move, 0)) / count
    if not loss:
        return 100.0 if gain or len(set(closes)) > 1 else math.nan
    return 100 - 100 / (1 + gain / loss)


def _atr(bars: list[list[float]], count: int) -> float:
    if len(bars) < count:
        return math.nan
    ranges = [max(bars[0]) - min(bars[0])]
    for before, bar in pairwise(bars):
        ranges.append(max(max(bar), before[-1]) - min(min(bar), before[-1]))
    value = sum(ranges[:count]) / count
    for true_range in ranges[count:]:
        value = (value * (count - 1) + true_range) / count
    return value


def assert_same(found: dict[str, float], expected: dict[str, float]) -> None:
    for phrase, value in expected.items():
        assert found[phrase] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), phrase


@st.composite
def sessions(draw: st.DrawFn) -> list[Tick]:
    """Ticks of a session with lulls, holes, late ones, repeats, and falling volumes."""
    second, price, volume, ticks = draw(st.sampled_from([0, 30, 200])), 1000.0, 0, []
    for seq in range(draw(st.integers(1, 150))):
        second += draw(st.sampled_from([0, 1, 5, 20, 20, 30, 30, 61, 88, 95, -2] + ([1500] if seq % 40 == 39 else [])))
        price = max(1.0, price + draw(st.integers(-40, 40)) / 20)
        volume += draw(st.sampled_from([0, 10, 500, -5]))
        ticks.append(tick(max(0, second), round(price, 2), max(0, volume), seq=seq))
        if draw(st.integers(0, 9)) == 0:
            ticks.append(ticks[-1]._replace(seq=seq))
    return ticks


@settings(max_examples=150)
@given(sessions())
def test_streaming_facts_equal_the_plain_formulas_over_the_whole_session(ticks: list[Tick]) -> None:
    market = heard(ticks)
    assert_same(market.facts(KEY), oracle(ticks))


@settings(max_examples=40)
@given(sessions(), st.integers(0, 150))
def test_asking_early_often_or_late_changes_nothing(ticks: list[Tick], start: int) -> None:
    asked_always, asked_never = Market(PHRASES), Market()
    for one in ticks[:start]:
        asked_always.update(one)
        asked_always.facts(KEY)
    for one in ticks[start:]:
        asked_always.update(one)
    for one in ticks:
        asked_never.update(one)
    assert str(asked_always.facts(KEY)) == str(asked_never.facts(KEY, PHRASES))


def test_real_days_agree_with_the_formulas_tick_by_tick_and_in_bulk(shared_data: Path) -> None:
    feed = open_feed(shared_data / "nse_ticks.parquet")
    day = day_of(feed.last)
    market = Market(PHRASES)
    sessions: dict[str, list[Tick]] = {}
    calendar = Calendar()
    session = calendar.session("NSE", day)
    assert session is not None
    shift = session.opens - OPEN
    checked = 0
    for one in feed.ticks(feed.count - 150_000):
        market.update(one)
        if session.opens <= one.at < session.closes:
            mine = sessions.setdefault(one.symbol, [])
            mine.append(one._replace(at=one.at - shift))
            if len(mine) % 4000 == 0:
                expected = oracle(mine)
                assert_same(market.facts(one.key), expected)
                checked += sum(not math.isnan(value) for value in expected.values())
    assert set(sessions) == {"NIFTY", "RELIANCE", "INFY", "SBIN", "TATAMOTORS"}
    assert checked > 200


def test_talipp_gives_one_value_streaming_and_in_bulk() -> None:
    from talipp.indicators import ATR, EMA, RSI, SMA
    from talipp.ohlcv import OHLCV

    prices = [1000 + 7 * math.sin(i / 3) + (i * 37 % 11) / 20 for i in range(375)]
    candles = [OHLCV(price, price + 1, price - 1, price + 0.5) for price in prices]
    for kind, values in ((ATR, candles), (EMA, prices), (RSI, prices), (SMA, prices)):
        stream = kind(14)
        for value in values:
            stream.add(value)
        assert list(stream) == list(kind(14, values))


# --- meanings -----------------------------------------------------------------------------------------------------


def test_momentum_is_the_change_against_the_price_a_window_ago() -> None:
    ticks = [tick(i * 10, 1000 + (5 if i * 10 >= 900 else 0), i) for i in range(91)]
    assert math.isnan(fact(heard(ticks[:90]), "momentum"))
    assert fact(heard(ticks), "momentum") == 0.5
    assert fact(heard(ticks), "momentum over 15 minutes") == fact(heard(ticks), "momentum over 15 bars") == 0.5


def test_momentum_is_unknown_where_its_reference_lies_in_a_hole() -> None:
    before, after = [tick(i, 100) for i in range(0, 300, 10)], [tick(i, 101) for i in range(1000, 1400, 10)]
    market = heard(before + after)
    assert fact(market, "momentum over 2 minutes") == 0
    assert math.isnan(fact(market, "momentum over 10 minutes"))  # 790 s: in the hole
    assert fact(market, "momentum over 20 minutes") == 1.0  # 190 s: before it


def test_late_and_repeated_ticks_move_nothing() -> None:
    market = heard(steady(5))
    before = market.facts(KEY)
    assert market.update(tick(300, 100, 300)) is False
    assert market.update(tick(299, 50, 299)) is False
    assert market.update(tick(290, 900, 900)) is False
    assert str(market.facts(KEY)) == str(before)
    quote = market.quote(KEY)
    assert quote is not None
    assert (quote.price, quote.at) == (10000.0, OPEN + 300 * SECOND)
    assert (market.late, market.repeated) == (2, 1)
    assert market.update(tick(300, 101, 300)) is True


def test_volume_is_judged_against_the_same_day() -> None:
    calm = steady(40)
    busy = [tick(2400 + i * 10, 100, 2400 + i * 25) for i in range(1, 31)]
    assert fact(heard(calm), "volume") == pytest.approx(1, rel=0.01)
    assert fact(heard([*calm, *busy, tick(2701, 100, 5000)]), "volume") == pytest.approx(2.5, rel=0.02)
    assert math.isnan(fact(heard(steady(34.5)), "volume"))  # 29 minutes before the window
    assert fact(heard(steady(35)), "volume") == pytest.approx(1, rel=0.01)


def test_what_traded_during_a_hole_is_not_counted_into_one_minute() -> None:
    calm = steady(40)
    hole = [tick(4000 + i * 10, 100, 90_000 + i * 10) for i in range(61)]
    market = heard(calm + hole[:18])
    assert math.isnan(fact(market, "volume"))
    assert fact(heard(calm + hole), "volume") == pytest.approx(1, rel=0.01)


def test_an_index_without_volume_has_no_volume_facts() -> None:
    for nothing in (None, 0):
        market = heard(one._replace(volume=nothing) for one in steady(60))
        assert math.isnan(fact(market, "volume"))
        assert math.isnan(fact(market, "vwap"))
        assert fact(market, "momentum") == 0


def test_ticks_outside_the_session_move_the_price_and_no_fact() -> None:
    early = [tick(-60, 50, 5), tick(-1, 500, 9)]
    late = Tick(0, "NSE", "A", CLOSE, 7.0, 10_000.0)
    market = heard([*early, *steady(5), late])
    assert fact(market, "day high") == fact(market, "day low") == fact(market, "day open") == 100
    quote = market.quote(KEY)
    assert quote is not None
    assert quote.price == 7.0
    assert math.isnan(fact(market, "momentum"))


def test_previous_close_is_known_only_if_the_session_before_was_heard() -> None:
    def day(text: str, price: float) -> Tick:
        return Tick(0, "NSE", "A", parse_instant(f"{text}T10:00:00+05:30"), price * 100)

    thursday, friday, monday = day("2026-11-19", 100), day("2026-11-20", 102), day("2026-11-23", 103)
    after = Tick(0, "NSE", "A", parse_instant("2026-11-20T15:45:00+05:30"), 9000.0)
    market = heard([thursday, friday, after])
    assert fact(market, "previous close") == 100
    market.update(monday)
    assert fact(market, "previous close") == 102
    assert fact(market, "change") == pytest.approx(100 / 102)
    assert math.isnan(fact(heard([thursday, monday]), "previous close"))
    assert math.isnan(fact(heard([monday]), "change"))


def test_previous_close_may_come_from_elsewhere() -> None:
    market = Market(PHRASES)
    market.previous_close(KEY, day_of(OPEN), 8000.0)
    market.update(tick(0, 100))
    assert fact(market, "previous close") == 80
    assert fact(market, "change") == 25
    market.previous_close(KEY, day_of(OPEN), 5000.0)
    assert fact(market, "change") == 100


def test_a_market_that_never_moved_is_not_overbought() -> None:
    assert math.isnan(fact(heard(steady(30)), "rsi"))
    rising = [tick(i * 20, 100 + i / 20) for i in range(90)]
    assert fact(heard(rising), "rsi") == 100


def test_spread_needs_both_sides() -> None:
    assert fact(heard([tick(0, 100, bid=9990.0, ask=10010.0)]), "spread") == pytest.approx(0.2)
    assert math.isnan(fact(heard([tick(0, 100, bid=9990.0)]), "spread"))
    assert math.isnan(fact(heard([tick(0, 100)]), "spread"))


def test_a_new_day_forgets_the_old_one() -> None:
    monday = parse_instant("2026-11-23T09:15:00+05:30") - OPEN
    today = [one._replace(at=one.at + monday, price=5000.0) for one in steady(40)]
    both, alone = heard([*steady(375 - 1), *today]), heard(today)
    apart = {"previous close", "change"}
    for phrase in set(PHRASES) - apart:
        assert str(fact(both, phrase)) == str(fact(alone, phrase)), phrase
    assert fact(both, "change") == -50


def test_what_was_never_heard_is_unknown() -> None:
    market = Market(["momentum", "profit"])
    assert market.quote(KEY) is None
    assert str(market.facts(KEY)) == "{'momentum': nan}"


def test_a_restart_that_hears_the_days_again_knows_the_same(shared_data: Path) -> None:
    feed = open_feed(shared_data / "nse_ticks.parquet")
    never_stopped = Market(PHRASES)
    stops = [feed.count * part // 11 for part in (5, 8, 10)]
    known: dict[int, dict[InstrumentKey, dict[str, float]]] = {}
    for one in feed.ticks():
        never_stopped.update(one)
        if one.seq in stops:
            known[one.seq] = {key: never_stopped.facts(key) for key in feed.symbols}
    for stop in stops:
        again, today = Market(PHRASES), set()
        for one in feed.ticks(feed.warm_up_from(stop)):
            again.update(one)
            if one.seq == stop:
                break
            today.add(one.key)
        assert len(today) >= 2
        for key in today:
            facts = again.facts(key)
            assert str(facts) == str(known[stop][key])
            assert sum(not math.isnan(value) for value in facts.values()) > 10
