"""The first result of a symbol and year of minutes from the shell: `python -m tests.benchmarks.replay_first [ROUNDS]`.

Each policy is replayed by a fresh `rulekit replay`, first with an empty cache of loops and then with a warm one. Byte
code is kept in a folder of the run's own, as an installed package has it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rulekit.model.calendar import default
from rulekit.model.instant import MINUTE

SESSIONS, MINUTES = 250, 375
PLAIN = """
BOOK: book 50% at 0.3% profit
BE: move stop to break-even + 0.02% at 0.2% profit
TR: trail stop 0.5%
TIME: exit after 200 minutes
"""
FACTS = f"""{PLAIN}
RSI: exit when rsi over 14 bars is above 80
VOL: book 25% when volume is at least 3 times normal and momentum over 15 minutes is below 0%
CALM: tighten stop to 0.3% from price when volatility is at least 2 times normal
"""


def year() -> pa.Table:
    """Return a year of minutes of one symbol within the exchange's hours, the same every time."""
    calendar = default()
    rng = np.random.default_rng(11)
    starts: list[int] = []
    day = date(2025, 1, 1)
    while len(starts) < SESSIONS * MINUTES:
        session = calendar.session("NSE", day)
        if session is not None and session.closes - session.opens == MINUTES * MINUTE:
            starts += range(session.opens, session.closes, MINUTE)
        day += timedelta(days=1)
    count = len(starts)
    close = np.maximum(30_000 + np.cumsum(rng.integers(-4, 5, count)), 2_000) * 5.0
    opens = np.concatenate([[close[0]], close[:-1]])
    high = np.maximum(opens, close) + 5.0 * rng.integers(0, 4, count)
    low = np.minimum(opens, close) - 5.0 * rng.integers(0, 4, count)
    prices = {"open": opens / 100, "high": high / 100, "low": low / 100, "close": close / 100}
    stamps = pa.array(starts, pa.timestamp("us", tz="Asia/Kolkata"))
    volume = rng.integers(0, 5_000, count) * (1 + 9 * (rng.random(count) < 0.02))
    return pa.table({"symbol": ["INFY"] * count, "time": stamps, **prices, "volume": volume})


def shell(folder: Path, policy: str, cache: Path, *more: str) -> tuple[float, float]:
    """Run the command; return the wall's and the processors' seconds."""
    environment = {**os.environ, "RULEKIT_CACHE": str(cache), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    words = [sys.executable, "-m", "rulekit", "replay", str(folder / policy), "--bars", str(folder / "INFY.parquet")]
    words += ["--enter", "every 50 bars", "--format", "json", *more]
    before = os.times()
    begun = time.perf_counter()
    done = subprocess.run(words, env=environment, capture_output=True, check=True)
    wall, after = time.perf_counter() - begun, os.times()
    assert b"profit" in done.stdout
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, used


def main(arguments: list[str]) -> None:
    """Print the seconds of each policy, cold and warm."""
    rounds = int(arguments[0]) if arguments else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pq.write_table(year(), folder / "INFY.parquet")
        policies: dict[str, Any] = {"plain.policy": PLAIN, "facts.policy": FACTS}
        for policy, text in policies.items():
            (folder / policy).write_text(text, encoding="utf-8")
        shell(folder, "plain.policy", folder / "other")  # byte code is written, as by an installer
        print(f"{SESSIONS * MINUTES:,} bars, seconds of the wall (of the processors), every run a process of its own")
        for looks in ("live", "close"):
            for policy in policies:
                cache = folder / f"cache-{policy}-{looks}"
                cold = shell(folder, policy, cache, "--looks", looks)
                warm = [shell(folder, policy, cache, "--looks", looks) for _ in range(rounds)]
                wall, used = min(wall for wall, _ in warm), min(used for _, used in warm)
                print(
                    f"{policy:<14} --looks {looks:<6} cold {cold[0]:5.2f} ({cold[1]:5.2f})"
                    f"  warm {wall:5.2f} ({used:5.2f})"
                )


if __name__ == "__main__":
    main(sys.argv[1:])
