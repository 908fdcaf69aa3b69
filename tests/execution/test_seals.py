"""Sealed states: a start from one knows what a start from all entries knows, and a broken one is never trusted."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rulekit.errors import JournalError
from rulekit.execution import sealing, seals
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.journal import Journal, open_shelf, read_journal, read_ledger
from rulekit.execution.journal_seals import KEPT_DAYS, KEPT_LATEST, Seal, to_drop
from rulekit.execution.ledger import Ledger
from rulekit.execution.seals import SHAPE, latest_seal, ledger_from, take_state, text_of_state
from rulekit.execution.settings import ExecutionSettings
from rulekit.market.ticks import Tick
from rulekit.model.clock import SimulatedClock
from rulekit.model.instant import DAY, HOUR, MINUTE
from tests.execution.scripted import START, Desk, exit_all, stop
from tests.runtime.oracle import read_history
from tests.soak.storage_harms import NAME, image_of, put
from tests.soak.storage_paper import PaperWorld, ours, prices

CARRIED = """\
policy "Carried"
MORE: add 25% at 0.3% profit
HALF: book 20% at 0.5% profit every 3 minutes up to 4 times
UP: tighten stop to 3% from price when profit is above 0.1%
OUT: exit when profit is above 1% for 2 minutes
"""


def two_days() -> list[Tick]:
    """The walk of five minutes, before yesterday's close and after today's opening."""
    walk = prices()[:270]
    shifts = (5 * HOUR + 25 * MINUTE - DAY, -45 * MINUTE)
    return [
        one._replace(seq=day * len(walk) + one.seq, at=one.at + shift)
        for day, shift in enumerate(shifts)
        for one in walk
    ]


def _seal_often(patch: pytest.MonkeyPatch, every: int = 12) -> None:
    for name, value in (("EVERY", every), ("AT_CLOSE", 1), ("PAUSE", 0), ("SLICE", 9)):
        patch.setattr(sealing, name, value)


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Seal every few entries in this module."""
    with pytest.MonkeyPatch.context() as patch:
        _seal_often(patch)
        yield patch


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> PaperWorld:
    """Two mornings on paper with positions carried over the night between them."""
    return PaperWorld(tmp_path_factory.mktemp("seals"), ticks=two_days(), product="NRML", policy=CARRIED)


@pytest.fixture(scope="module")
def whole(world: PaperWorld) -> Path:
    return world.folder / "whole" / NAME


def _all_seals(path: Path) -> list[Seal]:
    with open_shelf(path) as shelf:
        return [seal for seq, _ in shelf.seals() if (seal := shelf.read_seal(seq)) is not None]


def test_the_world_is_worth_it(world: PaperWorld, whole: Path) -> None:
    """Both days have actions, and positions live through the night."""
    days = {row["decided"][:10] for row in world.history}
    assert len(days) == 2
    assert len(world.expected) > 8
    assert any(book.number for book in read_ledger(whole).books.values())
    assert len(_all_seals(whole)) >= KEPT_LATEST


def test_every_seal_is_what_the_entries_add_up_to(whole: Path) -> None:
    entries = read_journal(whole)
    for seal in _all_seals(whole):
        assert seal.text == text_of_state(Ledger(entries[: seal.seq]))
        assert text_of_state(ledger_from(seal, entries[seal.seq :])) == text_of_state(Ledger(entries))


def _all_of(ledger: Ledger) -> str:
    """Write out everything that a ledger holds, but for what it can do and counts for itself."""
    own = ("_handlers", "_open_on", "_indexed", "applied", "moves", "changes")
    text = repr({name: value for name, value in vars(ledger).items() if name not in own})
    return re.sub(r" at 0x[0-9a-f]+", "", text)


@given(st.data())
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_state_at_any_entry_goes_on_as_the_whole_does(whole: Path, data: st.DataObject) -> None:
    entries = read_journal(whole)
    cut = data.draw(st.integers(0, len(entries)))
    text = text_of_state(Ledger(entries[:cut]))
    ledger = Ledger()
    take_state(ledger, text)
    assert text_of_state(ledger) == text
    assert _all_of(ledger) == _all_of(Ledger(entries[:cut]))
    for entry in entries[cut:]:
        ledger.apply(entry)
    assert text_of_state(ledger) == text_of_state(Ledger(entries))


