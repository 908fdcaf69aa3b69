"""Replay beside a numba loop written by hand for the same policy and fills.

`python -m tests.benchmarks.replay [BARS] [--vectorbt PYTHON]`: also backtesting.py on the same work, and vectorbt by a
Python that has it (it is no dependency), on a policy that it can do: a trailing stop and a target. JIT is kept apart.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit

from rulekit.model.calendar import default
from rulekit.replay import Options, read_bars
from rulekit.replay.bars import Bars
from rulekit.replay.running import Prepared, prepare, run
from rulekit.runtime.policy import Policy

POLICY = """
BOOK: book 50% at 0.3% profit
BE: move stop to break-even + 0.02% at 0.2% profit
TR: trail stop 0.5%
TIME: exit after 200 minutes
"""
TRAIL_AND_TARGET = """
TR: trail stop 0.5%
TGT: set target to 1% profit
"""
EVERY, QUANTITY, TICK = 50, 100, 5.0
MINUTE = 60_000_000


def made(count: int) -> pa.Table:
    """Return one-minute bars of a walk on the tick, the same every time."""
    rng = np.random.default_rng(7)
    close = np.maximum(20_000 + np.cumsum(rng.integers(-4, 5, count)), 2_000) * TICK
    opens = np.concatenate([[close[0]], close[:-1]])
    high = np.maximum(opens, close) + TICK * rng.integers(0, 4, count)
    low = np.minimum(opens, close) - TICK * rng.integers(0, 4, count)
    at = 1_609_731_900_000_000 + np.arange(count) * MINUTE
    prices = {"open": opens / 100, "high": high / 100, "low": low / 100, "close": close / 100}
    stamps = pa.array(at, pa.timestamp("us", tz="Asia/Kolkata"))
    return pa.table({"symbol": ["X"] * count, "ts": stamps, **prices})


@njit
def by_hand(at: Any, opens: Any, highs: Any, lows: Any, closes: Any) -> tuple[int, float, int]:
    """Do the same: enter every 50 bars when flat, at the open; decide at the close, fill at the next open."""
    trades, fills, profit = 0, 0, 0.0
    held, entry, stop, best, opened, booked, pending = 0.0, 0.0, 0.0, 0.0, 0, False, 0.0
    for i in range(len(opens)):
        if held > 0.0:
            if pending > 0.0:
                profit += (opens[i] - entry) * pending
                held -= pending
                fills += 1
                pending = 0.0
            if held > 0.0 and opens[i] <= stop:
                profit += (opens[i] - entry) * held
                held = 0.0
                fills += 1
        if held == 0.0:
            if i % 50:
                continue
            held, entry, opened, booked = 100.0, opens[i], at[i], False
            best = entry
            stop = np.floor(entry * 0.995 / 5.0) * 5.0
            trades += 1
        if lows[i] <= stop:
            profit += (stop - entry) * held
            held = 0.0
            fills += 1
            continue
        best = max(best, highs[i])
        price = closes[i]
        now = at[i] + 60_000_000
        trail = np.floor((200.0 * best - best) / 1000.0) * 5.0
        if trail >= price or now - opened >= 12_000_000_000:
            pending = held
        else:
            if not booked and 1000.0 * (price - entry) >= 3.0 * entry:
                pending = np.floor(held / 2.0)
                booked = True
            if 500.0 * (price - entry) >= entry:
                even = np.floor((5000.0 * entry + entry) / 25000.0) * 5.0
                if stop + 5.0 <= even < price:
                    stop = even
            if trail >= stop + 5.0:
                stop = trail
    return trades, profit, fills


def best_of(work: Callable[[], Any], times: int = 7) -> float:
    """Return the median seconds of a piece of work."""
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def loops(prepared: Prepared, columns: tuple[Any, ...], count: int) -> float:
    """Time both loops in turn; return the seconds a bar of replay's."""
    ours: list[float] = []
    theirs: list[float] = []
    prepared.loop()
    by_hand(*columns)
    # the processor's time of this thread: what others do on the machine is not counted
    for _ in range(15):
        begun = time.thread_time()
        prepared.loop()
        ours.append(time.thread_time() - begun)
        begun = time.thread_time()
        by_hand(*columns)
        theirs.append(time.thread_time() - begun)
    one, other = min(ours), min(theirs)
    print(f"replay's loop        {one * 1e9 / count:8.2f} ns a bar   {count / one / 1e6:8.1f} million bars/s")
    print(f"numba loop by hand   {other * 1e9 / count:8.2f} ns a bar   {count / other / 1e6:8.1f} million bars/s")
    medians = statistics.median(ours) / statistics.median(theirs)
    print(f"ratio                {one / other:8.2f}   (of the medians {medians:.2f})")
    return one / count


