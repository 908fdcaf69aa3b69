"""`rulekit run` killed at thirty random moments of one day, and restarted each time, against the run that was not."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rulekit.model.instant import iso
from rulekit.model.prices import to_rupees
from tests.runtime.oracle import read_history, totals_by_journal, true_book, violations
from tests.runtime.real_days import morning_entries, thinned, write_policy

DAY = "2021-04-19"
KILLS = 30
EVERY = 8
"""Each restart hears the day again up to where it stood: a thinner one costs less, and is killed at the same work."""


@pytest.mark.slow
def test_thirty_kills_change_nothing(shared_data: Path, tmp_path: Path) -> None:
    """Positions, fills and ends of every action are those of the run that was never killed.

    The moments lie over the whole day, most of them within the work on an action.
    """
    feed = thinned(shared_data, tmp_path / "day.parquet", every=EVERY, day=DAY)
    policy = write_policy(tmp_path)
    entries = morning_entries(feed)
    prices, positions = tmp_path / "day.csv", tmp_path / "positions.csv"
    with prices.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["symbol", "ts", "ltp", "volume"])
        for tick in feed.ticks():
            writer.writerow([tick.symbol, iso(tick.at), to_rupees(tick.price), tick.volume])
    with positions.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["symbol", "exchange", "product", "side", "quantity", "entry", "opened", "stop"])
        for entry in entries:
            side = "long" if entry.side > 0 else "short"
            row = [entry.instrument.symbol, "NSE", "MIS", side, entry.quantity, to_rupees(entry.entry)]
            writer.writerow([*row, iso(entry.opened), to_rupees(entry.stop)])

    def command(journal: Path) -> list[str]:
        return [
            sys.executable, "-m", "rulekit", "run", "--policy", str(policy), "--broker", "paper", "--feed", str(prices),
            "--positions", str(positions), "--journal", str(journal), "--fast", "--format", "json",
        ]  # fmt: skip

    # A price each few seconds is no stale one here.
    environment = {**os.environ, "RULEKIT_STALE_S": str(5 * EVERY)}
    whole, killed = tmp_path / "whole.journal", tmp_path / "killed.journal"
    told = subprocess.run(command(whole), check=True, timeout=120, capture_output=True, env=environment).stdout
    moments = [json.loads(line)["at"] for line in told.splitlines()]
    draw = random.Random(19)
    for moment in sorted(draw.sample(moments[: -len(moments) // 10], KILLS)):
        with subprocess.Popen(command(killed), stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            seen = next((line for line in process.stdout if json.loads(line)["at"] >= moment), None)
            assert seen is not None, f"it ended before {moment}"
            # The line is out; the next write, request or fill is hit somewhere in the middle.
            time.sleep(draw.uniform(0, 0.02 / EVERY))
            assert process.poll() is None, "killed while it was at work, not after its end"
            process.kill()
    subprocess.run(command(killed), check=True, timeout=120, capture_output=True, env=environment)

    rows = read_history(killed)
    orders, trades, held = true_book(killed)
    assert violations(rows, orders, trades) == []
    assert {tuple(key)[1:]: quantity for key, quantity in held.items()} == totals_by_journal(rows, entries)
    # An order that was hit while it was being sent is looked for, and sent again minutes later, at another price.
    late = {row["symbol"] for row in rows if any(state["state"] == "unknown" for state in row["states"])}
    expected, found = outcome(whole), outcome(killed)
    assert set(expected) == {entry.instrument.symbol for entry in entries}
    assert {symbol: told for symbol, told in found.items() if symbol not in late} == {
        symbol: told for symbol, told in expected.items() if symbol not in late
    }
    ends = {(action[0], action[-2]) for told in expected.values() for action in told["actions"]}
    assert ("PARTIAL_PROFIT_BOOKING_50%", "filled") in ends and ("stop", "filled") in ends, "there was work to be hit"


def outcome(journal: Path) -> dict[str, dict[str, Any]]:
    """Return, by symbol, what must be equal: every action's decision, path and fills, the true trades and positions."""
    rows = read_history(journal)
    _, trades, held = true_book(journal)
    return {
        symbol: {
            "actions": [
                (row["rule"], row["side"], row["quantity"], row["decided"], row["end"], row["filled"])
                for row in rows
                if row["symbol"] == symbol
            ],
            "trades": sorted(
                (trade.side, trade.quantity, trade.price, trade.at) for trade in trades if trade.symbol == symbol
            ),
            "positions": {key: quantity for key, quantity in held.items() if symbol in tuple(key)},
        }
        for symbol in sorted({trade.symbol for trade in trades})
    }
