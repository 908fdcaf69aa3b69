"""Every answer that OpenAlgo may give to an order, over a real socket, and what it means."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from attrs import evolve

from rulekit.broker.failures import PLACE
from rulekit.broker.kite_settings import Secret
from rulekit.broker.openalgo import OpenAlgoBroker
from rulekit.broker.openalgo_calls import Client
from rulekit.broker.openalgo_outcomes import FAILURES, SANDBOX, outcome_of
from rulekit.broker.openalgo_settings import OpenAlgoSettings
from rulekit.errors import ReadFailedError, UsageError
from rulekit.model.clock import WallClock
from rulekit.model.orders import Accepted, NotSent, OrderRequest, Refused, Uncertain
from tests.kite import raw as answers
from tests.kite.raw import RawServer, Script, body

REQUEST = OrderRequest("RKABCD0123456789ABCD", "NSE", "INFY", "MIS", "SELL", 10, None, 150_000.0)
KEY = "thekeyofthetest"
PING = body(200, {"status": "success", "data": {"message": "pong", "broker": "zerodha"}})
LIVE = body(200, {"status": "success", "data": {"analyze_mode": False, "mode": "live"}})
SYMBOL = body(200, {"status": "success", "data": {"lotsize": 1, "tick_size": 0.05, "name": "INFY", "expiry": ""}})
TIMED_OUT = "Order request timed out. Please check the order book and confirm before placing again."

Raw = Callable[..., tuple[OpenAlgoBroker, RawServer]]


def success(**more: object) -> Script:
    return body(200, {"status": "success", **more})


def error(status: int, message: object = "no") -> Script:
    return body(status, {"status": "error", "message": message})


@pytest.fixture
def raw() -> Iterator[Raw]:
    """Make a broker before a socket with prepared answers; the first three are those of its start and of the symbol."""
    opened: list[tuple[OpenAlgoBroker, RawServer]] = []

    def make(*scripts: Script, **options: object) -> tuple[OpenAlgoBroker, RawServer]:
        server = RawServer(PING, LIVE, SYMBOL, *scripts)
        values: dict[str, object] = {"deadline_s": 1.0, "connect_s": 1.0} | options
        broker = OpenAlgoBroker(
            OpenAlgoSettings(Secret(KEY), root=server.root, **values),  # type: ignore[arg-type]
            clock=WallClock(),
        )
        broker.instrument(REQUEST.instrument)
        opened.append((broker, server))
        return broker, server

    yield make
    for broker, server in opened:
        server.close()
        broker.close()


TABLE: list[tuple[str, Script, type, bool | None]] = [
    ("accepted", success(orderid="261122000000001"), Accepted, None),
    ("a number that is one", success(orderid=261122000000001), Accepted, None),
    ("success without a number", success(orderid=None), Uncertain, None),
    ("no order number at all", success(), Uncertain, None),
    ("kept for approval", success(mode="semi_auto", pending_order_id=1), Uncertain, None),
    ("the sandbox", success(mode="analyze", orderid="1"), Refused, False),
    ("no JSON", body(200, "<html>", "text/html"), Uncertain, None),
    ("no answer of OpenAlgo", body(200, [1]), Uncertain, None),
    ("a word that is none of its own", body(200, {"status": "ok", "orderid": "1"}), Uncertain, None),
    ("broken JSON", body(200, '{"status": '), Uncertain, None),
    ("internal error", error(500, "Failed to place order due to internal error"), Uncertain, None),
    ("a page with 403", body(403, "<html>Attention Required!", "text/html"), Uncertain, None),
    ("a page with 404", body(404, "<html>", "text/html"), Uncertain, None),
    ("a page with 504", body(504, "<html>", "text/html"), Uncertain, None),
    ("a success with 500", body(500, {"status": "success", "orderid": "1"}), Uncertain, None),
    ("a schema", error(400, "{'pricetype': ['Must be one of: MARKET, LIMIT, SL, SL-M.']}"), Refused, False),
    ("the broker's own refusal", error(400, "RMS: margin exceeds"), Refused, True),
    ("beyond the circuit", error(400, "price outside the circuit limits"), Refused, True),
    ("the broker timed out", error(400, TIMED_OUT), Uncertain, None),
    ("no reason", error(400, "Failed to place order"), Uncertain, None),
    ("a reason that is no text", error(400, {"a": 1}), Uncertain, None),
    ("wrong key", error(403, "Invalid openalgo apikey"), Refused, True),
    ("no such broker", error(404, "Broker-specific module not found"), Refused, True),
    ("one too many", error(429, "Rate limit exceeded. Please try again later."), Refused, True),
    ("the broker's network", error(503, "Unable to reach the order management system."), Uncertain, None),
    ("cut", answers.cut, Uncertain, None),
    ("silence", answers.hang, Uncertain, None),
    ("a byte now and then", answers.drip, Uncertain, None),
    ("half an answer", answers.half, Uncertain, None),
    ("307", body(307, "", None, "Location: /api/v1/placeorder\r\n"), Uncertain, None),
]


@pytest.mark.parametrize(("name", "script", "outcome", "again"), TABLE, ids=[row[0] for row in TABLE])
def test_each_answer_means_one_thing_and_is_asked_for_once(
    raw: Raw, name: str, script: Script, outcome: type, again: bool | None
) -> None:
    broker, server = raw(script)
    found = broker.place(REQUEST)
    assert type(found) is outcome, found
    assert getattr(found, "again", None) == again
    assert getattr(found, "limited", False) == (name == "one too many"), "it speaks of the number of requests alone"
    assert [line for line, _, _ in server.requests][3:] == ["POST /api/v1/placeorder"], "one request, whatever comes"
    assert KEY not in repr(found)


def test_what_is_sent_bears_no_name_of_the_order(raw: Raw) -> None:
    broker, server = raw(success(orderid="1"))
    assert broker.place(REQUEST) == Accepted("1")
    line, sent, _ = server.requests[-1]
    assert line == "POST /api/v1/placeorder"
    assert json.loads(sent) == {
        "apikey": KEY, "strategy": "rulekit", "symbol": "INFY", "exchange": "NSE", "action": "SELL", "product": "MIS",
        "quantity": "10", "pricetype": "MARKET",
    }  # fmt: skip


@pytest.mark.parametrize(("side", "percent", "price"), [("SELL", 1.0, "1485.00"), ("BUY", 2.0, "1530.10")])
def test_a_rest_that_goes_wider_is_a_limit_order_on_the_tick(raw: Raw, side: str, percent: float, price: str) -> None:
    last = {"symbol": "INFY", "exchange": "NSE", "data": {"ltp": 1500.0 if side == "SELL" else 1500.1}}
    broker, server = raw(success(results=[last]), success(orderid="1"))
    assert broker.place(evolve(REQUEST, side=side, protection=percent)) == Accepted("1")
    sent = json.loads(server.requests[-1][1])
    assert (sent["pricetype"], sent["price"], sent["action"]) == ("LIMIT", price, side)


def test_without_a_price_nothing_is_sent(raw: Raw) -> None:
    broker, server = raw(success(results=[]))
    assert isinstance(broker.place(evolve(REQUEST, protection=1.0)), NotSent)
    assert [line for line, _, _ in server.requests][3:] == ["POST /api/v1/multiquotes"]


def test_where_nobody_listens_nothing_was_sent(raw: Raw) -> None:
    broker, server = raw(success(orderid="1"))
    server.close()
    broker._calls._make = partial(Client, OpenAlgoSettings(Secret(KEY), root="http://127.0.0.1:9"))
    broker._calls._idle.clear()
    assert isinstance(broker.place(REQUEST), NotSent)


def test_after_an_order_was_kept_for_approval_nothing_more_is_sent(raw: Raw) -> None:
    broker, server = raw(success(mode="semi_auto", pending_order_id=1))
    alerts: list[str] = []
    broker.alert = alerts.append
    assert isinstance(broker.place(REQUEST), Uncertain)
    count = len(server.requests)
    assert isinstance(broker.place(REQUEST), NotSent)
    assert len(server.requests) == count
    assert "Action Center" in alerts[0]


def test_a_refused_key_stops_sending_until_a_reading_comes_again(raw: Raw) -> None:
    broker, _ = raw(error(403, "Invalid openalgo apikey"), success(data=[]), success(orderid="2"))
    alerts: list[str] = []
    broker.alert = alerts.append
    assert isinstance(broker.place(REQUEST), Refused)
    assert isinstance(broker.place(REQUEST), NotSent)
    assert list(broker.positions()) == []
    assert broker.place(REQUEST) == Accepted("2")
    assert len(alerts) == 1


def test_a_sandbox_is_no_account() -> None:
    server = RawServer(PING, body(200, {"status": "success", "data": {"analyze_mode": True}}))
    with pytest.raises(UsageError, match="analyzer mode"):
        OpenAlgoBroker(OpenAlgoSettings(Secret(KEY), root=server.root), clock=WallClock())
    server.close()


def test_a_reading_of_the_sandbox_is_none(raw: Raw) -> None:
    broker, _ = raw(success(data=[], mode="analyze"))
    with pytest.raises(ReadFailedError, match="analyzer"):
        broker.positions()
    assert "sandbox" in SANDBOX


def test_every_row_of_the_table_is_reached(raw: Raw) -> None:
    reached = set()
    for name, script, *_ in TABLE:
        if name not in ("silence", "a byte now and then"):
            broker, _server = raw(script)
            answer = broker._calls.call(lambda client: client.post("placeorder"), KEY, order=True)
            reached.add(outcome_of(answer, PLACE)[1])
    unreached = {row.name for row in FAILURES} - reached
    assert unreached == {
        "given up before it began", "the deadline passed", "no connection in time", "no connection",
        "an address that cannot be called",
    }  # fmt: skip
