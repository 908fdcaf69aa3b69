"""Stops that stand at the localhost Kite, over real sockets: placed, moved, filled, taken back, found again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rulekit.broker.kite_protection import stop_limit
from rulekit.kite_server.faults import Fault
from rulekit.model.instrument import Instrument
from rulekit.model.orders import BUY, SELL, StopRequest
from tests.kite.account import Account
from tests.kite.bench import until

POLICY = """\
policy "Standing"
FIRST: tighten stop to 4% from price when profit is above -3%
OUT: exit at 10% profit
"""


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    made = Account(tmp_path, speed=20.0)
    yield made
    made.server.stop()


def stops(account: Account, *, live: bool = True) -> list[dict[str, Any]]:
    """Our stop orders in the true book."""
    return [
        order
        for order in account.server.true_orders()
        if order["tag"] and order["trigger_price"] and (order["left"] or not live)
    ]


def ends(account: Account, kind: str) -> list[Any]:
    return [row["end"] for row in account.history() if row["kind"] == kind]


def test_it_is_placed_moved_and_is_the_exit_when_the_price_comes_to_it(account: Account) -> None:
    account.buy("INFY", 100, 1500)
    with account.day(POLICY, stops=True):
        account.keep_priced("INFY", 1500, lambda: stops(account))
        (first,) = stops(account)
        assert (first["order_type"], first["transaction_type"], first["quantity"]) == ("SL", "SELL", 100)
        assert first["trigger_price"] == 1440.0
        assert first["price"] == 1418.4, "three times the broker's own protection behind the trigger"
        account.keep_priced("INFY", 1550, lambda: stops(account)[0]["trigger_price"] == 1488.0)
        account.keep_priced("INFY", 1487, lambda: account.held("INFY") == 0)
        account.keep_priced("INFY", 1487, lambda: "position_closed" in account.names())
        until(lambda: ends(account, "protect") == ["filled"])
        until(lambda: ends(account, "exit") in ([], ["superseded"]))
    account.is_exact()
    assert len(stops(account, live=False)) == 1
    assert account.server.position_path("NSE", "INFY", "MIS") == [0, 100, 0]


def test_an_own_exit_takes_it_back_first(account: Account) -> None:
    account.buy("INFY", 100, 1500)
    with account.day(POLICY, stops=True):
        account.keep_priced("INFY", 1500, lambda: stops(account))
        account.keep_priced("INFY", 1660, lambda: account.held("INFY") == 0)
        account.keep_priced("INFY", 1660, lambda: ends(account, "exit") == ["filled"])
    account.is_exact()
    assert ends(account, "protect") == ["cancelled"]
    assert account.server.position_path("NSE", "INFY", "MIS") == [0, 100, 0]


def test_it_outlives_the_program_and_is_found_again(account: Account) -> None:
    account.buy("INFY", 100, 1500)
    with account.day(POLICY, stops=True):
        account.keep_priced("INFY", 1500, lambda: stops(account))
    assert len(stops(account)) == 1, "nobody watches, and the position is protected"
    with account.day(POLICY, stops=True):
        account.keep_priced("INFY", 1550, lambda: stops(account)[0]["trigger_price"] == 1488.0)
    assert len(stops(account, live=False)) == 1
    account.price("INFY", 1480)
    until(lambda: account.held("INFY") == 0)
    with account.day(POLICY, stops=True):
        until(lambda: ends(account, "protect") == ["filled"])
    account.is_exact()


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        ("place", "cut:after"),
        ("place", "timeout_400:late"),
        ("modify", "cut:before"),
        ("modify", "timeout_400:late"),
        ("cancel", "html_504:after"),
    ],
)
def test_a_fault_of_each_request_leaves_one_stop_and_one_exit(account: Account, fault: str, route: str) -> None:
    kind, when = fault.split(":")
    account.buy("INFY", 100, 1500)
    account.server.faults.script([Fault(kind, when, route, delay=3.0)])
    with account.day(POLICY, stops=True, quarantine_s=8.0, deadline_s=0.5):
        account.keep_priced("INFY", 1500, lambda: stops(account))
        account.keep_priced("INFY", 1550, lambda: [o["trigger_price"] for o in stops(account)] == [1488.0])
        account.keep_priced("INFY", 1660, lambda: account.held("INFY") == 0)
        account.keep_priced("INFY", 1660, lambda: ends(account, "exit") == ["filled"])
    account.is_exact()
    assert account.two_stops("INFY") == []
    assert stops(account) == []
    assert account.server.position_path("NSE", "INFY", "MIS") == [0, 100, 0]
    assert [route for route, _ in account.server.faults.met] == [route]


@pytest.mark.parametrize(
    ("kind", "side", "trigger", "width", "limit"),
    [
        ("equity", SELL, 144_000.0, 3.0, 141_840.0),
        ("equity", BUY, 144_000.0, 1.0, 144_720.0),
        ("equity", SELL, 5_000.0, 3.0, 4_700.0),
        ("future", SELL, 144_000.0, 9.0, 141_120.0),
        ("option", SELL, 500.0, 3.0, 425.0),
        ("equity", SELL, 10_003.0, 1.0, 9_905.0),
    ],
)
def test_the_limit_behind_a_trigger(kind: str, side: str, trigger: float, width: float, limit: float) -> None:
    """A multiple of the broker's own protection, within what the exchange takes, rounded towards the trigger."""
    instrument = Instrument("NSE", "X", tick=5.0, kind=kind)
    assert stop_limit(StopRequest("T", "NSE", "X", "MIS", side, 1, trigger, width), instrument) == limit
