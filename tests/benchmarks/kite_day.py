"""A day of real ticks before the localhost Kite, over HTTP and WebSocket, held against the true book.

`python -m tests.benchmarks.kite_day --speed 40`; needs the market data folder beside the project. The owner enters a
position by hand wherever nothing is held, so that the policy has its hands full from the open to the square-off. The
book of the exchange is thin and orders take a while to reach it, so that many of them rest and are chased.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

from rulekit.execution.status import status
from rulekit.kite_server.feed import read_feed
from rulekit.model.instant import MINUTE, SECOND, iso, parse_instant
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
OLD: exit after 20 minutes
"""
LAST_ENTRY = "15:05"
QUANTITY = 400
DEPTH, LATENCY_S = 100, 0.5


def main() -> int:
    """Play it and print what happened."""
    options = argparse.ArgumentParser()
    options.add_argument("--from", dest="first", default="09:15")
    options.add_argument("--minutes", type=int, default=375)
    options.add_argument("--speed", type=float, default=40.0)
    chosen = options.parse_args()
    logging.disable(logging.CRITICAL)
    start = parse_instant(f"{DAY}T{chosen.first}:00+05:30")
    last, last_entry = start + chosen.minutes * MINUTE, parse_instant(f"{DAY}T{LAST_ENTRY}:00+05:30")
    path = PROJECT.parent / "shared" / "data" / "nse_ticks.parquet"
    prices = [tick for tick in read_feed(path, start=start) if tick.at < last]
    symbols = sorted({tick.symbol for tick in prices})
    live = [tick for tick in prices if tick.at >= start]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        account = Account(
            Path(folder), speed=chosen.speed, start=iso(start), feed=prices, depth=DEPTH, latency=LATENCY_S
        )
        ticks: Counter[str] = Counter()
        ages: list[float] = []
        entered = 0
        with account.day(POLICY, quarantine_s=120.0) as day:

            def heard(tick) -> None:  # type: ignore[no-untyped-def]
                ticks[tick.symbol] += 1
                ages.append((account.server.clock.now() - tick.at) / SECOND)

            day.progress = heard
            while (now := account.server.clock.now()) < last:
                if now < last_entry:
                    busy = {row["symbol"] for row in day._manager.pending_management_actions}
                    for symbol in symbols:
                        if symbol not in busy and not account.held(symbol) and _has_price(account, symbol):
                            side = ("BUY", "SELL")[entered % 2]
                            account.server.trade_by_hand("NSE", symbol, side, QUANTITY)
                            entered += 1
                time.sleep(60 / chosen.speed)
            time.sleep(20 / chosen.speed)
        account.is_exact()
        rows = account.history()
        state = status(account.entries())
        held = {(row["symbol"], row["product"]): row["quantity"] for row in state["positions"]}
        truly = {key[1:]: abs(quantity) for key, quantity in account.server.true_positions().items()}
        ours = [order for order in account.server.true_orders() if order["tag"]]
        attempts = [attempt for row in rows for attempt in row["attempts"]]
        requests = [request for request in account.server.requests if request["route"] == "place"]
        protected = sum(any(str(tag).startswith("mktp") for tag in order["tags"]) for order in ours)
        chased = [row for row in rows if len(row["attempts"]) > 1]
        agents = Counter(request["agent"] for request in account.server.requests)
        checks = {
            "orders accepted as intents sent": len(ours) == len(attempts) == len(requests),
            "a tag of its own each": len({order["tag"] for order in ours}) == len(ours),
            "market protection each": protected == len(ours),
            "every action ended": all(row["end"] for row in rows),
            "positions agree to the share": held == truly,
            "no position through zero": all(_never_turned(account, symbol) for symbol in symbols),
            "only kiteconnect spoke": all(agent.startswith("Kiteconnect-python/") for agent in agents),
        }
        heard_of = sum(ticks.values())
        print(f"{len(live):,} prices of {len(symbols)} symbols at speed {chosen.speed:g}, {heard_of:,} heard")
        ages.sort()
        shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
        figures = ", ".join(f"{name} {ages[int(share * len(ages))]:.2f} s" for name, share in shares.items())
        late = sum(age > 5 for age in ages)
        print(f"age of a tick when decided upon, by the sped-up clock: {figures}; {late} were over 5 s old")
        print(f"{entered} positions entered by hand; {len(rows)} actions, {len(attempts)} requests, {len(ours)} orders")
        print(f"chased {len(chased)}, of these filled {sum(row['end'] == 'filled' for row in chased)}")
        print(f"statuses {dict(Counter(order['status'] for order in ours))}")
        print(f"ends {dict(Counter((row['rule'], row['end']) for row in rows))}")
        print(f"stale prices told {account.names().count('price_stale')}, mode {state['mode']} {state['reason']}")
        alerts = Counter(str(event.data.get("text"))[:90] for event in account.events if event.name == "alert")
        print(f"alerts {dict(alerts.most_common(8))}")
        print(f"agents {dict(agents)}, requests by route {dict(Counter(r['route'] for r in account.server.requests))}")
        print(f"positions at the end {truly}; {time.monotonic() - began:.0f} s")
        for name, right in checks.items():
            print(f"{'yes' if right else 'NO '}  {name}")
        account.server.stop()
        return 0 if all(checks.values()) else 1


def _has_price(account: Account, symbol: str) -> bool:
    return ("NSE", symbol) in account.server.desk.oms.lines


def _never_turned(account: Account, symbol: str) -> bool:
    """Tell whether the net quantity never went from one side to the other in one trade."""
    path = account.server.position_path("NSE", symbol, "MIS")
    return all(before * after >= 0 for before, after in pairwise(path))


if __name__ == "__main__":
    raise SystemExit(main())
