"""Seeded days with rules for the whole book: a broker at its worst, and runs that are stopped and go on."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from rulekit.broker.paper_settings import PaperSettings
from rulekit.market.ticks import Tick
from rulekit.model.decision import BOOK_ACTIONS, EXIT_EVERYTHING, STOP_ADDING, STOP_TRADING
from rulekit.runtime.paper import paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.runtime import test_faulty_broker as days
from tests.runtime.oracle import read_history, totals_by_journal, true_book, violations

SEEDS = 8
CHUNK = 8
STOPPED = 2

ADDS = "MORE: add 25% at 0.1% profit every 2 minutes up to 9 times\nSLICE: book 20% at 0.3% profit every 3 minutes\n"
BLOCK = """\
for the whole book
  Calm:  stop adding at ₹{calm} day loss
  Guard: {what} at ₹{guard} day loss
  Last:  exit everything at 10:38
"""


def policy(seed: int) -> Policy:
    draw = random.Random(f"block {seed}")
    guard = draw.choice((50, 200, 1_000))
    what = draw.choice(("exit everything", "stop trading", "exit everything and stop trading"))
    return Policy.from_text(ADDS + BLOCK.format(calm=guard // 2, guard=guard, what=what))


def run(seed: int, journal: Path, paper: PaperSettings, *stops: int) -> None:
    """Run a day, stopped after so many prices of each life."""
    for life in (*stops, 0):
        with paper_day(
            [policy(seed)], days.prices(seed), days.START, days.positions(seed), journal,
            settings=evolve(Settings(), paper=paper), fast=True, durable=False, emit=lambda event: None,
        ) as day:  # fmt: skip
            heard: Counter[str] = Counter()

            def count(tick: Tick, day: Any = day, life: int = life, heard: Counter[str] = heard) -> None:
                heard["prices"] += 1
                if heard["prices"] == life:
                    day.stop()

            day.progress = count
            day.run()


def broken(seed: int, journal: Path) -> tuple[list[str], Counter[str]]:
    """Return what breaks a guarantee of the rules for the book, in words, and what was seen."""
    rows = read_history(journal)
    orders, trades, held = true_book(journal)
    found = violations(rows, orders, trades, all_ended=False)
    if {tuple(key)[1:]: quantity for key, quantity in held.items()} != totals_by_journal(rows, days.positions(seed)):
        found.append("the journal and the broker differ")
    ordered = [row for row in rows if row["kind"] in BOOK_ACTIONS]
    fired = Counter((row["rule"], row["kind"]) for row in ordered)
    found += [f"{rule} {kind} fired {count} times in a day" for (rule, kind), count in fired.items() if count > 1]
    for row in rows:
        if row["kind"] != "add":
            continue
        for attempt in row["attempts"]:
            late = [each["rule"] for each in ordered if each["kind"] != EXIT_EVERYTHING]
            since = min((each["decided"] for each in ordered if each["rule"] in late), default="9")
            if attempt["sent"] > since:
                found.append(f"an add went out at {attempt['sent']}, stopped since {since}")
        going_out = [
            each for each in ordered
            if each["kind"] == EXIT_EVERYTHING and each["decided"] <= row["decided"] < each["states"][-1]["at"]
        ]  # fmt: skip
        found += [f"an add was decided while `{each['rule']}` exits everything" for each in going_out]
    unfinished = {row["symbol"] for row in rows if row["end"] is None and row["side"]}
    refused = {row["symbol"] for row in rows if row["end"] == "refused"}
    for key in held:
        if key.symbol not in unfinished | refused:
            found.append(f"{key.symbol} is held at the end, and nothing is on its way")
    for row in ordered:
        if row["kind"] == EXIT_EVERYTHING and row["end"] is None and not set(unfinished) | {key.symbol for key in held}:
            found.append(f"{row['rule']} has no end, though everything is flat")
        if row["kind"] in (STOP_ADDING, STOP_TRADING) and row["end"] != "done":
            found.append(f"{row['rule']} {row['kind']} is {row['end']}")
    return [f"seed {seed}: {text}" for text in found], Counter(row["kind"] for row in rows) + Counter(
        {"flat": not held, "held": bool(held)}
    )


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_nothing_that_is_managed_is_left_and_nothing_is_added(first: int, tmp_path: Path) -> None:
    wrong: list[str] = []
    seen: Counter[str] = Counter()
    for seed in range(first, first + CHUNK):
        run(seed, tmp_path / f"{seed}.journal", days.faults(seed))
        found, happened = broken(seed, tmp_path / f"{seed}.journal")
        wrong += found
        seen += happened
    assert wrong == []
    assert seen["add"] > CHUNK and seen[STOP_ADDING] > 4 and seen[STOP_TRADING] > 2, seen
    assert seen[EXIT_EVERYTHING] > CHUNK and seen["flat"] > seen["held"], seen


def test_a_run_that_was_stopped_orders_the_same(tmp_path: Path) -> None:
    for seed in range(STOPPED):
        draw = random.Random(f"stops {seed}")
        whole, cut = tmp_path / f"{seed}.whole", tmp_path / f"{seed}.cut"
        run(seed, whole, PaperSettings(seed=seed))
        run(seed, cut, PaperSettings(seed=seed), *(draw.randrange(1, 900) for _ in range(4)))
        for journal in (whole, cut):
            assert broken(seed, journal)[0] == []
        assert outcome(cut) == outcome(whole), seed


def outcome(journal: Path) -> list[tuple[Any, ...]]:
    keys = ("rule", "kind", "symbol", "side", "quantity", "decided", "end", "filled")
    return [tuple(row[key] for key in keys) for row in read_history(journal)]
