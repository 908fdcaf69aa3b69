"""One suite over both stores of a journal: what is promised holds in a file and in a database alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from rulekit.errors import JournalError, JournalTakenError, UnreadableFileError
from rulekit.execution import sealing
from rulekit.execution.journal import Journal, is_held, read_journal
from rulekit.execution.journal_place import Place, ServerPlace, place_of
from rulekit.execution.journal_seals import Seal
from rulekit.execution.journal_store import TakesSeals
from rulekit.model.clock import SimulatedClock
from tests.execution.scripted import START, Desk, book, exit_all, stop
from tests.postgres_server import Server


@define
class Kept:
    """A place for a journal, and what a test may do to it behind the journal's back."""

    place: Place
    account: str
    run: Callable[[str], list[Any]]
    """Runs a statement on the table, which it calls `entry`."""
    forget_the_holder: Callable[[], None]

    def open(self, **more: Any) -> Journal:
        return Journal.open(
            self.place, **{"account": self.account, "clock": SimulatedClock(START), "wait_s": 0.0} | more
        )

    def bodies(self) -> list[Any]:
        return [entry.body.get("n") for entry in read_journal(self.place)]


def in_a_file(folder: Path) -> Kept:
    import sqlite3

    path = folder / "day.journal"

    def run(statement: str) -> list[Any]:
        database = sqlite3.connect(path, isolation_level=None)
        try:
            return database.execute(statement).fetchall()
        finally:
            database.close()

    def forget() -> None:
        for lock in folder.glob("*-lock*"):
            lock.unlink()

    return Kept(path, "paper", run, forget)


def in_a_database(server: Server) -> Kept:
    account = server.new_account()

    def run(statement: str) -> list[Any]:
        head, _, condition = statement.replace(" entry", " rulekit.entry").partition(" WHERE ")
        return server.run(f"{head} WHERE account = '{account}'" + (f" AND {condition}" if condition else ""))

    def forget() -> None:
        server.run(f"UPDATE rulekit.account SET until = NULL WHERE account = '{account}'")

    return Kept(place_of(server.url, account), account, run, forget)


