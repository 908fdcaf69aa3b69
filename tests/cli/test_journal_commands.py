"""The commands on a journal: as tables, as JSON, after a kill, and while a run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
from click.testing import CliRunner, Result

from rulekit.cli.main import cli
from rulekit.errors import JournalError, RulekitError, UnreadableFileError, UsageError
from rulekit.execution.journal import read_journal
from rulekit.execution.ledger import ACTED
from rulekit.page.retelling import act_text
from tests.execution.scripted import Desk, add, book, exit_all, stop

HISTORY_KEYS = {
    "id", "rule", "kind", "exchange", "symbol", "product", "side", "quantity", "lane", "decided", "end", "filled",
    "reason", "states", "attempts",
}  # fmt: skip


def call(*arguments: str | Path, typed: str = "") -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments], input=typed, catch_exceptions=True)


def refused(*arguments: str | Path) -> RulekitError:
    error = call(*arguments).exception
    assert isinstance(error, RulekitError), error
    return error


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal that a process left behind: a stop, a filled book, an unknown exit."""
    desk = Desk(tmp_path)
    key = desk.hold()
    desk.start()
    desk.commit(key, stop(168_000.0), book(50))
    desk.pass_time()
    desk.broker.prices[key.instrument] = 168_500.0
    desk.broker.fates = ["lost before"]
    desk.commit(key, exit_all(50))
    desk.die()
    return desk.path


def unknown_id(journal: Path) -> str:
    rows = json.loads(call("pending", "--journal", journal, "--format", "json").stdout)
    return str(rows[0]["id"])


def test_history_as_json_has_exactly_the_promised_shape(journal: Path) -> None:
    rows = json.loads(call("history", "--journal", journal, "--format", "json").stdout)
    assert [row["rule"] for row in rows] == ["Break-even", "First target", "Square off"]
    for row in rows:
        assert set(row) == HISTORY_KEYS
        for state in row["states"]:
            assert set(state) == {"state", "at", "evidence"}
        for attempt in row["attempts"]:
            assert set(attempt) == {"tag", "order_id", "quantity", "sent", "state", "filled"}
    _, filled, unknown = rows
    assert (filled["end"], filled["filled"], filled["decided"]) == ("filled", 50, "2026-11-20T10:00:00+05:30")
    assert [state["state"] for state in filled["states"]] == ["decided", "sending", "accepted", "filled"]
    assert (unknown["end"], unknown["attempts"][0]["state"], unknown["attempts"][0]["order_id"]) == (
        None,
        "unknown",
        None,
    )


def test_an_empty_journal_has_an_empty_history(tmp_path: Path) -> None:
    desk = Desk(tmp_path).start()
    desk.die()
    assert json.loads(call("history", "--journal", desk.path, "--format", "json").stdout) == []
    assert json.loads(call("summary", "--journal", desk.path, "--format", "json").stdout) == []
    assert json.loads(call("pending", "--journal", desk.path, "--format", "json").stdout) == []
    for command in ("history", "summary", "pending", "status"):
        assert call(command, "--journal", desk.path).exit_code == 0


def test_the_tables_hold_the_same(journal: Path) -> None:
    history = call("history", "--journal", journal).stdout
    assert "decided > sending > accepted > filled" in history
    pending = call("pending", "--journal", journal).stdout
    assert unknown_id(journal) in pending and "read timed out" in pending
    status = call("status", "--journal", journal).stdout
    assert "trading state: active" in status
    assert "1,680.00" in status
    summary = call("summary", "--journal", journal).stdout
    assert "First target" in summary


def test_status_as_json(journal: Path) -> None:
    found = json.loads(call("status", "--journal", journal, "--format", "json").stdout)
    (position,) = found["positions"]
    assert (position["symbol"], position["side"], position["quantity"], position["stop"]) == (
        "KOTAKBANK",
        "long",
        50,
        1680.0,
    )
    assert [row["rule"] for row in found["unknown"]] == ["Square off"]
    assert found["waiting"] == []
    assert found["running"] is False
    assert found["orders_today"] == 2


def test_settle_records_a_persons_word(journal: Path) -> None:
    action = unknown_id(journal)
    assert isinstance(refused("settle", action, "--journal", journal), UsageError)
    assert isinstance(refused("settle", action, "--journal", journal, "--filled", "2", "--not-placed"), UsageError)
    assert isinstance(refused("settle", action, "--journal", journal, "--filled", "51"), UsageError)
    assert isinstance(refused("settle", "NOSUCHACTION", "--journal", journal, "--not-placed"), UsageError)
    result = call("settle", action.lower(), "--journal", journal, "--filled", "50")
    assert result.exit_code == 0, result.output
    row = json.loads(call("history", "--journal", journal, "--format", "json").stdout)[-1]
    assert (row["end"], row["filled"]) == ("settled", 50)
    assert isinstance(refused("settle", action, "--journal", journal, "--filled", "50"), UsageError)


def test_settle_not_placed(journal: Path) -> None:
    action = unknown_id(journal)
    assert call("settle", action, "--journal", journal, "--not-placed").exit_code == 0
    row = json.loads(call("history", "--journal", journal, "--format", "json").stdout)[-1]
    assert (row["end"], row["filled"], row["attempts"][0]["state"]) == ("settled", 0, "absent")