@given(kills=st.lists(st.integers(1, 538), min_size=1, max_size=2, unique=True), every=st.integers(4, 60))
@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_run_restarted_from_seals_equals_the_run_that_never_stopped(
    world: PaperWorld, patch: pytest.MonkeyPatch, kills: list[int], every: int
) -> None:
    """Budgets, counts, memories, orders: whatever the rows at which it was sealed and the prices at which it died."""
    _seal_often(patch, every)
    folder = world.folder / f"killed {every} {kills}"
    folder.mkdir()
    for kill in sorted(kills):
        images: list[dict[str, bytes]] = []

        def watch(tick: Tick, kill: int = kill, images: list[dict[str, bytes]] = images) -> None:
            if tick.seq == kill:
                images.append(dict(image_of(folder)))

        world.run(folder / NAME, progress=watch)
        for path in folder.iterdir():
            path.unlink()
        put(images[-1], folder)
    world.run(folder / NAME)
    assert ours(folder / NAME) == world.expected
    assert [_plain(row) for row in read_history(folder / NAME)] == [_plain(row) for row in world.history]
    state = read_ledger(folder / NAME)
    assert text_of_state(state) == text_of_state(Ledger(read_journal(folder / NAME)))
    shutil.rmtree(folder)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out what hangs on the journal's own four letters."""
    attempts = [{name: value for name, value in one.items() if name != "tag"} for one in row["attempts"]]
    return {**row, "attempts": attempts, "states": [(one["state"], one["at"]) for one in row["states"]]}


def test_a_start_reads_only_what_is_behind_the_seal(whole: Path, tmp_path: Path) -> None:
    put(image_of(whole.parent), tmp_path)
    with Journal.open(tmp_path / NAME, clock=SimulatedClock(START), durable=False) as journal:
        assert journal.seal is not None and journal.seal.seq > journal.last_seq - 13
        assert journal.id == read_ledger(whole).journal_id


@pytest.mark.parametrize("column", ["state", "digest", "at", "shape", "mark"])
def test_a_broken_seal_is_not_trusted(whole: Path, tmp_path: Path, column: str) -> None:
    """The one before it is taken, and without any the whole chain; what is known is the same."""
    put(image_of(whole.parent), tmp_path)
    path = tmp_path / NAME
    entries = read_journal(path)
    count = len(_all_seals(path))
    for broken in range(1, count + 1):
        changed = {"at": "at + 1", "shape": "'x' || shape"}.get(column, f"zeroblob(length({column}))")
        with sqlite3.connect(path) as database:
            database.execute(
                f"UPDATE seal SET {column} = {changed} WHERE seq = (SELECT max(seq) - 0 FROM seal WHERE seq NOT IN "
                "(SELECT seq FROM seal ORDER BY seq DESC LIMIT ?))",
                (broken - 1,),
            )
        database.close()
        with open_shelf(path) as shelf:
            seal = latest_seal(shelf)
        assert (seal is None) == (broken == count)
        assert text_of_state(read_ledger(path)) == text_of_state(Ledger(entries))
    with Journal.open(path, clock=SimulatedClock(START), durable=False) as journal:
        assert journal.seal is None
        assert journal.last_seq == len(entries)
        assert len(journal.remarks) == 1
        assert f"and of {count - 1} others is damaged" in journal.remarks[0]


def test_a_seal_of_an_entry_that_was_changed_is_not_trusted(whole: Path, tmp_path: Path) -> None:
    """Where the last entry is the one that was sealed, no entry behind it would tell."""
    put(image_of(whole.parent), tmp_path)
    path = tmp_path / NAME
    last = len(read_journal(path))
    assert _all_seals(path)[0].seq == last
    with sqlite3.connect(path) as database:
        database.execute("UPDATE entry SET digest = zeroblob(32) WHERE seq = ?", (last,))
    database.close()
    with pytest.raises(JournalError, match=f"entry {last} is not what was written"):
        Journal.open(path, clock=SimulatedClock(START), durable=False)


def test_a_seal_of_another_shape_is_not_taken_over(whole: Path, tmp_path: Path) -> None:
    """Another version of the program holds other things in its ledger: it reads the entries."""
    put(image_of(whole.parent), tmp_path)
    path = tmp_path / NAME
    others = [Seal.of(one.seq, one.at, one.digest, "another", one.text) for one in _all_seals(path)]
    with Journal.open(path, clock=SimulatedClock(START), durable=False) as journal:
        for seal in others:
            journal.store.write_seal(seal, [])
    with open_shelf(path) as shelf:
        assert shelf.seals() and latest_seal(shelf) is None
    assert SHAPE != "another"


