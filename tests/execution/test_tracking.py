"""Position tracking: net list, own book from trades, episodes, lag, mismatch, overnight."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.execution.books import Book
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import BUY, SELL, SIGN, Quote, Trade
from tests.execution.scripted import KOTAK, START, Desk, add, book, exit_all, next_morning, stop

KEY = PositionKey("paper", "NSE", "KOTAKBANK", "MIS")

TRADES = st.lists(st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, 50), st.integers(100, 9000)), max_size=30)


def fold(trades: list[tuple[str, int, int]]) -> Book:
    folded = Book(KEY)
    for number, (side, quantity, price) in enumerate(trades):
        folded.fold(Trade(f"T{number}", f"O{number}", "NSE", "KOTAKBANK", "MIS", side, quantity, float(price), number))
    return folded


@settings(max_examples=200)
@given(TRADES)
def test_quantity_is_the_sum_and_cash_adds_up(trades: list[tuple[str, int, int]]) -> None:
    folded, total, cash = Book(KEY), 0, 0.0
    day = 0.0
    for number, (side, quantity, price) in enumerate(trades):
        folded.fold(Trade(f"T{number}", "", "NSE", "KOTAKBANK", "MIS", side, quantity, float(price), number))
        total += SIGN[side] * quantity
        cash -= SIGN[side] * quantity * price
        day = folded.day_realised
    assert folded.quantity == total
    held = folded.entry * total if total else 0.0
    assert math.isclose(cash + held, day, rel_tol=1e-9, abs_tol=1e-4)


@settings(max_examples=200)
@given(TRADES)
def test_shorts_mirror_longs(trades: list[tuple[str, int, int]]) -> None:
    mirrored = fold([(SELL if side == BUY else BUY, quantity, price) for side, quantity, price in trades])
    plain = fold(trades)
    assert mirrored.quantity == -plain.quantity
    assert mirrored.number == plain.number
    assert mirrored.original == plain.original
    assert math.isclose(mirrored.realised, -plain.realised, abs_tol=1e-6)


def test_a_flip_begins_a_new_episode() -> None:
    folded = fold([(BUY, 100, 1000)])
    folded.stop = folded.initial_stop = 990.0
    first = folded.episode
    folded.fold(Trade("T9", "", "NSE", "KOTAKBANK", "MIS", SELL, 150, 1100.0, 9))
    assert (folded.quantity, folded.entry, folded.original, folded.opened) == (-50, 1100.0, 50, 9)
    assert folded.episode != first
    assert math.isnan(folded.stop)
    assert folded.day_realised == 100 * 100


def test_average_and_realised_come_from_trades(desk: Desk) -> None:
    key = desk.hold(quantity=100, price=100_000.0)
    desk.broker.trade(KOTAK, "MIS", BUY, 50, 130_000.0)
    desk.broker.trade(KOTAK, "MIS", SELL, 30, 120_000.0)
    desk.start()
    position = desk.position(key)
    assert (position.quantity, position.entry, position.original) == (120, 110_000.0, 150)
    assert position.realised == 30 * 10_000
    assert position.opened == START


def test_products_of_one_symbol_are_two_positions(desk: Desk) -> None:
    desk.hold()
    desk.broker.trade(KOTAK, "CNC", BUY, 7, 169_000.0)
    desk.start()
    assert [(one.key.product, one.quantity) for one in desk.executor.positions()] == [("CNC", 7), ("MIS", 100)]


def test_a_lagging_list_cannot_make_us_oversell(desk: Desk) -> None:
    key = desk.hold()
    desk.clock.sleep(60)
    desk.start()
    desk.broker.lag_s = 30
    desk.commit(key, book(50))
    desk.pass_time()
    assert desk.broker.positions()[0].quantity == 100, "the list lags"
    assert desk.position(key).quantity == 50
    desk.commit(key, exit_all(100))
    desk.pass_time()
    assert [request.quantity for request in desk.broker.requests] == [50, 50]
    assert desk.executor.positions() == ()
    for _ in range(60):
        desk.pass_time()
    assert desk.broker.net(key) == 0
    assert "mismatch_found" not in desk.names()


def test_fills_that_the_trades_do_not_show_yet_count_against_us(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.commit(key, book(50))
    hidden = [trade for trade in desk.broker.done if trade.side == SELL]
    desk.broker.done = [trade for trade in desk.broker.done if trade.side == BUY]
    desk.pass_time()
    assert desk.position(key).quantity == 50
    desk.broker.done += hidden
    desk.pass_time()
    assert desk.position(key).quantity == 50


def test_the_traders_own_orders_change_what_is_held(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.trade(KOTAK, "MIS", SELL, 70, 169_500.0)
    desk.pass_time()
    assert desk.position(key).quantity == 30
    desk.broker.trade(KOTAK, "MIS", SELL, 30, 169_500.0)
    desk.pass_time()
    assert desk.executor.positions() == ()
    closed = next(event for event in desk.events if event.name == "position_closed")
    assert closed.data["profit"] == 500.0


def test_an_unexplained_difference_is_believed_after_a_while_and_reduces(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.overnight[key] = (-40, 0.0)  # converted to another product: no trade tells
    for _ in range(59):
        desk.pass_time()
    assert desk.position(key).quantity == 60, "the smaller of the two, meanwhile"
    assert desk.executor.mode == "active"
    for _ in range(3):
        desk.pass_time()
    assert desk.position(key).quantity == 60
    assert desk.executor.mode == "reducing"
    mismatch = next(event for event in desk.events if event.name == "mismatch_found")
    assert mismatch.data == {"ours": 100, "broker": 60, "explained": False}


def test_overnight_a_position_keeps_its_episode_and_its_memory(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.commit(key, book(50), stop(168_000.0))
    desk.pass_time()
    before = desk.position(key)
    next_morning(desk)
    desk.restart()
    after = desk.position(key)
    assert (after.quantity, after.episode, after.stop, after.entry) == (50, before.episode, 168_000.0, before.entry)
    assert after.memory["First target"].fired == 1
    assert after.opened == before.opened
    assert desk.executor.mode == "active"


def test_a_square_off_that_nobody_saw_is_explained_by_the_night(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.trade(KOTAK, "MIS", SELL, 100, 169_000.0)
    next_morning(desk)
    desk.pass_time()
    assert desk.executor.positions() == ()
    assert desk.executor.mode == "active"
    desk.broker.trade(KOTAK, "MIS", BUY, 10, 170_000.0)
    desk.pass_time()
    assert desk.position(key).quantity == 10
    assert desk.position(key).entry == 170_000.0


def test_a_position_from_another_day_is_taken_over_at_first_sight(desk: Desk) -> None:
    desk.broker.overnight[KEY] = (100, 160_000.0)
    desk.broker.trade(KOTAK, "MIS", BUY, 100, 170_000.0)
    desk.start()
    position = desk.position(KEY)
    assert (position.quantity, position.entry, position.opened) == (200, 165_000.0, None)


def test_yesterdays_trades_are_not_counted_again_in_the_morning(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    yesterday = list(desk.broker.done)
    next_morning(desk)
    desk.broker.done, desk.broker.overnight = yesterday, {}
    desk.restart()
    desk.executor.commit([], {"tick": 1}, checkpoint_now=True)
    desk.pass_time()
    desk.restart()
    assert desk.position(key).quantity == 100


def test_a_failed_reading_changes_nothing(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    before = repr(desk.executor.positions())
    for failing in (1, 2, 3):
        desk.broker.failing = failing
        assert repr(desk.executor.sync()) == before
    desk.broker.failing = 10
    desk.clock.sleep(10)
    desk.executor.commit([desk.decided(key, exit_all())])
    assert desk.broker.requests == [], "nothing is sent on a stale reading"
    desk.broker.failing = 0
    desk.pass_time()
    assert len(desk.broker.requests) == 1


def test_orders_are_read_before_positions(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.broker.log.clear()
    desk.executor.sync()
    assert desk.broker.log == ["orders", "positions", "trades"]


def test_best_and_worst_since_entry(desk: Desk) -> None:
    key, short = desk.hold(price=100_000.0), desk.hold("WIPRO", -10, 20_000.0)
    desk.start()
    for price in (100_500.0, 99_000.0, 100_200.0, math.nan, 0.0, -5.0):
        desk.executor.observe(key.instrument, Quote(price, desk.clock.now()))
        desk.executor.observe(short.instrument, Quote(price / 5, desk.clock.now()))
    assert (desk.position(key).best, desk.position(key).worst) == (100_500.0, 99_000.0)
    assert (desk.position(short).best, desk.position(short).worst) == (19_800.0, 20_100.0)
    desk.executor.observe(key.instrument, Quote(500_000.0, START - 1))
    assert desk.position(key).best == 100_500.0, "a price from before the entry says nothing"


def test_an_add_raises_the_original_and_averages_the_entry(desk: Desk) -> None:
    key = desk.hold(price=100_000.0)
    desk.start()
    desk.broker.prices[KOTAK] = 110_000.0
    desk.commit(key, add(25))
    desk.pass_time()
    position = desk.position(key)
    assert (position.quantity, position.original, position.entry, position.added) == (125, 125, 102_000.0, 1)


def test_an_initial_stop_is_taken_once_an_episode(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    assert desk.executor.set_initial_stop(key, 165_000.0, strategy="Edge")
    assert not desk.executor.set_initial_stop(key, 167_000.0, strategy="Other")
    position = desk.position(key)
    assert (position.stop, position.initial_stop, position.strategy) == (165_000.0, 165_000.0, "Edge")
    assert not desk.executor.set_initial_stop(PositionKey("paper", "NSE", "NONE", "MIS"), 1.0)


def test_a_list_that_lags_fresh_trades_at_first_sight_is_no_mismatch(desk: Desk) -> None:
    """What was held overnight and what was traded today say how much it should be; the list will follow."""
    key = desk.hold()
    desk.broker.overnight[key] = (40, 168_000.0)
    desk.clock.sleep(5)
    desk.broker.trade(KOTAK, "MIS", SELL, 90, 169_500.0)
    desk.broker.lag_s = 3.0
    desk.start()
    assert desk.position(key).quantity == 50, "40 are shown, 140 were held, 90 were sold"
    for _ in range(90):
        desk.pass_time()
    assert desk.executor.mode == "active"
    assert desk.position(key).quantity == 50
    assert "mismatch_found" not in desk.names()


def test_a_fresh_position_that_the_list_does_not_show_yet_is_no_mismatch(desk: Desk) -> None:
    key = desk.hold()
    desk.broker.lag_s = 3.0
    desk.start()
    for _ in range(90):
        desk.pass_time()
    assert desk.executor.mode == "active"
    assert desk.position(key).quantity == 100
    assert desk.names().count("position_opened") == 1


def test_a_first_stop_survives_a_death_right_after_it_was_given(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    assert desk.executor.set_initial_stop(key, 167_000.0, strategy="Edge", target=180_000.0)
    desk.restart()
    held = desk.position(key)
    assert (held.stop, held.initial_stop, held.target, held.strategy) == (167_000.0, 167_000.0, 180_000.0, "Edge")


def test_a_list_that_lags_the_trades_at_first_sight_is_a_lag_and_not_a_position(desk: Desk) -> None:
    key = desk.hold(quantity=1)
    desk.broker.lag_s = 30
    desk.start()
    assert "mismatch_found" not in desk.names()
    assert desk.executor.positions() == (), "the list does not show it yet, so it is not surely held"
    for _ in range(40):
        desk.pass_time(1)
    assert desk.position(key).quantity == 1
    assert "position_closed" not in desk.names()
    assert desk.executor.mode == "active"


def test_what_was_held_overnight_and_traded_since_is_known_through_a_lag(desk: Desk) -> None:
    key = desk.hold(quantity=40)
    desk.broker.overnight[key] = (100, 160_000.0)
    desk.broker.lag_s = 30
    desk.start()
    assert desk.position(key).quantity == 100
    for _ in range(40):
        desk.pass_time(1)
    assert desk.position(key).quantity == 140
    assert "mismatch_found" not in desk.names()


def test_a_later_fill_that_lags_by_the_same_quantity_begins_anew(desk: Desk) -> None:
    """Nobody looked for a minute: the first difference is over, and the second one has just begun."""
    key = desk.hold(quantity=150)
    desk.broker.lag_s = 50.0
    desk.clock.sleep(60)
    desk.start()
    desk.broker.trade(key.instrument, "MIS", SELL, 50, 169_000.0)
    desk.pass_time()
    desk.clock.sleep(65)
    desk.broker.trade(key.instrument, "MIS", SELL, 50, 169_000.0)
    desk.pass_time()
    assert desk.executor.mode == "active"
    assert desk.position(key).quantity == 50
