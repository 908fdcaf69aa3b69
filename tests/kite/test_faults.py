"""Each fault of an order, before and after the broker took it, in a live day: nothing lost, nothing done twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rulekit.kite_server.faults import BODIES, CERTAIN, ERRORS, PAGES, TRANSPORTS, Fault
from tests.kite.account import Account
from tests.kite.bench import until

EXIT = 'policy "X"\nOUT: exit at 10% profit'
ADD = 'policy "X"\nMORE: add 50% at 10% profit'

BOTH = [kind for kind in (*ERRORS, *PAGES, *BODIES, *TRANSPORTS, "redirect_307", "success_500") if kind not in CERTAIN]
MOMENTS = [(kind, moment) for kind in BOTH for moment in ("before", "after")]


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    made = Account(tmp_path, speed=20.0)
    yield made
    made.server.stop()


def settled(account: Account) -> bool:
    return bool(account.history()) and all(row["end"] for row in account.history())


@pytest.mark.parametrize(("kind", "moment"), [*MOMENTS, *((kind, "before") for kind in CERTAIN if kind != "token_403")])
def test_an_exit_meets_a_fault(account: Account, kind: str, moment: str) -> None:
    """It is filled once, whatever came back; only what was never taken is sent again."""
    account.buy("INFY", 100, 1500)
    account.server.faults.script([Fault(kind, moment, hold=1.5)])
    with account.day(EXIT, deadline_s=0.5):
        until(lambda: "position_opened" in account.names())
        account.price("INFY", 1660)
        account.keep_priced("INFY", 1660, lambda: "action_filled" in account.names() or "alert" in account.names())
        account.keep_priced("INFY", 1660, lambda: account.held("INFY") == 0 and "position_closed" in account.names())
    account.is_exact()
    assert account.server.position_path("NSE", "INFY", "MIS") == [0, 100, 0]
    ours = [order for order in account.server.true_orders() if order["tag"]]
    assert len(ours) == 1, "one order at the broker"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_add_of_unknown_fate_is_never_sent_again(account: Account, moment: str) -> None:
    account.buy("INFY", 100, 1500)
    account.server.faults.script([Fault("cut", moment)])
    with account.day(ADD):
        until(lambda: "position_opened" in account.names())
        account.price("INFY", 1660)
        account.keep_priced("INFY", 1660, lambda: {"action_expired", "action_filled"} & set(account.names()))
    account.is_exact()
    first = account.history()[0]
    assert len(first["attempts"]) == 1
    assert (first["end"], first["filled"]) == (("filled", 50) if moment == "after" else ("expired", 0))


@pytest.mark.parametrize("delay", [3.0, 12.0])
def test_an_order_that_arrives_late_is_never_doubled(account: Account, delay: float) -> None:
    """Within the quarantine it is found; after it (here 5 s) the guarantee ends, and it is told and cancelled."""
    account.buy("INFY", 100, 1500)
    account.server.faults.script([Fault("timeout_400", "late", delay=delay)])
    with account.day(EXIT, quarantine_s=20.0):
        until(lambda: "position_opened" in account.names())
        account.price("INFY", 1660)
        account.keep_priced("INFY", 1660, lambda: "action_filled" in account.names())
        account.keep_priced("INFY", 1660, lambda: account.held("INFY") == 0)
    account.is_exact()
    assert account.server.position_path("NSE", "INFY", "MIS") == [0, 100, 0]


def test_a_token_that_dies_in_mid_day_stops_sending_and_not_the_program(account: Account) -> None:
    account.buy("INFY", 100, 1500)
    with account.day(EXIT):
        until(lambda: "position_opened" in account.names())
        account.server.expire_token()
        account.price("INFY", 1660)
        until(lambda: any("token" in str(event.data.get("text")) for event in account.events))
        assert account.held("INFY") == 100
    assert [request for request in account.server.requests if request["method"] == "POST"] == []


def test_an_order_that_rests_is_chased_to_its_end(tmp_path: Path) -> None:
    account = Account(tmp_path, speed=5.0, latency=1.0)
    try:
        account.buy("INFY", 100, 1500)
        with account.day(EXIT):
            until(lambda: "position_opened" in account.names())
            account.price("INFY", 1700)
            until(lambda: "action_submitted" in account.names())
            # Gone before the order is at the exchange: it rests, is cancelled, and goes on wider.
            account.keep_priced("INFY", 1655, lambda: "order_resting" in account.names())
            account.keep_priced("INFY", 1655, lambda: account.held("INFY") == 0)
            account.keep_priced("INFY", 1655, lambda: "action_filled" in account.names())
        account.is_exact()
        ours = [order for order in account.server.true_orders() if order["tag"]]
        assert len(ours) >= 2
        assert ours[0]["status"] == "CANCELLED"
        assert len({order["tag"] for order in ours}) == len(ours)
        assert account.server.position_path("NSE", "INFY", "MIS")[-1] == 0
    finally:
        account.server.stop()
