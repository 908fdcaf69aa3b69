"""Positions carried overnight, and a journal that goes on with the next day's prices in a file of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rulekit.execution.journal import read_journal
from rulekit.execution.ledger import Ledger
from rulekit.market.ticks import Tick
from rulekit.model.instant import SECOND, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import to_units
from rulekit.runtime.entries import Entry, carried_over
from rulekit.runtime.paper import paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.runtime.oracle import read_history, true_book

DAYS = ("2026-11-18", "2026-11-19", "2026-11-20")
AAA = InstrumentKey("NSE", "AAA")


def prices(*days: str, price: str = "100", minutes: int = 5) -> list[Tick]:
    """One symbol that does not move, each day from the open on."""
    found: list[Tick] = []
    for day in days:
        start = parse_instant(f"{day}T09:15:00+05:30")
        for step in range(minutes * 20):
            found.append(Tick(len(found), "NSE", "AAA", start + 3 * step * SECOND, to_units(price), float(step)))
    return found


def entry(
    opened: str, *, side: int = 1, quantity: int = 100, stop: str = "95", row: int = 2, product: str = "CNC"
) -> Entry:
    when = parse_instant(opened)
    return Entry(row, AAA, product, side, quantity, to_units("100"), when, to_units(stop))


def run(journal: Path, ticks: list[Tick], entries: list[Entry], policy: str) -> None:
    def from_number(after: int) -> Iterator[Tick]:
        return (tick for tick in ticks if tick.seq > after)

    with paper_day(
        [Policy.from_text(policy)], from_number, ticks[0].at, entries, journal,
        settings=Settings(), fast=True, emit=lambda event: None, durable=False,
    ) as day:  # fmt: skip
        day.run()


def acted(journal: Path) -> list[tuple[str, str, str | None]]:
    return [(row["decided"][:10], row["rule"], row["end"]) for row in read_history(journal)]


@pytest.mark.parametrize("files", ["one", "each"])
def test_each_day_may_come_in_a_file_of_its_own(tmp_path: Path, files: str) -> None:
    """A feed that is not the one the journal speaks of is heard from the journal's moment on, not skipped."""
    entries = [entry(f"{DAYS[0]}T09:16:00+05:30")]
    journal = tmp_path / "days.journal"
    policy = "OUT: exit after 2 days\nHALF: book 50% after 1 day"
    for ticks in [prices(*DAYS)] if files == "one" else [prices(day) for day in DAYS]:
        run(journal, ticks, entries, policy)
    assert acted(journal) == [(DAYS[1], "HALF", "filled"), (DAYS[2], "OUT", "filled")]


def test_the_same_file_again_is_not_heard_twice(tmp_path: Path) -> None:
    entries = [entry(f"{DAYS[0]}T09:16:00+05:30")]
    journal = tmp_path / "days.journal"
    for _ in range(2):
        run(
            journal, prices(DAYS[0], minutes=7), entries, "HALF: book 50% after 2 minutes every 2 minutes up to 3 times"
        )
    assert [row["filled"] for row in read_history(journal)] == [50, 25]


def test_a_file_that_grew_goes_on_where_it_ended(tmp_path: Path) -> None:
    entries = [entry(f"{DAYS[0]}T09:16:00+05:30")]
    journal = tmp_path / "days.journal"
    for count in (1, 2, 3):
        run(journal, prices(*DAYS[:count]), entries, "OUT: exit after 2 days")
    assert acted(journal) == [(DAYS[2], "OUT", "filled")]


@pytest.mark.parametrize(("side", "stop", "through"), [(1, "99.50", "99"), (-1, "100.50", "101")])
def test_a_position_from_before_the_run_keeps_its_stop(tmp_path: Path, side: int, stop: str, through: str) -> None:
    entries = [entry("2026-11-16T11:00:00+05:30", side=side, stop=stop, product="NRML")]
    journal = tmp_path / "days.journal"
    run(journal, prices(DAYS[0], price=through), entries, "FAR: book 50% at 50% profit")
    assert acted(journal) == [(DAYS[0], "stop", "filled")]


