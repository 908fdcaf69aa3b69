"""NautilusTrader backtests a strategy whose position a policy manages: its own engines, no network.

    python docs/examples/nautilus_offline.py BARS.parquet --symbol KOTAKBANK --day 2021-04-28

Each bar is given as its open (a trade, twice: what the first fills is protected before the second) and the bar itself.
With a latency of a nanosecond an order that is decided at a close fills at the next open.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.backtest.models import LatencyModel
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar as MarketBar
from nautilus_trader.model.data import BarType, TradeTick
from nautilus_trader.model.enums import AccountType, AggressorSide, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity

import rulekit
from rulekit.hosts.bars import Bar, Done, bars_of_day
from rulekit.hosts.nautilus import PolicyConfig, PolicyStrategy
from rulekit.model.instant import iso

MICRO, MINUTE = 1_000, 60_000_000_000
"""In nanoseconds."""
DEEP = 1_000_000
"""What may trade at an open without moving the price."""


class EnterConfig(PolicyConfig, frozen=True, kw_only=True):
    """Enter at the open behind the bar that ends then."""

    at: int
    quantity: int = 100
    side: int = 1


class Managed(PolicyStrategy):
    """Enters once; the policy does the rest."""

    def enter(self, bar: MarketBar) -> None:
        """Buy or sell behind one bar."""
        if bar.ts_event == self.config.at:
            side = OrderSide.BUY if self.config.side > 0 else OrderSide.SELL
            self.submit_order(self.order_factory.market(self.instrument_id, side, self._quantity(self.config.quantity)))


def data_of(bars: Sequence[Bar], instrument: Equity, bar_type: BarType) -> list[Any]:
    """Return the bars as the framework's data."""
    found: list[Any] = []
    for number, bar in enumerate(bars):
        start = int(bar.start) * MICRO
        prices = [Price(float(price), 2) for price in bar[2:6]]
        for again in (1, 2):
            name = TradeId(f"{number}-{again}")
            at = start + again * MICRO
            found.append(
                TradeTick(instrument.id, prices[0], Quantity.from_int(DEEP), AggressorSide.NO_AGGRESSOR, name, at, at)
            )
        volume = Quantity.from_int(int(bar.volume or 0))
        found.append(MarketBar(bar_type, *prices, volume, start + MINUTE, start + MINUTE))
    return found


def engine_for(bars: Sequence[Bar]) -> tuple[BacktestEngine, BarType]:
    """Return an engine with a venue, the share and its bars; and the type of these."""
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    venue = Venue("NSE")
    engine.add_venue(
        venue, OmsType.NETTING, AccountType.MARGIN, [Money(1_000_000_000, USD)], base_currency=USD,
        default_leverage=Decimal(10), latency_model=LatencyModel(1), trade_execution=True,
    )  # fmt: skip
    symbol = bars[0].symbol
    instrument = Equity(
        InstrumentId(Symbol(symbol), venue), Symbol(symbol), USD, 2, Price.from_str("0.05"), Quantity.from_int(1), 0, 0
    )
    engine.add_instrument(instrument)
    bar_type = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
    engine.add_data(data_of(bars, instrument, bar_type))
    return engine, bar_type


def backtest(
    policy: Path, bars: Sequence[Bar], *, entry: int, quantity: int = 100, side: int = 1
) -> tuple[list[Done], Any]:
    """Run the framework's backtest over bars; return what the policy did, and the report of the fills.

    Args:
        entry: number of the bar at whose close the strategy submits its entry.
    """
    engine, bar_type = engine_for(bars)
    at = int(bars[entry].start) * MICRO + MINUTE
    strategy = Managed(
        EnterConfig(policy=str(policy), bar_type=bar_type, exchange="NSE", at=at, quantity=quantity, side=side)
    )
    engine.add_strategy(strategy)
    engine.run()
    done, report = strategy.desk.done, engine.trader.generate_order_fills_report()
    engine.dispose()
    return done, report


def main() -> None:
    """Read the arguments, run the day, print what the policy did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bars", type=Path)
    parser.add_argument("--policy", type=Path, default=Path(__file__).with_name("hosts.policy"))
    parser.add_argument("--symbol", default="KOTAKBANK")
    parser.add_argument("--day", type=date.fromisoformat, default=date(2021, 4, 28))
    given = parser.parse_args()
    bars = bars_of_day(given.bars, given.symbol, given.day)
    rulekit.load(given.policy)  # a mistake in it is told before the framework starts
    done, fills = backtest(given.policy, bars, entry=14)
    for one in done:
        print(iso(one.at)[11:16], one.rule, one.kind, one.quantity or "", one.stop or "")
    print(fills[["side", "filled_qty", "avg_px", "tags"]].to_string(index=False))


if __name__ == "__main__":
    main()
