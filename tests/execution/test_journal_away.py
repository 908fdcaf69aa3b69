"""The journal's server is killed and comes back: nothing is lost, and nothing is sent meanwhile."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rulekit.errors import JournalAwayError, JournalError, JournalTakenError
from rulekit.execution.history import history
from rulekit.execution.journal import Journal, read_journal
from rulekit.execution.journal_place import ServerPlace, place_of
from rulekit.model.clock import SimulatedClock
from rulekit.runtime.away import Attendance
from tests.execution.scripted import START, Desk, book, exit_all
from tests.postgres_server import Server


@pytest.fixture
def place(database_server: Server) -> ServerPlace:
    found = place_of(database_server.url, database_server.new_account())
    assert isinstance(found, ServerPlace)
    return found


def desk_at(place: ServerPlace, folder: Path, **more: float) -> Desk:
    return Desk(folder, place=place, account=str(place.account), **more)  # type: ignore[arg-type]


def at_last(what: object, seconds: float = 15.0) -> None:
    """Try something until it no longer finds the server away."""
    end = time.monotonic() + seconds
    while True:
        try:
            what()  # type: ignore[operator]
            return
        except JournalAwayError:
            assert time.monotonic() < end, "it did not come back"
            time.sleep(0.2)


def test_nothing_is_sent_while_the_server_is_away_and_all_of_it_after(
    database_server: Server, place: ServerPlace, tmp_path: Path
) -> None:
    desk = desk_at(place, tmp_path, lease_s=20.0)
    key = desk.hold()
    desk.start()
    attendance = Attendance(desk.journal, desk.executor.flush, desk.clock, desk.events.append)
    attendance._waits_out = False
    database_server.crash()
    try:
        attendance.during(lambda: desk.commit(key, book(40), exit_all(60, rule="last")), None)
        assert attendance.is_away
        assert desk.broker.requests == []
        assert attendance.during(lambda: pytest.fail("it looked although the server is away"), None) is None
        told = [event.data["text"] for event in desk.events if event.name == "alert"]
        assert len(told) == 1 and "does not answer" in told[0] and "nothing is sent until it answers" in told[0]
    finally:
        database_server.start()
    end = time.monotonic() + 15
    while not attendance.answers():
        assert time.monotonic() < end
        time.sleep(0.1)
    assert "answers again" in [event.data.get("text") for event in desk.events if event.name == "alert"][-1]
    assert desk.broker.requests == [], "what was decided before is looked at anew before it is sent"
    desk.come_to_rest()
    assert desk.broker.net(key) == 0
    rows = history(read_journal(place))
    assert [(row["rule"], row["end"], row["filled"]) for row in rows] == [
        ("First target", "filled", 40),
        ("last", "filled", 60),
    ]
    assert len({request.tag for request in desk.broker.requests}) == len(desk.broker.requests) == 2
    desk.die()


def test_a_write_whose_answer_never_came_is_not_done_twice(database_server: Server, place: ServerPlace) -> None:
    journal = Journal.open(place, account=str(place.account), clock=SimulatedClock(START))
    append = journal.store.append

    def lose_the_answer(rows: object) -> None:
        append(rows)  # type: ignore[arg-type]
        raise JournalAwayError("the answer was lost")

    journal.store.append = lose_the_answer  # type: ignore[method-assign]
    journal.add("note", {"n": 1}, token="A")
    with pytest.raises(JournalAwayError):
        journal.flush()
    journal.store.append = append  # type: ignore[method-assign]
    journal.add("note", {"n": 2}, token="B")
    journal.flush()
    journal.close()
    assert [entry.body.get("n") for entry in read_journal(place)] == [None, 1, 2]


def test_the_server_itself_refuses_rows_that_came_late_a_second_time(
    database_server: Server, place: ServerPlace
) -> None:
    """The first writing of them may still be under way when the second begins."""
    journal = Journal.open(place, account=str(place.account), clock=SimulatedClock(START))
    journal.add("note", {"n": 1}, token="A")
    rows = list(journal._rows)
    journal.flush()
    journal.store.append(rows)  # is seen to be done
    journal.add("note", {"n": 2})
    journal.flush()
    with pytest.raises(JournalError, match="damaged"):
        journal.store.append([*rows[:-1], (*rows[-1][:6], b"x" * 32)])
    journal.close()
    assert [entry.body.get("n") for entry in read_journal(place)] == [None, 1, 2]


def test_taken_while_away_means_the_end(database_server: Server, place: ServerPlace, tmp_path: Path) -> None:
    old, new = desk_at(place, tmp_path, lease_s=1.0), desk_at(place, tmp_path, lease_s=20.0)
    key = old.hold()
    old.start()
    attendance = Attendance(old.journal, old.executor.flush, old.clock, old.events.append)
    attendance._waits_out = False
    # Cut off from the server alone: others reach it.
    old.journal.store._link.place = place_of("postgresql://nobody@127.0.0.1:9/none")  # type: ignore[attr-defined]
    old.journal.store._link.close()  # type: ignore[attr-defined]
    attendance.during(lambda: old.commit(key, exit_all(rule="late")), None)
    assert attendance.is_away
    time.sleep(1.1)
    new.broker = old.broker
    new.start()
    old.journal.store._link.place = place  # type: ignore[attr-defined]
    old.journal.store._link._failure = None  # type: ignore[attr-defined]
    time.sleep(0.5)
    with pytest.raises(JournalTakenError, match="was taken over"):
        attendance.answers()
    assert old.broker.requests == []
    old.die()
    new.die()


def test_a_lease_that_ran_out_unnoticed_is_asked_for_before_a_request(
    database_server: Server, place: ServerPlace
) -> None:
    """As after a stop of the process between the writing and the sending."""
    journal = Journal.open(place, account=str(place.account), clock=SimulatedClock(START), lease_s=20.0)
    now = time.monotonic()
    journal.store.lease._clock = lambda: now + 100.0  # type: ignore[attr-defined]
    assert journal.store.lease.left < 0  # type: ignore[attr-defined]
    assert journal.why_not_send() == "", "nobody has taken it"
    journal.store.lease._clock = lambda: now + 200.0  # type: ignore[attr-defined]
    database_server.run(f"UPDATE rulekit.account SET fence = fence + 1 WHERE account = '{place.account}'")
    assert "was taken over" in journal.why_not_send()
    with pytest.raises(JournalTakenError, match="was taken over"):
        journal.store.keep()
    journal.abandon()
