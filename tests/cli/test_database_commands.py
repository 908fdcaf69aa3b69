"""The commands on journals in a database: all accounts or one, requests, clear errors, and never a password."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rulekit.cli.main import cli
from rulekit.errors import JournalAwayError, JournalError, RulekitError, UnreadableFileError, UsageError
from rulekit.execution.journal import Journal, read_journal
from rulekit.execution.journal_place import ServerPlace, place_of
from rulekit.execution.journal_postgres_link import Link
from rulekit.execution.journal_postgres_schema import LOCK, STEPS, prepare
from rulekit.model.clock import SimulatedClock
from tests.execution.scripted import START, Desk, book, exit_all, stop
from tests.postgres_server import PASSWORD, Server

SECRETS = (PASSWORD, PASSWORD.replace("%2F", "/"))
_RESULTS: list[str] = []


def call(*arguments: str | Path, typed: str = "", **environment: str) -> Result:
    done = CliRunner().invoke(cli, [str(one) for one in arguments], input=typed, catch_exceptions=True, env=environment)
    _RESULTS.append(f"{done.output}{done.stderr}{done.exception!s}{done.exception!r}")
    return done


def refused(*arguments: str | Path) -> RulekitError:
    error = call(*arguments).exception
    assert isinstance(error, RulekitError), error
    return error


@pytest.fixture(autouse=True)
def no_password_is_ever_shown() -> Iterator[None]:
    _RESULTS.clear()
    yield
    assert not any(secret in text for text in _RESULTS for secret in SECRETS)


@pytest.fixture(scope="module")
def database(database_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with two accounts: one with a filled book, one whose last order is unknown."""
    url = database_server.new_database()
    for account, fate in (("AB1234", None), ("ZX9876", "lost before")):
        place = place_of(url, account)
        assert isinstance(place, ServerPlace)
        desk = Desk(tmp_path_factory.mktemp(account), place=place, account=account)
        key = desk.hold()
        desk.start()
        desk.commit(key, stop(168_000.0), book(50))
        desk.pass_time()
        if fate:
            desk.broker.fates = [fate]
            desk.commit(key, exit_all(50))
        desk.journal.close()
    return url


def test_status_and_history_show_all_accounts_or_one(database: str) -> None:
    found = json.loads(call("status", "--journal", database, "--format", "json").stdout)
    assert [(one["account"], len(one["positions"]), one["running"]) for one in found] == [
        ("AB1234", 1, False),
        ("ZX9876", 1, False),
    ]
    one = json.loads(call("status", "--journal", database, "--account", "ZX9876", "--format", "json").stdout)
    assert one["account"] == "ZX9876" and len(one["unknown"]) == 1
    rows = json.loads(call("history", "--journal", database, "--format", "json").stdout)
    assert [(row["account"], row["rule"]) for row in rows] == [
        ("AB1234", "Break-even"),
        ("AB1234", "First target"),
        ("ZX9876", "Break-even"),
        ("ZX9876", "First target"),
        ("ZX9876", "Square off"),
    ]
    own = json.loads(call("history", "--journal", database, "--account", "AB1234", "--format", "json").stdout)
    assert [{"account": "AB1234", **row} for row in own] == rows[:2]
    table = call("history", "--journal", database).stdout
    assert table.splitlines()[0].startswith("account") and "ZX9876" in table
    assert "AB1234, as of" in (text := call("status", "--journal", database).stdout) and "ZX9876, as of" in text
    assert "Square off" in call("pending", "--journal", database).stdout


def test_the_environment_and_the_settings_say_where(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "which journal?" in refused("status").message
    assert "AB1234" in call("status", RULEKIT_JOURNAL=database).stdout
    (tmp_path / "rulekit.toml").write_text(f'[journal]\nplace = "{database}"\n', encoding="utf-8")
    assert "First target" in call("summary", "--account", "AB1234").stdout
    assert call("status", "--journal", "none.journal").exit_code != 0, "what is given goes first"


def test_a_command_about_one_account_asks_which(database: str) -> None:
    for words in (["summary"], ["halt"], ["resume"], ["settle", "X", "--not-placed"]):
        error = refused(*words, "--journal", database)
        assert isinstance(error, UsageError) and "which account?" in error.message and "AB1234, ZX9876" in error.message
    assert "there are journals of AB1234, ZX9876" in refused("halt", "--journal", database, "--account", "QQ").help


def test_halt_settle_and_resume_without_an_engine(database: str) -> None:
    named = ("--journal", database, "--account", "ZX9876")
    assert "halted" in call("halt", *named, "--reason", "news").stdout
    rows = json.loads(call("pending", *named, "--format", "json").stdout)
    assert "settled" in call("settle", rows[0]["id"], *named, "--not-placed").stdout
    assert "halted, news" in (text := call("resume", *named, typed="RESUME\n").stdout) and "active" in text
    state = json.loads(call("status", *named, "--format", "json").stdout)
    assert (state["mode"], state["unknown"], state["running"]) == ("active", [], False)


def test_a_running_engine_takes_a_halt(database_server: Server, tmp_path: Path) -> None:
    url = database_server.new_database()
    place = place_of(url, "RUN1")
    assert isinstance(place, ServerPlace)
    desk = Desk(tmp_path, place=place, account="RUN1", lease_s=1.0)
    desk.hold()
    desk.start()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(call, "halt", "--journal", url, "--reason", "stop it")
        end = time.monotonic() + 10
        while not asked.done() and time.monotonic() < end:
            desk.clock.sleep(1.0)
            desk.executor.drain()
            time.sleep(0.02)
        assert "the running engine has taken it" in asked.result().stdout
    assert desk.executor.mode == "halted"
    assert json.loads(call("status", "--journal", url, "--account", "RUN1", "--format", "json").stdout)["running"]
    desk.die()


# --- what a person does wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["postgresql://me:pa@ss/word@host/db", "postgresql:/me:s3cret@host/db", "postgres://u:p w@host/db"]
)
def test_an_address_that_cannot_be_read_is_not_repeated(text: str) -> None:
    error = refused("status", "--journal", text)
    assert isinstance(error, UsageError) and "cannot be read" in error.message
    assert not {"ss/word", "s3cret", "p w"} & set(str(error).split("@"))
    assert "word" not in error.message and "s3cret" not in str(error) and "p w" not in str(error)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:secret@h:5432/db", "postgresql://me@h:5432/db"),
        ("postgres://h/db?user=me&password=secret&sslmode=require", "postgresql://h/db?user=me"),
        ("postgresql://me:%73ecret@a:1,b:2/db", "postgresql://me@a:1,b:2/db"),
    ],
)
def test_the_name_of_a_place_holds_no_secret(text: str, shown: str) -> None:
    place = place_of(text, "A")
    assert isinstance(place, ServerPlace)
    assert (str(place), place.name) == (shown, shown)
    assert "ecret" not in repr(place)
    assert "ecret" not in place.hide(f"could not connect with secret to {text}")


