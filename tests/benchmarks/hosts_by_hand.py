"""Strategies of the frameworks that call the engine by themselves, to measure the adapters against.

Each does what the adapter's cycle does, written for its one policy and market: it takes the bar, decides, and hands
over orders and the stop.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from rulekit.hosts.bars import Bar
from rulekit.market.market import Market
from rulekit.model.instant import DAY, MINUTE, instant_of
from rulekit.runtime.policy import Policy, load
from tests.hosts.examples import example
from tests.hosts.scenes import ENTRY, QUANTITY, Scene

Run = Callable[[], object]
Ready = Callable[[], Run]
"""Makes ready what is not measured, and returns the run that is."""


def asyncio_pair(policy: Policy, day: Scene, by_hand: Any) -> tuple[Ready, Ready]:
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

    return lambda: lambda: asyncio.run(adapter()), lambda: lambda: asyncio.run(direct())


def backtesting_pair(policy: Policy, day: Scene, by_hand: Any) -> tuple[Ready, Ready]:
    """A Strategy of backtesting.py."""
    import pandas as pd
    from backtesting import Backtest, Strategy

    from rulekit.hosts.backtesting_py import _instant

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
    return lambda: lambda: managed.run(at=index[ENTRY - 1], size=QUANTITY), lambda: test.run


def nautilus_pair(policy: Policy, day: Scene, by_hand: Any) -> tuple[Ready, Ready]:
    """A Strategy of NautilusTrader; the run of its engine is measured, not how that is made."""
    from nautilus_trader.config import StrategyConfig
    from nautilus_trader.model.data import BarType
    from nautilus_trader.model.enums import OrderSide, PositionSide
    from nautilus_trader.trading.strategy import Strategy

    module, path = example("nautilus_offline"), written(policy)

    class DirectConfig(StrategyConfig, frozen=True, kw_only=True):  # type: ignore[call-arg, misc]
        bar_type: BarType
        at: int

    class Direct(Strategy):  # type: ignore[misc]
        def on_start(self) -> None:
            self.place = self.config.bar_type.instrument_id
            self.instrument = self.cache.instrument(self.place)
            self.hand = by_hand(load(path), day.symbol, Market(policy.market_facts))
            self.standing: Any = None
            self.subscribe_bars(self.config.bar_type)

        def on_bar(self, bar: Any) -> None:
            start = bar.ts_event // 1000 - MINUTE
            prices = (bar.open.as_double(), bar.high.as_double(), bar.low.as_double(), bar.close.as_double())
            heard = Bar(day.symbol, start, *prices, bar.volume.as_double())
            position = next(iter(self.cache.positions_open(instrument_id=self.place, strategy_id=self.id)), None)
            if position is None:
                self.hand.at_close(0, 0.0, heard)
                if bar.ts_event == self.config.at:
                    self.send(OrderSide.BUY, QUANTITY)
                return
            quantity = int(position.quantity) * (1 if position.side == PositionSide.LONG else -1)
            self.hand.opened = self.hand.opened or position.ts_opened // 1000
            decision = self.hand.at_close(quantity, position.avg_px_open, heard)
            for action in decision.actions:
                if action.kind in ("book", "exit", "add"):
                    self.send(OrderSide.BUY if action.side == "BUY" else OrderSide.SELL, action.quantity)
            if self.hand.stop == self.hand.stop:
                self.stand(position, self.instrument.make_price(self.hand.stop / 100))

        def send(self, side: Any, quantity: int) -> None:
            self.submit_order(self.order_factory.market(self.place, side, self.instrument.make_qty(quantity)))

        def stand(self, position: Any, price: Any) -> None:
            order = self.standing
            if order is not None and not order.is_closed:
                if order.trigger_price != price or order.quantity != position.quantity:
                    self.modify_order(order, quantity=position.quantity, trigger_price=price)
                return
            side = OrderSide.SELL if position.side == PositionSide.LONG else OrderSide.BUY
            self.standing = self.order_factory.stop_market(self.place, side, position.quantity, price, reduce_only=True)
            self.submit_order(self.standing)

    at = int(day.bars[ENTRY - 1].start) * 1000 + MINUTE * 1000

    def ready(make: Callable[[Any], Any]) -> Ready:
        def prepare() -> Run:
            engine, bar_type = module.engine_for(day.bars)
            engine.add_strategy(make(bar_type))

            def run() -> None:
                engine.run()
                assert engine.cache.positions_total_count() == 1
                engine.dispose()

            return run

        return prepare

    return (
        ready(lambda bar_type: module.Managed(
            module.EnterConfig(policy=str(path), bar_type=bar_type, exchange="NSE", at=at, quantity=QUANTITY))),
        ready(lambda bar_type: Direct(DirectConfig(bar_type=bar_type, at=at))),
    )  # fmt: skip


FREQTRADE = """
from freqtrade.strategy import IStrategy, stoploss_from_absolute