def test_the_age_of_a_position_from_before_the_run_is_known(tmp_path: Path) -> None:
    """Opened on Monday, three trading days old on Thursday: neither earlier nor later, also over a restart."""
    entries = [entry("2026-11-16T11:00:00+05:30")]
    journal = tmp_path / "days.journal"
    for day in DAYS:
        # The file is read once: from then on the journal knows.
        run(
            journal,
            prices(day),
            entries if day == DAYS[0] else [],
            "OUT: exit after 3 days\nSHORT: book 10 shares after 23 hours",
        )
    assert acted(journal) == [(DAYS[0], "SHORT", "filled"), (DAYS[1], "OUT", "filled")]


def test_what_the_rows_leave_standing_began_with_its_own_row() -> None:
    first = entry("2026-11-12T10:00:00+05:30", row=2)
    more = entry("2026-11-13T10:00:00+05:30", row=3)
    flat = entry("2026-11-16T10:00:00+05:30", row=4, side=-1, quantity=200)
    again = entry("2026-11-17T10:00:00+05:30", row=5)
    turned = entry("2026-11-17T11:00:00+05:30", row=6, side=-1, quantity=150)
    assert carried_over([first, more]) == [first]
    assert carried_over([first, more, flat]) == []
    assert carried_over([first, more, flat, again]) == [again]
    assert carried_over([first, more, flat, again, turned]) == [turned]


def test_an_older_copy_of_the_journal_is_caught_before_anything_is_sent(tmp_path: Path) -> None:
    """The broker's book knows our orders that the copy does not: the engine halts, and sends none of them again."""
    entries = [entry(f"{DAYS[0]}T09:16:05+05:30")]
    journal = tmp_path / "days.journal"
    policy = "HALF: book 10% after 1 minute every 1 minute up to 5 times"
    run(journal, prices(DAYS[0], minutes=3), entries, policy)
    files = [path for path in tmp_path.iterdir() if ".paper" not in path.name and path.is_file()]
    copies = {path: path.read_bytes() for path in files}
    run(journal, prices(DAYS[0], minutes=7), entries, policy)
    sent = [order.tag for order in true_book(journal)[0] if order.tag]
    assert len(sent) >= 4
    for path in tmp_path.iterdir():
        if ".paper" not in path.name:
            path.unlink()
    for path, content in copies.items():
        path.write_bytes(content)
    # An impatient policy would act before the clock comes to where the book shows the next of our orders.
    run(journal, prices(DAYS[0], minutes=7), entries, policy.replace("every 1 minute", "every 50 seconds"))
    assert [order.tag for order in true_book(journal)[0] if order.tag] == sent
    mode = Ledger(read_journal(journal)).mode
    assert mode.name == "halted"
    assert "which the journal does not know" in mode.reason


def test_a_process_that_lives_for_days_lets_go_of_what_is_over(tmp_path: Path) -> None:
    """What was about yesterday's episodes is in the journal, not in memory for ever."""
    entries = [entry(f"{day}T09:16:00+05:30", row=row) for row, day in enumerate(DAYS)]
    ticks = prices(*DAYS)
    policy = "OUT: exit after 2 minutes\nLOW: exit when vwap is below ₹1"
    with paper_day(
        [Policy.from_text(policy)], ticks, ticks[0].at, entries, tmp_path / "days.journal",
        settings=Settings(), fast=True, emit=lambda event: None, durable=False,
    ) as day:  # fmt: skip
        day.run()
        manager = day._manager
        ledger = manager.executor._ledger
        assert len(acted_so_far := manager.management_actions_taken) == len(DAYS), acted_so_far
        assert len(ledger.actions) == len(ledger.by_episode) == len(ledger.tags) == 1, "today's alone"
        assert len(ledger.past_tags) == len(DAYS) - 1, "for orders that a broker may list once more"
        assert len(manager._choice._chosen) == 1
        assert len({mark[1] for mark in manager._told}) <= 1
