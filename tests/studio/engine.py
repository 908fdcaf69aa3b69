"""An engine beside the page: `rulekit run` over a made-up feed in which one position is at a good profit all day."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rulekit.execution.journal import read_ledger
from rulekit.execution.ledger import Ledger
from rulekit.model.clock import WallClock
from rulekit.model.instant import iso, parse_instant

OPENS = parse_instant("2026-11-20T09:15:00+05:30")
SETTINGS = """\
[policies]
reload_s = 0.2
"""
ELSEWHERE = """\
policy "holdings"
applies to product CNC
exit at 60% loss
"""


def prepare(folder: Path) -> Path:
    """Write feed, position, settings and a policy that is for other positions; return the folder of policies."""
    rows = ["symbol,time,price,volume"]
    for step in range(0, 2 * 3600, 2):
        rows.append(
            f"NSE:KOTAKBANK,{iso(OPENS + step * 1_000_000)},{1998.50 + (step // 2 % 3) * 0.05:.2f},{100 * (step + 1)}"
        )
    (folder / "ticks.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "positions.csv").write_text(
        "symbol,exchange,product,side,quantity,entry,opened,stop\n"
        "KOTAKBANK,NSE,MIS,long,100,1690,2026-11-20T08:30:00+05:30,1640\n",
        encoding="utf-8",
    )
    (folder / "rulekit.toml").write_text(SETTINGS, encoding="utf-8")
    policies = folder / "policies"
    policies.mkdir()
    (policies / "holdings.policy").write_text(ELSEWHERE, encoding="utf-8")
    return policies


@contextmanager
def engine(folder: Path) -> Iterator[Path]:
    """Run the engine for as long as the block runs; yield the journal."""
    journal = folder / "day.journal"
    command = [
        sys.executable, "-m", "rulekit", "run", "--policy", "policies", "--feed", "ticks.csv", "--positions",
        "positions.csv", "--journal", str(journal), "--clock", f"{iso(OPENS)}*20", "--quiet",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        until(
            lambda: journal.exists() and any(book.quantity for book in ledger_of(journal).books.values()),
            "the position is managed",
        )
        yield journal
    finally:
        process.terminate()
        _, complaints = process.communicate(timeout=20)
    assert process.returncode in (0, -15, 143), complaints.decode()


def ledger_of(journal: Path) -> Ledger:
    """Return how the account stands."""
    return read_ledger(journal)


def until(holds: Callable[[], Any], what: str, seconds: float = 30.0) -> Any:
    """Wait until something holds, and return it; patience is long, for a busy machine is no fault."""
    clock = WallClock()
    for _ in range(round(seconds / 0.1)):
        try:
            if found := holds():
                return found
        except Exception:
            pass
        clock.sleep(0.1)
    raise AssertionError(f"it was waited {seconds:.0f} seconds: {what}")
