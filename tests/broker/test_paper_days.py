"""Sessions, square-off, overnight positions, and entries from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.errors import InputError
from rulekit.model.instant import HOUR, MINUTE, SECOND, parse_instant
from rulekit.model.orders import BUY, CANCELLED, REJECTED, SELL, Accepted, Refused
from tests.broker.bench import KEY, PRICE, START, PaperBench

TODAY = "2026-11-20"
MONDAY = parse_instant("2026-11-23T09:20:00+05:30")


def at(time: str) -> int:
    return parse_instant(f"{TODAY}T{time}+05:30")


def held(bench: PaperBench) -> dict[str, int]:
    return {row.key.product: row.quantity for row in bench.broker.positions() if row.quantity}


def test_outside_the_session_orders_are_refused() -> None:
    for time, reason in (("09:00:00", "NSE is closed"), ("15:30:00", "NSE is closed")):
        bench = PaperBench(start=at(time))
        outcome = bench.place(product="CNC")
        assert isinstance(outcome, Refused)
        assert reason in outcome.reason
    assert isinstance(PaperBench(start=at("09:15:00")).place(), Accepted)
    assert isinstance(PaperBench(start=at("03:00:00"), hours=False).place(product="NRML"), Accepted)


def test_a_year_the_calendar_does_not_know_is_refused_in_words() -> None:
    outcome = PaperBench(start=parse_instant("1999-01-04T10:00:00+05:30")).place()
    assert isinstance(outcome, Refused)
    assert "1999" in outcome.reason


def test_what_is_open_at_the_close_is_cancelled() -> None:
    bench = PaperBench(start=at("15:29:00"), rest=1)
    bench.place(product="NRML")
    bench.wait(30)
    assert bench.only().status == "OPEN"
    bench.pass_time(120)
    assert (bench.only().status, bench.only().filled) == (CANCELLED, 0)
    assert bench.broker.true_orders()[0].message == "day order, not filled by the close"


def test_an_order_that_arrives_after_the_close_is_rejected() -> None:
    bench = PaperBench(start=at("15:29:59"), late=1, late_max_s=60, seed=1)
    bench.place(product="NRML")
    bench.pass_time(120)
    assert bench.only().status == REJECTED


def test_intraday_positions_are_squared_off_by_the_broker() -> None:
    bench = PaperBench(start=at("15:19:00"))
    bench.place("L", BUY, 10)
    bench.place("N", SELL, 5, product="NRML")
    bench.wait(30)
    assert held(bench) == {"MIS": 10, "NRML": -5}
    bench.wait(29)
    assert held(bench) == {"MIS": 10, "NRML": -5}
    bench.wait(2)
    assert held(bench) == {"NRML": -5}
    foreign = [order for order in bench.broker.orders() if not order.tag]
    assert [(order.side, order.filled, order.placed) for order in foreign] == [(SELL, 10, at("15:20:00"))]
    assert isinstance(bench.place("M", BUY), Refused)
    assert isinstance(bench.place("C", BUY, product="CNC"), Accepted)


def test_the_square_off_cancels_what_is_open_first() -> None:
    bench = PaperBench(start=at("15:19:30"), rest=1, rest_ticks=1)
    bench.trade_by_hand(BUY, 10)
    bench.place("X", SELL, 10)
    bench.pass_time(31)
    bench.move(PRICE * 1.01)
    mine = next(order for order in bench.broker.orders() if order.tag == "X")
    assert (mine.status, mine.filled) == (CANCELLED, 0)
    assert held(bench) == {}


def test_an_intraday_order_that_arrives_after_the_square_off_is_rejected() -> None:
    bench = PaperBench(start=at("15:19:59"), late=1, late_max_s=90)
    bench.place()
    bench.pass_time(100)
    assert (bench.only().status, bench.only().filled) == (REJECTED, 0)
    assert "square-off" in bench.only().message


def test_the_square_off_needs_no_fresh_price_and_can_be_switched_off() -> None:
    for square_off, left in ((True, {}), (False, {"MIS": 10})):
        bench = PaperBench(square_off=square_off)
        bench.place()
        bench.wait(1)
        bench.pass_time(7 * 3600)
        assert {key.product: quantity for key, quantity in bench.broker.true_positions().items()} == left


def test_a_new_day_shows_only_its_own_orders_and_keeps_positions() -> None:
    bench = PaperBench()
    bench.place(product="CNC")
    bench.wait(1)
    first = bench.broker.trades()[0].price
    bench.pass_time((MONDAY - bench.clock.now()) / SECOND)
    bench.move(PRICE)
    assert list(bench.broker.orders()) == list(bench.broker.trades()) == []
    (row,) = bench.broker.positions()
    assert (row.quantity, row.overnight, row.average) == (10, 10, first)
    bench.place("T2", SELL, 10, product="CNC")
    bench.wait(1)
    (row,) = bench.broker.positions()
    assert (row.quantity, row.overnight) == (0, 10)
    assert [order.tag for order in bench.broker.orders()] == ["T2"]
    bench.pass_time(24 * 3600)
    assert list(bench.broker.positions()) == []
    assert len(bench.broker.true_orders()) == 2


def test_averages_are_of_what_was_bought_since_flat() -> None:
    bench = PaperBench(square_off=False)

    def enter(side: str, quantity: int, price: float) -> float:
        bench.pass_time(1)
        bench.broker.enter(*KEY, "MIS", side, quantity, price, bench.clock.now(), reference=str(bench.clock.now()))
        return bench.broker.positions()[0].average

    assert enter(BUY, 10, 100.0) == 100
    assert enter(BUY, 30, 200.0) == 175
    assert enter(SELL, 20, 500.0) == 175
    assert enter(SELL, 50, 300.0) == 300
    assert enter(BUY, 30, 1.0) != enter(BUY, 1, 7.0) == 7


# --- entries ------------------------------------------------------------------------------------------------------


def enter(
    bench: PaperBench, moment: int, reference: str = "row 2", side: str | int = BUY, product: str = "MIS"
) -> bool:
    return bench.broker.enter(*KEY, product, side, 100, 145_000.0, moment, reference=reference)


def test_an_entry_is_a_trade_without_a_tag() -> None:
    bench = PaperBench()
    assert enter(bench, START)
    assert (bench.only().tag, bench.only().status, bench.only().filled) == ("", "COMPLETE", 100)
    (trade,) = bench.broker.trades()
    assert (trade.price, trade.at, trade.side) == (145_000.0, START, BUY)
    assert bench.broker.updates() > 0


def test_an_entry_is_made_once_also_over_restarts(tmp_path: Path) -> None:
    bench = PaperBench(tmp_path / "book")
    assert enter(bench, START) is True
    assert enter(bench, START) is False
    bench.reopen()
    assert enter(bench, START) is False
    assert enter(bench, START, "row 3", side=-1) is True
    assert held(bench) == {}


def test_an_entry_of_an_earlier_day_is_overnight_and_squared_off_today() -> None:
    bench = PaperBench()
    enter(bench, START - 24 * HOUR, "cnc", product="CNC")
    enter(bench, START - 24 * HOUR, "mis")
    assert list(bench.broker.trades()) == []
    assert {row.key.product: (row.quantity, row.overnight) for row in bench.broker.positions()} == {
        "CNC": (100, 100),
        "MIS": (100, 100),
    }
    bench.reopen()
    bench.pass_time(6 * 3600)
    assert held(bench) == ({"CNC": 100} if bench.path else {})


def test_an_entry_in_the_future_is_shown_when_its_time_comes() -> None:
    bench = PaperBench()
    enter(bench, START + 10 * MINUTE)
    assert list(bench.broker.orders()) == list(bench.broker.positions()) == []
    bench.pass_time(601)
    assert held(bench) == {"MIS": 100}


@pytest.mark.parametrize("wrong", [{"side": "LONG"}, {"quantity": 0}, {"price": 0.0}, {"price": float("nan")}])
def test_an_entry_that_cannot_be_is_answered(wrong: dict[str, object]) -> None:
    values: dict[str, object] = {"side": BUY, "quantity": 1, "price": 100.0} | wrong
    with pytest.raises(InputError, match="cannot be entered"):
        PaperBench().broker.enter(*KEY, "MIS", at=START, reference="x", **values)  # type: ignore[arg-type]