def with_user(url: str, user: str) -> str:
    return url.replace("postgres:", f"{user}:", 1)


def test_what_the_server_refuses_is_said_in_words(database: str, database_server: Server) -> None:
    missing = refused("status", "--journal", database_server.url_of("nowhere"))
    assert "there is no database" in missing.message
    stranger = refused("status", "--journal", database_server.url_of("postgres", user="nobody"))
    assert "does not know this user" in stranger.message
    empty = refused("status", "--journal", database_server.new_database())
    assert isinstance(empty, UnreadableFileError) and "there are no journals in" in empty.message
    away = refused("status", "--journal", f"postgresql://me:{PASSWORD}@127.0.0.1:9/db")
    assert isinstance(away, JournalAwayError) and "does not answer" in away.message


def test_a_user_without_rights_is_told(database: str, database_server: Server) -> None:
    database_server.run("CREATE ROLE guest LOGIN")
    place = place_of(with_user(database, "guest"), "AB1234")
    with pytest.raises(JournalError, match="this user may not do that") as caught:
        Journal.open(place, account="AB1234", clock=SimulatedClock(START), wait_s=0.0)
    assert "GRANT" in caught.value.help


def test_tables_of_another_version_and_of_somebody_else(database_server: Server) -> None:
    url = database_server.new_database()
    Journal.open(place_of(url, "A"), account="A", clock=SimulatedClock(START)).close()
    database_server.run("UPDATE rulekit.version SET version = 7", url)
    for opening in (
        lambda: Journal.open(place_of(url, "A"), account="A", clock=SimulatedClock(START)),
        lambda: read_journal(place_of(url, "A")),
    ):
        with pytest.raises(JournalError, match=rf"of another version \(7; this program knows {len(STEPS)}\)"):
            opening()
    other = database_server.new_database()
    database_server.run("CREATE SCHEMA rulekit; CREATE TABLE rulekit.account (name text)", other)
    with pytest.raises(JournalError, match="holds something else"):
        Journal.open(place_of(other, "A"), account="A", clock=SimulatedClock(START))


def test_several_processes_make_and_migrate_the_tables_at_once(database_server: Server) -> None:
    url = database_server.new_database()

    def open_one(number: int) -> Any:
        with Journal.open(place_of(url, f"A{number}"), account=f"A{number}", clock=SimulatedClock(START)) as journal:
            return journal.last_seq

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(open_one, range(6))) == [1] * 6
    later = (*STEPS, ("ALTER TABLE rulekit.account ADD COLUMN note text",))
    place = place_of(url)
    assert isinstance(place, ServerPlace)

    def migrate(number: int) -> None:
        link = Link(place)
        prepare(link, create=True, steps=later)
        link.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, range(4)))
    assert database_server.run("SELECT version FROM rulekit.version", url) == [(len(STEPS) + 1,)]
    with pytest.raises(JournalError, match="of another version"):
        read_journal(place_of(url, "A1"))


def test_who_waited_while_another_made_the_tables_sees_them(database_server: Server) -> None:
    place = place_of(database_server.new_database())
    assert isinstance(place, ServerPlace)
    first, waiting = Link(place), Link(place)
    with ThreadPoolExecutor(1) as pool:
        with first.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            late = pool.submit(prepare, waiting, create=True)
            while not connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                assert not late.done()
            for statement in ("CREATE SCHEMA rulekit", *STEPS[0]):
                connection.execute(statement)
            connection.execute("INSERT INTO rulekit.version (version) VALUES (%s)", (len(STEPS),))
        late.result()
    first.close()
    waiting.close()


def test_a_server_that_forgets_is_refused(database_server: Server) -> None:
    url = database_server.new_database()
    name = database_server.run("SELECT current_database()", url)[0][0]
    database_server.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(JournalError, match="`synchronous_commit` is off"):
        Journal.open(place_of(url, "A"), account="A", clock=SimulatedClock(START))
    database_server.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(JournalError, match="only read"):
        Journal.open(place_of(url, "A"), account="A", clock=SimulatedClock(START))
