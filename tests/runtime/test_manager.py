"""The embedding API: a manager with a broker and a journal, sync and async, and a host's own trade engine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import rulekit
from rulekit.broker.paper import PaperBroker
from rulekit.broker.paper_settings import PaperSettings
from rulekit.hosts.orchestrator import OrchestratorRoute
from rulekit.market.ticks import Tick
from rulekit.model.clock import SimulatedClock
from rulekit.model.events import Event
from rulekit.model.instant import SECOND, parse_instant
from rulekit.model.prices import to_units
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy

NOON = parse_instant("2026-11-20T12:00:00+05:30")
SIGNAL_KEYS = {
    "signal_id", "symbol", "action", "quantity", "entry_price", "order_type", "tag", "management_action", "reason",
    "user_id",
}  # fmt: skip


class Account:
    """A paper account at noon with 100 KOTAKBANK bought at 1690, whose price the test moves."""

    def __init__(self, folder: Path, policy: str, *, paper: PaperSettings | None = None, **options: Any) -> None:
        self.clock = SimulatedClock(NOON)
        self.broker = PaperBroker(folder / "book", clock=self.clock, settings=paper)
        self.sequence = 0
        self.price("1690")
        self.broker.enter(
            exchange="NSE", symbol="KOTAKBANK", product="MIS", side=1, quantity=100, price=to_units("1690"),
            at=NOON, reference="the trader's own",
        )  # fmt: skip
        self.events: list[Event] = []
        self.manager = Manager(
            Policy.from_text(policy),
            broker=self.broker,
            journal=folder / "day.journal",
            clock=self.clock,
            emit=self.events.append,
            **options,
        )

    def price(self, rupees: str, wait_s: float = 1.0) -> None:
        self.clock.sleep(wait_s)
        tick = Tick(self.sequence, "NSE", "KOTAKBANK", self.clock.now(), to_units(rupees), float(self.sequence))
        self.sequence += 1
        self.broker.on_tick(tick)

    def names(self) -> list[str]:
        return [event.name for event in self.events]


def test_a_host_manages_a_position_in_ten_lines(tmp_path: Path) -> None:
    account = Account(tmp_path, "HALF: book 50% at 15% profit")
    with account.manager as manager:
        assert manager.cycle()[0].actions == ()
        account.price("1943.50")
        decision = manager.cycle()[0]
        assert [(action.rule, action.side, action.quantity) for action in decision.actions] == [("HALF", "SELL", 50)]
        account.price("1943.50")
        manager.cycle()
        assert manager.pending_management_actions == []
        assert [taken["reason"] for taken in manager.management_actions_taken] == ["HALF"]
        assert list(account.broker.true_positions().values()) == [50]
        account.price("1950")
        assert manager.cycle()[0].actions == (), "once is the default"


def test_the_async_twin_does_the_same(tmp_path: Path) -> None:
    account = Account(tmp_path, "HALF: book 50% at 15% profit")

    async def host() -> None:
        account.price("1943.50")
        decisions = await account.manager.acycle()
        assert [action.quantity for action in decisions[0].actions] == [50]

    account.manager.start()
    asyncio.run(host())
    account.manager.close()


def test_facts_of_the_host_are_heard(tmp_path: Path) -> None:
    known: dict[str, float | None] = {"momentum": 1.0}
    account = Account(tmp_path, "M: book 50% when momentum is at least 2%", facts=lambda position: known)
    with account.manager as manager:
        assert manager.cycle()[0].actions == ()
        known["momentum"] = 2.0
        assert [action.rule for action in manager.cycle()[0].actions] == ["M"]


def test_a_stale_price_decides_nothing(tmp_path: Path) -> None:
    account = Account(tmp_path, "HALF: book 50% at 15% profit")
    with account.manager as manager:
        account.price("1943.50")
        account.clock.sleep(6)
        assert manager.cycle()[0].actions == ()
        assert "price_stale" in account.names()


def test_a_dry_run_sends_nothing_and_says_what_it_would(tmp_path: Path) -> None:
    account = Account(tmp_path, "HALF: book 50% at 15% profit", dry_run=True)
    with account.manager as manager:
        account.price("1943.50")
        assert manager.cycle()[0].actions
        account.price("1943.50")
        manager.cycle()
        assert [order for order in account.broker.true_orders() if order.tag] == []
        assert "action_decided" in account.names()


class TradeEngine:
    """A host's engine that keeps what it receives."""

    def __init__(self) -> None:
        self.signals: list[dict[str, Any]] = []
        self.raises = False

    async def _process_live_signal(self, signal: dict[str, Any]) -> None:
        if self.raises:
            raise ConnectionError("the engine's own broker is away")
        self.signals.append(signal)


class Host:
    trade_engine: TradeEngine | None = None


@pytest.mark.parametrize("trouble", ["missing", "raises"])
def test_a_host_engine_that_is_away_gets_the_signal_in_the_next_cycle(tmp_path: Path, trouble: str) -> None:
    host, engine = Host(), TradeEngine()
    if trouble == "raises":
        host.trade_engine, engine.raises = engine, True
    account = Account(tmp_path, "HALF: book 50% at 15% profit", route=OrchestratorRoute(host))
    with account.manager as manager:
        account.price("1943.50")
        manager.cycle()
        assert engine.signals == []
        assert [row["rule"] for row in manager.pending_management_actions] == ["HALF"]
        host.trade_engine, engine.raises = engine, False
        account.price("1943.55", wait_s=10)
        manager.cycle()
        account.price("1943.55", wait_s=10)
        manager.cycle()
    assert len(engine.signals) == 1, "handed over once"
    signal = engine.signals[0]
    assert set(signal) == SIGNAL_KEYS
    assert (signal["action"], signal["quantity"], signal["order_type"]) == ("SELL", 50, "MARKET")
    assert (signal["tag"], signal["reason"], signal["user_id"]) == ("POSITION_MGMT", "HALF", "system")
    assert signal["management_action"] is True
    assert "_MGMT_KOTAKBANK_" in signal["signal_id"]


