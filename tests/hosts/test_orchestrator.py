"""A host's own orchestrator: its trade engine is async or plain, missing, failing, slow or declining."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from rulekit.hosts.orchestrator import OrchestratorRoute
from rulekit.model.orders import SELL, Accepted, NotSent, OrderRequest, Uncertain
from tests.execution.scripted import Desk, book, exit_all

KEYS = {
    "signal_id", "symbol", "action", "quantity", "entry_price", "order_type", "tag", "management_action", "reason",
    "user_id",
}  # fmt: skip


class Engine:
    """Takes signals; raises as often as told."""

    def __init__(self, failing: int = 0) -> None:
        self.failing = failing
        self.signals: list[dict[str, Any]] = []
        self.calls = 0

    async def _process_live_signal(self, signal: dict[str, Any]) -> None:
        self.calls += 1
        await asyncio.sleep(0)
        if self.failing:
            self.failing -= 1
            raise RuntimeError("the strategy manager is not ready")
        self.signals.append(signal)


class Orchestrator:
    """A host."""

    trade_engine: Any = None


@pytest.fixture
def host() -> Orchestrator:
    return Orchestrator()


@pytest.fixture
def hosted(tmp_path: Path, host: Orchestrator) -> Iterator[Desk]:
    desk = Desk(tmp_path, route=OrchestratorRoute(host))
    yield desk
    desk.die()


def test_the_signal_has_exactly_the_keys_that_a_host_reads(hosted: Desk, host: Orchestrator) -> None:
    host.trade_engine = engine = Engine()
    key = hosted.hold()
    hosted.start()
    hosted.executor.set_initial_stop(key, 165_000.0, strategy="Edge")
    hosted.commit(key, book(50, rule="PARTIAL_PROFIT_BOOKING_50%"))
    (signal,) = engine.signals
    assert set(signal) == KEYS
    action = hosted.row("PARTIAL_PROFIT_BOOKING_50%")["id"]
    assert signal == {
        "signal_id": f"Edge_MGMT_KOTAKBANK_{action}",
        "symbol": "KOTAKBANK",
        "action": "SELL",
        "quantity": 50,
        "entry_price": 1690.0,
        "order_type": "MARKET",
        "tag": "POSITION_MGMT",
        "management_action": True,
        "reason": "PARTIAL_PROFIT_BOOKING_50%",
        "user_id": "system",
    }
    assert hosted.broker.requests == [], "the host places the order, not the port"


def test_the_fill_is_seen_in_the_accounts_trades(hosted: Desk, host: Orchestrator) -> None:
    host.trade_engine = Engine()
    key = hosted.hold()
    hosted.start()
    hosted.commit(key, exit_all())
    hosted.pass_time()
    assert hosted.row("Square off")["end"] is None
    assert hosted.position(key).in_flight
    hosted.broker.trade(key.instrument, "MIS", SELL, 40, 169_100.0)
    hosted.pass_time()
    assert hosted.executor.pending_management_actions[0]["state"] == "partly filled"
    hosted.broker.trade(key.instrument, "MIS", SELL, 60, 169_000.0)
    hosted.pass_time()
    row = hosted.row("Square off")
    assert (row["end"], row["filled"]) == ("filled", 100)
    assert hosted.executor.positions() == ()


@pytest.mark.parametrize("missing", [True, False])
def test_a_missing_or_failing_engine_leaves_the_signal_in_the_queue(
    hosted: Desk, host: Orchestrator, missing: bool
) -> None:
    engine = Engine(failing=0 if missing else 1)
    host.trade_engine = None if missing else engine
    key = hosted.hold()
    hosted.start()
    hosted.commit(key, exit_all())
    hosted.executor.drain()
    assert engine.signals == []
    (pending,) = hosted.executor.pending_management_actions
    assert pending["state"] == "decided"
    hosted.restart()
    host.trade_engine = engine
    hosted.executor.sync()
    hosted.executor.drain()
    assert [signal["quantity"] for signal in engine.signals] == [100]
    assert len({pending["signal_id"], *(signal["signal_id"] for signal in engine.signals)}) == 1


def test_it_goes_out_in_the_next_cycle_and_not_in_the_same(hosted: Desk, host: Orchestrator) -> None:
    host.trade_engine = engine = Engine(failing=1)
    key = hosted.hold()
    hosted.start()
    hosted.commit(key, exit_all())
    hosted.executor.drain()
    assert engine.calls == 1
    hosted.executor.sync()
    hosted.executor.drain()
    assert (engine.calls, len(engine.signals)) == (2, 1)


def test_an_engine_that_fills_before_it_raises_does_not_cause_a_second_exit(hosted: Desk, host: Orchestrator) -> None:
    key = hosted.hold()

    class Treacherous(Engine):
        async def _process_live_signal(self, signal: dict[str, Any]) -> None:
            self.calls += 1
            hosted.broker.trade(key.instrument, "MIS", SELL, signal["quantity"], 169_000.0)
            raise RuntimeError("logging failed after the order")

    host.trade_engine = engine = Treacherous()
    hosted.start()
    hosted.commit(key, exit_all())
    for _ in range(5):
        hosted.pass_time(10)
    assert engine.calls == 1
    assert hosted.row("Square off")["end"] == "superseded"
    assert hosted.broker.net(key) == 0


def test_what_the_engine_took_and_never_filled_is_given_up_with_an_alert(hosted: Desk, host: Orchestrator) -> None:
    host.trade_engine = engine = Engine()
    key = hosted.hold()
    hosted.start()
    hosted.commit(key, exit_all())
    for _ in range(13):
        hosted.pass_time(10)
    row = hosted.row("Square off")
    assert (row["end"], row["filled"]) == ("expired", 0)
    assert len(engine.signals) == 1
    assert any("only 0 of 100" in alert for alert in hosted.alerts())


def test_death_while_handing_over_is_followed_and_never_handed_over_again(hosted: Desk, host: Orchestrator) -> None:
    from tests.execution.scripted import Crash

    class Deadly(Engine):
        def _process_live_signal(self, signal: dict[str, Any]) -> None:  # type: ignore[override]
            self.signals.append(signal)
            raise Crash("power failure")

    host.trade_engine = engine = Deadly()
    key = hosted.hold()
    hosted.start()
    with pytest.raises(Crash):
        hosted.commit(key, exit_all())
    hosted.restart()
    hosted.broker.trade(key.instrument, "MIS", SELL, 100, 169_000.0)
    hosted.pass_time()
    assert hosted.row("Square off")["end"] == "filled"
    assert len(engine.signals) == 1


def ask(route: OrchestratorRoute) -> Any:
    from rulekit.execution.signal import ManagementSignal

    signal = ManagementSignal("S_MGMT_A_1", "A", "SELL", 1, 10.0, "exit")
    return route.send(signal, OrderRequest("T", "NSE", "A", "MIS", SELL, 1))


def test_a_plain_engine_works_as_well(host: Orchestrator) -> None:
    seen: list[dict[str, Any]] = []

    class Plain:
        def _process_live_signal(self, signal: dict[str, Any]) -> None:
            seen.append(signal)

    host.trade_engine = Plain()
    assert ask(OrchestratorRoute(host)) == Accepted("")
    assert len(seen) == 1


def test_an_engine_may_decline(host: Orchestrator) -> None:
    class Declining:
        async def _process_live_signal(self, signal: dict[str, Any]) -> bool:
            return False

    host.trade_engine = Declining()
    assert isinstance(ask(OrchestratorRoute(host)), NotSent)


def test_inside_a_running_loop(host: Orchestrator) -> None:
    host.trade_engine = engine = Engine()

    async def main() -> Any:
        return ask(OrchestratorRoute(host, loop=asyncio.get_running_loop()))

    assert asyncio.run(main()) == Accepted("")
    assert len(engine.signals) == 1


def test_from_a_worker_thread_the_engine_runs_on_the_hosts_loop(host: Orchestrator) -> None:
    class Homebound(Engine):
        async def _process_live_signal(self, signal: dict[str, Any]) -> None:
            assert asyncio.get_running_loop() is loops[0]
            self.signals.append(signal)

    host.trade_engine = engine = Homebound()
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> Any:
        loops.append(asyncio.get_running_loop())
        route = OrchestratorRoute(host, loop=loops[0])
        return await asyncio.to_thread(ask, route)

    assert asyncio.run(main()) == Accepted("")
    assert len(engine.signals) == 1


def test_an_engine_that_does_not_answer_is_in_doubt_not_unsent(host: Orchestrator) -> None:
    release = Event()

    class Slow:
        async def _process_live_signal(self, signal: dict[str, Any]) -> None:
            await asyncio.to_thread(release.wait, 5)

    host.trade_engine = Slow()
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        assert isinstance(ask(OrchestratorRoute(host, loop=loop, patience_s=0.05)), Uncertain)
    finally:
        release.set()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        pending = asyncio.all_tasks(loop)
        loop.run_until_complete(asyncio.gather(*pending))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def test_the_engines_own_time_out_is_a_failure(host: Orchestrator) -> None:
    class TimedOut:
        async def _process_live_signal(self, signal: dict[str, Any]) -> None:
            raise TimeoutError("upstream")

    host.trade_engine = TimedOut()
    assert isinstance(ask(OrchestratorRoute(host)), NotSent)


@pytest.mark.parametrize("cycles", [1, 4, 12])
def test_the_next_cycle_hands_over_however_long_the_engine_was_away(
    hosted: Desk, host: Orchestrator, cycles: int
) -> None:
    """A cycle may follow at once: the queue waits for cycles, and not for seconds."""
    host.trade_engine = engine = Engine(failing=cycles)
    key = hosted.hold()
    hosted.start()
    hosted.commit(key, exit_all())
    for _ in range(cycles - 1):
        hosted.pass_time(0)
    assert (engine.calls, engine.signals) == (cycles, [])
    hosted.executor.drain()
    assert engine.calls == cycles, "one cycle, one try"
    assert hosted.executor.next_due() is None, "nothing but the next cycle is waited for"
    hosted.pass_time(0)
    assert [signal["reason"] for signal in engine.signals] == ["Square off"]
