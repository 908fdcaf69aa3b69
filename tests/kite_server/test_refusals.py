"""What the broker refuses at the door: nothing of it is in the book."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from kiteconnect import KiteConnect, exceptions

from rulekit.kite_server.answers import Answer, Request
from rulekit.kite_server.server import KiteServer
from rulekit.kite_server.settings import NO_LIMITS, Limits, ServerSettings
from tests.kite_server.conftest import Bench, Start


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"market_protection": None}, "without market protection"),
        ({"market_protection": 0}, "without market protection"),
        ({"order_type": "SL-M", "trigger_price": 1490, "market_protection": 0}, "without market protection"),
        ({"market_protection": True}, r"failed to decode market_protection, got: True \(expected decimal\)"),
        ({"market_protection": 101}, "market_protection"),
        ({"market_protection": -2}, "market_protection"),
        ({"tag": "x" * 21}, "tag"),
        ({"order_type": "LIMIT", "price": 1500.03}, "tick size 0.05"),
        ({"order_type": "SL", "price": 1480, "trigger_price": 1490.01}, "tick size"),
        ({"order_type": "LIMIT", "price": 0}, "price"),
        ({"order_type": "LIMIT", "price": "cheap"}, "price"),
        ({"order_type": "SL", "price": 1480}, "trigger_price"),
        ({"order_type": "STOP"}, "order_type"),
        ({"product": "NRML"}, "NRML is not allowed"),
        ({"product": "MISS"}, "product"),
        ({"tradingsymbol": "NOSUCH"}, "does not exist"),
        ({"tradingsymbol": "NIFTY 50"}, "does not exist"),
        ({"variety": "co"}, "variety"),
        ({"validity": "GTD"}, "validity"),
        ({"validity": "TTL"}, "validity_ttl"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": -5}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"disclosed_quantity": 11}, "Disclosed"),
    ],
)
def test_a_bad_form_is_refused_with_its_reason(bench: Bench, more: dict[str, Any], says: str) -> None:
    with pytest.raises(exceptions.InputException, match=says) as caught:
        bench.place(**more)
    assert caught.value.code == 400
    assert bench.server.true_orders() == []


def test_twenty_characters_of_any_kind_are_a_tag(bench: Bench) -> None:
    assert bench.filled(tag="a-b_c" * 4)["tag"] == "a-b_c" * 4


def test_lots_and_freeze_quantities_are_kept(start: Start) -> None:
    bench = start(cash=1e9)
    bench.server.list_instrument("NFO", "NIFTYX", lot=65, kind="FUT", name="NIFTY")
    bench.price(25000, "NIFTYX", "NFO")
    future = {"exchange": "NFO", "tradingsymbol": "NIFTYX", "product": "NRML"}
    with pytest.raises(exceptions.InputException, match="lot size 65"):
        bench.place(quantity=66, **future)
    with pytest.raises(exceptions.InputException, match="freeze quantity 1800"):
        bench.place(quantity=65 * 28, **future)
    assert bench.filled(quantity=65 * 27, **future)["status"] == "COMPLETE"


def test_commodities_are_ordered_in_lots_and_never_immediate_or_cancel(start: Start) -> None:
    bench = start(cash=1e9)
    crude = bench.server.list_instrument("MCX", "CRUDE", tick=1, multiplier=100)
    bench.price(5600, "CRUDE", "MCX")
    values = {"exchange": "MCX", "tradingsymbol": "CRUDE", "product": "NRML", "quantity": 3}
    assert bench.filled(**values)["status"] == "COMPLETE"
    bench.price(5610, "CRUDE", "MCX")
    row = bench.net("NRML", "CRUDE")
    assert (row["quantity"], row["multiplier"], row["pnl"]) == (3, 100, 3000)
    assert crude.token & 0xFF == 7
    with pytest.raises(exceptions.InputException, match="IOC"):
        bench.place(validity="IOC", **values)


def test_ten_orders_in_a_calendar_second_and_no_more(start: Start) -> None:
    bench = start(limits=Limits())
    for _ in range(10):
        bench.place(quantity=1)
    with pytest.raises(exceptions.NetworkException, match="Too many requests") as caught:
        bench.place(quantity=1)
    assert caught.value.code == 429
    bench.settle(1)
    bench.place(quantity=1)
    assert len(bench.server.true_orders()) == 11


def test_refused_orders_count_but_those_refused_with_429_do_not(start: Start) -> None:
    bench = start(limits=Limits())
    for _ in range(10):
        with pytest.raises(exceptions.InputException):
            bench.place(quantity=0)
    for _ in range(3):
        with pytest.raises(exceptions.NetworkException):
            bench.place()
    assert bench.server.desk.budgets.used(bench.server.clock.now()) == {"second": 10, "minute": 10, "day": 10}


def test_four_hundred_a_minute_and_the_day(start: Start) -> None:
    bench = start(limits=Limits(None, 5, 8, 25, None, None))

    def taken() -> int:
        count = 0
        with pytest.raises(exceptions.NetworkException):
            while True:
                bench.place(quantity=1)
                count += 1
        return count

    assert taken() == 5
    bench.settle(60)
    assert taken() == 3
    bench.settle(60)
    assert taken() == 0  # even an exit cannot leave any more


@pytest.mark.parametrize(("counts", "most"), [(True, 10), (False, 12)])
def test_whether_changes_count_as_orders_is_a_setting(start: Start, counts: bool, most: int) -> None:
    bench = start(limits=Limits(10, None, None, None, None, None, changes_count=counts))
    waiting = []
    for _ in range(12):
        waiting.append(bench.place(order_type="LIMIT", price=1400, quantity=1))
        bench.settle(0.25)
    bench.settle(1)
    gone = 0
    for order_id in waiting:
        try:
            bench.kite.cancel_order("regular", order_id)
            gone += 1
        except exceptions.NetworkException as refusal:
            assert refusal.code == 429
    assert gone == most


def test_quotes_once_a_second_and_other_readings_ten_times(start: Start) -> None:
    bench = start(limits=Limits())
    bench.kite.ltp("NSE:INFY")
    with pytest.raises(exceptions.NetworkException):
        bench.kite.ltp("NSE:INFY")
    for _ in range(10):
        bench.kite.orders()
    with pytest.raises(exceptions.NetworkException):
        bench.kite.positions()
    bench.settle(1)
    bench.kite.quote("NSE:INFY")
    bench.kite.positions()


def test_a_wrong_token_is_refused_and_the_hook_is_told(bench: Bench) -> None:
    told: list[bool] = []
    bench.kite.set_access_token("wrong")
    bench.kite.set_session_expiry_hook(lambda: told.append(True))
    with pytest.raises(exceptions.TokenException) as caught:
        bench.place()
    assert (caught.value.code, told) == (403, [True])
    assert bench.server.true_orders() == []


def test_the_header_with_the_version_is_demanded(bench: Bench) -> None:
    headers = {"Authorization": f"token {bench.server.api_key}:{bench.server.access_token}"}
    with requests.Session() as session:
        assert session.get(bench.server.root + "/orders", headers=headers).status_code == 403
        headers["X-Kite-Version"] = "3"
        assert session.get(bench.server.root + "/orders", headers=headers).json() == {"status": "success", "data": []}
        unknown = session.get(bench.server.root + "/nowhere", headers=headers)
        assert (unknown.status_code, unknown.json()["data"]) == (404, None)


def test_the_token_dies_at_six_in_the_morning(start: Start) -> None:
    bench = start(clock="2026-11-20T23:00:00")
    bench.settle(6.9 * 3600)
    bench.kite.profile()
    bench.settle(0.2 * 3600)
    with pytest.raises(exceptions.TokenException):
        bench.kite.profile()


def test_login_leads_from_the_page_to_a_session(bench: Bench) -> None:
    server = bench.server
    with requests.Session() as browser:
        page = browser.get(server.login_url)
        assert "simulat" in page.text
        back = browser.post(server.root + "/connect/finish", data={"api_key": server.api_key}, allow_redirects=False)
    assert back.status_code == 302
    location = back.headers["Location"]
    assert location.startswith("http://127.0.0.1:5757/?")
    token = location.split("request_token=")[1].split("&")[0]
    old = server.access_token
    fresh = KiteConnect(server.api_key, root=server.root)
    try:
        with pytest.raises(exceptions.TokenException, match="checksum"):
            fresh.generate_session(token, "wrong secret")
        session = fresh.generate_session(token, server.api_secret)
        assert session["user_id"] == fresh.profile()["user_id"] == "AB1234"
        assert session["login_time"].year == 2026
        assert session["access_token"] == server.access_token != old
        with pytest.raises(exceptions.TokenException, match="expired"):
            fresh.generate_session(token, server.api_secret)
        with pytest.raises(exceptions.TokenException):
            bench.kite.profile()  # the session before is worth nothing any more
        assert fresh.invalidate_access_token() is True
        with pytest.raises(exceptions.TokenException):
            fresh.profile()
    finally:
        fresh.reqsession.close()


def test_a_request_token_lives_five_minutes(bench: Bench) -> None:
    token = bench.server.request_token()
    bench.settle(301)
    with pytest.raises(exceptions.TokenException):
        bench.kite.generate_session(token, bench.server.api_secret)


def test_a_plan_without_market_data_has_no_quotes(start: Start) -> None:
    bench = start(market_data=False)
    with pytest.raises(exceptions.PermissionException):
        bench.kite.ltp("NSE:INFY")
    assert bench.filled()["status"] == "COMPLETE"


WORDS = st.sampled_from(
    ["", "0", "1", "-1", "10", "1e400", "nan", "inf", "9" * 30, "1500.05", "BUY", "SELL", "NSE", "INFY", "MIS", "CNC",
     "MARKET", "LIMIT", "SL", "SL-M", "true", "१०", "\x00", "TTL", "IOC", "DAY", "x" * 40]
)  # fmt: skip
NAMES = ("exchange", "tradingsymbol", "transaction_type", "quantity", "product", "order_type", "price", "trigger_price",
         "validity", "validity_ttl", "disclosed_quantity", "market_protection", "tag", "autoslice")  # fmt: skip
SOUND = {"exchange": "NSE", "tradingsymbol": "INFY", "transaction_type": "BUY", "quantity": "10", "product": "MIS",
         "order_type": "LIMIT", "price": "1500", "validity": "DAY"}  # fmt: skip


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(NAMES), WORDS, max_size=4))
def test_no_form_whatever_breaks_the_broker(changes: dict[str, str]) -> None:
    server = KiteServer(ServerSettings(limits=NO_LIMITS), start="2026-11-20T10:00:00", speed=0)
    server.push_price("NSE", "INFY", 1500)
    headers = {"x-kite-version": "3", "authorization": f"token {server.api_key}:{server.access_token}"}

    def ask(method: str, path: str, form: dict[str, str]) -> Answer:
        answer = server.desk.respond(Request(method, path, {}, headers, b"", form)).answer
        assert answer is not None
        return answer

    answer = ask("POST", "/orders/regular", {**SOUND, **changes})
    body = json.loads(answer.body)
    assert answer.status in {200, 400}
    assert (body["status"], len(server.true_orders())) == (("success", 1) if answer.status == 200 else ("error", 0))
    server.advance(1)
    for row in server.true_orders():
        assert ask("PUT", f"/orders/regular/{row['order_id']}", changes).status in {200, 400}
        server.advance(1)
    for path in ("/orders", "/trades", "/portfolio/positions", "/user/margins"):
        assert ask("GET", path, {}).status == 200
    (path_end,) = {server.position_path("NSE", "INFY", product)[-1] for product in ("MIS", "CNC")} - {0} or {0}
    assert path_end == sum(server.true_positions().values())


def test_a_fault_of_the_simulation_is_not_one_of_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    server = KiteServer(start="2026-11-20T10:00:00").start()
    monkeypatch.setattr(server.desk, "respond", lambda request: 1 / 0)
    with requests.Session() as session:
        assert session.get(server.root + "/orders").status_code == 500
    with pytest.raises(RuntimeError, match="cannot be trusted"):
        server.stop()
