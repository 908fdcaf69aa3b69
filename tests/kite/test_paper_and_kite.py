"""The same policy and the same prices, on paper and before the localhost Kite without faults: the same actions."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rulekit.model.instant import SECOND, iso, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import to_units
from rulekit.runtime.entries import Entry
from rulekit.runtime.paper import open_paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.kite.account import START, Account
from tests.kite.bench import until
from tests.runtime.oracle import read_history

POLICY = """\
policy "Both"
MORE: add 25% at 2% profit
HALF: book 50% at 5% profit
REST: book 25% at 7% profit
UP: move stop to break-even at 4% profit
OUT: exit at 12% profit
"""
PATHS = {
    "RISER": [1000, 1010, 1021, 1030, 1045, 1052, 1060, 1075, 1090, 1125],
    "TURNER": [1000, 1010, 1025, 1030, 1050, 1030, 1010, 1001, 990, 985],
    "FALLER": [1000, 990, 980, 985, 970, 960, 955, 950, 945, 940],
}
STEP_S = 4
Actions = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    made = Account(tmp_path, speed=8.0)
    yield made
    made.server.stop()


def actions_of(rows: list[dict[str, object]]) -> Actions:
    found: Actions = {symbol: [] for symbol in PATHS}
    for row in rows:
        entry = (row["rule"], row["kind"], row["side"], row["quantity"], row["end"], row["filled"])
        found[str(row["symbol"])].append(entry)
    return found


def on_paper(folder: Path) -> Actions:
    start = parse_instant(START)
    prices = folder / "prices.csv"
    with prices.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["symbol", "ts", "ltp", "volume"])
        for symbol, path in PATHS.items():
            for step, price in enumerate(path):
                for second in range(STEP_S):
                    at = start + (1 + step * STEP_S + second) * SECOND
                    writer.writerow([symbol, iso(at), price, 100 * (step * STEP_S + second)])
    entries = [
        Entry(number, InstrumentKey("NSE", symbol), "MIS", 1, 100, to_units("1000"), start + SECOND)
        for number, symbol in enumerate(PATHS, start=2)
    ]
    journal = folder / "paper.journal"
    with open_paper_day(
        [Policy.from_text(POLICY)], prices, entries, journal, settings=Settings(), fast=True, clock=None,
        emit=lambda event: None,
    ) as (day, _):  # fmt: skip
        day.run()
    return actions_of(read_history(journal))


def on_kite(account: Account) -> Actions:
    for symbol in PATHS:
        account.buy(symbol, 100, 1000)
    with account.day(POLICY) as day:
        until(lambda: account.names().count("position_opened") == len(PATHS))
        for prices in zip(*PATHS.values(), strict=True):
            end = time.monotonic() + STEP_S / 8
            while time.monotonic() < end or day.left_open():
                for symbol, price in zip(PATHS, prices, strict=True):
                    account.price(symbol, price)
                time.sleep(0.04)
    account.is_exact()
    return actions_of(account.history())


def test_the_same_actions(account: Account, tmp_path: Path) -> None:
    paper, kite = on_paper(tmp_path), on_kite(account)
    assert kite == paper
    assert [row[0] for row in kite["RISER"]] == ["MORE", "UP", "HALF", "REST", "OUT"]
    assert [row[0] for row in kite["TURNER"]] == ["MORE", "UP", "stop"]
