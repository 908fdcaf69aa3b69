"""A plain asyncio program as a host: bars come in, coroutines of the host's place what was decided."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from typing import Any

from rulekit.hosts.bars import Bar, BarDesk
from rulekit.model.decision import ADD, BOOK, EXIT, STOP, TARGET, Action, Decision
from rulekit.runtime.position import Position
from rulekit.runtime.sources import PolicySource

Execute = Callable[[Position, Action], Awaitable[bool | None]]
"""Places one order; raises or answers False where it was not sent. What it filled is seen in the position."""
Protect = Callable[[Position, Action], Awaitable[object]]
"""Told of a new stop or target, for a host whose orders stand at a market."""


class AsyncHost:
    """Manages the positions of an asyncio program by policies.

    Looks are taken on the event loop (a few microseconds each); orders of one bar go out side by side, one a position.

    Args:
        policy: as for a desk.
        positions: gives the host's own positions as they are now.
        execute: places an order. One that does not answer within `patience_s` real seconds is of unknown fate: nothing
            more is decided for its position until the quantity has changed, or the host says what became of it.
        protect: told of stops and targets; without it the desk watches them in each bar.
        facts: what is known of the market for a position, by the names of the language.
        patience_s: real seconds for an answer.
        more: as for `BarDesk`.
    """

    def __init__(
        self,
        policy: PolicySource,
        *,
        positions: Callable[[], Iterable[Position]],
        execute: Execute,
        protect: Protect | None = None,
        facts: Callable[[Position], Mapping[str, float | None]] | None = None,
        patience_s: float = 10.0,
        **more: Any,
    ) -> None:
        self.desk = BarDesk(policy, hosts_stops=protect is not None, **more)
        self._positions, self._execute, self._protect, self._facts = positions, execute, protect, facts
        self._patience_s = patience_s

    async def run(self, bars: AsyncIterable[Bar]) -> None:
        """Take bars until there are no more."""
        try:
            async for bar in bars:
                await self.on_bar(bar)
        finally:
            self.desk.close()

    async def on_bar(self, bar: Bar) -> list[Decision]:
        """Look at the positions of a bar's symbol at its close, and do what was decided."""
        desk, facts, symbol = self.desk, self._facts, bar.symbol
        decisions: list[Decision] = []
        orders: list[Awaitable[None]] = []
        desk.hear(bar)
        for position in self._positions():
            if position.symbol != symbol:
                continue
            decision = desk.at_close(position, bar, None if facts is None else facts(position), heard=True)
            decisions.append(decision)
            for action in decision.actions:
                if action.kind in (EXIT, BOOK, ADD):
                    orders.append(self._order(position, action))
                elif self._protect is not None and action.kind in (STOP, TARGET):
                    await self._protect(position, action)
        if orders:
            await asyncio.gather(*orders)
        return decisions

    async def _order(self, position: Position, action: Action) -> None:
        try:
            answer = await asyncio.wait_for(self._execute(position, action), self._patience_s)
        except TimeoutError:
            self.desk.unknown(position, f"no answer within {self._patience_s:g} s")
        except Exception as error:
            self.desk.refused(position, f"{type(error).__name__}: {error}")
        else:
            if answer is False:
                self.desk.refused(position, "the host did not send it")
            else:
                self.desk.sent(position)
