"""Seeded harsh stretches of a day before the localhost Kite: faults of orders and readings, lags, a broken stream.

`python -m tests.benchmarks.kite_soak --runs 200 --first 1`; each seed is one run, and says what it broke.
"""

from __future__ import annotations

import argparse
import logging
import random
import tempfile
import time
import traceback
from collections import Counter
from itertools import pairwise
from pathlib import Path

from rulekit.kite_server.faults import BODIES, ERRORS, PAGES, TRANSPORTS
from rulekit.kite_server.settings import View
from tests.kite.account import Account

POLICY = """\
policy "Harsh"
MORE: add 50% at 3% profit
HALF: book 50% at 6% profit
OUT: exit at 10% profit
"""
KINDS = [kind for kind in (*ERRORS, *PAGES, *BODIES, *TRANSPORTS, "success_500") if kind != "token_403"]
STREAM = ("mute", "half_open", "reset", "close", "truncated", "list")
SYMBOLS = ("ALPHA", "BETA", "GAMMA")


def main() -> None:
    """Play the runs."""
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=20)
    options.add_argument("--first", type=int, default=1)
    chosen = options.parse_args()
    logging.disable(logging.CRITICAL)
    ends: Counter[str] = Counter()
    met: Counter[str] = Counter()
    broken = []
    began = time.monotonic()
    for seed in range(chosen.first, chosen.first + chosen.runs):
        try:
            play(seed, ends, met)
        except Exception:
            broken.append(seed)
            print(f"seed {seed}:\n{traceback.format_exc(limit=-3)}", flush=True)
    print(f"{chosen.runs} runs in {time.monotonic() - began:.0f} s, {sum(met.values())} faults met, broken: {broken}")
    print(f"ends: {dict(ends.most_common())}")
    print(f"faults: {dict(met.most_common())}")


def play(seed: int, ends: Counter[str], met: Counter[str]) -> None:
    """Play one run and hold the journal against the true book."""
    draw = random.Random(seed)
    view = View(
        book_lag=draw.choice([0.0, 1.0]),
        position_lag=draw.choice([0.0, 0.0, 3.0]),
        update_drop=0.2,
        update_duplicate=0.3,
        update_reorder=0.3,
    )
    with tempfile.TemporaryDirectory() as folder:
        account = Account(Path(folder), speed=20.0, view=view, seed=seed, depth=draw.choice([None, 40]))
        try:
            for symbol in SYMBOLS:
                account.buy(symbol, 100, 1000)
            account.server.advance(4)
            faults = account.server.faults
            faults.draw_from(0.3, KINDS, routes=("place", "cancel", "orders", "positions", "trades"), hold=1.0)
            with account.day(POLICY, deadline_s=0.4, quarantine_s=10.0, silence_s=1.0):
                for step in range(24):
                    for symbol in SYMBOLS:
                        account.price(symbol, 1000 + 4.0 * step * draw.uniform(0.8, 1.2) + draw.uniform(-3, 3))
                    if draw.random() < 0.05:
                        account.server.stream.play(draw.choice(STREAM))
                    time.sleep(0.03)
                faults.clear()
                account.server.stream.play("heal")
                _come_to_rest(account)
            account.is_exact()
            _check(account)
            ends["positions with a rest"] += sum(account.held(symbol) != 0 for symbol in SYMBOLS)
            ends.update(f"{row['kind']} {row['end']}" for row in account.history())
            met.update(f"{fault.kind}:{fault.when}" for _, fault in faults.met)
        finally:
            account.server.stop()


def _come_to_rest(account: Account) -> None:
    """Without faults, and at a price that fires the exit, everything must end."""
    end = time.monotonic() + 20
    # An exit that was sized while the list lagged an add leaves a rest, and fires once: what counts is that all ended.
    while (
        account.names().count("position_closed") < len(SYMBOLS) and time.monotonic() < end - 12
    ) or account.pending():
        assert time.monotonic() < end, (account.server.true_positions(), account.pending(), account.events[-3:])
        for symbol in SYMBOLS:
            account.price(symbol, 1250)
        time.sleep(0.05)


def _check(account: Account) -> None:
    """No position through zero, no buy of an unknown fate sent again, no two live orders of one action."""
    for symbol in SYMBOLS:
        path = account.server.position_path("NSE", symbol, "MIS")
        assert min(path) >= 0, (symbol, path)
        assert all(before != after for before, after in pairwise(path))
    for row in account.history():
        assert row["end"] is not None, row
        if row["kind"] == "add":
            assert not any(attempt["state"] == "unknown" for attempt in row["attempts"][:-1]), row


if __name__ == "__main__":
    main()
