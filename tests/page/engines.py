"""A real engine over the paper broker, in a process of its own, on the demo's prices."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from rulekit.model.instant import iso
from rulekit.model.shipped import shipped_folder
from rulekit.runtime import demo_day

PROJECT = Path(__file__).resolve().parents[2]


@frozen
class EngineFiles:
    """What an engine runs on."""

    folder: Path

    @property
    def journal(self) -> Path:
        return self.folder / "day.journal"

    @property
    def policies(self) -> Path:
        return self.folder / "policies"


def engine_files(folder: Path, begin: str = "09:35", end: str = "11:30") -> EngineFiles:
    """Write the demo's policy, positions and a part of its prices."""
    files = EngineFiles(folder)
    files.policies.mkdir(parents=True)
    text = shipped_folder("rules").joinpath("position-management.policy").read_text(encoding="utf-8")
    (files.policies / "position-management.policy").write_text(text, encoding="utf-8")
    with (folder / "ticks.csv").open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("symbol", "ts", "ltp", "volume"))
        for tick in demo_day.ticks():
            at = iso(tick.at)
            if begin <= at[11:16] < end:
                rows.writerow((tick.symbol, at, f"{tick.price / 100:.2f}", int(tick.volume)))
    with (folder / "positions.csv").open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("symbol", "exchange", "product", "side", "quantity", "entry", "opened", "stop"))
        for one in demo_day.entries():
            side = "long" if one.side > 0 else "short"
            opened = f"2026-11-20T{begin}:00+05:30"
            prices = (f"{one.entry / 100:.2f}", opened, f"{one.stop / 100:.2f}")
            rows.writerow((one.instrument.symbol, "NSE", one.product, side, one.quantity, *prices))
    return files


@contextmanager
def engine(files: EngineFiles, *, begin: str = "09:35", speed: int = 10) -> Iterator[subprocess.Popen[str]]:
    """Run it until the block ends; it goes on where the journal stands."""
    log = (files.folder / "engine.log").open("a", encoding="utf-8")
    process = subprocess.Popen(
        [
            sys.executable, "-m", "rulekit", "run", "--policy", str(files.policies), "--broker", "paper",
            "--feed", str(files.folder / "ticks.csv"), "--positions", str(files.folder / "positions.csv"),
            "--journal", str(files.journal), "--clock", f"2026-11-20T{begin}:00+05:30*{speed}",
        ],
        env={**os.environ, "RULEKIT_STALE_S": "60"},  # the demo has a price each five seconds
        cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    try:
        for _ in range(600):
            if files.journal.exists() and files.journal.stat().st_size:
                break
            assert process.poll() is None, (files.folder / "engine.log").read_text(encoding="utf-8")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
