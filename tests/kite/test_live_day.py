"""A stretch of a made-up day with an account before the localhost Kite, over real sockets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kite.account import Account
from tests.kite.bench import until


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    made = Account(tmp_path)
    yield made
    made.server.stop()


def test_a_position_of_the_account_is_booked_protected_and_exited(account: Account) -> None:
    account.buy("INFY", 100, 1500)
    with account.day():
        until(lambda: "position_opened" in account.names())
        account.price("INFY", 1500.5)
        account.price("INFY", 1590)
        until(lambda: "stop_moved" in account.names())
        account.price("INFY", 1660)
        until(lambda: account.held("INFY") == 50)
        until(lambda: account.names().count("action_filled") == 1)
        account.price("INFY", 1810)
        until(lambda: account.held("INFY") == 0)
        until(lambda: account.names().count("action_filled") == 2)
    account.is_exact()
    ours = [order for order in account.server.true_orders() if order["tag"]]
    assert [(order["transaction_type"], order["quantity"]) for order in ours] == [("SELL", 50), ("SELL", 50)]
    assert {order["order_type"] for order in ours} == {"LIMIT"}, "protected market orders are limit orders there"
    assert all(request["agent"].startswith("Kiteconnect-python/") for request in account.server.requests)


def test_a_day_has_begun_once_the_past_is_recovered(account: Account) -> None:
    with account.day():
        until(lambda: "cycle_evaluated" in account.names())
    (told,) = account.told_at_begin
    assert "recovered" in told
    assert "cycle_evaluated" not in told


def test_a_dry_run_reads_and_sends_nothing(account: Account) -> None:
    account.buy("INFY", 100, 1500)
    with account.day(dry_run=True):
        until(lambda: "position_opened" in account.names())
        account.price("INFY", 1660)
        until(lambda: "signal_created" in account.names())
        time.sleep(0.3)
    assert {request["method"] for request in account.server.requests} == {"GET"}
    assert account.held("INFY") == 100
