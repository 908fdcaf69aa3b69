"""What becomes of an order, as the official client sees it."""

from __future__ import annotations

import pytest
from kiteconnect import exceptions

from tests.kite_server.conftest import Bench, Start

OPENING = ["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "OPEN PENDING", "OPEN"]
FIELDS = {
    "account_id", "placed_by", "order_id", "exchange_order_id", "parent_order_id", "status", "status_message",
    "status_message_raw", "order_timestamp", "exchange_update_timestamp", "exchange_timestamp", "variety", "modified",
    "exchange", "tradingsymbol", "instrument_token", "order_type", "transaction_type", "validity", "validity_ttl",
    "product", "quantity", "disclosed_quantity", "price", "trigger_price", "average_price", "filled_quantity",
    "pending_quantity", "cancelled_quantity", "market_protection", "meta", "tag", "guid",
}  # fmt: skip


def test_an_order_takes_every_step_in_the_brokers_order(bench: Bench) -> None:
    order_id = bench.place(tag="T1")
    assert bench.steps(order_id) == OPENING[:1]
    bench.settle(0.015)
    assert bench.steps(order_id) == OPENING[:3]
    bench.settle(0.01)
    assert bench.steps(order_id) == [*OPENING, "COMPLETE"]


def test_a_row_has_all_fields(bench: Bench) -> None:
    row = bench.filled(order_type="LIMIT", price=1500)
    assert set(row) == FIELDS
    assert set(bench.filled(tag="T1")) == FIELDS | {"tags"}


def test_a_protected_market_order_comes_back_as_a_limit_order(bench: Bench) -> None:
    bench.price(156.69, "TATASTEEL")
    row = bench.filled(tradingsymbol="TATASTEEL", market_protection=2, tag="T1")
    assert (row["order_type"], row["price"], row["market_protection"]) == ("LIMIT", 159.82, 0)
    assert row["tags"] == ["T1", "mktp", "mktp:2.00"]
    assert (row["tag"], row["average_price"]) == ("T1", 156.69)


@pytest.mark.parametrize(
    ("price", "side", "limit"), [(99, "BUY", 100.98), (99, "SELL", 97.02), (400, "BUY", 404), (1500, "SELL", 1492.5)]
)
def test_automatic_protection_follows_the_slabs_of_shares(bench: Bench, price: float, side: str, limit: float) -> None:
    bench.server.list_instrument("NSE", "X", tick=0.01)
    bench.price(price, "X")
    assert bench.filled(side, tradingsymbol="X", market_protection=-1)["price"] == limit


@pytest.mark.parametrize(("price", "limit"), [(8, 8.4), (50, 51.5), (200, 204), (800, 808)])
def test_automatic_protection_follows_the_slabs_of_options(bench: Bench, price: float, limit: float) -> None:
    bench.server.list_instrument("NFO", "OPT", lot=5, kind="CE", strike=100)
    bench.price(price, "OPT", "NFO")
    row = bench.filled(exchange="NFO", tradingsymbol="OPT", market_protection=-1, product="NRML")
    assert row["price"] == limit


def test_a_protected_order_rests_when_the_price_leaves_its_band(bench: Bench) -> None:
    order_id = bench.place(market_protection=0.1)
    bench.price(1510)
    bench.settle()
    row = bench.row(order_id)
    assert (row["status"], row["filled_quantity"], row["pending_quantity"]) == ("OPEN", 0, 10)
    bench.price(1501)
    assert (bench.row(order_id)["status"], bench.row(order_id)["average_price"]) == ("COMPLETE", 1501.5)


def test_a_thin_book_fills_in_parts_and_each_part_is_a_trade(start: Start) -> None:
    bench = start(depth=4)
    order_id = bench.place(quantity=10)
    bench.settle(0.5)
    row = bench.row(order_id)
    assert (row["status"], row["filled_quantity"], row["pending_quantity"]) == ("OPEN", 4, 6)
    bench.settle(3)
    assert bench.row(order_id)["status"] == "COMPLETE"
    assert [trade["quantity"] for trade in bench.kite.order_trades(order_id)] == [4, 4, 2]
    assert len({trade["trade_id"] for trade in bench.kite.trades()}) == 3


def test_cancelling_leaves_the_pending_quantity_as_it_is(start: Start) -> None:
    bench = start(depth=4)
    order_id = bench.place(quantity=10)
    bench.settle(0.5)
    assert bench.kite.cancel_order("regular", order_id) == order_id
    assert bench.row(order_id)["status"] == "CANCEL PENDING"
    bench.settle(0.1)
    row = bench.row(order_id)
    assert (row["status"], row["filled_quantity"]) == ("CANCELLED", 4)
    assert (row["pending_quantity"], row["cancelled_quantity"]) == (6, 6)
    with pytest.raises(exceptions.OrderException):
        bench.kite.cancel_order("regular", order_id)


def test_a_cancellation_may_lose_the_race(bench: Bench) -> None:
    order_id = bench.place(order_type="LIMIT", price=1490)
    bench.settle()
    bench.kite.cancel_order("regular", order_id)
    bench.price(1489)
    bench.settle()
    assert bench.steps(order_id) == [*OPENING, "CANCEL PENDING", "COMPLETE"]
    assert bench.net()["quantity"] == 10


def test_a_cancellation_overtakes_a_change_that_is_under_way(bench: Bench) -> None:
    order_id = bench.place(order_type="LIMIT", price=1490)
    bench.settle()
    bench.kite.modify_order("regular", order_id, price=1500)
    bench.kite.cancel_order("regular", order_id)
    bench.settle()
    assert bench.steps(order_id)[-2:] == ["CANCEL PENDING", "CANCELLED"]
    assert bench.row(order_id)["filled_quantity"] == 0


def test_a_change_takes_its_steps_and_then_trades(bench: Bench) -> None:
    order_id = bench.place(order_type="LIMIT", price=1490)
    bench.settle()
    bench.kite.modify_order("regular", order_id, price=1500, quantity=7)
    bench.settle()
    changes = ["MODIFY VALIDATION PENDING", "MODIFY PENDING", "MODIFIED", "OPEN", "COMPLETE"]
    assert bench.steps(order_id) == [*OPENING, *changes]
    row = bench.row(order_id)
    assert (row["modified"], row["quantity"], row["filled_quantity"]) == (True, 7, 7)


def test_a_limit_order_becomes_a_market_order_only_with_protection(bench: Bench) -> None:
    order_id = bench.place(order_type="LIMIT", price=1490)
    bench.settle()
    with pytest.raises(exceptions.InputException, match="without market protection"):
        bench.kite.modify_order("regular", order_id, order_type="MARKET")
    bench.kite.modify_order("regular", order_id, order_type="MARKET", market_protection=1)
    bench.settle()
    row = bench.row(order_id)
    assert (row["status"], row["order_type"], row["price"]) == ("COMPLETE", "LIMIT", 1515)


def test_the_twenty_sixth_change_is_refused(start: Start) -> None:
    from rulekit.kite_server.settings import Limits

    bench = start(limits=Limits(None, None, None, 25, None, None))
    order_id = bench.place(order_type="LIMIT", price=1400)
    bench.settle()
    for number in range(25):
        bench.kite.modify_order("regular", order_id, price=1401 + number)
        bench.settle()
    with pytest.raises(exceptions.NetworkException, match="Maximum allowed order modifications exceeded"):
        bench.kite.modify_order("regular", order_id, price=1450)


def test_a_stop_waits_for_its_trigger_and_then_trades(bench: Bench) -> None:
    bench.filled()
    order_id = bench.place("SELL", order_type="SL", trigger_price=1490, price=1480)
    bench.settle()
    assert bench.row(order_id)["status"] == "TRIGGER PENDING"
    bench.price(1491)
    assert bench.row(order_id)["status"] == "TRIGGER PENDING"
    bench.price(1489)
    assert bench.steps(order_id) == [*OPENING[:3], "TRIGGER PENDING", "OPEN", "COMPLETE"]
    assert bench.row(order_id)["average_price"] == 1489


def test_a_stop_at_market_keeps_a_limit_below_its_trigger(bench: Bench) -> None:
    bench.filled()
    order_id = bench.place("SELL", order_type="SL-M", trigger_price=1490, market_protection=1)
    bench.settle()
    row = bench.row(order_id)
    assert (row["order_type"], row["price"], row["status"]) == ("SL", 1475.1, "TRIGGER PENDING")
    bench.price(1400)
    assert bench.row(order_id)["status"] == "OPEN"  # the gap went through the protection
    bench.price(1480)
    assert bench.row(order_id)["status"] == "COMPLETE"


def test_a_stop_on_the_wrong_side_is_rejected(bench: Bench) -> None:
    row = bench.filled("SELL", order_type="SL", trigger_price=1510, price=1500)
    assert (row["status"], row["pending_quantity"]) == ("REJECTED", 0)
    assert "lower than the last traded price" in row["status_message"]


def test_immediate_or_cancel_leaves_nothing_resting(start: Start) -> None:
    bench = start(depth=3)
    row = bench.filled(order_type="LIMIT", price=1500, validity="IOC")
    assert (row["status"], row["filled_quantity"], row["cancelled_quantity"]) == ("CANCELLED", 3, 7)


def test_an_order_with_a_time_to_live_ends_with_it(bench: Bench) -> None:
    order_id = bench.place(order_type="LIMIT", price=1400, validity="TTL", validity_ttl=2)
    bench.settle(119)
    assert bench.row(order_id)["status"] == "OPEN"
    bench.settle(2)
    assert bench.row(order_id)["status"] == "CANCELLED"


def test_an_after_market_order_waits_for_the_opening(start: Start) -> None:
    bench = start(clock="2026-11-20T08:00:00")
    order_id = bench.place(variety="amo", order_type="LIMIT", price=1500)
    bench.settle()
    assert bench.row(order_id)["status"] == "AMO REQ RECEIVED"
    bench.settle(75 * 60)
    assert bench.row(order_id)["status"] == "COMPLETE"


def test_a_price_beyond_the_circuit_is_rejected_by_the_exchange(bench: Bench) -> None:
    row = bench.filled(order_type="LIMIT", price=1800.05)
    assert row["status"] == "REJECTED"
    assert "circuit limits" in row["status_message"]
    assert row["status_message_raw"] != row["status_message"]
    assert bench.filled(order_type="LIMIT", price=1800)["status"] == "COMPLETE"


def test_protection_beyond_the_circuit_is_refused_and_automatic_protection_stops_there(bench: Bench) -> None:
    with pytest.raises(exceptions.InputException, match="within the circuit limits"):
        bench.place(market_protection=25)
    bench.price(1799)
    assert bench.filled(market_protection=-1)["price"] == 1800


def test_limit_price_protection_is_a_setting(start: Start) -> None:
    bench = start(lpp_percent=2.0)
    assert bench.filled(order_type="LIMIT", price=1540)["status"] == "REJECTED"
    assert bench.filled(order_type="LIMIT", price=1525)["status"] == "COMPLETE"


def test_money_that_does_not_do_rejects_or_refuses(start: Start) -> None:
    bench = start(cash=1000.0)
    row = bench.filled(quantity=10)
    assert (row["status"], row["filled_quantity"]) == ("REJECTED", 0)
    assert row["status_message"] == "Insufficient funds. Required margin is 3030.00 but available margin is 1000.00."
    refusing = start(cash=1000.0, margin_check="post")
    with pytest.raises(exceptions.GeneralException, match="Insufficient funds"):
        refusing.place(quantity=10)
    assert refusing.server.true_orders() == []


def test_an_exit_needs_no_money(start: Start) -> None:
    bench = start(cash=3050.0)
    assert bench.filled("BUY", 10)["status"] == "COMPLETE"
    assert bench.filled("BUY", 10)["status"] == "REJECTED"
    assert bench.filled("SELL", 10)["status"] == "COMPLETE"


def test_nothing_stops_an_exit_from_turning_the_position_over(bench: Bench) -> None:
    bench.filled("BUY", 10)
    bench.filled("SELL", 25)
    assert bench.net()["quantity"] == -15
    assert bench.server.position_path("NSE", "INFY", "MIS") == [0, 10, -15]


def test_a_tag_that_comes_twice_makes_two_orders(bench: Bench) -> None:
    assert bench.place(tag="SAME") != bench.place(tag="SAME")
    assert [row["tag"] for row in bench.server.true_orders()] == ["SAME", "SAME"]


def test_shares_are_sold_only_if_they_are_held(bench: Bench) -> None:
    row = bench.filled("SELL", 5, product="CNC")
    assert row["status"] == "REJECTED"
    assert "Insufficient stock holding" in row["status_message"]
    bench.server.hold("NSE", "INFY", 8, 1400)
    assert bench.filled("SELL", 5, product="CNC")["status"] == "COMPLETE"
    assert bench.filled("SELL", 5, product="CNC")["status"] == "REJECTED"
    assert bench.net("CNC")["quantity"] == -5
    (held,) = bench.kite.holdings()
    assert (held["quantity"], held["used_quantity"], held["average_price"]) == (3, 5, 1400)


def test_holdings_that_are_not_authorised_cannot_be_sold(start: Start) -> None:
    bench = start(holdings_authorised=False)
    bench.server.hold("NSE", "INFY", 8, 1400)
    with pytest.raises(exceptions.GeneralException, match="TPIN") as caught:
        bench.place("SELL", 5, product="CNC")
    assert caught.value.code == 428
    assert bench.kite.holdings()[0]["authorised_quantity"] == 0
    assert bench.kite.profile()["meta"] == {"demat_consent": "physical"}


def test_square_off_closes_intraday_positions_with_orders_of_the_brokers_own(start: Start) -> None:
    bench = start(clock="2026-11-20T15:19:00")
    bench.filled("BUY", 10, tag="MINE")
    waiting = bench.place(order_type="LIMIT", price=1400)
    bench.settle(60)
    assert bench.row(waiting)["status"] == "CANCELLED"
    bench.settle(1)
    assert bench.net()["quantity"] == 0
    foreign = [row for row in bench.kite.orders() if row["placed_by"] != "AB1234"]
    assert [(row["tag"], row["transaction_type"], row["status"]) for row in foreign] == [(None, "SELL", "COMPLETE")]
    with pytest.raises(exceptions.InputException, match="square-off"):
        bench.place()


def test_the_day_ends_what_still_waits(start: Start) -> None:
    bench = start(clock="2026-11-20T15:29:00", square_off=None)
    order_id = bench.place(order_type="LIMIT", price=1400)
    bench.settle(30)
    assert bench.row(order_id)["status"] == "OPEN"
    bench.settle(31)
    assert bench.row(order_id)["status"] == "CANCELLED"


def test_closed_markets_refuse_when_asked_to(start: Start) -> None:
    bench = start(clock="2026-11-20T15:31:00", check_hours=True, square_off=None)
    with pytest.raises(exceptions.InputException, match="closed"):
        bench.place()


@pytest.mark.parametrize("shape", ["array", "parent"])
def test_autoslice_in_both_shapes_with_a_failed_child(start: Start, shape: str) -> None:
    bench = start(autoslice_shape=shape, cash=1e9)
    bench.server.list_instrument("NFO", "NIFTYX", lot=65, kind="FUT", name="NIFTY")
    bench.price(25000, "NIFTYX", "NFO")
    bench.server.faults.script(["slice"])
    data = bench.kite.place_autoslice_order(
        "regular", "NFO", "NIFTYX", "BUY", 65 * 60, "NRML", "MARKET", market_protection=1, tag="SLICED"
    )
    children = data if shape == "array" else data["children"]
    assert ["order_id" in child for child in children] == [True, True, False]
    assert children[2]["error"]["error_type"] == "MarginException"
    bench.settle()
    rows = bench.server.true_orders()
    assert [row["quantity"] for row in rows] == [1755, 1755]
    parents = {tag for row in rows for tag in row["tags"] if tag.startswith("autoslice:")}
    assert len(parents) == 1
    assert {row["tag"] for row in rows} == {"SLICED"}
    if shape == "parent":
        assert parents == {f"autoslice:{data['order_id']}"}


def test_at_most_ten_slices(start: Start) -> None:
    bench = start(cash=1e12)
    bench.server.list_instrument("NFO", "NIFTYX", lot=65, kind="FUT", name="NIFTY")
    bench.price(25000, "NIFTYX", "NFO")
    with pytest.raises(exceptions.InputException, match="at most 10"):
        bench.kite.place_autoslice_order(
            "regular", "NFO", "NIFTYX", "BUY", 1755 * 11, "NRML", "MARKET", market_protection=1
        )


def test_ids_are_text_in_two_styles(start: Start) -> None:
    assert len(start().place()) == 15
    assert len(start(long_ids=True).place()) == 19


def test_yesterdays_orders_are_not_in_the_book(bench: Bench) -> None:
    order_id = bench.place()
    bench.settle(86_400)
    bench.kite.set_access_token(bench.server.desk.sessions.begin(bench.server.desk.now()))
    assert bench.kite.orders() == []
    assert bench.kite.trades() == []
    with pytest.raises(exceptions.GeneralException):
        bench.kite.order_history(order_id)
