"""A day on paper that is killed in the middle, and what becomes of it when its journal was harmed meanwhile."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from attrs import define, field

from rulekit.errors import RulekitError
from rulekit.market.ticks import Tick
from rulekit.model.events import Event
from rulekit.model.instant import SECOND, Instant, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import to_units
from rulekit.runtime.entries import Entry
from rulekit.runtime.paper import book_beside, paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.runtime.oracle import read_history, true_book, violations
from tests.soak.storage_harms import NAME, Image, image_of, put

POLICY = """\
policy "Storage"
MORE: add 25% at 0.3% profit
HALF: book 50% at 0.8% profit
UP: tighten stop to 1% from price when profit is above -5%
OUT: exit at 1.5% profit
CUT: exit at 1% loss
OLD: exit after 6 minutes
"""
START = parse_instant("2026-11-20T10:00:00+05:30")
SYMBOLS = ("AAA", "BBB", "CCC")
STEPS = 160


def prices() -> list[Tick]:
    """Draw a walk of three shares, each heard every three seconds."""
    draw, found = random.Random("storage"), []
    last = {symbol: 500.0 + 250 * number for number, symbol in enumerate(SYMBOLS)}
    for step in range(STEPS):
        for symbol in SYMBOLS:
            last[symbol] *= 1 + draw.gauss(0.0001, 0.0018)
            price = to_units(f"{round(last[symbol] * 20) / 20:.2f}")
            found.append(Tick(len(found), "NSE", symbol, START + 3 * step * SECOND, price, float(step)))
    return found


def entries(product: str, first: Instant) -> list[Entry]:
    """Return who enters what: a few positions on both sides, one after the other."""
    return [
        Entry(
            row, InstrumentKey("NSE", SYMBOLS[row % 3]), product, 1 if row % 2 else -1, 100 + 10 * row,
            to_units("500") + to_units("250") * (row % 3), first + (row // 3 * 200 + 10) * SECOND, copy=row,
        )
        for row in range(6)
    ]  # fmt: skip


@define
class Outcome:
    """What a run on a harmed journal came to; `sent` are orders of ours beyond those that were there before."""

    kind: str
    said: str = ""
    sent: int = 0
    wrong: list[str] = field(factory=list)


@define
class PaperWorld:
    """The day, how it goes when nothing happens, and images of its folder at two moments."""

    folder: Path
    ticks: list[Tick] = field(factory=prices)
    product: str = "MIS"
    policy: str = POLICY
    early: Image = field(factory=dict)
    late: Image = field(factory=dict)
    expected: list[tuple[Any, ...]] = field(factory=list)
    history: list[dict[str, Any]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        whole = self.folder / "whole"
        whole.mkdir(parents=True)
        taken: dict[int, Image] = {}

        def watch(tick: Tick) -> None:
            if tick.seq in (len(self.ticks) // 4, len(self.ticks) * 2 // 3):
                taken[tick.seq] = image_of(whole)

        self.run(whole / NAME, progress=watch)
        self.early, self.late = (taken[seq] for seq in sorted(taken))
        self.expected, self.history = ours(whole / NAME), read_history(whole / NAME)

    def run(
        self,
        journal: Path,
        *,
        progress: Callable[[Tick], None] | None = None,
        emit: Callable[[Event], None] = lambda event: None,
    ) -> str:
        """Run or go on to the end of the prices; return the trading state.

        Raises:
            RulekitError: it was refused, or something failed.
        """

        def after(number: int) -> Iterator[Tick]:
            return (tick for tick in self.ticks if tick.seq > number)

        with paper_day(
            [Policy.from_text(self.policy)], after, self.ticks[0].at, entries(self.product, self.ticks[0].at), journal,
            settings=Settings(), fast=True, emit=emit, durable=False,
        ) as day:  # fmt: skip
            day.progress = progress
            day.run()
            return day._manager.executor.mode

    def restart(self, image: Image, name: str) -> Outcome:
        """Go on from a folder as it was found, and hold what comes of it against the true book."""
        folder = self.folder / name
        put(image, folder)
        journal = folder / NAME
        before = ours(journal)
        said: list[str] = []
        try:
            mode = self.run(journal, emit=lambda event: _hear(event, said))
        except RulekitError as error:
            outcome = Outcome("refused", error.message)
        else:
            outcome = Outcome("went on" if mode == "active" else mode, said[0] if said else "")
        after = ours(journal)
        outcome.sent = len(after) - len(before)
        outcome.wrong = self.judge(outcome, before, after, journal)
        shutil.rmtree(folder)
        return outcome

    def judge(
        self, outcome: Outcome, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]], journal: Path
    ) -> list[str]:
        if outcome.kind != "went on":
            found = [] if outcome.said else ["nothing was said"]
            return found + (["it was stopped and sent all the same"] if outcome.sent else [])
        rows = read_history(journal)
        orders, trades, _ = true_book(journal)
        found = violations(rows, orders, trades)
        if after != self.expected:
            found.append("the broker's book holds other orders than that of the day that nothing happened to")
        if [_path(row) for row in rows] != [_path(row) for row in self.history]:
            found.append("the history is another than that of the day that nothing happened to")
        return found


def _path(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["rule"], row["symbol"], row["quantity"], row["end"], row["filled"], len(row["attempts"])


def _hear(event: Event, said: list[str]) -> None:
    if event.name == "alert" or (event.name == "mode_changed" and event.data.get("reason")):
        said.append(str(event.data.get("text") or event.data.get("reason")))


def ours(journal: Path) -> list[tuple[Any, ...]]:
    """Return our orders as the broker truly has them; tags differ from journal to journal."""
    if not book_beside(journal).exists():
        return []
    orders, _, _ = true_book(journal)
    return [
        (order.symbol, order.side, order.quantity, order.filled, order.status, order.placed)
        for order in orders
        if order.tag
    ]
