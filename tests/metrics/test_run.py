"""`rulekit run --metrics` as an operator starts it: the pages answer while it runs and are gone with it."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
from pathlib import Path

import pytest

from rulekit.model.instant import iso
from rulekit.model.prices import to_rupees
from rulekit.runtime import demo_day
from tests.metrics.reading import fetch, scrape

CLOCK = "2026-11-20T09:15:00+05:30*30"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with prices, a position and a policy."""
    (tmp_path / "my.policy").write_text('applies to NSE equity\n"Out": exit at 15:10\n', encoding="utf-8")
    with (tmp_path / "prices.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["symbol", "ts", "ltp", "volume"])
        writer.writerows(
            [tick.symbol, iso(tick.at), to_rupees(tick.price), tick.volume]
            for tick in demo_day.ticks()
            if tick.symbol == "INFY"
        )
    held = "symbol,exchange,product,side,quantity,entry,opened,stop\nINFY,NSE,MIS,long,10,1500,{},\n"
    (tmp_path / "held.csv").write_text(held.format(iso(demo_day.entries()[0].opened)), encoding="utf-8")
    return tmp_path


def run(folder: Path, *more: str) -> subprocess.Popen[str]:
    words = [
        "run",
        "--policy",
        "my.policy",
        "--feed",
        "prices.csv",
        "--positions",
        "held.csv",
        "--journal",
        "a.journal",
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "rulekit", *words, *more],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PYTHONUTF8": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a process can catch")
def test_the_pages_answer_while_it_runs(folder: Path) -> None:
    process = run(folder, "--clock", CLOCK, "--metrics", "127.0.0.1:0")
    try:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
        assert found is not None
        address = found[0]
        for _ in range(200):
            series = scrape(address)
            positions = series.get(("rulekit_positions", frozenset({("account", "paper")})))
            status, body = fetch(f"{address}/health")
            if positions == 1.0 and status == 200:
                break
        assert (positions, status, json.loads(body)["accounts"][0]["mode"]) == (1.0, 200, "active")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        with pytest.raises(urllib.error.URLError):
            fetch(f"{address}/health")
    finally:
        process.kill()
        process.communicate()
