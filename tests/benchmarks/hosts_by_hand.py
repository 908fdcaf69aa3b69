"""Strategies of the frameworks that call the engine by themselves, to measure the adapters against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rulekit.hosts.bars import Bar
from rulekit.market.market import Market
from rulekit.model.instant import DAY
from rulekit.runtime.policy import Policy
from tests.hosts.scenes import ENTRY, QUANTITY, Scene

Run = Callable[[], object]


def asyncio_pair(policy: Policy, day: Scene, by_hand: Any) -> tuple[Run, Run]:
    """A coroutine that takes bars."""
    import asyncio

    from rulekit.hosts.asyncio_host import AsyncHost
    from rulekit.hosts.bars import Held

    held = Held(day.symbol, QUANTITY, float(day.bars[0].open), opened=day.bars[0].start)
    bars = [bar._replace(start=int(bar.start) + 7 * week * DAY) for week in range(8) for bar in day.bars]

    async def execute(position: Any, action: Any) -> None:
        """Fill nothing."""

    async def adapter() -> None:
        host = AsyncHost(policy, positions=lambda: [held], execute=execute)
        for bar in bars:
            await host.on_bar(bar)

    async def direct() -> None:
        hand = by_hand(policy, day.symbol, Market(policy.market_facts))
        hand.opened = held.opened

        async def on_bar(bar: Bar) -> None:
            decision = hand.at_close(held.quantity, held.entry, bar)
            for action in decision.actions:
                await execute(held, action)

        for bar in bars:
            await on_bar(bar)

    return lambda: asyncio.run(adapter()), lambda: asyncio.run(direct())


def backtesting_pair(policy: Policy, day: Scene, by_hand: Any) -> tuple[Run, Run]:
    """A Strategy of backtesting.py."""
    import pandas as pd
    from backtesting import Backtest, Strategy

    from rulekit.hosts.backtesting_py import _instant
    from tests.hosts.examples import example

    module = example("backtesting_offline")

    class Direct(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            self.hand = by_hand(policy, day.symbol, Market(policy.market_facts))
            self.stop: float | None = None

        def next(self) -> None:
            data = self.data
            start = _instant(data.index[-1])
            bar = Bar(day.symbol, start, float(data.Open[-1]), float(data.High[-1]), float(data.Low[-1]),
                      float(data.Close[-1]), float(data.Volume[-1]))  # fmt: skip
            trades, quantity, entry = self.trades, 0, 0.0
            if trades:
                quantity = int(self.position.size)
                entry = sum(trade.entry_price * trade.size for trade in trades) / quantity
                if self.hand.opened is None:
                    self.hand.opened = _instant(trades[0].entry_time)
            decision = self.hand.at_close(quantity, entry, bar)
            if decision is None:
                if len(data) == ENTRY:
                    self.buy(size=QUANTITY)
                return
            for action in decision.actions:
                if action.stop is not None:
                    for trade in trades:
                        trade.sl = action.stop / 100
                elif action.kind in ("book", "exit"):
                    trades[0].close(action.quantity / abs(trades[0].size))

    columns = {
        name: [float(bar[place]) for bar in day.bars] for place, name in enumerate(("Open", "High", "Low", "Close"), 2)
    }
    columns["Volume"] = [float(bar.volume or 0) for bar in day.bars]
    index = pd.to_datetime([bar.start for bar in day.bars], unit="us", utc=True).tz_convert("Asia/Kolkata")
    frame = pd.DataFrame(columns, index=index)
    test = Backtest(frame, Direct, cash=10_000_000, finalize_trades=True)
    managed = Backtest(frame, module.Managed, cash=10_000_000, finalize_trades=True)
    module.Managed.policy, module.Managed.symbol = policy, day.symbol
    return lambda: managed.run(at=index[ENTRY - 1], size=QUANTITY), test.run


PAIRS: dict[str, tuple[Callable[[Policy, Scene, Any], tuple[Run, Run]], int]] = {
    "asyncio": (asyncio_pair, 8),
    "backtesting": (backtesting_pair, 1),
}
"""How each is made, and how many days one run takes."""
