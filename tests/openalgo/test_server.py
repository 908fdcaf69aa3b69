"""The localhost OpenAlgo is as unhelpful as the real one: orders without names, borrowed states, limits and errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from rulekit.kite_server.faults import Fault
from rulekit.kite_server.settings import NO_LIMITS, ServerSettings
from rulekit.openalgo_server.server import OpenAlgoServer
from rulekit.openalgo_server.settings import GatewaySettings
from tests.kite.bench import START

ORDER = {"strategy": "mine", "symbol": "INFY", "exchange": "NSE", "action": "BUY", "quantity": "5"}


class Asked:
    """A server, and a client that knows nothing of it."""

    def __init__(self, gateway: GatewaySettings | None = None) -> None:
        self.server = OpenAlgoServer(gateway, ServerSettings(limits=NO_LIMITS), start=START, speed=0)
        self.server.start()
        self.server.push_price("NSE", "INFY", 1500)

    def post(self, path: str, **values: Any) -> tuple[int, dict[str, Any]]:
        body = json.dumps({"apikey": self.server.openalgo_key, **values}).encode()
        request = Request(f"{self.server.root}/api/v1/{path}", body, {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=5) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def book(self) -> list[dict[str, Any]]:
        status, answer = self.post("orderbook")
        assert status == 200, answer
        return list(answer["data"]["orders"])


@pytest.fixture
def asked() -> Iterator[Asked]:
    made = Asked()
    yield made
    made.server.stop()


def test_an_order_has_a_number_and_no_name(asked: Asked) -> None:
    status, answer = asked.post("placeorder", **ORDER)
    assert (status, answer["status"]) == (200, "success")
    asked.server.advance(1)
    (row,) = asked.book()
    assert row["orderid"] == answer["orderid"]
    assert not {"tag", "strategy", "filled_quantity", "average_price"} & row.keys()
    (true,) = asked.server.true_orders()
    assert true["tag"] == "openalgo"
    assert [trade["orderid"] for trade in asked.post("tradebook")[1]["data"]] == [row["orderid"]]
    assert asked.post("positionbook")[1]["data"][0]["quantity"] == 5


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"apikey": "wrong"}, 403, "Invalid openalgo apikey"),
        ({"pricetype": "STOP"}, 400, "Must be one of"),
        ({"quantity": "0"}, 400, "positive number"),
        ({"quantity": "1.5"}, 400, "Fractional quantity"),
        ({"symbol": "NOSUCHSHARE"}, 400, "expired or does not exist"),
    ],
)
def test_what_cannot_be_is_refused_in_its_words(asked: Asked, wrong: dict[str, str], status: int, said: str) -> None:
    found, answer = asked.post("placeorder", **(ORDER | wrong))
    assert (found, answer["status"]) == (status, "error")
    assert said in answer["message"]
    assert asked.server.true_orders() == []


def test_ten_orders_a_second_on_any_second(asked: Asked) -> None:
    found = []
    for _ in range(12):
        found.append(asked.post("placeorder", **ORDER)[0])
        asked.server.advance(0.05)
    assert found == [200] * 10 + [429] * 2
    asked.server.advance(0.45)
    assert asked.post("placeorder", **ORDER)[0] == 200


def test_a_row_on_its_way_shows_the_state_of_the_row_before_it(asked: Asked) -> None:
    asked.server.faults.script([None, Fault("stuck", "before", "place", delay=60.0)])
    asked.post("placeorder", **ORDER)
    asked.server.advance(1)
    _, stuck = asked.post("placeorder", **ORDER)
    asked.server.advance(1)
    said = set()
    for _ in range(12):
        status, answer = asked.post("orderbook")
        if status == 500:
            said.add("order_status" in answer["message"])
        else:
            said |= {row["order_status"] for row in answer["data"]["orders"] if row["orderid"] == stuck["orderid"]}
    assert said == {True, "complete"}, "it fails where that row comes first"


@pytest.mark.parametrize(
    ("fault", "status", "placed"),
    [
        ("cut:before", 500, 0),
        ("cut:after", 500, 1),
        ("html_504:after", 500, 1),
        ("timeout_400:after", 400, 1),
        ("network_503:before", 503, 0),
        ("margin_400:before", 400, 0),
    ],
)
def test_what_goes_wrong_behind_it_comes_out_as_it_does(asked: Asked, fault: str, status: int, placed: int) -> None:
    asked.server.faults.script([fault])
    assert asked.post("placeorder", **ORDER)[0] == status
    assert len(asked.server.true_orders()) == placed


def test_a_refusal_to_cancel_is_a_failure_of_its_own(asked: Asked) -> None:
    status, answer = asked.post("cancelorder", strategy="mine", orderid="1")
    assert (status, answer["message"].startswith("Failed to cancel order")) == (500, True)


def test_what_is_asked_between_client_and_it_may_be_lost_too(asked: Asked) -> None:
    asked.server.front_faults.script([Fault("html_502", "after", "placeorder")])
    with pytest.raises(json.JSONDecodeError):
        asked.post("placeorder", **ORDER)
    assert len(asked.server.true_orders()) == 1


def test_a_session_that_has_ended_looks_like_a_wrong_key(asked: Asked) -> None:
    asked.server.expire_token()
    assert asked.post("positionbook") == (403, {"status": "error", "message": "Invalid openalgo apikey"})


def test_derivatives_bear_their_expiry(asked: Asked) -> None:
    asked.server.list_instrument(
        "NFO", "NIFTY26NOV24000CE", kind="CE", name="NIFTY", lot=65, expiry="2026-11-24", strike=24000
    )
    status, answer = asked.post("symbol", symbol="NIFTY24NOV2624000CE", exchange="NFO")
    assert (status, answer["data"]["lotsize"], answer["data"]["freeze_qty"]) == (200, 65, 1800)
    assert asked.post("symbol", symbol="NIFTY26NOV24000CE", exchange="NFO")[0] == 404
