"""`rulekit run` as a person calls it: good input, every kind of bad input, a second process, a request to stop."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rulekit.cli.run import StopRequest
from rulekit.model.instant import iso
from rulekit.model.prices import to_rupees
from rulekit.runtime import demo_day
from tests.command_line import called
from tests.runtime.oracle import read_history, true_book

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1"}
POLICY = 'applies to NSE equity\nHALF: book 50% at 2% profit after 5 minutes\n"Out": exit at 10:05\n'
COLUMNS = ["symbol", "exchange", "product", "side", "quantity", "entry", "opened", "stop"]


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour of made-up prices in CSV."""
    path = tmp_path_factory.mktemp("prices") / "prices.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["symbol", "ts", "ltp", "volume"])
        for tick in demo_day.ticks():
            if tick.seq >= 6 * 720:
                break
            writer.writerow([tick.symbol, iso(tick.at), to_rupees(tick.price), tick.volume])
    return path


@pytest.fixture
def folder(tmp_path: Path, prices: Path) -> Path:
    """A folder with everything that a run needs."""
    (tmp_path / "my.policy").write_text(POLICY, encoding="utf-8")
    shutil.copy(prices, tmp_path / "prices.csv")
    with (tmp_path / "positions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for entry in demo_day.entries():
            side = "long" if entry.side > 0 else "short"
            row = [entry.instrument.symbol, "NSE", "MIS", side, entry.quantity, to_rupees(entry.entry)]
            writer.writerow([*row, iso(entry.opened), to_rupees(entry.stop)])
    return tmp_path


def arguments(**changes: str | None) -> list[str]:
    options = {
        "policy": "my.policy", "feed": "prices.csv", "positions": "positions.csv", "journal": "day.journal",
    } | changes  # fmt: skip
    given = [word for name, value in options.items() if value is not None for word in (f"--{name}", value)]
    return [sys.executable, "-m", "rulekit", "run", *given]


def run(folder: Path, *more: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    return called(*arguments(**changes)[3:], *more, cwd=folder)


def started(folder: Path, *more: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*arguments(**changes), *more],
        cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, encoding="utf-8", timeout=60,
    )  # fmt: skip


def test_a_day_from_the_shell_and_again(folder: Path) -> None:
    """The rules act, every line of the JSON log is one event, and a finished run that is called again does nothing."""
    done = started(folder, "--fast", "--format", "json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"position_opened", "action_decided", "action_submitted", "action_filled"} <= {e["event"] for e in events}
    before = read_history(folder / "day.journal")
    assert {row["rule"] for row in before} >= {"HALF", "Out"}
    assert all(row["end"] for row in before)
    assert started(folder, "--fast", "--quiet").returncode == 0
    assert read_history(folder / "day.journal") == before


def test_a_dry_run_places_nothing(folder: Path) -> None:
    done = run(folder, "--fast", "--dry-run")
    assert done.returncode == 0, done.stderr
    rows = read_history(folder / "day.journal")
    assert rows
    assert all(row["filled"] == 0 and not any(attempt["order_id"] for attempt in row["attempts"]) for row in rows)


BAD_POLICIES = {
    "empty": (b"", 1, "no rule"),
    "huge": (b"exit at 15:15\n" * 750_000, 2, "more than the 65,536"),
    "deep": (b"exit when " + b"(" * 10_000 + b"profit > 1%" + b")" * 10_000, 1, "too deep"),
    "latin-1": ("# caf\u00e9\nexit at 15:15\n".encode("latin-1"), 2, "UTF-8"),
    "mistyped": (b"boook half at 10% profit\n", 1, "book"),
    "zeros": (b"\0" * 100, 1, "cannot be seen"),
}


@pytest.mark.parametrize("kind", BAD_POLICIES)
def test_a_bad_policy_is_told_and_nothing_is_begun(folder: Path, kind: str) -> None:
    content, code, said = BAD_POLICIES[kind]
    (folder / "my.policy").write_bytes(content)
    done = run(folder, "--fast")
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(folder.glob("day.journal*"))


@pytest.mark.parametrize("name", ["policy", "feed", "positions"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    done = run(folder, "--fast", **{name: "nowhere.txt"})
    assert done.returncode == 2
    assert "nowhere.txt" in done.stderr
    assert not list(folder.glob("day.journal*"))


BAD_CELLS = [
    ("quantity", "ten", "whole number"),
    ("quantity", "-5", "whole number"),
    ("quantity", "", "is empty"),
    ("side", "up", "long or short"),
    ("entry", "cheap", "not a price"),
    ("entry", "NaN", "not a price"),
    ("stop", "-1", "not a price"),
    ("opened", "yesterday", "not a time"),
    ("opened", "2026-11-20T09:15:00", "no time zone"),
]


@pytest.mark.parametrize(("column", "value", "said"), BAD_CELLS)
def test_a_wrong_cell_is_named_with_its_line_and_column(folder: Path, column: str, value: str, said: str) -> None:
    row = dict(zip(COLUMNS, ["INFY", "NSE", "MIS", "long", "1", "1500", "2026-11-20T09:15:00+05:30", ""], strict=True))
    row[column] = value
    (folder / "positions.csv").write_text(",".join(COLUMNS) + "\n" + ",".join(row.values()) + "\n", encoding="utf-8")
    done = run(folder, "--fast")
    assert done.returncode == 1
    assert f"line 2, column `{column}`" in done.stderr
    assert said in done.stderr
    assert not list(folder.glob("day.journal*"))


def test_a_missing_column_is_named(folder: Path) -> None:
    (folder / "positions.csv").write_text("symbol,exchange\nINFY,NSE\n", encoding="utf-8")
    done = run(folder, "--fast")
    assert done.returncode == 1
    assert "`product`" in done.stderr


def test_a_clock_behind_the_prices_is_told_and_nothing_is_begun(folder: Path) -> None:
    done = run(folder, "--clock", "2026-11-23T09:15:00+05:30")
    assert done.returncode == 1
    assert "the prices end at" in done.stderr
    assert not list(folder.glob("day.journal*"))


def test_a_clock_in_the_environment_does_not_stand_in_the_way_of_a_fast_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENVIRONMENT, "RULEKIT_CLOCK", "2026-11-20T09:15:00+05:30*10")
    assert started(folder, "--fast", "--quiet").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a process can catch")
def test_a_request_to_stop_that_comes_before_the_run_is_kept() -> None:
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        request, stopped = StopRequest(), list[bool]()
        os.kill(os.getpid(), signal.SIGTERM)
        request.reach(lambda: stopped.append(True))
        assert stopped == [True]
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@pytest.fixture
def finished(folder: Path) -> Path:
    """The folder after a run."""
    assert run(folder, "--fast", "--quiet").returncode == 0
    return folder


def test_a_flipped_byte_in_the_journal_is_found(finished: Path) -> None:
    journal = finished / "day.journal"
    with sqlite3.connect(journal) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    content = bytearray(journal.read_bytes())
    place = content.find(b'"filled"')
    assert place > 0
    content[place + 2] ^= 1
    journal.write_bytes(content)
    done = run(finished, "--fast")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is damaged" in done.stderr


def test_a_journal_of_another_version_is_refused(finished: Path) -> None:
    with sqlite3.connect(finished / "day.journal") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    done = run(finished, "--fast")
    assert (done.returncode, done.stdout) == (1, "")
    assert "version" in done.stderr
    assert "Traceback" not in done.stderr


def test_something_else_in_place_of_the_journal_is_left_alone(folder: Path) -> None:
    (folder / "day.journal").write_text("my shopping list\n", encoding="utf-8")
    done = run(folder, "--fast")
    assert done.returncode in (1, 2)
    assert (folder / "day.journal").read_text(encoding="utf-8") == "my shopping list\n"
    assert "Traceback" not in done.stderr


@pytest.fixture
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A run at sixty times the speed of life, in the middle of its day."""
    clock = ("--clock", "2026-11-20T09:15:00+05:30*60")
    process = subprocess.Popen(
        [*arguments(), *clock, "--format", "json"],
        cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert json.loads(process.stdout.readline())
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def test_a_second_process_on_the_same_journal_is_refused(folder: Path, running: subprocess.Popen[str]) -> None:
    before = (folder / "day.journal.paper").stat().st_size
    done = started(folder, "--fast")
    assert (done.returncode, done.stdout) == (1, "")
    assert "another process is using this journal" in done.stderr
    assert running.poll() is None
    assert before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a process can catch")
def test_a_request_to_stop_is_followed_at_once(folder: Path, running: subprocess.Popen[str]) -> None:
    """SIGTERM ends the run with code 0 well within ten seconds; the journal can be read then, and gone on with."""
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=10) == 0
    assert time.monotonic() - began < 10
    rows = read_history(folder / "day.journal")
    assert all(row["states"][-1]["state"] != "sending" for row in rows)
    assert run(folder, "--fast", "--quiet").returncode == 0
    rows = read_history(folder / "day.journal")
    assert all(row["end"] for row in rows)
    assert {row["rule"] for row in rows} >= {"HALF", "Out"}


def test_a_row_put_in_before_others_enters_itself_only(folder: Path) -> None:
    """The positions file may be edited between two runs of a day; two equal rows are two entries."""
    rows = (folder / "positions.csv").read_text(encoding="utf-8").splitlines()
    (folder / "positions.csv").write_text("\n".join([*rows, rows[1]]) + "\n", encoding="utf-8")
    assert run(folder, "--fast", "--quiet").returncode == 0
    entered = len([order for order in true_book(folder / "day.journal")[0] if not order.tag])
    assert entered == len(rows)
    early = "NEWCO,NSE,CNC,long,5,100,2026-11-20T09:15:00+05:30,"
    (folder / "positions.csv").write_text("\n".join([rows[0], early, *rows[1:], rows[1]]) + "\n", encoding="utf-8")
    assert run(folder, "--fast", "--quiet").returncode == 0
    assert len([order for order in true_book(folder / "day.journal")[0] if not order.tag]) == entered + 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that makes a process pause")
def test_a_halt_that_was_not_taken_yet_does_not_claim_that_it_was(folder: Path, running: subprocess.Popen[str]) -> None:
    running.send_signal(signal.SIGSTOP)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "rulekit", "halt", "--journal", "day.journal"],
            cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, encoding="utf-8", timeout=60,
        )  # fmt: skip
    finally:
        running.send_signal(signal.SIGCONT)
    assert done.returncode == 0
    assert "at its next look" in done.stdout
    assert "halted" not in done.stdout