from tests.benchmarks.hosts_by_hand import FreqtradeByHand


class Managed(FreqtradeByHand, IStrategy):
    timeframe = "1m"
    can_short = {can_short}
    order_types = {{"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}}
    policy = {policy!r}
    stoploss = -0.99
    minimal_roi = {{}}
    use_custom_stoploss = use_custom_roi = use_exit_signal = position_adjustment_enable = True

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe.index[{entry}], "{column}"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe

    def custom_stake_amount(self, *unused, **more):
        return {quantity} * more["current_rate"] * (1 + 1e-9)

    def adjust_trade_position(self, trade, current_time, current_rate, current_profit, *unused, **more):
        return self.adjusted(trade, current_rate)

    def custom_exit(self, pair, trade, *unused, **more):
        return self.exit_of(trade)

    def custom_stoploss(self, pair, trade, current_time, current_rate, current_profit, **more):
        stop = self.hand.stop
        if stop != stop:
            return None
        return stoploss_from_absolute(stop / 100, current_rate, is_short=trade.is_short, leverage=trade.leverage)

    def custom_roi(self, pair, trade, *unused, **more):
        return None
{more}"""


class FreqtradeByHand:
    """What a strategy of freqtrade that calls the engine by itself has beside the framework's own lines."""

    timeframe: str
    policy: str
    dp: Any

    def decided(self, trade: Any) -> list[Any]:
        """Decide once a candle; return the orders that still stand."""
        frame, _ = self.dp.get_analyzed_dataframe(trade.pair, self.timeframe)
        stamp = frame["date"].iat[-1]
        if not hasattr(self, "hand"):
            from tests.benchmarks.hosts import ByHand

            policy = Policy.from_text(Path(self.policy).read_text(encoding="utf-8"))
            self.hand = ByHand(policy, trade.pair, Market(policy.market_facts))
            self.hand.opened = instant_of(trade.open_date_utc)
            self.seen: Any = None
            self.orders: list[Any] = []
            count = len(frame)
        else:
            count = 1
        if stamp == self.seen:
            return self.orders
        self.seen = stamp
        for back in range(count, 0, -1):
            start = instant_of(frame["date"].iat[-back].to_pydatetime())
            held = trade.amount if back == 1 and start >= self.hand.opened else 0
            prices = [float(frame[name].iat[-back]) for name in ("open", "high", "low", "close", "volume")]
            decision = self.hand.at_close(
                round(held) * (-1 if trade.is_short else 1), trade.open_rate, Bar(trade.pair, start, *prices)
            )
        found = [] if decision is None else decision.actions
        self.orders = [action for action in found if action.kind in ("book", "exit", "add")]
        return self.orders

    def adjusted(self, trade: Any, rate: float) -> tuple[float, str] | None:
        """Return a stake to add, or a negative one to book."""
        for action in self.decided(trade):
            if action.kind != "exit":
                self.orders.remove(action)
                return (action.quantity * rate if action.kind == "add" else -action.quantity * rate), action.rule
        return None

    def exit_of(self, trade: Any) -> str | None:
        """Return the label of the rule that exits."""
        return next((action.rule for action in self.decided(trade) if action.kind == "exit"), None)


def freqtrade_pair(policy: Policy, day: Scene, by_hand: Any) -> tuple[Ready, Ready]:
    """A strategy of freqtrade; its loop over the candles is measured, not how the exchange is made."""
    module, path = example("freqtrade_offline"), written(policy)

    def ready(strategy: str) -> Ready:
        def prepare() -> Run:
            folder = Path(mkdtemp())
            engine = module.engine_for(
                path, day.bars, entry=ENTRY - 1, quantity=QUANTITY, folder=folder, strategy=strategy
            )
            data, times = engine.load_bt_data()

            def run() -> None:
                engine.backtest_one_strategy(engine.strategylist[0], data, times)
                assert len(engine.all_bt_content["Managed"]["results"]) == 1
                engine.exchange.close()
                rmtree(folder)

            return run

        return prepare

    return ready(module.STRATEGY), ready(FREQTRADE)


def written(policy: Policy) -> Path:
    """Write a policy to a file, for frameworks that take paths."""
    path = Path(mkdtemp()) / "measured.policy"
    path.write_text(policy.text, encoding="utf-8")
    return path


PAIRS: dict[str, tuple[Callable[[Policy, Scene, Any], tuple[Ready, Ready]], int]] = {
    "asyncio": (asyncio_pair, 8),
    "backtesting": (backtesting_pair, 1),
    "freqtrade": (freqtrade_pair, 1),
    "nautilus": (nautilus_pair, 1),
}
"""How each is made, and how many days one run takes."""
