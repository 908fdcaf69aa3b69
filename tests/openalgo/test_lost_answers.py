"""An answer that is lost where no order bears a name: what is sent again, what is not, and what a person is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rulekit.execution.settings import ExecutionSettings
from rulekit.kite_server.settings import ServerSettings
from rulekit.model.events import Event
from rulekit.model.orders import BUY, SELL
from rulekit.openalgo_server.settings import GatewaySettings
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from rulekit.runtime.polled import wait_longer
from rulekit.settings import Settings
from tests.openalgo.bench import OpenAlgoBench

BOOK = 'policy "Book"\nHALF: book 50% at 1% profit\n'
EXIT = 'policy "Exit"\nOUT: exit at 1% profit\n'
ADD = 'policy "Add"\nMORE: add 50% at 1% profit\n'
SLICES = 'policy "Slices"\nTENTH: book 10 shares at 1% profit every 1 minute up to 2 times\n'
UP = 152_000.0


class Engine:
    """The real engine before the real adapter before the localhost OpenAlgo; the account holds 100 shares."""

    def __init__(self, folder: Path, gateway: GatewaySettings | None = None) -> None:
        self.bench = OpenAlgoBench(gateway=gateway, server=ServerSettings(latency=0.1))
        self.folder = folder
        self.execution = ExecutionSettings(quarantine_s=90)
        self.events: list[Event] = []
        self.policy = Policy.from_text(EXIT)
        self.bench.trade_by_hand(BUY, 100)
        self.bench.wait(60)
        self.manager: Manager | None = None

    def begin(self, policy: str = "") -> Manager:
        self.policy = Policy.from_text(policy) if policy else self.policy
        self.manager = Manager(
            self.policy, broker=self.bench.broker, journal=self.folder / "day.journal", clock=self.bench.clock,
            settings=Settings(execution=self.execution), emit=self.events.append,
        )  # fmt: skip
        self.manager.start()
        return self.manager

    def live(self, seconds: float, each: float = 5.0) -> None:
        assert self.manager is not None
        for _ in range(round(seconds / each)):
            self.bench.wait(each)
            self.manager.cycle()

    def restart(self) -> None:
        assert self.manager is not None
        self.manager.journal.abandon()
        self.begin()

    def ours(self) -> list[dict[str, Any]]:
        return [order for order in self.bench.server.true_orders() if order["tag"] == "openalgo"]

    def held(self) -> int:
        return self.bench.server.true_positions().get(("NSE", "INFY", "MIS"), 0)

    def names(self) -> list[str]:
        return [event.name for event in self.events]

    def pending(self) -> list[dict[str, Any]]:
        assert self.manager is not None
        return list(self.manager.pending_management_actions)

    def lose(self, fault: str) -> None:
        """Let the next order go wrong, and the price rise so that there is one."""
        self.bench.server.faults.script([fault])
        self.bench.move(UP)
        self.live(5)
        assert "action_unknown" in self.names()

    def close(self) -> None:
        if self.manager is not None:
            self.manager.journal.close()
        self.bench.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path)
    yield made
    made.close()


def test_nothing_is_sent_while_there_is_doubt(engine: Engine) -> None:
    engine.execution = wait_longer(ExecutionSettings())
    engine.begin(EXIT)
    engine.lose("cut:before")
    engine.live(350, each=20)
    assert engine.ours() == []
    assert engine.pending()[0]["state"] == "unknown"


@pytest.mark.parametrize("policy", [EXIT, BOOK])
def test_what_never_came_is_sent_again_after_the_quarantine(engine: Engine, policy: str) -> None:
    engine.begin(policy)
    engine.lose("cut:before")
    engine.live(140, each=20)
    assert [order["filled_quantity"] for order in engine.ours()] == [100 if policy is EXIT else 50]
    assert engine.names().count("action_filled") == 1
    assert engine.pending() == []


def test_an_exit_that_came_is_let_go_without_an_owner_and_never_sent_again(engine: Engine) -> None:
    engine.begin(EXIT)
    engine.lose("html_504:after")
    engine.live(140, each=20)
    assert [order["filled_quantity"] for order in engine.ours()] == [100]
    assert engine.held() == 0
    assert engine.pending() == []
    (settled,) = [event for event in engine.events if event.name == "action_settled"]
    assert "may be its order or somebody else's" in settled.data["found"]


def test_a_book_that_came_waits_for_a_person_and_is_then_free(engine: Engine) -> None:
    manager = engine.begin(BOOK)
    engine.lose("html_504:after")
    engine.live(140, each=20)
    (row,) = engine.pending()
    assert row["state"] == "parked"
    assert len(engine.ours()) == 1
    assert any("rulekit settle" in str(event.data.get("text")) for event in engine.events if event.name == "alert")
    manager.executor.settle(row["id"], "filled", filled=50)
    engine.live(60)
    assert engine.pending() == []
    assert len(engine.ours()) == 1, "it has fired"
    assert engine.held() == 50


@pytest.mark.parametrize("policy", [BOOK, ADD])
def test_a_strangers_order_is_never_claimed(engine: Engine, policy: str) -> None:
    engine.begin(policy)
    engine.lose("cut:before")
    engine.bench.trade_by_hand(SELL if policy is BOOK else BUY, 50)
    engine.live(140, each=20)
    assert engine.ours() == []
    (row,) = engine.pending()
    assert (row["state"], row["filled"], row["attempts"][-1]["order_id"]) == ("parked", 0, None)


def test_a_strangers_order_from_before_is_no_candidate(engine: Engine) -> None:
    engine.begin(BOOK)
    engine.bench.trade_by_hand(BUY, 50)
    engine.live(10)
    engine.bench.trade_by_hand(SELL, 50)
    engine.live(10)
    engine.lose("cut:before")
    engine.live(140, each=20)
    assert [order["quantity"] for order in engine.ours()] == [50]


def test_an_order_of_our_own_is_no_candidate_after_a_restart(engine: Engine) -> None:
    engine.begin(SLICES)
    engine.bench.move(UP)
    engine.live(50)
    assert [order["quantity"] for order in engine.ours()] == [10]
    engine.bench.server.faults.script(["cut:before"])
    engine.live(25)
    assert "action_unknown" in engine.names()
    engine.restart()
    engine.live(140, each=20)
    assert [order["filled_quantity"] for order in engine.ours()] == [10, 10]


def test_an_order_that_comes_late_is_found_and_none_is_sent_beside_it(engine: Engine) -> None:
    engine.begin(EXIT)
    engine.lose("html_504:late:70")
    engine.live(140, each=20)
    assert [order["filled_quantity"] for order in engine.ours()] == [100]
    assert engine.held() == 0


def test_a_restart_forgets_no_doubt(engine: Engine) -> None:
    engine.begin(BOOK)
    engine.lose("html_504:after")
    engine.live(40)
    engine.restart()
    engine.live(140, each=20)
    assert len(engine.ours()) == 1
    assert engine.pending()[0]["state"] == "parked"


def test_what_waits_for_approval_is_sent_once_at_most(tmp_path: Path) -> None:
    engine = Engine(tmp_path, GatewaySettings(semi_auto=True))
    engine.begin(EXIT)
    engine.bench.move(UP)
    engine.live(140, each=20)
    assert len(engine.bench.server.gateway.pending) == 1
    assert any("Action Center" in text for text in engine.bench.alerts)
    engine.bench.server.approve()
    engine.live(30)
    assert engine.held() == 0
    engine.close()
