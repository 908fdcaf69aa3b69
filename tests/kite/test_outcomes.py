"""Every answer that a broker may give to an order, over a real socket and the unmodified client, and what it means."""

from __future__ import annotations

import socket
import threading
from functools import partial
from pathlib import Path

import pytest
from attrs import evolve

from rulekit.broker.calls import MOST_GIVEN_UP
from rulekit.broker.kite_calls import make_client
from rulekit.broker.kite_outcomes import FAILURES, outcome_of
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import Accepted, NotSent, OrderRequest, Refused, Uncertain
from tests.kite import raw as answers
from tests.kite.bench import until
from tests.kite.conftest import KEY, TOKEN, Raw
from tests.kite.raw import Script, body, error, success

REQUEST = OrderRequest("RKABCD0123456789ABCD", "NSE", "INFY", "MIS", "SELL", 10, None, 150_000.0)
TIMED_OUT = "Order request timed out. Please check the order book and confirm before placing again."

TABLE: list[tuple[str, Script, type, bool | None]] = [
    ("accepted", success({"order_id": "261122000000001"}), Accepted, None),
    ("an empty number", success({"order_id": ""}), Uncertain, None),
    ("a number that is no text", success({"order_id": 261122000000001}), Uncertain, None),
    ("no number", success({}), Uncertain, None),
    ("no data", success(None), Uncertain, None),
    ("data left out", body(200, {"status": "success"}), Uncertain, None),
    ("a list", body(200, [1]), Uncertain, None),
    ("no content type", body(200, {"status": "success", "data": {"order_id": "1"}}, None), Uncertain, None),
    ("broken JSON", body(200, '{"status": '), Uncertain, None),
    ("nothing", body(200, ""), Uncertain, None),
    ("HTML with 200", body(200, "<html>", "text/html"), Uncertain, None),
    ("HTML with 403", body(403, "<html>Attention Required!", "text/html"), Uncertain, None),
    ("HTML with 504", body(504, "<html>", "text/html"), Uncertain, None),
    ("a success with 500", body(500, {"status": "success", "data": {"order_id": "1"}}), Uncertain, None),
    ("InputException", error(400, "InputException", "quantity"), Refused, False),
    ("beyond the circuit", error(400, "InputException", "price outside the circuit limits"), Refused, True),
    ("OrderException", error(400, "OrderException", "RMS: rule"), Refused, True),
    ("MarginException", error(400, "MarginException", "insufficient funds"), Refused, True),
    ("HoldingException", error(400, "HoldingException", "no holdings"), Refused, True),
    ("TPIN", error(428, "HoldingException", "authorise at CDSL"), Refused, True),
    ("PermissionException", error(403, "PermissionException", "ip not allowed"), Refused, True),
    ("TokenException", error(403, "TokenException", "invalid token"), Refused, True),
    ("429", error(429, "NetworkException", "Too many requests"), Refused, True),
    ("400 timed out", error(400, "OrderException", TIMED_OUT), Uncertain, None),
    ("400 time-out", error(400, "InputException", "exchange time-out"), Uncertain, None),
    ("check the orderbook", error(400, "GeneralException", "Check the orderbook"), Uncertain, None),
    ("NetworkException 503", error(503, "NetworkException"), Uncertain, None),
    ("NetworkException 400", error(400, "NetworkException"), Uncertain, None),
    ("OrderException 500", error(500, "OrderException"), Uncertain, None),
    ("GeneralException 500", error(500, "GeneralException"), Uncertain, None),
    ("DataException 502", error(502, "DataException"), Uncertain, None),
    ("404", error(404, "GeneralException"), Uncertain, None),
    ("an error without a message", body(400, {"status": "error", "error_type": "InputException"}), Uncertain, None),
    ("an error without a type", body(400, {"status": "error", "message": "no"}), Uncertain, None),
    ("cut", answers.cut, Uncertain, None),
    ("silence", answers.hang, Uncertain, None),
    ("a byte now and then", answers.drip, Uncertain, None),
    ("half an answer", answers.half, Uncertain, None),
    ("307", body(307, "", None, "Location: /orders/regular\r\n"), Uncertain, None),
    ("302", body(302, "", None, "Location: /orders\r\n"), Uncertain, None),
]


@pytest.mark.parametrize(("name", "script", "outcome", "again"), TABLE, ids=[row[0] for row in TABLE])
def test_each_answer_means_one_thing_and_is_asked_for_once(
    raw: Raw, name: str, script: Script, outcome: type, again: bool | None
) -> None:
    broker, server = raw(script)
    found = broker.place(REQUEST)
    assert type(found) is outcome, found
    assert getattr(found, "again", None) == again
    assert getattr(found, "limited", False) == (name == "429"), "it speaks of the number of requests alone"
    posts = [request for request in server.requests if request[0].startswith("POST")]
    assert len(posts) == len(server.requests) == 1, "one request, whatever comes"
    assert KEY not in repr(found)
    assert TOKEN not in repr(found)


def test_what_is_sent_is_a_protected_market_order_with_its_tag(raw: Raw) -> None:
    broker, server = raw(success({"order_id": "1"}))
    assert broker.place(REQUEST) == Accepted("1")
    ((line, sent, headers),) = server.requests
    assert line == "POST /orders/regular"
    assert headers["authorization"] == f"token {KEY}:{TOKEN}"
    fields = dict(pair.split("=") for pair in sent.split("&"))
    assert fields == {
        "variety": "regular", "exchange": "NSE", "tradingsymbol": "INFY", "transaction_type": "SELL", "quantity": "10",
        "product": "MIS", "order_type": "MARKET", "validity": "DAY", "market_protection": "-1", "tag": REQUEST.tag,
    }  # fmt: skip


