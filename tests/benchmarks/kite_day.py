"""A stretch of a real day's ticks before the localhost Kite, over HTTP and WebSocket, held against the true book.

`python -m tests.benchmarks.kite_day --minutes 30 --speed 20`; needs the market data folder beside the project.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections import Counter
from pathlib import Path

from rulekit.kite_server.feed import read_feed
from rulekit.model.instant import MINUTE, iso, parse_instant
from tests.conftest import PROJECT
from tests.kite.account import Account

DAY = "2021-04-19"
POLICY = """\
policy "Real ticks"
MORE: add 25% at 0.05% profit
HALF: book 50% at 0.1% profit
UP: tighten stop to 0.4% from price
OUT: exit at 0.3% profit
CUT: exit at 0.3% loss
"""


def main() -> None:
    """Play it and print what happened."""
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=int, default=30)
    options.add_argument("--speed", type=float, default=20.0)
    chosen = options.parse_args()
    logging.disable(logging.CRITICAL)
    start = parse_instant(f"{DAY}T09:30:00+05:30")
    last = start + chosen.minutes * MINUTE
    prices = [
        tick for tick in read_feed(PROJECT.parent / "shared" / "data" / "nse_ticks.parquet") if start <= tick.at < last
    ]
    with tempfile.TemporaryDirectory() as folder:
        account = Account(Path(folder), speed=chosen.speed, start=iso(start), feed=prices)
        time.sleep(10 / chosen.speed)
        symbols = sorted({tick.symbol for tick in prices})
        for number, symbol in enumerate(symbols):
            account.server.trade_by_hand("NSE", symbol, ("BUY", "SELL")[number % 2], 100)
        with account.day(POLICY, quarantine_s=120.0) as day:
            ticks: Counter[str] = Counter()
            day.progress = lambda tick: ticks.update([tick.symbol])
            time.sleep((chosen.minutes * 60 - 20) / chosen.speed)
            time.sleep(1)
        account.is_exact()
        rows = account.history()
        ours = [order for order in account.server.true_orders() if order["tag"]]
        intents = sum(len(row["attempts"]) for row in rows)
        agents = {request["agent"] for request in account.server.requests}
        protected = sum(any(str(tag).startswith("mktp") for tag in order["tags"]) for order in ours)
        print(f"{len(prices):,} ticks of {len(symbols)} symbols, {sum(ticks.values()):,} heard")
        print(f"requests sent {intents}, orders accepted {len(ours)}, own tags {len({o['tag'] for o in ours})}")
        print(f"with market protection {protected}, agents {agents}")
        print(f"statuses {dict(Counter(order['status'] for order in ours))}")
        print(f"ends {dict(Counter((row['rule'], row['end']) for row in rows))}")
        print(f"stale prices told {account.names().count('price_stale')}, positions {account.server.true_positions()}")
        account.server.stop()


if __name__ == "__main__":
    main()
