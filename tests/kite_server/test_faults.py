"""Every way in which an answer goes wrong, before and after acceptance: the same exception, another truth."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from kiteconnect import exceptions
from requests.exceptions import ChunkedEncodingError, ConnectionError, ReadTimeout, RequestException

from rulekit.kite_server.faults import BODIES, CERTAIN, ERRORS, KINDS, PAGES, REDIRECTS, TRANSPORTS, Fault
from tests.kite_server.conftest import Bench, Start

DATA = exceptions.DataException
NETWORK = exceptions.NetworkException
GENERAL = exceptions.GeneralException

# What the unmodified client raises, and the `.code` that it shows; None where there is none.
TABLE: dict[str, tuple[type[BaseException] | tuple[type[BaseException], ...], int | None]] = {
    "network_503": (NETWORK, 503),
    "network_500": (NETWORK, 500),
    "timeout_400": (exceptions.OrderException, 400),
    "too_many_429": (NETWORK, 429),
    "token_403": (exceptions.TokenException, 403),
    "permission_403": (exceptions.PermissionException, 403),
    "input_400": (exceptions.InputException, 400),
    "order_400": (exceptions.OrderException, 400),
    "margin_400": (GENERAL, 400),
    "holding_400": (GENERAL, 400),
    "user_403": (GENERAL, 403),
    "data_502": (DATA, 502),
    "general_500": (GENERAL, 500),
    "html_502": (DATA, 502),
    "html_504": (DATA, 502),
    "html_403": (DATA, 502),
    "empty_200": (DATA, 502),
    "garbage_200": (DATA, 502),
    "null_200": (TypeError, None),
    "no_data_200": (KeyError, None),
    "list_200": (AttributeError, None),
    "no_message_400": (KeyError, None),
    "no_type_400": (TypeError, None),
    "no_content_type": (KeyError, None),
    "cut": (ConnectionError, None),
    "reset": (ConnectionError, None),
    "hang": (ReadTimeout, None),
    "truncated": ((ConnectionError, ChunkedEncodingError), None),
}


@pytest.fixture
def quick(start: Start) -> Iterator[Bench]:
    bench = start(timeout=0.3)
    yield bench


def test_the_table_leaves_out_only_what_does_not_raise() -> None:
    assert set(KINDS) - set(TABLE) == {*REDIRECTS, "drip", "slow", "success_500", "idle_close", "slice", "stuck"}
    assert set(CERTAIN) <= {*ERRORS, *REDIRECTS}
    assert not set(PAGES) & set(BODIES) & set(TRANSPORTS)


@pytest.mark.parametrize("kind", TABLE)
@pytest.mark.parametrize("when", ["before", "after", "late"])
def test_the_client_cannot_tell_before_from_after(quick: Bench, kind: str, when: str) -> None:
    expected, code = TABLE[kind]
    quick.server.faults.script([Fault(kind, when, delay=8, hold=2.0 if kind == "hang" else None)])
    with pytest.raises(expected) as caught:
        quick.place(tag="ONCE")
    if code is not None:
        assert caught.value.code == code
    quick.settle(7.5)
    assert [row["tag"] for row in quick.server.true_orders()] == (["ONCE"] if when == "after" else [])
    quick.settle(1)
    expected_tags = [] if when == "before" else ["ONCE"]
    assert [row["tag"] for row in quick.server.true_orders()] == expected_tags
    assert [row["tag"] for row in quick.kite.orders()] == expected_tags
    assert [(row["tag"], row["fault"]) for row in quick.server.requests][:1] == [("ONCE", f"{kind}:{when}")]


def test_exceptions_before_and_after_are_identical(quick: Bench) -> None:
    for kind in ("cut", "html_504", "network_503", "timeout_400"):
        told = []
        for when in ("before", "after"):
            quick.server.faults.script([Fault(kind, when)])
            with pytest.raises((RequestException, exceptions.KiteException)) as caught:
                quick.place()
            told.append((type(caught.value), str(caught.value)))
        assert told[0] == told[1]
    assert len(quick.server.true_orders()) == 4


@pytest.mark.parametrize(("when", "count"), [("before", 0), ("after", 1)])
def test_an_error_status_with_the_body_of_a_success_is_taken_for_one(quick: Bench, when: str, count: int) -> None:
    quick.server.faults.script([f"success_500:{when}"])
    order_id = quick.place()
    assert len(quick.server.true_orders()) == count
    assert (order_id in {row["order_id"] for row in quick.server.true_orders()}) == bool(count)


@pytest.mark.parametrize(("when", "count"), [("before", 1), ("after", 2)])
@pytest.mark.parametrize("kind", ["redirect_307", "redirect_308"])
def test_a_redirect_that_keeps_the_method_sends_the_order_again(quick: Bench, kind: str, when: str, count: int) -> None:
    quick.server.faults.script([f"{kind}:{when}"])
    quick.place(tag="AGAIN")
    assert [row["tag"] for row in quick.server.true_orders()] == ["AGAIN"] * count


@pytest.mark.parametrize("kind", ["redirect_301", "redirect_302"])
def test_other_redirects_turn_the_order_into_a_reading(quick: Bench, kind: str) -> None:
    quick.server.faults.script([kind])
    with pytest.raises(GENERAL, match="order_id"):
        quick.place()
    assert [row["method"] for row in quick.server.requests] == ["POST", "GET"]


def test_a_dripping_answer_holds_the_client_far_past_its_timeout(quick: Bench) -> None:
    quick.server.faults.script([Fault("drip", "after", hold=0.02)])
    began = time.monotonic()
    assert quick.place()
    assert time.monotonic() - began > 0.6  # its timeout is 0.3 s


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_slow_answer_is_a_true_one(quick: Bench, when: str) -> None:
    quick.server.faults.script([Fault("slow", when, hold=0.05)])
    assert quick.place() == quick.server.true_orders()[0]["order_id"]


def test_a_connection_that_dies_while_idle_loses_the_next_request(quick: Bench) -> None:
    quick.server.faults.script(["idle_close"])
    quick.place(tag="ONE")
    with pytest.raises(ConnectionError):
        quick.place(tag="TWO")
    quick.place(tag="THREE")
    assert [row["tag"] for row in quick.server.true_orders()] == ["ONE", "THREE"]


def test_an_order_may_be_stuck_before_the_exchange(quick: Bench) -> None:
    quick.server.faults.script(["stuck:before:90"])
    order_id = quick.place()
    quick.settle(44)
    assert quick.row(order_id)["status"] == "PUT ORDER REQ RECEIVED"
    with pytest.raises(exceptions.OrderException, match="being processed"):
        quick.kite.cancel_order("regular", order_id)
    quick.settle(47)
    assert quick.row(order_id)["status"] == "COMPLETE"


def test_faults_go_to_the_routes_they_name_in_order(quick: Bench) -> None:
    quick.server.faults.script(["html_504@orders", None, "cut:after", "token_403@cancel"])
    quick.place(tag="A")
    with pytest.raises(ConnectionError):
        quick.place(tag="B")
    with pytest.raises(DATA):
        quick.kite.orders()
    quick.settle()
    assert {row["tag"] for row in quick.kite.orders()} == {"A", "B"}
    with pytest.raises(exceptions.TokenException):
        quick.kite.cancel_order("regular", "1")
    assert [(route, fault.kind) for route, fault in quick.server.faults.met] == [
        ("place", "cut"), ("orders", "html_504"), ("cancel", "token_403"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "error"), [("null_200", UnboundLocalError), ("html_502", DATA), ("list_200", AttributeError)]
)
def test_a_reading_that_fails_never_looks_like_an_empty_book(quick: Bench, kind: str, error: Any) -> None:
    quick.server.faults.script([Fault(kind, "after", "orders")])
    with pytest.raises(error):
        quick.kite.orders()


@pytest.mark.parametrize("text", ["explode", "cut:sometime", "late"])
def test_a_fault_that_does_not_exist_is_refused(quick: Bench, text: str) -> None:
    with pytest.raises(ValueError, match="fault"):
        quick.server.faults.script([text])


def drawn(start: Start, seed: int) -> list[str]:
    bench = start(timeout=0.3, seed=seed)
    bench.server.faults.draw_from(0.4, ["cut", "html_504", "timeout_400", "too_many_429"], routes=("place",))
    for number in range(40):
        try:
            bench.place(quantity=1, tag=f"T{number}")
        except (RequestException, exceptions.KiteException):
            continue
    accepted = {row["tag"] for row in bench.server.true_orders()}
    for row in bench.server.requests:
        assert (row["tag"] in accepted) == (row["fault"] is None or row["fault"].endswith("after"))
    return [str(row["fault"]) for row in bench.server.requests]


def test_drawn_faults_follow_the_seed_and_the_truth_follows_them(start: Start) -> None:
    first = drawn(start, 1)
    assert first == drawn(start, 1)
    assert first != drawn(start, 2)
    assert 8 <= sum(fault != "None" for fault in first) <= 24
    assert "too_many_429:after" not in first


def test_the_side_door_does_what_the_object_does(start: Start) -> None:
    import requests

    bench = start(timeout=0.3)
    door = bench.server.root + "/_control/"
    with requests.Session() as session:
        assert session.post(door + "faults", json={"script": ["cut:after"]}).json()["data"] is True
        with pytest.raises(ConnectionError):
            bench.place(tag="T1")
        session.post(door + "advance", json={"seconds": 1})
        session.post(door + "price", json={"exchange": "NSE", "symbol": "INFY", "price": 1501.5})
        assert bench.kite.ltp("NSE:INFY")["NSE:INFY"]["last_price"] == 1501.5
        true = session.get(door + "true").json()["data"]
        assert [row["tag"] for row in true["orders"]] == ["T1"]
        assert true["positions"] == [["NSE", "INFY", "MIS", 10]]
        assert session.get(door + "requests").json()["data"][0]["fault"] == "cut:after"
        assert session.post(door + "faults", json={"script": ["explode"]}).status_code == 400
        assert session.post(door + "nothing", json={}).status_code == 404
        session.post(door + "expire", json={})
    with pytest.raises(exceptions.TokenException):
        bench.kite.orders()
