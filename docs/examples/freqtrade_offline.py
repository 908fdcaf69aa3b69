"""freqtrade backtests a strategy whose trades a policy manages: its own engine, no network.

    python docs/examples/freqtrade_offline.py BARS.parquet --symbol KOTAKBANK --day 2021-04-28

Shares of India stand in for a market that freqtrade knows; the list of markets is written here, and not fetched.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from freqtrade.enums import RunMode
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.resolvers import ExchangeResolver

import rulekit
from rulekit.hosts.bars import Bar, Done, bars_of_day
from rulekit.model.instant import iso

NEVER_AGAIN = 1 << 60
"""When the list of markets was fetched, in milliseconds: so late that it is not fetched again."""

STRATEGY = '''
from rulekit.hosts.freqtrade_host import PolicyStrategy


class Managed(PolicyStrategy):
    """Enters at one candle; the policy does the rest."""

    timeframe = "1m"
    exchange_of_pairs, tick = "NSE", "0.05"
    can_short = {can_short}
    order_types = {{"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}}
    policy = {policy!r}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe.index[{entry}], "{column}"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe

    def custom_stake_amount(self, *unused, **more):
        return {quantity} * more["current_rate"] * (1 + 1e-9)
{more}'''


def market(symbol: str, futures: bool) -> dict[str, Any]:
    """Describe a share as the framework's library of exchanges describes a market."""
    pair = f"{symbol}/USDT:USDT" if futures else f"{symbol}/USDT"
    kind = "swap" if futures else "spot"
    return {
        "id": f"{symbol}USDT", "symbol": pair, "base": symbol, "quote": "USDT", "settle": "USDT" if futures else None,
        "type": kind, "spot": not futures, "swap": futures, "future": False, "option": False, "margin": False,
        "contract": futures, "linear": futures or None, "inverse": False if futures else None, "active": True,
        "contractSize": 1.0 if futures else None, "taker": 0.0, "maker": 0.0, "info": {},
        "precision": {"amount": 1.0, "price": 0.05},
        "limits": {"amount": {"min": 1.0, "max": None}, "cost": {"min": 0.0, "max": None}, "price": {}, "leverage": {}},
    }  # fmt: skip


def offline_exchange(config: dict[str, Any], symbol: str) -> Any:
    """Load the framework's exchange with a list of markets of our own."""
    exchange = ExchangeResolver.load_exchange(config, validate=False)
    markets = [market(symbol, config["trading_mode"] == "futures")]
    exchange._api.set_markets(markets)
    exchange._api_async.set_markets(markets)
    exchange._markets = exchange._api.markets
    tier = {"minNotional": 0.0, "maxNotional": 1e12, "maintenanceMarginRate": 0.0, "maxLeverage": 1.0, "maintAmt": 0.0}
    exchange._leverage_tiers = {one["symbol"]: [tier] for one in markets}
    exchange._last_markets_refresh = NEVER_AGAIN
    return exchange


def engine_for(
    policy: Path | str,
    bars: Sequence[Bar],
    *,
    entry: int,
    quantity: int = 100,
    folder: Path,
    side: int = 1,
    more: str = "",
    strategy: str = STRATEGY,
) -> Backtesting:
    """Return freqtrade's engine over bars, with its data and strategy written to a folder.

    Args:
        entry: number of the bar at whose close the strategy gives its signal; it enters at the next open.
        more: further lines of the strategy's class.
    """
    import pandas as pd

    logging.disable(logging.WARNING)
    futures, symbol = side < 0, bars[0].symbol
    pair = market(symbol, futures)["symbol"]
    columns = {name: [bar[place] for bar in bars] for place, name in enumerate(Bar._fields) if place > 1}
    frame = pd.DataFrame({"date": pd.to_datetime([bar.start for bar in bars], unit="us", utc=True), **columns})
    frame["date"] = frame["date"].astype("datetime64[ms, UTC]")
    frame["volume"] = frame["volume"].clip(lower=1.0)
    name = pair.replace("/", "_").replace(":", "_")
    data = folder / "futures" if futures else folder
    data.mkdir(exist_ok=True)
    frame.to_feather(data / f"{name}-1m{'-futures' if futures else ''}.feather")
    if futures:
        hourly = frame.iloc[::60].assign(open=0.0, high=0.0, low=0.0, close=0.0)
        hourly["date"] = hourly["date"].dt.floor("1h")
        hourly = hourly.reset_index(drop=True)
        for kind in ("funding_rate", "mark"):
            hourly.to_feather(data / f"{name}-1h-{kind}.feather")
    text = strategy.format(
        policy=str(policy), entry=entry, quantity=quantity, can_short=futures, more=more,
        column="enter_short" if futures else "enter_long",
    )  # fmt: skip
    (folder / "managed.py").write_text(text, encoding="utf-8")
    config = {
        "strategy": "Managed", "strategy_path": str(folder), "user_data_dir": folder, "datadir": folder,
        "exportdirectory": folder, "exportfilename": None, "export": "none", "timeframe": "1m",
        "runmode": RunMode.BACKTEST,
        "exchange": {"name": "binance", "pair_whitelist": [pair], "pair_blacklist": [], "enable_ws": False},
        "pairlists": [{"method": "StaticPairList", "allow_inactive": True}], "dataformat_ohlcv": "feather",
        "dataformat_trades": "feather",
        "stake_currency": "USDT", "stake_amount": 100_000, "dry_run": True, "dry_run_wallet": 100_000_000, "fee": 0.0,
        "max_open_trades": 1, "tradable_balance_ratio": 1.0, "entry_pricing": {"price_side": "other"},
        "exit_pricing": {"price_side": "other"},
        "trading_mode": "futures" if futures else "spot", "margin_mode": "isolated" if futures else "",
        "candle_type_def": "futures" if futures else "spot", "internals": {}, "backtest_cache": "none",
    }  # fmt: skip
    return Backtesting(config, exchange=offline_exchange(config, symbol))


def backtest(
    policy: Path | str, bars: Sequence[Bar], *, entry: int, folder: Path, **more: Any
) -> tuple[list[Done], Any]:
    """Run freqtrade's backtest over bars; return what the policy did, and freqtrade's own trades."""
    engine = engine_for(policy, bars, entry=entry, folder=folder, **more)
    try:
        engine.start()
    finally:
        engine.exchange.close()
    strategy = engine.strategylist[0]
    return strategy.done(), engine.all_bt_content["Managed"]["results"]


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
    with TemporaryDirectory() as folder:
        done, trades = backtest(given.policy.resolve(), bars, entry=14, folder=Path(folder))
    for one in done:
        print(iso(one.at)[11:16], one.rule, one.kind, one.quantity or "", one.stop or "")
    print(trades[["pair", "open_rate", "close_rate", "exit_reason", "profit_abs"]].to_string(index=False))


if __name__ == "__main__":
    main()
