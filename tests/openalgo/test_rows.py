"""OpenAlgo's rows: numbers as texts, times of many forms, states that are borrowed, and fills that only trades tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from rulekit.broker.openalgo_ends import NOT_YET, Ends
from rulekit.broker.openalgo_rows import BookRow, book_of, instrument_of, moment, positions_of, quotes_of, trades_of
from rulekit.broker.openalgo_settings import OpenAlgoSettings
from rulekit.errors import InputError, ReadFailedError
from rulekit.kite_server.faults import Fault
from rulekit.model.instant import SECOND, iso, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import BUY, CANCELLED, COMPLETE, OPEN, REJECTED, SELL, TERMINAL, Accepted, Order, OrderRequest
from rulekit.openalgo_server.settings import GatewaySettings
from tests.openalgo.bench import OpenAlgoBench

TODAY = date(2026, 11, 20)
NOW = parse_instant("2026-11-20T10:00:00+05:30")
ORDER = {
    "action": "BUY", "symbol": "INFY", "exchange": "NSE", "orderid": "250408000989443", "product": "MIS",
    "quantity": "10", "price": 1186.0, "pricetype": "MARKET", "order_status": "complete", "trigger_price": 0.0,
    "timestamp": "20-Nov-2026 09:58:03",
}  # fmt: skip
TRADE = {
    "action": "SELL", "symbol": "INFY", "exchange": "NSE", "orderid": 7, "product": "MIS", "quantity": 4.0,
    "average_price": "83.74", "timestamp": "09:28:49",
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["2026-11-20 09:58:03", "20-Nov-2026 09:58:03", "20-11-2026 09:58:03", "09:58:03 20-11-2026", "09:58:03"],
)
def test_times_of_every_form_are_indias(text: str) -> None:
    assert iso(moment(text, TODAY) or 0) == "2026-11-20T09:58:03+05:30"


def test_an_order_row() -> None:
    (row,) = book_of({"data": {"orders": [ORDER]}}, TODAY)
    assert (row.order_id, row.exchange, row.symbol, row.product) == ("250408000989443", "NSE", "INFY", "MIS")
    assert (row.side, row.quantity, row.status, row.placed) == (BUY, 10, COMPLETE, moment("09:58:03", TODAY))
    assert row.trigger != row.trigger, "0 stands where there is none"


@pytest.mark.parametrize(
    "wrong", [{"quantity": "ten"}, {"quantity": True}, {"action": "HOLD"}, {"orderid": ""}, {"orderid": None}], ids=str
)
def test_a_row_that_is_none_makes_the_reading_worth_nothing(wrong: dict[str, object]) -> None:
    with pytest.raises(ReadFailedError, match="row 1"):
        book_of({"data": {"orders": [ORDER, ORDER | wrong]}}, TODAY)


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": []}, {"data": {"orders": None}}], ids=str)
def test_what_is_no_book_is_not_an_empty_one(answer: dict[str, object]) -> None:
    with pytest.raises(ReadFailedError):
        book_of(answer, TODAY)


def test_trades_without_numbers_are_told_apart_and_stay_the_same() -> None:
    rows = [TRADE, TRADE, TRADE | {"quantity": 5}]
    trades, numbered = trades_of({"data": rows}, TODAY)
    assert not numbered
    assert len({trade.trade_id for trade in trades}) == 3
    again, _ = trades_of({"data": [TRADE | {"quantity": 5}, TRADE, TRADE]}, TODAY)
    assert {trade.trade_id for trade in again} == {trade.trade_id for trade in trades}
    assert (trades[0].order_id, trades[0].quantity, trades[0].price) == ("7", 4, 8374.0)


def test_a_plug_in_that_tells_no_fills_is_found_out() -> None:
    with pytest.raises(ReadFailedError, match="tells no fills"):
        trades_of({"data": [TRADE | {"quantity": 0.0}]}, TODAY)


def test_positions_quotes_and_instruments() -> None:
    rows = [{"symbol": "INFY", "exchange": "NSE", "product": "MIS", "quantity": "-104", "average_price": "17.2"}]
    (net,) = positions_of({"data": rows}, "me")
    assert (net.quantity, net.average, str(net.key)) == (-104, 1720.0, "me:NSE:INFY:MIS")
    key = InstrumentKey("NSE", "INFY")
    results = [
        {"symbol": "INFY", "exchange": "NSE", "data": {"ltp": 1500.05, "bid": 0, "ask": "1500.1"}},
        {"symbol": "NONE", "exchange": "NSE", "error": "Symbol not found"},
    ]
    quotes = quotes_of({"results": results}, [key, InstrumentKey("NSE", "NONE")], NOW)
    assert (quotes[key].price, quotes[key].bid, quotes[key].ask) == (
        150_005.0,
        pytest.approx(float("nan"), nan_ok=True),
        150_010.0,
    )
    data = {"lotsize": 65, "tick_size": 0.1, "freeze_qty": 1800, "instrumenttype": "FUT", "expiry": "24-NOV-26"}
    found = instrument_of({"data": data | {"name": "NIFTY"}}, InstrumentKey("NFO", "NIFTY24NOV26FUT"), {})
    assert (found.lot, found.tick, found.freeze, found.expiry, found.kind) == (
        65,
        10.0,
        1755,
        date(2026, 11, 24),
        "future",
    )


def row(number: str, status: str, quantity: int = 10) -> BookRow:
    return BookRow(number, "NSE", "INFY", "MIS", BUY, quantity, status, NOW, float("nan"))


def states(ends: Ends, *rows: BookRow, at: float, **fills: int) -> list[str]:
    told = {number[1:]: (filled, 1.0) for number, filled in fills.items()}
    return [order.status for order in ends.judge(rows, told, NOW + round(at * SECOND))]


def test_complete_is_believed_once_the_trades_add_up() -> None:
    ends = Ends(OpenAlgoSettings())
    assert states(ends, row("1", COMPLETE), at=0) == [NOT_YET]
    assert states(ends, row("1", COMPLETE), at=500, n1=6) == [NOT_YET]
    assert states(ends, row("1", OPEN), at=501, n1=10) == [COMPLETE]


def test_an_end_is_believed_after_a_while_and_late_where_it_may_be_borrowed() -> None:
    ends = Ends(OpenAlgoSettings())
    first, second = row("1", CANCELLED), row("2", CANCELLED)
    assert states(ends, first, second, at=0) == [NOT_YET, NOT_YET]
    assert states(ends, first, second, at=3) == [CANCELLED, NOT_YET]
    assert states(ends, first, second, at=119) == [CANCELLED, NOT_YET]
    assert states(ends, first, second, at=120) == [CANCELLED, CANCELLED]


@pytest.mark.parametrize("seen", ["alive", "filled", "apart"])
def test_what_was_at_the_exchange_ends_soon(seen: str) -> None:
    ends = Ends(OpenAlgoSettings())
    first, second = row("1", REJECTED), row("2", REJECTED)
    if seen == "alive":
        states(ends, first, row("2", OPEN), at=-10)
    fills = {"n2": 4} if seen == "filled" else {}
    shown = [first, row("3", OPEN), second] if seen == "apart" else [first, second]
    states(ends, *shown, at=0, **fills)
    assert NOT_YET not in states(ends, *shown, at=3, **fills)


def test_a_state_that_comes_back_to_life_was_none() -> None:
    ends = Ends(OpenAlgoSettings())
    states(ends, row("1", CANCELLED), at=0)
    assert states(ends, row("1", OPEN), at=2) == [OPEN]
    assert states(ends, row("1", CANCELLED), at=4) == [NOT_YET]


def test_more_traded_than_ordered_makes_the_reading_worth_nothing() -> None:
    with pytest.raises(ReadFailedError, match="11 of it have traded"):
        states(Ends(OpenAlgoSettings()), row("1", OPEN), at=0, n1=11)


@pytest.mark.parametrize(
    "values",
    [{"root": "http://example.com"}, {"root": "127.0.0.1:5000"}, {"strategy": " "}, {"deadline_s": 0.0}],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(InputError, match="openalgo setting"):
        OpenAlgoSettings(**values)  # type: ignore[arg-type]


@pytest.fixture
def bench() -> Iterator[OpenAlgoBench]:
    made = OpenAlgoBench()
    yield made
    made.close()


def _place(bench: OpenAlgoBench, quantity: int, protection: float | None = None) -> str:
    found = bench.broker.place(OrderRequest("T", *bench.key, "MIS", BUY, quantity, protection))
    assert isinstance(found, Accepted)
    return found.order_id


def test_an_order_on_its_way_that_shows_anothers_end_is_not_taken_for_over(bench: OpenAlgoBench) -> None:
    bench.server.trade_by_hand(*bench.key, BUY, 1)
    bench.wait(1)
    bench.server.faults.script([Fault("stuck", "before", "place", delay=90.0)])
    stuck = _place(bench, 10)
    shown = set()
    for _ in range(20):
        bench.wait(4)
        shown |= {(order.status, order.filled) for order in _book(bench) if order.order_id == stuck}
    assert shown <= {(NOT_YET, 0)}
    bench.wait(30)
    for _ in range(5):
        book = _book(bench)
        bench.wait(1)
    assert next(order for order in book if order.order_id == stuck).status == COMPLETE


def _book(bench: OpenAlgoBench) -> list[Order]:
    try:
        return list(bench.broker.orders())
    except ReadFailedError:
        return []  # the plug-in fails where such a row comes first


def test_a_rest_is_cancelled_with_what_it_filled(bench: OpenAlgoBench) -> None:
    number = _place(bench, 10, 0.1)
    bench.move(151_500.0)
    bench.wait(1)
    bench.broker.cancel(number)
    for _ in range(6):
        bench.wait(1)
        (order,) = bench.broker.orders()
    assert (order.status, order.filled, order.status in TERMINAL) == (CANCELLED, 0, True)


def test_what_was_held_in_the_morning_is_worked_out_once_list_and_trades_agree(bench: OpenAlgoBench) -> None:
    bench.server.carry_over(*bench.key, "CNC", 100, 1400)
    bench.server.trade_by_hand(*bench.key, SELL, 30, "CNC")
    bench.wait(5)
    seen = {}
    for seconds in (0, 60):
        bench.wait(seconds)
        bench.broker.orders()
        (row,) = bench.broker.positions()
        seen[seconds] = (row.quantity, row.overnight)
    assert seen == {0: (70, 0), 60: (70, 100)}


def test_fills_that_are_added_up_to_one_row_are_found_out() -> None:
    bench = OpenAlgoBench(gateway=GatewaySettings(numbered=False))
    bench.server.trade_by_hand(*bench.key, BUY, 3)
    bench.wait(1)
    assert len(list(bench.broker.trades())) == 1
    bench.server.gateway.settings = GatewaySettings(numbered=False, dated=False)
    bench.server.desk.oms.trades[0].quantity = 2
    with pytest.raises(ReadFailedError, match="rewritten"):
        bench.broker.trades()
    bench.close()
