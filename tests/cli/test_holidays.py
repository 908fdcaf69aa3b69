"""The turn of the year at the command line: what 2027 is answered with, and what a list of its days changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rulekit.model.calendar import put_in_force
from tests.command_line import called

CLOSED = ["01-26", "03-05", "03-22", "03-26", "04-14", "05-18", "07-01", "09-07", "10-29"]
POSITIONS = "symbol,exchange,product,side,quantity,entry,opened,stop\nINFY,NSE,CNC,long,10,1000,{opened},990\n"


@pytest.fixture(autouse=True)
def _shipped_again() -> Iterator[None]:
    yield
    put_in_force(None)


def with_list(folder: Path) -> None:
    days = ", ".join(f"2027-{day}" for day in CLOSED)
    (folder / "holidays-2027.toml").write_text(
        f'year = 2027\nsource = "a circular"\n[equity]\nclosed = [{days}]\n', encoding="utf-8"
    )
    (folder / "rulekit.toml").write_text('[calendar]\nfiles = ["holidays-2027.toml"]\n', encoding="utf-8")


def a_day(folder: Path, day: str) -> list[str]:
    """Write a policy and minutes of a day on which the price falls through the stop; return how to run it."""
    (folder / "my.policy").write_text("book 50% at 5% profit\n", encoding="utf-8")
    rows = ["bar_start,symbol,exchange,open,high,low,close,volume"]
    for minute in range(15, 25):
        price = 1000 if minute < 20 else 985
        rows.append(f"{day}T09:{minute}:00+05:30,INFY,NSE,{price},{price},{price},{price},100")
    (folder / "bars.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "positions.csv").write_text(POSITIONS.format(opened=f"{day}T09:15:00+05:30"), encoding="utf-8")
    return [
        "run",
        "--policy",
        "my.policy",
        "--feed",
        "bars.csv",
        "--positions",
        "positions.csv",
        "--journal",
        "day.journal",
    ]


def test_a_day_beyond_the_calendar_is_refused_and_says_how_to_go_on(tmp_path: Path) -> None:
    outcome = called(*a_day(tmp_path, "2027-01-04"), "--fast", cwd=tmp_path)
    assert outcome.returncode == 1
    assert "knows NSE from 2019-01-01 to 2026-12-31, and not `2027-01-04`" in outcome.stderr
    assert "`rulekit new holidays YEAR`" in outcome.stderr
    assert "submitted" not in outcome.stdout


def test_with_a_list_the_same_day_is_managed(tmp_path: Path) -> None:
    with_list(tmp_path)
    outcome = called(*a_day(tmp_path, "2027-01-04"), "--fast", cwd=tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert "INFY - Stop reached" in outcome.stdout
    assert "Closed position" in outcome.stdout


def test_on_a_holiday_of_the_list_nothing_is_sent(tmp_path: Path) -> None:
    with_list(tmp_path)
    outcome = called(*a_day(tmp_path, "2027-03-05"), "--fast", cwd=tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert "Closed position" not in outcome.stdout


def test_a_month_before_the_end_a_run_warns(tmp_path: Path) -> None:
    text = called(*a_day(tmp_path, "2026-12-07"), "--fast", cwd=tmp_path).stdout
    assert "ends on 2026-12-31, in 24 days" in text
    (tmp_path / "day.journal").unlink()
    (tmp_path / "day.journal.paper").unlink()
    with_list(tmp_path)
    assert "ends on" not in called(*a_day(tmp_path, "2026-12-07"), "--fast", cwd=tmp_path).stdout


def test_replay_refuses_what_neither_calendar_nor_list_knows(tmp_path: Path) -> None:
    asked = ["replay", "my.policy", "--bars", "bars.csv", "--enter", "every 50 bars"]
    for day, known_until in (("2027-01-04", "2026-12-31"), ("2028-01-03", "2027-12-31")):
        a_day(tmp_path, day)
        outcome = called(*asked, cwd=tmp_path)
        assert outcome.returncode == 1
        assert f"to {known_until}, and not `{day}`" in outcome.stderr
        assert "rulekit new holidays" in outcome.stderr
        with_list(tmp_path)


def test_decide_counts_days_and_minutes_by_the_list(tmp_path: Path) -> None:
    (tmp_path / "my.policy").write_text("exit after 2 days\nexit 15 minutes before close\n", encoding="utf-8")
    position = {"symbol": "INFY", "exchange": "NSE", "product": "CNC", "side": "long", "quantity": 10, "entry": 1000}
    position |= {"price": 1010, "opened": "2026-12-31T10:00:00+05:30"}
    (tmp_path / "positions.json").write_text(
        json.dumps({"now": "2027-01-04T10:00:00+05:30", "positions": [position]}), encoding="utf-8"
    )
    asked = ["decide", "my.policy", "--positions", "positions.json"]
    [unknown] = json.loads(called(*asked, cwd=tmp_path).stdout)["positions"]
    assert not unknown["actions"]
    assert all("cannot be judged" in row["why"] for row in unknown["not_yet"])
    with_list(tmp_path)
    [known] = json.loads(called(*asked, cwd=tmp_path).stdout)["positions"]
    assert [action["rule"] for action in known["actions"]] == ["exit after 2 days"]  # 1 and 4 January


def test_lint_needs_no_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my.policy").write_text("exit at 2% loss\nexit 15 minutes before close\n", encoding="utf-8")
    monkeypatch.setattr("rulekit.model.clock.WallClock.now", lambda self: 1_830_000_000_000_000)  # 2027-12-28
    assert called("lint", "my.policy", cwd=tmp_path).returncode == 0


def test_doctor_tells_how_far_each_exchange_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def calendar_line(clock: str) -> dict[str, str]:
        settings = tmp_path / "rulekit.toml"
        text = settings.read_text(encoding="utf-8") if settings.exists() else ""
        settings.write_text(f'[engine]\nclock = "{clock}"\n{text}', encoding="utf-8")
        found = json.loads(called("doctor", "--format", "json", cwd=tmp_path).stdout)
        settings.write_text(text, encoding="utf-8")
        [row] = [row for row in found if row["what"] == "calendar"]
        return row

    assert calendar_line("2026-11-23T09:00:00+05:30")["found"].startswith("known until 2026-12-31 (NSE, BSE")
    warned = calendar_line("2026-12-15T09:00:00+05:30")
    assert warned["state"] == "warn"
    assert "in 16 days" in warned["found"]
    assert "rulekit new holidays" in warned["remedy"]
    with_list(tmp_path)
    row = calendar_line("2026-12-15T09:00:00+05:30")
    assert row["state"] == "ok"
    assert "2026-12-31 (CDS, MCX), 2027-12-31 (NSE, BSE, NFO, BFO)" in row["found"]


def test_the_file_that_new_holidays_writes_waits_to_be_filled_in(tmp_path: Path) -> None:
    outcome = called("new", "holidays", "2027", cwd=tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    path = tmp_path / "holidays-2027.toml"
    text = path.read_text(encoding="utf-8")
    assert "2027-01-26, # Republic Day" in text
    assert called("new", "holidays", "2027", cwd=tmp_path).returncode == 2
    assert path.read_text(encoding="utf-8") == text
    (tmp_path / "rulekit.toml").write_text('[calendar]\nfiles = ["holidays-2027.toml"]\n', encoding="utf-8")
    refused = called("doctor", cwd=tmp_path)
    assert refused.returncode == 1
    assert "nobody has said that the list is whole" in refused.stderr
    filled = text.replace('source = ""', 'source = "a circular"').replace(
        "# Republic Day\n", "# Republic Day\n" + "".join(f"    2027-{day},\n" for day in CLOSED[1:])
    )
    path.write_text(filled, encoding="utf-8")
    assert "2027-12-31 (NSE, BSE, NFO, BFO)" in called("doctor", cwd=tmp_path).stdout
