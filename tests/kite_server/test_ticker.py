"""The WebSocket, heard through the unmodified official ticker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from rulekit.kite_server.server import KiteServer
from rulekit.kite_server.settings import View
from tests.kite_server.conftest import Bench, Start
from tests.kite_server.listening import Listener, until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the official client's own libraries
INFY = 408065
Listen = Callable[..., Listener]


@pytest.fixture
def listen() -> Iterator[Listen]:
    with ExitStack() as stack:

        def begin(server: KiteServer, access_token: str | None = None) -> Listener:
            listener = Listener(server, access_token)
            stack.callback(listener.close)
            return listener

        yield begin


@pytest.fixture
def lively(start: Start) -> Bench:
    return start(heartbeat=0.05)


def test_ticks_in_all_three_modes(lively: Bench, listen: Listen) -> None:
    listener = listen(lively.server).open()
    lively.price(1510, quantity=30)
    lively.price(1495, quantity=10)
    listener.subscribe("ltp", INFY)
    until(lambda: listener.of_mode("ltp"))
    assert listener.of_mode("ltp")[-1] == {
        "tradable": True, "mode": "ltp", "instrument_token": INFY, "last_price": 1495.0,
    }  # fmt: skip
    listener.subscribe("quote", INFY)
    listener.subscribe("full", INFY)
    full = until(lambda: listener.of_mode("full"))[-1]
    assert (full["last_price"], full["volume_traded"], full["last_traded_quantity"]) == (1495, 40, 10)
    assert full["average_traded_price"] == 1506.25
    assert full["ohlc"] == {"open": 1500, "high": 1510, "low": 1495, "close": 1500}
    assert full["change"] == pytest.approx(-1 / 3)
    assert [level["price"] for level in full["depth"]["sell"]] == [1495.05, 1495.1, 1495.15, 1495.2, 1495.25]
    assert [level["orders"] for level in full["depth"]["buy"]] == [1, 2, 3, 4, 5]
    assert full["last_trade_time"].timestamp() == lively.server.clock.now() / 1e6
    assert full["exchange_timestamp"] == full["last_trade_time"]


def test_quote_is_the_mode_of_a_plain_subscription(lively: Bench, listen: Listen) -> None:
    listener = listen(lively.server).open()
    listener.subscribe("quote", INFY)
    first = until(lambda: listener.ticks)[0]
    assert first["mode"] == "quote"
    assert "depth" not in first
    lively.price(1502.35)
    until(lambda: listener.ticks[-1]["last_price"] == 1502.35)


def test_indices_and_currencies_have_layouts_and_scales_of_their_own(lively: Bench, listen: Listen) -> None:
    server = lively.server
    dollar = next(row for row in server.desk.oms.listings.by_key.values() if row.exchange == "CDS")
    for price in (25000.0, 25100.5, 24900.0, 25000.35):
        lively.price(price, "NIFTY 50")
    lively.price(88.1225, dollar.symbol, "CDS")
    listener = listen(server).open()
    listener.subscribe("full", 256265, dollar.token)
    until(lambda: len({tick["instrument_token"] for tick in listener.of_mode("full")}) == 2)
    found = {tick["instrument_token"]: tick for tick in listener.of_mode("full")}
    assert (found[256265]["last_price"], found[256265]["tradable"]) == (25000.35, False)
    assert found[256265]["ohlc"] == {"high": 25100.5, "low": 24900, "open": 25000, "close": 25000}
    assert found[256265]["exchange_timestamp"].timestamp() == server.clock.now() / 1e6
    assert found[dollar.token]["last_price"] == 88.1225


def test_after_unsubscribing_no_more_ticks_come(lively: Bench, listen: Listen) -> None:
    listener = listen(lively.server).open()
    listener.subscribe("ltp", INFY, 779521)
    until(lambda: listener.ticks)
    listener._on_reactor(listener.ticker.unsubscribe, [INFY])
    until(lambda: list(lively.server.stream.subscribers[0].modes) == [779521])
    lively.price(1600)
    lively.price(800, "SBIN")
    until(lambda: listener.ticks[-1]["instrument_token"] == 779521)
    assert 1600 not in [tick["last_price"] for tick in listener.ticks]


def test_a_heartbeat_is_a_single_byte(lively: Bench, listen: Listen) -> None:
    listener = listen(lively.server).open()
    until(lambda: len(listener.messages) >= 3)
    assert set(listener.messages) == {(b"\x00", True)}
    assert listener.ticks == []


def test_a_wrong_token_is_refused_with_403(lively: Bench, listen: Listen) -> None:
    listener = listen(lively.server, "wrong")
    code, reason = until(lambda: listener.closes)[0]
    assert code == 1006
    assert "403" in reason
    assert listener.connects == 0


def test_a_plan_without_market_data_has_no_ticker(start: Start, listen: Listen) -> None:
    listener = listen(start(market_data=False).server)
    assert "403" in until(lambda: listener.closes)[0][1]


def test_order_updates_tell_of_ends_and_changes_and_not_of_placing(start: Start, listen: Listen) -> None:
    bench = start(depth=6, heartbeat=0.05)
    listener = listen(bench.server).open()
    order_id = bench.place(tag="T1")
    bench.settle(0.5)
    bench.settle(2)
    until(lambda: len(listener.updates) == 2)
    assert [(row["order_id"], row["status"], row["filled_quantity"]) for row in listener.updates] == [
        (order_id, "UPDATE", 6), (order_id, "COMPLETE", 10),
    ]  # fmt: skip
    assert [row["unfilled_quantity"] for row in listener.updates] == [4, 0]
    assert listener.updates[0]["tag"] == "T1"
    rejected = bench.place(order_type="LIMIT", price=1900)
    bench.settle()
    assert until(lambda: listener.updates[2:])[0]["order_id"] == rejected


def test_updates_come_late_twice_or_not_at_all(start: Start, listen: Listen) -> None:
    dropped = start(view=View(update_drop=1.0), heartbeat=0.05)
    doubled = start(view=View(update_duplicate=1.0, update_lag=3.0), heartbeat=0.05)
    deaf, twice = listen(dropped.server).open(), listen(doubled.server).open()
    dropped.filled()
    doubled.filled()
    until(lambda: len(twice.messages) > 4)
    assert twice.updates == []
    doubled.settle(3)
    until(lambda: len(twice.updates) == 2)
    assert twice.updates[0] == twice.updates[1]
    assert deaf.updates == []
    assert dropped.server.true_positions() == doubled.server.true_positions() == {("NSE", "INFY", "MIS"): 10}


def test_an_update_of_a_part_may_come_after_the_end(start: Start, listen: Listen) -> None:
    bench = start(depth=1, view=View(update_reorder=0.5), seed=2, heartbeat=0.05)
    listener = listen(bench.server).open()
    bench.place(quantity=8)
    for _ in range(30):
        bench.settle(0.5)
    until(lambda: len(listener.updates) == 8)
    statuses = [row["status"] for row in listener.updates]
    assert statuses.count("COMPLETE") == 1
    assert statuses[-1] == "UPDATE"
    filled = [row["filled_quantity"] for row in listener.updates]
    assert filled != sorted(filled)


def test_a_mute_socket_looks_connected_and_says_nothing(lively: Bench, listen: Listen) -> None:
    listener = listen(lively.server).open()
    listener.subscribe("ltp", INFY)
    until(lambda: listener.ticks)
    lively.server.stream.play("mute")
    until(lambda: lively.server.stream.subscribers[0].mute)
    heard = len(listener.messages)
    lively.price(1600)
    other = listen(lively.server).open()
    until(lambda: len(other.messages) > 5)
    assert len(listener.messages) <= heard + 1  # one may have been on its way
    assert listener.ticker.is_connected()
    lively.server.stream.play("heal")
    until(lambda: listener.ticks[-1]["last_price"] == 1600)


def test_a_half_open_socket_hears_nothing_either(lively: Bench, listen: Listen) -> None:
    listener = listen(lively.server).open()
    lively.server.stream.play("half_open")
    listener.subscribe("ltp", INFY)
    other = listen(lively.server).open()
    other.subscribe("ltp", INFY)
    until(lambda: other.ticks)
    assert listener.ticks == []
    assert listener.ticker.is_connected()


@pytest.mark.parametrize("fault", ["reset", "close", "truncated", "list"])
def test_the_ticker_comes_back_after_what_kills_it_and_has_lost_the_updates_between(
    lively: Bench, listen: Listen, fault: str
) -> None:
    listener = listen(lively.server).open()
    listener.subscribe("ltp", INFY)
    until(lambda: listener.ticks)
    lively.server.stream.play(fault)
    until(lambda: listener.closes)
    until(lambda: not lively.server.stream.subscribers)
    lively.filled()
    until(lambda: listener.connects == 2)
    lively.price(1601)
    until(lambda: listener.ticks[-1]["last_price"] == 1601)  # it has subscribed again by itself
    assert listener.updates == []


def test_refused_handshakes_end(lively: Bench, listen: Listen) -> None:
    lively.server.stream.play("refuse", count=1)
    listener = listen(lively.server)
    until(lambda: listener.closes)
    until(lambda: listener.connects)
    assert lively.server.stream.handshakes == 2


def test_the_death_of_the_token_ends_the_connection_and_the_next_is_refused(lively: Bench, listen: Listen) -> None:
    listener = listen(lively.server).open()
    lively.server.expire_token()
    until(lambda: len(listener.closes) >= 2)
    assert "403" in listener.closes[-1][1]
    assert listener.connects == 1


def test_a_fault_of_the_ticker_that_does_not_exist_is_refused(lively: Bench) -> None:
    with pytest.raises(ValueError, match="explode"):
        lively.server.stream.play("explode")