def peers(table: pa.Table, count: int, one: float, python: str | None) -> None:
    """Time backtesting.py on a part of the same bars, and vectorbt on all; `one` is replay's seconds a bar."""
    part = min(count, 20_000)
    if importlib.util.find_spec("backtesting"):
        other = _backtesting(table.slice(0, part)) / part
        print(
            f"backtesting.py       {1e-6 / other:8.3f} million bars/s; replay's loop {other / one:,.0f} times as fast"
        )
    else:
        print("backtesting.py is not installed")
    if python is None:
        print("vectorbt is not measured: --vectorbt PYTHON says which Python has it")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.parquet"
        pq.write_table(table, path)
        script = Path(__file__).with_name("replay_vectorbt.py")
        told = subprocess.run([python, str(script), str(path)], capture_output=True, text=True, check=True)
    theirs = json.loads(told.stdout)
    prepared, outcome = _ready(table, TRAIL_AND_TARGET)
    ours = min(_seconds(prepared.loop) for _ in range(9))
    closed = [trade for trade in outcome.trades if trade.exited]
    earned = sum(trade.profit for trade in closed)
    print(f"trailing stop and target: replay {len(closed)} trades, {earned:,.0f} rupees; "
          f"vectorbt {theirs['version']} {theirs['trades']} trades, {theirs['profit']:,.0f}")  # fmt: skip
    print(f"vectorbt             {count / theirs['seconds'] / 1e6:8.1f} million bars/s, replay's loop "
          f"{count / ours / 1e6:.1f}: {theirs['seconds'] / ours:.1f} times as fast")  # fmt: skip


def _seconds(work: Callable[[], Any]) -> float:
    """Return the processor's seconds of a piece of work."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def _ready(table: pa.Table, text: str) -> tuple[Prepared, Any]:
    """Prepare a replay of a policy, and return it with its outcome."""
    options = Options(looks="close", fill="open", sessions="always", marks=False)
    prepared = prepare(
        [Policy.from_text(text).compiled], read_bars(table), None, options, every=EVERY, quantity=QUANTITY
    )
    return prepared, prepared.run()


def _backtesting(table: pa.Table) -> float:
    import warnings

    warnings.simplefilter("ignore")
    from backtesting import Backtest, Strategy

    frame = table.to_pandas().set_index("ts")[["open", "high", "low", "close"]]
    frame.columns = ["Open", "High", "Low", "Close"]

    class Managed(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            self.best = 0.0

        def next(self) -> None:
            if not self.position:
                if len(self.data) % EVERY == 0:
                    self.buy(size=QUANTITY)
                    self.best, self.begun, self.booked = self.data.Close[-1], len(self.data), False
                return
            trade = self.trades[0]
            price = self.data.Close[-1]
            self.best = max(self.best, self.data.High[-1])
            if len(self.data) - self.begun >= 200:
                self.position.close()
                return
            if not self.booked and price >= trade.entry_price * 1.003:
                self.booked = True
                trade.close(0.5)
            stop = self.best * 0.995
            if price >= trade.entry_price * 1.002:
                stop = max(stop, trade.entry_price * 1.0002)
            if trade.sl is None or stop > trade.sl:
                trade.sl = stop

    test = Backtest(frame, Managed, cash=1e9, trade_on_close=False)
    begun = time.perf_counter()
    test.run()
    return time.perf_counter() - begun


def main(arguments: list[str]) -> None:
    """Print the figures."""
    python = arguments[arguments.index("--vectorbt") + 1] if "--vectorbt" in arguments else None
    count = int(arguments[0]) if arguments and arguments[0].isdecimal() else 500_000
    table = made(count)
    tracemalloc.start()
    bars: Bars = read_bars(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    policy = Policy.from_text(POLICY)
    options = Options(looks="close", fill="open", sessions="always", marks=False)
    outcome = run([policy.compiled], bars, None, options, every=EVERY, quantity=QUANTITY)
    (series,) = bars.series.values()
    columns = tuple(series.table[name].to_numpy() for name in ("at", "open", "high", "low", "close"))
    trades, profit, fills = by_hand(*columns)
    ours = (len(outcome.trades), round(sum(trade.profit for trade in outcome.trades if trade.exited), 2))
    print(f"{count:,} bars: replay {ours[0]} trades, by hand {trades}")
    told = sum(len(trade.fills) for trade in outcome.trades)
    closed = sum((fill.price - trade.entry) * fill.quantity for trade in outcome.trades for fill in trade.fills)
    print(f"fills {told} and {fills}, realised {closed / 100:.2f} and {profit / 100:.2f}")
    assert (told, round(closed)) == (fills, round(profit)), "the two do not do the same"
    one = loops(prepare([policy.compiled], bars, None, options, every=EVERY, quantity=QUANTITY), columns, count)
    whole = best_of(lambda: run([policy.compiled], bars, None, options, every=EVERY, quantity=QUANTITY), 3)
    print(f"whole replay with trades as values: {whole:.2f} s; Python memory while reading {peak / 1e6:.0f} MB, "
          f"the bars {series.table.nbytes / 1e6:.0f} MB")  # fmt: skip
    peers(table, count, one, python)


if __name__ == "__main__":
    default()
    main(sys.argv[1:])
