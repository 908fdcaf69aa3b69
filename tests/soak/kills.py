"""Kills `rulekit run` at random moments of a real day with a faulty broker, and compares with the run never killed.

    python -m tests.soak.kills --seeds 20 --kills 12

Every life ends by SIGKILL at a random line of its log. Each fate is drawn by the number of the request, so both runs
meet the same broker. Where a kill hit a request on its way, nobody can know its outcome and the rest of that day may
rightly differ: then the guarantees alone are checked, else positions, trades and ends must be equal.
"""

from __future__ import annotations

import argparse
import csv
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rulekit.market.feed import Feed, open_feed
from rulekit.model.instant import day_of, iso
from rulekit.model.prices import to_rupees
from tests.runtime.oracle import read_history, totals_by_journal, true_book, violations
from tests.runtime.real_days import morning_entries, ticks_of_day, write_policy

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT.parent / "shared" / "data" / "nse_ticks.parquet"
ON_ITS_WAY = "the program ended while this order was being sent"
POLICY = """\
policy "Soak"
SLICE: book 20% at 0.1% profit every 10 minutes up to 6 times
MORE:  add 25% at 0.15% profit every 15 minutes up to 3 times
BE:    move stop to break-even + 0.05% at 0.3% profit
TRAIL: trail stop 0.8%
LATE:  tighten stop to 0.6% from price after 2 hours
OUT:   exit at 15:10
"""
FAULTS = (
    "refuse",
    "not_sent",
    "lost_before",
    "lost_after",
    "late",
    "reject",
    "partial",
    "rest",
    "cancel_lost",
    "read_fail",
)


def settings(seed: int) -> str:
    """Draw a seed's own mix of faults as a `rulekit.toml`; seed 0 has none."""
    draw = random.Random(f"faults {seed}")
    shares = {name: draw.choice((0.0, 0.0, 0.1, 0.3)) if seed else 0.0 for name in FAULTS}
    shares["read_fail"] /= 10
    lines = [f"{name} = {share}" for name, share in shares.items()]
    lag = draw.choice((0.0, 0.0, 3.0)) if seed else 0.0
    return "\n".join(["[paper]", f"seed = {seed}", f"position_lag_s = {lag}", *lines, ""])


def prepare(folder: Path, feed: Feed, day: str, seed: int) -> list[Any]:
    """Write the day's prices, its entries, a policy and the settings into a folder; return the entries."""
    entries = [entry for entry in morning_entries(feed) if str(day_of(entry.opened)) == day]
    with (folder / "day.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["symbol", "ts", "ltp", "volume"])
        for tick in ticks_of_day(feed, day):
            writer.writerow([tick.symbol, iso(tick.at), to_rupees(tick.price), tick.volume])
    with (folder / "positions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["symbol", "exchange", "product", "side", "quantity", "entry", "opened", "stop"])
        for entry in entries:
            side = "long" if entry.side > 0 else "short"
            row = [entry.instrument.symbol, "NSE", "MIS", side, entry.quantity, to_rupees(entry.entry)]
            writer.writerow([*row, iso(entry.opened), to_rupees(entry.stop)])
    write_policy(folder, POLICY)
    (folder / "rulekit.toml").write_text(settings(seed), encoding="utf-8")
    return entries


def command(journal: str) -> list[str]:
    return [
        sys.executable, "-m", "rulekit", "run", "--policy", "scaled.policy", "--broker", "paper", "--feed", "day.csv",
        "--positions", "positions.csv", "--journal", journal, "--fast", "--format", "json",
    ]  # fmt: skip


def outcome(journal: Path) -> dict[str, Any]:
    """Return what must be equal."""
    rows = read_history(journal)
    _, trades, held = true_book(journal)
    keys = ("rule", "symbol", "side", "quantity", "decided", "end", "filled")
    return {
        "actions": [tuple(row[key] for key in keys) for row in rows],
        "trades": sorted((trade.symbol, trade.side, trade.quantity, trade.price, trade.at) for trade in trades),
        "positions": held,
    }


def broken(journal: Path, entries: list[Any]) -> list[str]:
    """Return which guarantees a run broke."""
    rows = read_history(journal)
    orders, trades, held = true_book(journal)
    found = violations(rows, orders, trades, all_ended=False)
    squared_off = any(not order.tag and order.placed > max(entry.opened for entry in entries) for order in orders)
    if not squared_off and {tuple(key)[1:]: n for key, n in held.items()} != totals_by_journal(rows, entries):
        found.append(f"the journal adds up to {totals_by_journal(rows, entries)}, the broker holds {held}")
    return found


def trial(feed: Feed, day: str, seed: int, kills: int, folder: Path) -> tuple[list[str], str]:
    """Run one day twice; return what is wrong, and how the comparison was made."""
    entries = prepare(folder, feed, day, seed)
    environment = {"PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1", "PATH": ""}
    done = subprocess.run(command("whole"), cwd=folder, env=environment, capture_output=True, check=False)
    if done.returncode:
        return [f"the whole run ended with {done.returncode}: {done.stderr.decode()[-500:]}"], "not at all"
    told = done.stdout.count(b"\n")
    draw = random.Random(f"kills {seed} {day}")
    for _ in range(kills):
        life = draw.uniform(1, 2 * told / kills)
        with subprocess.Popen(command("killed"), cwd=folder, env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for number, _ in enumerate(process.stdout, start=1):
                if number >= life:
                    break
            time.sleep(draw.uniform(0, 0.02))
            process.kill()
    done = subprocess.run(command("killed"), cwd=folder, env=environment, capture_output=True, check=False)
    if done.returncode:
        return [f"the last run ended with {done.returncode}: {done.stderr.decode()[-500:]}"], "not at all"
    found = broken(folder / "whole", entries) + [f"killed: {text}" for text in broken(folder / "killed", entries)]
    rows = read_history(folder / "killed")
    if any(state["evidence"].startswith(ON_ITS_WAY) for row in rows for state in row["states"]):
        return found, "by its guarantees"
    expected, got = outcome(folder / "whole"), outcome(folder / "killed")
    for name, value in expected.items():
        if got[name] != value:
            first = next(
                (pair for pair in zip(value, got[name], strict=False) if pair[0] != pair[1]), (value, got[name])
            )
            found.append(f"{name} differ, first {first[0]} against {first[1]} when killed")
    return found, "wholly"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--keep", type=Path, help="a folder for the files of seeds that went wrong")
    given = parser.parse_args()
    feed = open_feed(DATA)
    days = sorted({str(day_of(entry.opened)) for entry in morning_entries(feed)})
    wrong = 0
    for seed in range(given.first, given.first + given.seeds):
        day = days[seed % len(days)]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            found, how = trial(feed, day, seed, given.kills, folder)
            wrong += bool(found)
            print(
                f"seed {seed}, {day}, {given.kills} kills, compared {how}: {'wrong' if found else 'right'}", flush=True
            )
            for text in found:
                print(f"  {text}", flush=True)
            if found and given.keep:
                target = given.keep / str(seed)
                target.mkdir(parents=True, exist_ok=True)
                for path in folder.iterdir():
                    if path.is_file():
                        (target / path.name).write_bytes(path.read_bytes())
    print(f"{given.seeds} seeds, {wrong} of them wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