def test_halt_and_resume_without_an_engine(journal: Path) -> None:
    assert call("halt", "--journal", journal, "--reason", "news").exit_code == 0
    assert "halted: news" in call("status", "--journal", journal).stdout
    assert isinstance(refused("resume", "--journal", journal, "--confirm", "yes"), UsageError)
    assert "halted: news" in call("status", "--journal", journal).stdout
    assert call("resume", "--journal", journal, typed="RESUME\n").exit_code == 0
    assert "trading state: active" in call("status", "--journal", journal).stdout


def test_the_journal_keeps_who_asked_from_the_shell(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "desk")
    action = unknown_id(journal)
    assert call("halt", "--journal", journal, "--reason", "news").exit_code == 0
    assert call("settle", action, "--journal", journal, "--filled", "50").exit_code == 0
    assert call("alerts", "ack", "all", "--journal", journal, "--by", "owner").exit_code == 0
    assert call("resume", "--journal", journal, "--confirm", "RESUME").exit_code == 0
    acted = [entry for entry in read_journal(journal) if entry.kind == ACTED]
    assert [(entry.body["by"], entry.body["what"], entry.body["through"]) for entry in acted] == [
        ("desk", "halt", "command line"),
        ("desk", "settle", "command line"),
        ("owner", "acknowledge", "command line"),
        ("desk", "resume", "command line"),
    ]
    assert act_text(acted[0]) == "desk halted the engine: news (through the command line)"
    assert acted[1].body["about"] == action and acted[1].body["filled"] == 50
    assert all(entry.at for entry in acted)


def test_where_the_system_knows_no_name_somebody_is_named(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert call("halt", "--journal", journal).exit_code == 0
    assert [entry.body["by"] for entry in read_journal(journal) if entry.kind == ACTED] == ["somebody at this machine"]


def test_a_running_engine_takes_a_halt(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    key = desk.hold()
    desk.start()
    done = Event()

    def run() -> None:
        call("halt", "--journal", desk.path, "--exit-everything")
        done.set()

    thread = Thread(target=run)
    thread.start()
    while not done.is_set():
        desk.pass_time(1)
        done.wait(0.02)
    thread.join()
    desk.come_to_rest(30)
    for _ in range(3):
        desk.pass_time()
    assert desk.executor.mode == "halted"
    assert desk.broker.net(key) == 0
    desk.die()


def test_reading_while_an_engine_runs(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    key = desk.hold()
    desk.start()
    desk.commit(key, book(50))
    found = json.loads(call("status", "--journal", desk.path, "--format", "json").stdout)
    assert found["running"] is True
    rows = json.loads(call("history", "--journal", desk.path, "--format", "json").stdout)
    assert rows[0]["end"] is None
    desk.pass_time()
    rows = json.loads(call("history", "--journal", desk.path, "--format", "json").stdout)
    assert rows[0]["end"] == "filled"
    desk.die()


def test_summary_knows_slippage_speed_and_effect(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    key = desk.hold(price=100_000.0)
    desk.start()
    decided = desk.decided(key, book(50))
    desk.broker.prices[key.instrument] = 109_990.0
    desk.executor.commit([decided])
    desk.pass_time(2)
    desk.broker.prices[key.instrument] = 110_000.0
    desk.commit(key, add(25))
    desk.pass_time(1)
    desk.broker.prices[key.instrument] = 105_000.0
    desk.commit(key, exit_all(75))
    desk.pass_time(1)
    desk.die()
    figures = json.loads(call("summary", "--journal", desk.path, "--format", "json").stdout)
    rules = {row["rule"]: row for row in figures}
    assert rules["First target"]["effect"] == 2495.0  # 50 × (1099.90 − 1050.00)
    assert rules["First target"]["slippage"] == -99.9
    assert rules["First target"]["seconds"] == 2.0
    assert rules["Scale"]["effect"] == 25 * (1050.00 - 1100.00)
    assert rules["Square off"]["effect"] is None


def test_what_is_wrong_is_said_with_the_right_exit_code(tmp_path: Path) -> None:
    missing = refused("history", "--journal", tmp_path / "none.journal")
    assert isinstance(missing, UnreadableFileError) and missing.exit_code == 2
    bad = tmp_path / "bad.journal"
    bad.write_bytes(b"symbol,quantity\n" * 100)
    for command in ("history", "pending", "summary", "status"):
        error = refused(command, "--journal", bad)
        assert isinstance(error, JournalError) and error.exit_code == 1
    for command in (("halt",), ("resume", "--confirm", "RESUME"), ("settle", "X", "--not-placed")):
        assert refused(*command, "--journal", bad).exit_code == 1
        assert refused(*command, "--journal", tmp_path / "none.journal").exit_code == 2
    assert bad.read_bytes() == b"symbol,quantity\n" * 100


def test_from_the_shell(journal: Path, project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rulekit", "history", "--journal", str(journal), "--format", "json"],
        cwd=project,
        capture_output=True,
        check=True,
    )
    assert len(json.loads(done.stdout)) == 3
    done = subprocess.run(
        [sys.executable, "-m", "rulekit", "settle", "X", "--journal", str(journal)],
        cwd=project,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_status_counts_budgets_by_the_settings_of_the_folder(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(journal.parent)
    settings = journal.parent / "rulekit.toml"
    settings.write_text("[execution]\nper_day = 100\nmargin = 0.0\n", encoding="utf-8")
    found = json.loads(call("status", "--journal", journal, "--format", "json").stdout)
    assert found["budgets_left"]["day"] == 98
    settings.write_text("[execution\n", encoding="utf-8")
    shown = call("status", "--journal", journal)
    assert shown.exit_code == 0
    assert "default limits" in shown.stderr
