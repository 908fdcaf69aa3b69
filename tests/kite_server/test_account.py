"""Positions, holdings, money, quotes, instruments: what the account and the market show, and how late."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from kiteconnect import exceptions

from rulekit.kite_server.settings import View
from tests.kite_server.conftest import Bench, Start


def test_net_is_what_there_is_and_day_only_what_was_done_today(bench: Bench) -> None:
    bench.server.carry_over("NSE", "INFY", "MIS", 3, 1490)
    bench.filled("BUY", 1)
    bench.filled("SELL", 4)
    found = bench.kite.positions()
    (net,), (day,) = found["net"], found["day"]
    assert (net["quantity"], net["overnight_quantity"], net["average_price"]) == (0, 3, 0)
    assert (day["quantity"], day["buy_quantity"], day["sell_quantity"]) == (-3, 1, 4)
    assert net["value"] == net["pnl"] == net["unrealised"] == 30
    assert net["realised"] == 0


def test_profit_follows_the_last_price(bench: Bench) -> None:
    bench.filled("BUY", 10)
    bench.price(1512.5)
    row = bench.net()
    assert (row["pnl"], row["last_price"], row["average_price"]) == (125, 1512.5, 1500)
    assert row["pnl"] == row["sell_value"] - row["buy_value"] + row["quantity"] * row["last_price"]


def test_products_of_one_symbol_are_separate_positions(bench: Bench) -> None:
    bench.filled("BUY", 10)
    bench.filled("BUY", 4, product="CNC")
    assert (bench.net()["quantity"], bench.net("CNC")["quantity"]) == (10, 4)
    bench.kite.convert_position("NSE", "INFY", "BUY", "day", 3, "MIS", "CNC")
    assert (bench.net()["quantity"], bench.net("CNC")["quantity"]) == (7, 7)
    with pytest.raises(exceptions.InputException):
        bench.kite.convert_position("NSE", "INFY", "BUY", "day", 8, "MIS", "CNC")


def test_delivery_becomes_a_holding_the_next_day(start: Start) -> None:
    bench = start(clock="2026-11-19T10:00:00")
    bench.filled("BUY", 6, product="CNC")
    assert bench.kite.holdings() == []
    bench.settle(86_400)
    bench.kite.set_access_token(bench.server.desk.sessions.begin(bench.server.desk.now()))
    (held,) = bench.kite.holdings()
    assert (held["quantity"], held["average_price"], held["pnl"]) == (6, 1500, 0)
    assert bench.kite.positions() == {"net": [], "day": []}


def test_the_money_is_held_by_positions_and_by_open_orders(bench: Bench) -> None:
    before = bench.kite.margins("equity")["available"]["live_balance"]
    bench.filled("BUY", 10)
    assert bench.kite.margins()["equity"]["utilised"]["debits"] == 3000
    bench.place(order_type="LIMIT", price=1400)
    assert bench.kite.margins("equity")["net"] == before - 3000 - 2800
    with pytest.raises(exceptions.InputException):
        bench.kite.margins("gold")


def test_margins_and_charges_are_told_beforehand(bench: Bench) -> None:
    order = {
        "exchange": "NSE", "tradingsymbol": "INFY", "transaction_type": "BUY", "variety": "regular", "product": "MIS",
        "order_type": "LIMIT", "quantity": 10, "price": 1500, "trigger_price": 0,
    }  # fmt: skip
    (margin,) = bench.kite.order_margins([order])
    assert (margin["total"], margin["var"]) == (3000, 3000)
    exit_order = {**order, "transaction_type": "SELL"}
    both = bench.kite.basket_order_margins([order, exit_order])
    assert (both["initial"]["total"], both["final"]["total"]) == (6000, 3000)
    (note,) = bench.kite.get_virtual_contract_note([{**exit_order, "average_price": 1500}])
    assert note["charges"]["brokerage"] == pytest.approx(15000 * 0.0003)
    assert note["charges"]["transaction_tax"] == pytest.approx(15000 * 0.00025)
    parts = sum(
        note["charges"][name]
        for name in (
            "transaction_tax", "exchange_turnover_charge", "sebi_turnover_charge", "brokerage", "stamp_duty",
        )
    )  # fmt: skip
    assert note["charges"]["total"] == pytest.approx(parts + note["charges"]["gst"]["total"], abs=1e-3)


def test_quotes_in_three_sizes_and_unknown_names_are_left_out(bench: Bench) -> None:
    bench.price(1510, quantity=40)
    bench.price(1495, quantity=60)
    names = ("NSE:INFY", "NSE:NOSUCH")
    assert bench.kite.ltp(*names) == {"NSE:INFY": {"instrument_token": 408065, "last_price": 1495}}
    ohlc = bench.kite.ohlc(*names)["NSE:INFY"]["ohlc"]
    assert ohlc == {"open": 1500, "high": 1510, "low": 1495, "close": 1500}
    quote = bench.kite.quote("408065")["408065"]
    assert (quote["volume"], quote["average_price"], quote["last_quantity"]) == (100, 1501, 60)
    assert (quote["lower_circuit_limit"], quote["upper_circuit_limit"]) == (1200, 1800)
    assert [level["price"] for level in quote["depth"]["buy"]][:2] == [1494.95, 1494.9]
    assert quote["last_trade_time"].isoformat() == "2026-11-20T10:00:00"


def test_the_list_of_instruments_is_whole_and_says_nothing_of_freeze_quantities(bench: Bench) -> None:
    rows = bench.kite.instruments()
    assert {row["exchange"] for row in rows} == {"NSE", "BSE", "NFO", "MCX", "CDS"}
    infy = next(row for row in rows if (row["exchange"], row["tradingsymbol"]) == ("NSE", "INFY"))
    assert infy == {
        "instrument_token": 408065, "exchange_token": "1594", "tradingsymbol": "INFY", "name": "INFY",
        "last_price": 1500.0, "expiry": "", "strike": 0.0, "tick_size": 0.05, "lot_size": 1, "instrument_type": "EQ",
        "segment": "NSE", "exchange": "NSE",
    }  # fmt: skip
    assert bench.kite.instruments("NFO") == [row for row in rows if row["exchange"] == "NFO"]
    call = next(row for row in rows if row["instrument_type"] == "CE")
    assert (call["segment"], call["lot_size"], call["expiry"].isoformat()) == ("NFO-OPT", 65, "2026-12-03")
    assert len({row["instrument_token"] for row in rows}) == len(rows)


def test_yesterdays_last_price_is_todays_close(start: Start) -> None:
    bench = start(clock="2026-11-19T15:00:00")
    bench.price(1510)
    bench.settle(20 * 3600)
    bench.kite.set_access_token(bench.server.desk.sessions.begin(bench.server.desk.now()))
    bench.price(1520, quantity=5)
    quote = bench.kite.quote("NSE:INFY")["NSE:INFY"]
    assert quote["ohlc"] == {"open": 1520, "high": 1520, "low": 1520, "close": 1510}
    assert (quote["net_change"], quote["volume"]) == (10, 5)
    assert quote["upper_circuit_limit"] == 1812


def test_the_book_is_shown_late_and_is_true_all_the_same(start: Start) -> None:
    bench = start(view=View(book_lag=5, position_lag=8))
    order_id = bench.place()
    bench.settle(1)
    assert bench.kite.orders() == bench.kite.trades() == []
    assert bench.steps(order_id)[-1] == "COMPLETE"  # the history of one order does not lag
    assert bench.server.true_positions() == {("NSE", "INFY", "MIS"): 10}
    bench.settle(4.005)
    assert bench.row(order_id)["status"] == "PUT ORDER REQ RECEIVED"
    bench.settle(1)
    assert bench.row(order_id)["status"] == "COMPLETE"
    assert bench.kite.positions()["net"] == []
    bench.settle(3)
    assert bench.net()["quantity"] == 10


def test_what_has_not_reached_the_exchange_may_be_hidden(start: Start) -> None:
    bench = start(view=View(hide_intermediate=True))
    bench.place()
    assert bench.kite.orders() == []
    bench.settle()
    assert len(bench.kite.orders()) == 1


def test_the_prices_among_the_positions_may_be_old(start: Start) -> None:
    bench = start(view=View(position_price_age=60))
    bench.filled()
    assert bench.net()["last_price"] == 1500
    bench.price(1550)
    assert bench.net()["last_price"] == 1500
    bench.settle(61)
    assert bench.net()["last_price"] == 1550


def test_the_average_of_a_part_may_be_hidden(start: Start) -> None:
    bench = start(depth=4, view=View(average_on_partial=False))
    order_id = bench.place()
    bench.settle(0.5)
    assert (bench.row(order_id)["filled_quantity"], bench.row(order_id)["average_price"]) == (4, 0)
    bench.settle(3)
    assert bench.row(order_id)["average_price"] == 1500


def test_the_list_of_orders_has_no_order(bench: Bench) -> None:
    placed = [bench.place(quantity=1) for _ in range(12)]
    shown = [[row["order_id"] for row in bench.kite.orders()] for _ in range(5)]
    assert all(sorted(one) == placed for one in shown)
    assert len({tuple(one) for one in shown}) > 1


def test_trades_by_hand_have_no_tag_and_no_request(bench: Bench) -> None:
    order_id = bench.server.trade_by_hand("NSE", "INFY", "SELL", 7)
    bench.settle()
    assert (bench.row(order_id)["tag"], bench.net()["quantity"]) == (None, -7)
    assert {row["route"] for row in bench.server.requests} == {"orders", "positions"}


def test_postbacks_carry_a_checksum_and_are_for_orders_of_the_api(start: Start) -> None:
    heard: list[dict[str, object]] = []
    arrived = threading.Event()

    class Application(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            arrived.set()

        def log_message(self, *arguments: object) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Application) as application:
        thread = threading.Thread(target=application.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            bench = start(postback_url=f"http://127.0.0.1:{application.server_port}/")
            order_id = bench.place(tag="T1")
            bench.settle()
            assert arrived.wait(5)
        finally:
            application.shutdown()
            thread.join()
    (row,) = heard
    expected = f"{order_id}{row['order_timestamp']}{bench.server.api_secret}"
    assert row["checksum"] == hashlib.sha256(expected.encode()).hexdigest()
    assert (row["status"], row["unfilled_quantity"], row["tag"]) == ("COMPLETE", 0, "T1")


def test_a_file_of_prices_plays_under_the_servers_clock(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "ticks.csv"
    file.write_text(
        "ts,symbol,ltp,cum_volume\n"
        "2026-11-18T15:29:00+05:30,ABC,90,5\n"
        "2026-11-19T15:29:00+05:30,ABC,95,5\n"
        "2026-11-20T10:00:10+05:30,ABC,100,10\n"
        "2026-11-20T10:00:20+05:30,ABC,101,30\n"
        "2026-11-20T10:00:19+05:30,ABC,102,35\n",
        encoding="utf-8",
    )
    bench = start(feed=file)
    bench.settle(9.9)
    assert bench.kite.ltp("NSE:ABC")["NSE:ABC"]["last_price"] == 95
    bench.settle(0.1)
    quote = bench.kite.quote("NSE:ABC")["NSE:ABC"]
    assert (quote["last_price"], quote["ohlc"]["close"], quote["volume"]) == (100, 95, 10)
    order_id = bench.place(tradingsymbol="ABC", order_type="LIMIT", price=100)
    bench.settle(10)
    assert bench.kite.quote("NSE:ABC")["NSE:ABC"]["last_price"] == 102  # late by its stamp, last to arrive
    assert bench.row(order_id)["status"] == "COMPLETE"
    assert bench.server.desk.feed_left == 0


def test_real_prices_play_at_speed(start: Start, shared_data: Path) -> None:
    bench = start(clock="2021-04-26T09:15:00", feed=shared_data / "nse_ticks.parquet")
    seen = []
    for _ in range(5):
        bench.settle(3600)
        seen.append(bench.kite.ltp("NSE:NIFTY")["NSE:NIFTY"]["last_price"])
    assert len(set(seen)) == 5
    assert all(14_000 < price < 15_000 for price in seen)
