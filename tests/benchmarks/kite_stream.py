"""The stream when it goes wrong, in real time before the localhost Kite: how soon prices flow again, and what decides.

`python -m tests.benchmarks.kite_stream`; a price a tenth of a second throughout. What must hold: ticks are heard
again within 5 s, or prices are stale and decide nothing.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from rulekit.kite_server.settings import NO_LIMITS, View
from rulekit.market.ticks import Tick
from tests.kite.account import Account
from tests.kite.bench import until

POLICY = 'policy "X"\nOUT: exit at 10% profit'
BOUND_S = 5.0


class Market:
    """Prices of one share, ten a second, in a thread; and when the program heard which."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.price = 1500.0
        self.heard: list[tuple[float, float]] = []
        self._step = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            self._step += 1
            self.account.price("INFY", self.price + 0.05 * (self._step % 20))

    def hear(self, tick: Tick) -> None:
        self.heard.append((time.monotonic(), tick.price))

    def gap_after(self, began: float, seconds: float) -> float:
        """Return the longest silence from a moment on."""
        time.sleep(seconds)
        times = [began, *(at for at, _ in self.heard if at > began), time.monotonic()]
        return max(after - before for before, after in pairwise(times))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def with_day(what: Callable[[Account, Market, Any], None], **server: Any) -> None:
    """Give a running day with a position and prices that flow."""
    with tempfile.TemporaryDirectory() as folder:
        account = Account(Path(folder), speed=1.0, **server)
        account.buy("INFY", 100, 1500)
        market = Market(account)
        try:
            with account.day(POLICY, silence_s=3.0, deadline_s=2.0) as day:
                day.progress = market.hear
                until(lambda: len(market.heard) > 5 or server.get("market_data") is False)
                what(account, market, day)
        finally:
            market.close()
            account.server.stop()


def line(name: str, text: str, right: bool) -> None:
    print(f"{'yes' if right else 'NO '}  {name:<34} {text}", flush=True)


def cut(fault: str) -> Callable[[Account, Market, Any], None]:
    """Spoil the stream once."""

    def play(account: Account, market: Market, day: Any) -> None:
        began = time.monotonic()
        account.server.stream.play(fault)
        gap = market.gap_after(began, 8.0)
        line(fault, f"silent for {gap:.2f} s, then ticks again", gap < BOUND_S)

    return play


def refused(account: Account, market: Market, day: Any) -> None:
    """Refuse the stream for good: quotes are asked for."""
    began = time.monotonic()
    account.server.stream.play("refuse", count=1000)
    account.server.stream.play("reset")
    gap = market.gap_after(began, 12.0)
    heard = sum(at > began for at, _ in market.heard)
    line("403 for the stream", f"silent for {gap:.2f} s, then {heard} quotes in 12 s", gap < BOUND_S)


def nothing_at_all(account: Account, market: Market, day: Any) -> None:
    """Neither stream nor quotes: prices are stale, and a price beyond the bound decides nothing."""
    began = time.monotonic()
    account.server.stream.play("refuse", count=1000)
    account.server.stream.play("reset")
    account.server.faults.draw_from(1.0, ["html_403"], routes=("quote",), moments=("before",))
    time.sleep(0.5)
    market.price = 1700.0
    time.sleep(9)
    stale = [event for event in account.events if event.name == "price_stale" and event.data["seconds"]]
    decided = "action_decided" in account.names()
    told = f"stale after {stale[-1].data['seconds']:.1f} s" if stale else "never told to be stale"
    line("403 for stream and quotes", f"{told}, decided on it: {decided}", bool(stale) and not decided)
    account.server.faults.clear()
    account.server.stream.play("heal")
    until(lambda: "action_filled" in account.names(), 70)
    line("… and when quotes come back", f"exited {time.monotonic() - began:.1f} s after the cut", True)


def updates(account: Account, market: Market, day: Any) -> None:
    """Order updates that come twice and late are no more than a reason to look."""
    before = len(account.server.requests)
    market.price = 1700.0
    began = time.monotonic()
    until(lambda: "action_filled" in account.names())
    took = time.monotonic() - began
    time.sleep(5)
    posts = sum(request["method"] == "POST" for request in account.server.requests)
    reads = len(account.server.requests) - before - posts
    exact = account.server.position_path("NSE", "INFY", "MIS") == [0, 100, 0]
    text = f"filled and known after {took:.2f} s, {posts} order, {reads} readings in {took + 5:.0f} s"
    line("doubled, late, reordered updates", text, exact and posts == 1)


def slow(account: Account, market: Market, day: Any) -> None:
    """One who takes half a second over each tick decides on prices of now."""
    ages: list[float] = []

    def dawdle(tick: Tick) -> None:
        market.hear(tick)
        ages.append((account.server.clock.now() - tick.at) / 1e6)
        time.sleep(0.5)

    day.progress = dawdle
    time.sleep(12)
    market.price = 1700.0
    began = time.monotonic()
    until(lambda: "action_filled" in account.names())
    left_out = day._feed._ticker.handover.left_out
    took = time.monotonic() - began
    text = f"ticks at most {max(ages):.1f} s old, {left_out} left out; exit {took:.1f} s after its price"
    line("a slow consumer (0.5 s a tick)", text, max(ages) < BOUND_S and took < BOUND_S)


def main() -> None:
    """Play each."""
    logging.disable(logging.CRITICAL)
    for fault in ("mute", "half_open", "reset", "close", "truncated", "list"):
        with_day(cut(fault), limits=NO_LIMITS)
    with_day(refused)
    with_day(nothing_at_all)
    with_day(updates, view=View(update_lag=1.0, update_duplicate=1.0, update_reorder=1.0))
    with_day(slow)


if __name__ == "__main__":
    main()