def test_a_start_without_a_usable_state_says_so_and_keeps_a_new_one_at_once(
    whole: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for all entries twice, nor at the end of a process that just began."""
    put(image_of(whole.parent), tmp_path)
    path = tmp_path / NAME
    others = [Seal.of(one.seq, one.at, one.digest, "another", one.text) for one in _all_seals(path)]
    with Journal.open(path, clock=SimulatedClock(START), durable=False) as journal:
        for seal in others:
            journal.store.write_seal(seal, [])
    entries = read_journal(path)
    told: list[str] = []
    assert read_ledger(path, told.append).applied == len(entries) and told == [], "a short one is read in no time"
    patch.setattr(seals, "LONG", 10)
    read_ledger(path, told.append)
    with Journal.open(path, clock=SimulatedClock(START), durable=False, tell=told.append) as journal:
        assert journal.seal is None
        chronicle = Chronicle(journal, journal.clock, ExecutionSettings(), lambda event: None)
        sealing.Sealing(chronicle)
        journal.abandon()
    assert len(told) == 2
    for text in told:
        assert "of another version" in text and f"all of its {len(entries)} entries are read" in text
    found = _all_seals(path)[0]
    assert (found.seq, found.shape) == (len(entries), SHAPE)
    assert found.text == text_of_state(Ledger(entries))
    with Journal.open(path, clock=SimulatedClock(START), durable=False, tell=told.append) as journal:
        assert journal.seal == found and len(told) == 2
        assert text_of_state(journal.ledger()) == text_of_state(journal.ledger()) == found.text, "also when read again"


def test_the_end_of_a_process_follows_a_bounded_number_of_entries(
    whole: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    """It has ten seconds after a signal, however far behind the keeping of states is."""
    put(image_of(whole.parent), tmp_path)
    path = tmp_path / NAME
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM seal")
    database.close()
    for most, kept in ((5, False), (20_000, True)):
        with patch.context() as more:
            more.setattr(sealing, "AT_MOST", most)
            more.setattr(sealing, "EVERY", 100_000)
            with Journal.open(path, clock=SimulatedClock(START), durable=False) as journal:
                sealing.Sealing(Chronicle(journal, journal.clock, ExecutionSettings(), lambda event: None))
        assert bool(_all_seals(path)) is kept


def test_an_entry_changed_before_the_seal_is_found_while_it_runs(tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    """Nothing rests on it any more, so the start succeeds; then it is found, said, and only exits are sent."""
    _seal_often(patch)
    desk = Desk(tmp_path)
    key = desk.hold()
    desk.start()
    for number in range(40):
        desk.commit(key, stop(160_000.0 + number * 100, rule=f"step {number}"))
        desk.pass_time()
    desk.journal.close()
    with sqlite3.connect(desk.path) as database:
        database.execute("UPDATE entry SET body = replace(body, 'protect', 'PROTECT') WHERE seq = 9")
    database.close()
    again = Desk(tmp_path, clock=desk.clock)
    again.broker = desk.broker
    again.start()
    assert again.journal.seal is not None
    assert again.executor.mode == "active"
    for _ in range(10):
        again.pass_time()
    assert again.executor.mode == "reducing"
    assert "entry 9 is not what was written" in again.executor._ledger.mode.reason
    assert any("entry 9 is not what was written" in text for text in again.alerts())
    again.commit(key, exit_all(100))
    assert again.broker.requests[-1].quantity == 100, "exits are still sent"
    again.die()


def test_only_what_a_report_needs_is_kept() -> None:
    """The last few seals, and one of each of the last days."""
    marks = [(seq, START - (1000 - seq) * DAY // 10) for seq in range(1000, 0, -1)]
    kept = sorted({seq for seq, _ in marks} - set(to_drop(marks)), reverse=True)
    assert kept[:KEPT_LATEST] == [1000, 999, 998]
    assert KEPT_DAYS <= len(kept) <= KEPT_DAYS + KEPT_LATEST
    assert to_drop([mark for mark in marks if mark[0] in kept]) == []
