"""backtesting.py tests a strategy whose trades a policy manages.

python docs/examples/backtesting_offline.py BARS.parquet --symbol KOTAKBANK --day 2021-04-28
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from backtesting import Backtest

from rulekit.hosts.backtesting_py import PolicyStrategy
from rulekit.hosts.bars import Bar, Done, bars_of_day
from rulekit.model.instant import iso
from rulekit.runtime.sources import PolicySource


class Managed(PolicyStrategy):
    """Enters once; the policy does the rest."""

    at: Any = None
    size = 100
    done: list[Done]

    def init(self) -> None:
        """Keep the actions where they can be read after the run."""
        super().init()
        type(self).done = self.desk.done

    def enter(self) -> None:
        """Buy or sell behind one bar."""
        if self.data.index[-1] == self.at:
            (self.buy if self.size > 0 else self.sell)(size=abs(self.size))


def backtest(
    policy: PolicySource, bars: Sequence[Bar], *, entry: int, quantity: int = 100
) -> tuple[list[Done], pd.Series]:
    """Run the framework's backtest over bars; return what the policy did, and the framework's statistics.

    Args:
        entry: number of the bar at whose close the strategy orders its entry. quantity: negative for a short.
    """
    columns: dict[str, Any] = {
        name: [float(bar[place]) for bar in bars] for place, name in enumerate(("Open", "High", "Low", "Close"), 2)
    }
    columns["Volume"] = [bar.volume for bar in bars]
    index = pd.to_datetime([bar.start for bar in bars], unit="us", utc=True).tz_convert("Asia/Kolkata")
    Managed.policy, Managed.symbol = policy, bars[0].symbol
    test = Backtest(pd.DataFrame(columns, index=index), Managed, cash=10_000_000, finalize_trades=True)
    found = test.run(at=index[entry], size=quantity)
    return Managed.done, found


def main() -> None:
    """Read the arguments, run the day, print what the policy did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bars", type=Path)
    parser.add_argument("--policy", type=Path, default=Path(__file__).with_name("hosts.policy"))
    parser.add_argument("--symbol", default="KOTAKBANK")
    parser.add_argument("--day", type=date.fromisoformat, default=date(2021, 4, 28))
    given = parser.parse_args()
    bars = bars_of_day(given.bars, given.symbol, given.day)
    for one in backtest(given.policy, bars, entry=14)[0]:
        print(iso(one.at)[11:16], one.rule, one.kind, one.quantity or "", one.stop or "")


if __name__ == "__main__":
    main()