def test_the_queue_survives_the_death_of_the_process(tmp_path: Path) -> None:
    """What waited for the engine when the process died goes out after the restart, once."""
    host = Host()
    account = Account(tmp_path, "HALF: book 50% at 15% profit", route=OrchestratorRoute(host))
    account.manager.start()
    account.price("1943.50")
    account.manager.cycle()
    account.manager.close()
    host.trade_engine = engine = TradeEngine()
    again = Manager(
        Policy.from_text("HALF: book 50% at 15% profit"), broker=account.broker, journal=tmp_path / "day.journal",
        clock=account.clock, route=OrchestratorRoute(host),
    )  # fmt: skip
    with again:
        account.price("1944", wait_s=10)
        again.cycle()
        again.cycle()
    assert [signal["reason"] for signal in engine.signals] == ["HALF"]


def test_the_public_names_are_there() -> None:
    for name in rulekit.__all__:
        assert getattr(rulekit, name) is not None
    with pytest.raises(AttributeError, match="no attribute"):
        rulekit.nothing_of_that_name  # noqa: B018


def test_load_says_what_is_wrong_with_a_policy(tmp_path: Path) -> None:
    path = tmp_path / "bad.policy"
    path.write_text("boook half at 10% profit\n", encoding="utf-8")
    with pytest.raises(rulekit.RulekitError, match="book"):
        rulekit.load(path)


def test_settings_of_another_stale_limit_hold(tmp_path: Path) -> None:
    from attrs import evolve

    settings = evolve(rulekit_settings(), execution=evolve(rulekit_settings().execution, stale_s=30.0))
    account = Account(tmp_path, "HALF: book 50% at 15% profit", settings=settings)
    with account.manager as manager:
        account.price("1943.50")
        account.clock.sleep(20)
        assert manager.cycle()[0].actions
    assert account.clock.now() > NOON + 20 * SECOND


def rulekit_settings() -> Any:
    from rulekit.settings import Settings

    return Settings()


def test_while_halted_the_log_says_so_and_speaks_of_no_order(tmp_path: Path) -> None:
    account = Account(tmp_path, "HALF: book 50% at 15% profit")
    with account.manager as manager:
        manager.executor.halt("news")
        account.price("1943.50")
        manager.cycle()
    told = [event.data["because"] for event in account.events if event.name == "rule_skipped"]
    assert told == ["the engine is halted"]


def test_an_exit_that_was_sized_by_a_late_list_comes_again_for_the_rest(tmp_path: Path) -> None:
    """The list lags an add, so the exit closes what is surely held; the position stands, so the exit is not done."""
    policy = "MORE: add 50% at 1% profit\nOUT: exit at 2% profit"
    account = Account(tmp_path, policy, paper=PaperSettings(position_lag_s=20.0))
    account.clock.sleep(25)  # the list shows the trader's own entry by now
    with account.manager as manager:
        for price in ["1708"] * 4 + ["1790"] * 60:
            account.price(price)
            manager.cycle()
        exits = [taken["quantity"] for taken in manager.management_actions_taken if taken["reason"] == "OUT"]
        assert exits == [100, 50]
        assert account.broker.true_positions() == {}


def test_an_add_whose_answer_was_lost_is_never_bought_again(tmp_path: Path) -> None:
    """Its order was shown never to have come; still the rule does not fire once more."""
    account = Account(tmp_path, "MORE: add 50% at 1% profit", paper=PaperSettings(lost_before=1.0))
    with account.manager as manager:
        for _ in range(200):
            account.price("1708")
            manager.cycle()
        assert [taken["reason"] for taken in manager.management_actions_taken] == ["MORE"]
        assert manager.pending_management_actions == []


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (lambda position: 1 / 0, "ZeroDivisionError"),
        (lambda position: None, "are no facts"),
        (lambda position: {"momentum": "strong"}, "the fact `momentum` is no number"),
    ],
    ids=["raises", "gives nothing", "gives a text"],
)
def test_facts_that_cannot_be_used_are_unknown_and_stops_go_on(tmp_path: Path, said: Any, word: str) -> None:
    account = Account(tmp_path, "M: book 50% when momentum is at least 2%", facts=said)
    with account.manager as manager:
        (position,) = manager.sync()
        manager.executor.set_initial_stop(position.key, to_units("1680"))
        for price in ("1685", "1675"):
            account.price(price)
            manager.cycle()
        told = [event for event in account.events if event.name == "alert" and "facts" in event.data["text"]]
        assert [word in event.data["text"] for event in told] == [True]
        assert [row["reason"] for row in manager.management_actions_taken] == ["stop"]


def test_facts_of_the_book_that_fail_are_unknown(tmp_path: Path) -> None:
    text = "for the whole book\n    M: stop adding when margin used is above ₹1,000\n"
    account = Account(tmp_path, text, book_facts=lambda: 1 / 0)
    with account.manager as manager:
        manager.cycle()
        assert any("book_facts" in event.data["text"] for event in account.events if event.name == "alert")
