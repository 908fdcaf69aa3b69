"""Seeded days at a paper broker that loses answers, lets orders rest, part, come late or be rejected."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from rulekit.broker.paper_settings import PaperSettings
from rulekit.market.ticks import Tick
from rulekit.model.events import Event
from rulekit.model.instant import SECOND, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.runtime.entries import Entry
from rulekit.runtime.paper import paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.runtime.oracle import read_history, totals_by_journal, true_book, violations

SEEDS = 100
CHUNK = 25
START = parse_instant("2026-11-20T10:00:00+05:30")
STEP_S = 4
MINUTES = 50

POLICY = """\
SLICE: book 20% at 0.3% profit every 3 minutes up to 4 times
HALF:  book 50% at 1% profit
MORE:  add 25% at 0.2% profit every 5 minutes up to 2 times
LESS:  book up to 80% at 1.2% profit
BE:    move stop to break-even + 0.1% at 0.8% profit
TRAIL: trail stop 0.9%
LATE:  tighten stop to 0.6% from price after 20 minutes
OUT:   exit after 40 minutes
"""


def faults(seed: int) -> PaperSettings:
    """Draw this seed's own mix of faults: swarm testing, so that some days are all of one kind."""
    draw = random.Random(f"faults {seed}")

    def share(most: float) -> float:
        return draw.choice((0.0, 0.0, most / 4, most))

    return PaperSettings(
        seed=seed,
        refuse=share(0.15),
        not_sent=share(0.15),
        reject=share(0.25),
        lost_before=share(0.2),
        lost_after=share(0.2),
        late=share(0.2),
        late_max_s=90.0,
        cancel_lost=share(0.4),
        partial=share(0.7),
        rest=share(0.6),
        read_fail=share(0.1),
        position_lag_s=draw.choice((0.0, 0.0, 2.0, 20.0)),
    )


def prices(seed: int) -> Iterator[Tick]:
    """Draw three symbols that wander by some percent within the hour."""
    draw = random.Random(f"prices {seed}")
    last = {"AAA": 50_000.0, "BBB": 150_000.0, "CCC": 20_000.0}
    drift = {symbol: draw.gauss(0, 0.00002) for symbol in last}
    number = 0
    for step in range(MINUTES * 60 // STEP_S):
        for index, symbol in enumerate(last):
            last[symbol] *= 1 + drift[symbol] + draw.gauss(0, 0.0005)
            price = round(last[symbol] / 5) * 5.0
            yield Tick(number, "NSE", symbol, START + step * STEP_S * SECOND + index * 1000, price, float(number))
            number += 1


def positions(seed: int) -> list[Entry]:
    """Hold three positions, long or short, and enter a second one in each symbol later."""
    draw = random.Random(f"entries {seed}")
    start = {"AAA": 50_000.0, "BBB": 150_000.0, "CCC": 20_000.0}
    rows = []
    for row, (symbol, price) in enumerate(start.items(), start=2):
        side = draw.choice((1, -1))
        stop = round(price * (1 - side * 0.015) / 5) * 5.0
        quantity = draw.choice((1, 7, 100, 333))
        rows.append(Entry(row, InstrumentKey("NSE", symbol), "MIS", side, quantity, price, START, stop))
    return rows


def run_seed(seed: int, folder: Path) -> tuple[list[str], Counter[str]]:
    journal = folder / f"{seed}.journal"
    entries = positions(seed)
    seen: Counter[str] = Counter()

    def emit(event: Event) -> None:
        seen[event.name] += 1

    settings = evolve(Settings(), paper=faults(seed))
    with paper_day(
        [Policy.from_text(POLICY)], prices(seed), START, entries, journal,
        settings=settings, fast=True, emit=emit, durable=False,
    ) as day:  # fmt: skip
        day.run()
    rows = read_history(journal)
    orders, trades, held = true_book(journal)
    wrong = violations(rows, orders, trades, all_ended=False)
    for row in rows:
        state = row["states"][-1]["state"]
        if row["end"] is None and state not in ("parked", "unknown", "accepted", "partly filled", "decided"):
            wrong.append(f"{row['symbol']} {row['rule']} is left in `{state}`")
        seen[f"end {row['end']}"] += 1
        seen["unknown answers"] += any(state["state"] == "unknown" for state in row["states"])
    if {tuple(key)[1:]: quantity for key, quantity in held.items()} != totals_by_journal(rows, entries):
        wrong.append(f"the journal adds up to {totals_by_journal(rows, entries)}, the broker holds {held}")
    return [f"seed {seed}: {text}" for text in wrong], seen


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_action_is_lost_or_done_twice(first: int, tmp_path: Path) -> None:
    """Whatever the broker does, the journal and its true book agree and no position is turned over."""
    wrong: list[str] = []
    seen: Counter[str] = Counter()
    for seed in range(first, first + CHUNK):
        found, happened = run_seed(seed, tmp_path)
        wrong += found
        seen += happened
    assert wrong == []
    assert seen["end filled"] > CHUNK and seen["unknown answers"] > CHUNK / 3, seen