def test_where_nobody_listens_nothing_was_sent(raw: Raw) -> None:
    broker, server = raw(success({"order_id": "1"}))
    server.close()
    assert isinstance(broker.place(REQUEST), NotSent)


def test_where_nobody_answers_the_knock_nothing_was_sent(raw: Raw) -> None:
    """A listening socket with a full queue: no connection ever stands."""
    broker, _ = raw(success({"order_id": "1"}), connect_s=0.3)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        holding = [socket.socket() for _ in range(4)]
        for one in holding:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        there = evolve(broker.settings, root=f"http://127.0.0.1:{port}")
        broker._calls._make = partial(make_client, there)
        found = broker.place(REQUEST)
        for one in holding:
            one.close()
    assert isinstance(found, NotSent), found


def test_the_environment_changes_neither_the_way_nor_the_token(
    raw: Raw, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broker, server = raw(success({"order_id": "1"}))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert broker.place(REQUEST) == Accepted("1")
    assert server.requests[0][2]["authorization"] == f"token {KEY}:{TOKEN}"


def test_an_idle_connection_is_not_trusted_with_an_order(raw: Raw) -> None:
    broker, server = raw(success({"order_id": "1"}), reuse_s=0.0)
    for _ in range(3):
        broker.place(REQUEST)
    assert server.connections == 3
    trusting, other = raw(success({"order_id": "1"}), reuse_s=60.0)
    for _ in range(3):
        trusting.place(REQUEST)
    assert other.connections == 1


def test_hanging_calls_neither_stop_the_next_one_nor_grow_without_bound(raw: Raw) -> None:
    """However slow the machine is: a call that was not even begun by its deadline was not sent, and is made again."""
    let_go = threading.Event()

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n")
        while not let_go.wait(0.02):
            connection.sendall(b" ")
        answers.cut(connection)

    broker, server = raw(endless, deadline_s=0.1)
    broker._calls._make = partial(make_client, evolve(broker.settings, deadline_s=60.0))
    found = []
    while sum(isinstance(one, Uncertain) for one in found) < MOST_GIVEN_UP:
        found.append(broker.place(REQUEST))
        assert isinstance(found[-1], Uncertain) or "not begun" in found[-1].reason, found[-1]
        assert len(found) < 10 * MOST_GIVEN_UP
    until(lambda: len(server.requests) == MOST_GIVEN_UP)
    for _ in range(4):
        refused = broker.place(REQUEST)
        assert isinstance(refused, NotSent)
        assert f"{MOST_GIVEN_UP} calls to the broker hang" in refused.reason
    assert len(server.requests) == MOST_GIVEN_UP
    server.scripts[:] = [success({"order_id": "1"})]
    let_go.set()
    until(lambda: broker.place(REQUEST) == Accepted("1"))


def test_a_token_that_died_sends_nothing_more_until_a_new_one_is_kept(raw: Raw, tmp_path: Path) -> None:
    from rulekit.broker.kite_settings import Secret
    from rulekit.broker.kite_token import KeptToken, keep
    from rulekit.errors import ReadFailedError

    broker, server = raw(
        error(403, "TokenException", "Incorrect `api_key` or `access_token`."), success({"order_id": "1"})
    )
    told: list[str] = []
    broker.alert = told.append
    assert isinstance(broker.place(REQUEST), Refused)
    for _ in range(3):
        assert isinstance(broker.place(REQUEST), NotSent)
        with pytest.raises(ReadFailedError, match="rulekit login"):
            broker.orders()
    assert len(server.requests) == 1
    assert len(told) == 1
    keep(tmp_path / "token.json", KeptToken(Secret("anewtokenoftoday"), "AB1234", 0))
    assert broker.place(REQUEST) == Accepted("1")
    assert server.requests[-1][2]["authorization"].endswith(":anewtokenoftoday")


def test_cancelling_what_is_not_there_is_a_refusal(raw: Raw) -> None:
    broker, _ = raw(error(404, "GeneralException", "no such order"), success({"order_id": "77"}))
    assert isinstance(broker.cancel("77"), Refused)
    assert broker.cancel("77") == Accepted("77")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"tag": "A" * 21}, "tag"),
        ({"tag": "A-B"}, "tag"),
        ({"quantity": 0}, "quantity"),
        ({"side": "HOLD"}, "side"),
        ({"product": "BO"}, "product"),
        ({"protection": 0.0}, "protection"),
        ({"symbol": "NOSUCH"}, "not listed"),
    ],
)
def test_what_can_never_stand_is_not_sent(raw: Raw, change: dict[str, object], word: str) -> None:
    from attrs import evolve

    broker, server = raw(success({"order_id": "1"}))
    found = broker.place(evolve(REQUEST, **change))
    assert isinstance(found, Refused)
    assert found.again is False
    assert word in found.reason
    assert server.requests == []


def test_a_dry_run_sends_nothing_whatever_is_asked(raw: Raw) -> None:
    broker, server = raw(success({"order_id": "1"}))
    broker._read_only = True
    assert isinstance(broker.place(REQUEST), Refused)
    assert isinstance(broker.cancel("1"), Refused)
    assert server.requests == []


def test_the_table_ends_with_a_row_for_everything() -> None:
    from rulekit.broker.calls import Answer

    assert FAILURES[-1].outcome is Uncertain
    outcome, row = outcome_of(Answer(error=RuntimeError("new")))
    assert isinstance(outcome, Uncertain)
    assert row == FAILURES[-1].name
    assert len({row.name for row in FAILURES}) == len(FAILURES)


def test_an_instrument_is_found_by_its_key(raw: Raw) -> None:
    broker, _ = raw(success({}))
    found = broker.instrument(InstrumentKey("NSE", "WIPRO"))
    assert found is not None
    assert (found.tick, found.lot, found.token) == (1.0, 1, 969473)