@pytest.fixture(params=["file", "database"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    if request.param == "file":
        yield in_a_file(tmp_path)
    else:
        yield in_a_database(request.getfixturevalue("database_server"))


def test_a_new_journal_has_an_opening_entry_and_an_identity(kept: Kept) -> None:
    with kept.open() as journal:
        assert journal.last_seq == 1 and len(journal.id) == 4
        first = journal.id
    with kept.open() as journal:
        assert journal.id == first, "a restart goes on under the same identity"
    assert [entry.kind for entry in read_journal(kept.place)] == ["opened"]


def test_entries_come_back_as_they_were_written(kept: Kept) -> None:
    body = {"n": 1, "text": '₹ and emoji 🎯, "quotes", \\ and \x01', "none": None, "float": 0.1, "big": 2**53}
    with kept.open() as journal:
        added = [journal.add("note", body, subject="S", token="T")]
        journal.flush()
        added.append(journal.add("note", {"n": 2, "unknown": float("nan")}))
        journal.flush()
        assert [tuple(entry)[:5] for entry in journal.entries(1)] == [tuple(entry)[:5] for entry in added]
    found = read_journal(kept.place)[1:]
    assert found[0].body == body
    assert found[0] == added[0] and str(found[1]) == str(added[1])


def test_both_stores_chain_the_same_digests(tmp_path: Path, database_server: Server) -> None:
    chains = []
    for kept in (in_a_file(tmp_path), in_a_database(database_server)):
        with kept.open(identity="SAME") as journal:
            for number in range(5):
                journal.add("note", {"n": number}, subject="S", token=f"T{number}")
            journal.flush()
            rows = list(journal.store.rows())
        chains.append([(row[0], row[1], row[2], row[3], row[4]) for row in rows[1:]])
        assert all(len(row[6]) == 32 for row in rows)
    assert chains[0] == chains[1]


def test_what_is_not_flushed_is_lost_and_nothing_else(kept: Kept) -> None:
    journal = kept.open()
    journal.add("note", {"n": 1})
    journal.flush()
    journal.add("note", {"n": 2})
    journal.abandon()
    assert kept.bodies() == [None, 1]


def test_a_flush_is_all_or_nothing_and_the_last_one(kept: Kept) -> None:
    """As with a log that was torn in the middle of a write."""
    journal = kept.open()
    journal.add("sending", {"n": 1}, token="A")
    journal.flush()
    journal.add("note", {"n": 2})
    journal.add("sending", {"n": 3}, token="A")
    with pytest.raises(JournalError, match="already holds this action or this tag"):
        journal.flush()
    with pytest.raises(JournalError, match="already holds"):
        journal.add("note", {"n": 4})
    journal.abandon()
    assert kept.bodies() == [None, 1], "nothing of the write that failed"
    kept.forget_the_holder()
    with kept.open() as again:
        again.add("note", {"n": 5})
    assert kept.bodies() == [None, 1, 5]


def test_a_second_writer_is_refused_and_readers_are_not(kept: Kept) -> None:
    with kept.open() as journal:
        for number in range(3):
            journal.add("note", {"n": number})
            journal.flush()
            assert kept.bodies() == [None, *range(number + 1)], "read while it is written"
        with pytest.raises(JournalError, match="another process"):
            kept.open()
        assert is_held(kept.place)
    assert not is_held(kept.place)
    kept.open().close()


def test_who_waits_for_its_turn_gets_it(kept: Kept) -> None:
    holder = kept.open()
    asked = 0

    def waits() -> bool:
        nonlocal asked
        asked += 1
        if asked == 2:
            holder.close()
        return asked < 20

    with kept.open(waits=waits) as second:
        assert second.last_seq == 1
    assert asked >= 2


def test_an_old_holder_can_never_write_again(kept: Kept) -> None:
    """Whatever became of its lock: the number under which it writes is not the journal's any more."""
    old = kept.open()
    old.add("note", {"n": 1})
    old.flush()
    kept.forget_the_holder()
    with kept.open() as new:
        new.add("note", {"n": 2})
        new.flush()
        old.add("note", {"n": 3})
        with pytest.raises(JournalError, match=r"was taken over|another process has written"):
            old.flush()
        with pytest.raises(JournalError):
            old.add("note", {"n": 4})
        assert old.why_not_send()
        assert not new.why_not_send()
    old.abandon()
    assert kept.bodies() == [None, 1, 2]


def test_a_changed_row_is_found_by_the_chain(kept: Kept) -> None:
    with kept.open() as journal:
        for number in range(8):
            journal.add("note", {"n": number})
    kept.run("UPDATE entry SET body = replace(body, '5', '6') WHERE seq = 7")
    for opening in (kept.open, lambda: read_journal(kept.place)):
        with pytest.raises(JournalError, match="entry 7 is not what was written"):
            opening()


@pytest.mark.parametrize("condition", ["seq = 4", "seq >= 8", "seq >= 1"])
def test_lost_rows_are_found(kept: Kept, condition: str) -> None:
    """In the middle by the chain; at the end, and the whole of them, by the second witness."""
    with kept.open() as journal:
        for number in range(8):
            journal.add("note", {"n": number})
    kept.run(f"DELETE FROM entry WHERE {condition}")
    with pytest.raises(JournalError, match="damaged"):
        kept.open()


def test_what_is_not_there_is_said(kept: Kept) -> None:
    with pytest.raises(UnreadableFileError, match=r"there (is no journal|are no journals)"):
        kept.open(create=False)
    with pytest.raises(UnreadableFileError, match=r"there (is no journal|are no journals)"):
        read_journal(kept.place)


def test_a_restarted_executor_knows_what_the_dead_one_knew(kept: Kept, tmp_path: Path) -> None:
    desk = Desk(tmp_path, place=kept.place if isinstance(kept.place, ServerPlace) else None, account=kept.account)
    key = desk.hold()
    desk.start()
    desk.commit(key, stop(168_000.0), book(40, rule="first target"))
    desk.pass_time(5)
    before = repr((desk.position(key), desk.rows(), desk.executor.budgets_left))
    desk.die()
    kept.forget_the_holder()
    desk.start()
    assert repr((desk.position(key), desk.rows(), desk.executor.budgets_left)) == before
    desk.commit(key, exit_all(60, rule="last"))
    desk.come_to_rest()
    assert desk.broker.net(key) == 0
    desk.die()


def test_a_start_from_a_sealed_state_knows_the_same(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "AT_CLOSE", 1)
    desk = Desk(tmp_path, place=kept.place if isinstance(kept.place, ServerPlace) else None, account=kept.account)
    key = desk.hold()
    desk.start()
    for number in range(6):
        desk.commit(key, stop(168_000.0 + number * 100), book(5, rule=f"target {number}"))
        desk.pass_time(5)
    before = repr((desk.position(key), desk.executor.budgets_left))
    desk.journal.close()
    assert isinstance(desk.journal.store, TakesSeals)
    desk.start()
    assert desk.journal.seal is not None and desk.journal.seal.seq == desk.journal.last_seq
    assert repr((desk.position(key), desk.executor.budgets_left)) == before
    assert len(desk.rows()) == 12
    desk.die()


def test_an_old_holder_seals_nothing(database_server: Server) -> None:
    kept = in_a_database(database_server)
    old = kept.open()
    store = old.store
    assert isinstance(store, TakesSeals)
    seal = Seal.of(1, START, b"d" * 32, "shape", "{}")
    store.write_seal(seal, [])
    store.write_seal(seal, [7])
    assert store.read_seal(1) == seal and list(store.seals()) == [(1, START)]
    kept.forget_the_holder()
    with kept.open(), pytest.raises(JournalTakenError):
        store.write_seal(Seal.of(2, START, b"d" * 32, "shape", "{}"), [1])
    assert list(store.seals()) == [(1, START)]
    old.abandon()


def test_a_taken_over_process_sends_nothing(database_server: Server, tmp_path: Path) -> None:
    kept = in_a_database(database_server)
    assert isinstance(kept.place, ServerPlace)
    old, new = (Desk(tmp_path, place=kept.place, account=kept.account) for _ in range(2))
    key = old.hold()
    old.start()
    kept.forget_the_holder()
    new.broker = old.broker
    new.start()
    with pytest.raises(JournalTakenError, match=f"the account `{kept.account}` was taken over by .*, process"):
        old.commit(key, exit_all(rule="late"))
    assert old.broker.requests == []
    new.commit(key, exit_all(rule="ours"))
    assert len(new.broker.requests) == 1
    old.die()
    new.die()
