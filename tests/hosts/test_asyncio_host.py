"""The asyncio host: orders side by side, refusals, answers that never come, stops that stand elsewhere."""

from __future__ import annotations

import asyncio
from typing import Any

import rulekit
from rulekit.hosts.asyncio_host import AsyncHost
from rulekit.hosts.bars import Bar, Held
from rulekit.model.events import Event
from rulekit.model.instant import MINUTE, parse_instant

TEN = parse_instant("2026-11-20T10:00:00+05:30")


def bar(minute: int, price: float, symbol: str = "INFY", reach: float = 0.0) -> Bar:
    return Bar(symbol, TEN + minute * MINUTE, price, price + reach, price - reach, price, 100.0)


class Program:
    """A host program with one short and one long position."""

    def __init__(self, text: str, *, stops_elsewhere: bool = False, **options: Any) -> None:
        self.held = [Held("INFY", 100, "100"), Held("INFY", -100, "110", product="NRML"), Held("TCS", 50, "100")]
        self.orders: list[tuple[str, str, int | None]] = []
        self.stops: list[tuple[str, Any]] = []
        self.fault: Any = None
        self.events: list[Event] = []
        if stops_elsewhere:
            options["protect"] = self.protect
        policy = rulekit.Policy.from_text(text)
        self.host = AsyncHost(policy, positions=lambda: self.held, execute=self.execute, **options)
        self.host.desk.subscribe("everything", self.events.append)

    async def execute(self, position: rulekit.Position, action: rulekit.Action) -> bool | None:
        if isinstance(self.fault, Exception):
            raise self.fault
        if self.fault is not None:
            return await self.fault()  # type: ignore[no-any-return]
        assert isinstance(position, Held)
        self.orders.append((position.symbol, str(action.side), action.quantity))
        position.quantity += (action.quantity or 0) * (1 if action.side == "BUY" else -1)
        return None

    async def protect(self, position: rulekit.Position, action: rulekit.Action) -> None:
        self.stops.append((position.symbol, action.stop_price))

    def names(self, prefix: str) -> list[str]:
        return [event.name for event in self.events if event.name.startswith(prefix)]


def test_only_positions_of_the_bars_symbol_are_looked_at_and_all_of_them() -> None:
    program = Program("HALF: book 50% at 5% profit")

    async def bars() -> Any:
        yield bar(0, 105)
        yield bar(1, 104.5)
        yield bar(0, 105, "TCS")

    asyncio.run(program.host.run(bars()))
    assert sorted(program.orders) == [("INFY", "BUY", 50), ("INFY", "SELL", 50), ("TCS", "SELL", 25)]
    assert [done.rule for done in program.host.desk.done] == ["HALF"] * 3


def test_an_order_that_raises_or_is_not_sent_is_decided_again() -> None:
    program = Program("HALF: book 50% at 5% profit")
    program.fault = ConnectionError("down")
    asyncio.run(program.host.on_bar(bar(0, 105, "TCS")))

    async def not_sent() -> bool:
        return False

    program.fault = not_sent
    asyncio.run(program.host.on_bar(bar(1, 105, "TCS")))
    program.fault = None
    asyncio.run(program.host.on_bar(bar(2, 105, "TCS")))
    assert program.orders == [("TCS", "SELL", 25)]
    reasons = [event.data["reason"] for event in program.events if event.name == "action_refused"]
    assert reasons == ["ConnectionError: down", "the host did not send it"]


def test_an_answer_that_does_not_come_freezes_the_position_until_it_is_seen() -> None:
    program = Program("HALF: book 50% at 5% profit, up to 3 times", patience_s=0.01)

    async def never() -> bool:
        await asyncio.sleep(5)
        return True

    program.fault = never
    asyncio.run(program.host.on_bar(bar(0, 105, "TCS")))
    program.fault = None
    for minute in (1, 100, 200):
        asyncio.run(program.host.on_bar(bar(minute, 105, "TCS")))
    assert program.orders == []
    assert program.names("action_") == ["action_decided", "action_unknown"]
    program.held[2].quantity = 25
    asyncio.run(program.host.on_bar(bar(201, 105, "TCS")))
    assert program.orders == [("TCS", "SELL", 12)]


def test_without_protection_the_desk_takes_a_position_out_within_the_bar() -> None:
    program = Program("X: exit at 50% profit")
    program.held[2].stop = "99"
    asyncio.run(program.host.on_bar(bar(0, 100, "TCS", reach=2)))
    assert program.orders == [("TCS", "SELL", 50)]
    assert program.host.desk.done[0].rule == "stop"


def test_with_protection_the_host_is_told_where_stops_stand_and_what_they_took_is_noted() -> None:
    program = Program("TRAIL: trail stop 2%", stops_elsewhere=True)
    asyncio.run(program.host.on_bar(bar(0, 110, "TCS")))
    assert [str(stop) for _, stop in program.stops] == ["107.80"]
    program.held[2].quantity = 0  # the host's own stop did it
    asyncio.run(program.host.on_bar(bar(1, 107, "TCS", reach=1)))
    assert [(done.rule, done.kind, done.quantity) for done in program.host.desk.done][-1] == ("stop", "exit", 50)
    assert program.orders == []
