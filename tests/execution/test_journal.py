"""The journal's file: durable, chained, locked, readable from outside, and clear about what is wrong with it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rulekit.errors import JournalError, UnreadableFileError
from rulekit.execution.journal import Journal, is_held, read_journal
from rulekit.execution.journal_sqlite import SqliteStore
from rulekit.model.clock import SimulatedClock
from tests.execution.scripted import START, Desk, book, exit_all, stop


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(START)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.journal"


@pytest.fixture
def written(path: Path, clock: SimulatedClock) -> Path:
    """A closed journal with a dozen entries."""
    with Journal.open(path, clock=clock, durable=False) as journal:
        for number in range(12):
            journal.add("note", {"number": number, "text": "₹ and emoji 🎯"}, subject=f"S{number}")
            journal.flush()
    return path


def test_entries_come_back_as_they_were_written(written: Path, clock: SimulatedClock) -> None:
    entries = read_journal(written)
    assert [entry.body.get("number") for entry in entries[1:]] == list(range(12))
    assert entries[3].body["text"] == "₹ and emoji 🎯"
    with Journal.open(written, clock=clock) as journal:
        assert journal.id == entries[0].body["journal"]
        assert [entry.seq for entry in journal.entries()] == list(range(1, 14))


def test_what_is_not_flushed_is_lost_and_nothing_else(path: Path, clock: SimulatedClock) -> None:
    journal = Journal.open(path, clock=clock)
    journal.add("note", {"kept": True})
    journal.flush()
    journal.add("note", {"kept": False})
    journal.abandon()
    assert [entry.body.get("kept") for entry in read_journal(path)] == [None, True]


def test_a_second_process_is_refused_and_readers_are_not(path: Path, clock: SimulatedClock) -> None:
    with Journal.open(path, clock=clock) as journal:
        journal.add("note", {})
        journal.flush()
        with pytest.raises(JournalError, match="another process is using this journal"):
            Journal.open(path, clock=clock, wait_s=0.05)
        assert is_held(path)
        assert len(read_journal(path)) == 2
    assert not is_held(path)


def test_the_lock_of_a_killed_process_is_free(path: Path, clock: SimulatedClock) -> None:
    program = (
        "import os, sys\n"
        "from rulekit.execution.journal import Journal\n"
        "from rulekit.model.clock import WallClock\n"
        f"journal = Journal.open({str(path)!r}, clock=WallClock())\n"
        "journal.add('note', {'from': 'the dead'}); journal.flush()\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    dead = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert dead.stdout is not None and dead.stdin is not None
        assert dead.stdout.readline().strip() == b"held"
        with pytest.raises(JournalError, match="another process"):
            Journal.open(path, clock=clock, wait_s=0.05)
        assert len(read_journal(path)) == 2
    finally:
        dead.kill()
        dead.wait()
        for stream in (dead.stdin, dead.stdout):
            if stream is not None:
                stream.close()
    assert len(read_journal(path)) == 2, "history works after a kill"
    with Journal.open(path, clock=clock) as journal:
        assert journal.last_seq == 2


def test_another_version_is_named(written: Path, clock: SimulatedClock) -> None:
    database = sqlite3.connect(written)
    database.execute("PRAGMA user_version=9")
    database.commit()
    database.close()
    for opening in (lambda: Journal.open(written, clock=clock), lambda: read_journal(written)):
        with pytest.raises(JournalError, match=r"of another version \(9; this program reads 1\)"):
            opening()


def test_another_account_is_refused(written: Path, clock: SimulatedClock) -> None:
    with pytest.raises(JournalError, match="of the account `paper`, not of `ZX1234`"):
        Journal.open(written, account="ZX1234", clock=clock)


@pytest.mark.parametrize("content", [b"symbol,quantity\n", b"\x00" * 5000, b"SQLite format 3\x00" + b"x" * 4000])
def test_what_is_no_journal_is_said_to_be_none(path: Path, clock: SimulatedClock, content: bytes) -> None:
    path.write_bytes(content)
    for opening in (lambda: Journal.open(path, clock=clock), lambda: read_journal(path)):
        with pytest.raises(JournalError, match=r"not a journal|damaged"):
            opening()
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_left_alone(path: Path, clock: SimulatedClock) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE mine (x)")
    database.commit()
    database.close()
    with pytest.raises(JournalError, match="is not a journal"):
        Journal.open(path, clock=clock)


def test_a_missing_journal_and_a_folder(tmp_path: Path, clock: SimulatedClock) -> None:
    with pytest.raises(UnreadableFileError, match="there is no journal"):
        read_journal(tmp_path / "none.journal")
    with pytest.raises(UnreadableFileError, match="is a folder"):
        Journal.open(tmp_path, clock=clock)
    with pytest.raises(UnreadableFileError, match="does not exist"):
        Journal.open(tmp_path / "none" / "day.journal", clock=clock)


def test_a_file_that_was_only_just_made_is_taken(path: Path, clock: SimulatedClock) -> None:
    path.touch()
    Journal.open(path, clock=clock).close()
    other = path.with_name("wal.journal")
    database = sqlite3.connect(other)
    database.execute("PRAGMA journal_mode=WAL").fetchone()
    database.close()
    Journal.open(other, clock=clock).close()
    assert len(read_journal(path)) == len(read_journal(other)) == 1


def _file(journal: Journal) -> sqlite3.Connection:
    assert isinstance(journal.store, SqliteStore) and journal.store.database is not None
    return journal.store.database


def _copy(source: Path, folder: Path) -> Path:
    folder.mkdir()
    for part in source.parent.glob(source.name + "*"):
        if part.is_file():
            shutil.copy(part, folder / part.name)
    return folder / source.name


def _flips(size: int, count: int) -> Iterator[tuple[int, int]]:
    """Spread flips over a file, without drawing lots."""
    for number in range(count):
        yield (number * 7919 + 13) % size, 1 << (number % 8)


def test_a_flipped_byte_in_the_file_is_found_or_changes_nothing(
    written: Path, tmp_path: Path, clock: SimulatedClock
) -> None:
    before = [tuple(entry) for entry in read_journal(written)]
    content = written.read_bytes()
    found = 0
    for number, (offset, bit) in enumerate(_flips(len(content), 250)):
        copy = _copy(written, tmp_path / f"flip{number}")
        changed = bytearray(content)
        changed[offset] ^= bit
        copy.write_bytes(changed)
        try:
            with Journal.open(copy, clock=clock, durable=False, wait_s=0.0) as journal:
                assert [tuple(entry) for entry in journal.entries()] == before, (offset, bit)
        except JournalError:
            found += 1
        shutil.rmtree(copy.parent)
    assert found > 20


def test_a_changed_row_is_found_by_the_chain(written: Path, clock: SimulatedClock) -> None:
    database = sqlite3.connect(written)
    database.execute("UPDATE entry SET body = replace(body, '\"number\":5', '\"number\":6') WHERE seq = 7")
    database.commit()
    database.close()
    with pytest.raises(JournalError, match="entry 7 is not what was written"):
        Journal.open(written, clock=clock)
    with pytest.raises(JournalError, match="entry 7 is not what was written"):
        read_journal(written)


def test_a_schema_that_became_unreadable_is_damage(written: Path, clock: SimulatedClock) -> None:
    content = written.read_bytes()
    start = content.index(b"CREATE TABLE entry")
    found = 0
    for offset in range(start, start + 180, 7):
        changed = bytearray(content)
        changed[offset] = 0xCC
        written.write_bytes(changed)
        for opening in (lambda: Journal.open(written, clock=clock, wait_s=0.0).close(), lambda: read_journal(written)):
            try:
                opening()
            except JournalError as error:
                found += "damaged" in error.message or "not a journal" in error.message
    assert found > 20


def test_a_flipped_byte_in_the_write_ahead_log_is_no_silent_loss(
    path: Path, tmp_path: Path, clock: SimulatedClock
) -> None:
    journal = Journal.open(path, clock=clock, durable=False)
    for number in range(12):
        journal.add("note", {"number": number})
        journal.flush()
    images = {part: part.read_bytes() for part in path.parent.glob("day.journal*")}
    before = [tuple(entry) for entry in journal.entries()]
    journal.abandon()
    log = next(part for part in images if part.name.endswith("-wal"))
    lost = 0
    for number, (offset, bit) in enumerate(_flips(len(images[log]), 60)):
        folder = tmp_path / f"wal{number}"
        folder.mkdir()
        for part, content in images.items():
            changed = bytearray(content)
            if part == log:
                changed[offset] ^= bit
            # The shared memory belongs to the process that died.
            if not part.name.endswith("-shm"):
                (folder / part.name).write_bytes(changed)
        try:
            with Journal.open(folder / path.name, clock=clock, durable=False, wait_s=0.0) as again:
                assert [tuple(entry) for entry in again.entries()] == before
        except JournalError:
            lost += 1
    assert lost > 30


def test_an_older_copy_put_back_is_noticed(written: Path, clock: SimulatedClock, tmp_path: Path) -> None:
    old = written.read_bytes()
    with Journal.open(written, clock=clock) as journal:
        journal.add("note", {"late": True})
    written.write_bytes(old)
    with pytest.raises(JournalError, match="entry 14 was written once, and the journal now ends with 13"):
        Journal.open(written, clock=clock)


def test_a_full_disk_keeps_what_was_acknowledged_and_sends_nothing(path: Path, clock: SimulatedClock) -> None:
    journal = Journal.open(path, clock=clock, durable=False, max_pages=12)
    acknowledged = 1
    with pytest.raises(JournalError, match="the disk is full") as failure:
        for _ in range(10_000):
            journal.add("note", {"text": "x" * 500})
            journal.flush()
            acknowledged += 1
    assert "nothing was sent" in failure.value.help
    with pytest.raises(JournalError, match="the disk is full"):
        journal.add("note", {})
    journal.abandon()
    assert len(read_journal(path)) == acknowledged


def test_with_a_full_disk_the_executor_sends_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    key = desk.hold()
    desk.start()
    pages = _file(desk.journal).execute("PRAGMA page_count").fetchone()[0]
    _file(desk.journal).execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(JournalError, match="the disk is full"):
        for number in range(200):
            desk.commit(key, stop(168_000.0 + number, rule="x" * 2000), book(1, rule=f"target {number}"))
            desk.pass_time()
    sent = len(desk.broker.requests)
    with pytest.raises(JournalError, match="the disk is full"):
        desk.commit(key, exit_all(10, rule="last"))
    assert len(desk.broker.requests) == sent
    desk.die()
    again = Desk(tmp_path).start()
    tags = {attempt["tag"] for row in again.rows() for attempt in row["attempts"]}
    again.die()
    assert {request.tag for request in desk.broker.requests} <= tags


def test_a_decision_or_a_tag_cannot_stand_there_twice(path: Path, clock: SimulatedClock) -> None:
    with Journal.open(path, clock=clock) as journal:
        journal.add("sending", {"tag": "A"}, subject="1", token="A")
        journal.flush()
        journal.add("sending", {"tag": "A"}, subject="2", token="A")
        with pytest.raises(JournalError, match="already holds"):
            journal.flush()


def test_reading_works_after_a_clean_end_and_from_a_copy_without_its_companions(written: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone" / "day.journal"
    alone.parent.mkdir()
    shutil.copy(written, alone)
    assert len(read_journal(alone)) == len(read_journal(written)) == 13


def test_a_head_that_cannot_be_opened_is_told(written: Path, clock: SimulatedClock) -> None:
    """As on a disk that is mounted for reading only."""
    head = Path(f"{written}-head")
    head.unlink()
    head.mkdir()
    with pytest.raises(JournalError, match="-head` cannot be written"):
        Journal.open(written, clock=clock)
    assert not is_held(written), "the lock is given back"


def test_a_head_that_cannot_grow_stops_nothing(
    path: Path, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entries are durable before it is written: an older head is the weaker witness that it may always be."""

    class FullDisk:
        def seek(self, place: int) -> None:
            raise OSError(28, "no space left on device")

        def close(self) -> None:
            pass

    with Journal.open(path, clock=clock) as journal:
        assert isinstance(journal.store, SqliteStore) and journal.store.head is not None
        journal.store.head.close()
        monkeypatch.setattr(journal.store.head, "_file", FullDisk())
        journal.add("note", {"kept": True})
        journal.flush()
    with Journal.open(path, clock=clock) as journal:
        assert [entry.body.get("kept") for entry in journal.entries()] == [None, True]
