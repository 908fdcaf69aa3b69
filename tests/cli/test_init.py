"""`rulekit init`: what it writes works, and nothing is overwritten."""

from __future__ import annotations

import json
import re
from pathlib import Path

from click.testing import CliRunner

from rulekit.cli.init import STARTERS, command
from rulekit.runtime.entries import read_entries
from rulekit.settings import Settings, load_settings
from tests.command_line import called


def init(folder: Path) -> str:
    outcome = CliRunner().invoke(command, [str(folder)])
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def test_it_writes_three_files_and_says_what_they_are(tmp_path: Path) -> None:
    text = init(tmp_path / "new" / "trading")
    assert text.count("wrote") == 3
    assert {path.name for path in (tmp_path / "new" / "trading").iterdir()} == set(STARTERS)
    assert f"rulekit lint {tmp_path / 'new' / 'trading' / 'my.policy'}" in text


def test_it_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "my.policy").write_text("book 50% at 15% profit after 30 minutes\n", encoding="utf-8")
    text = init(tmp_path)
    assert text.count("wrote") == 2
    assert f"kept  {tmp_path / 'my.policy'}" in text
    assert (tmp_path / "my.policy").read_text(encoding="utf-8") == "book 50% at 15% profit after 30 minutes\n"
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    init(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "trading").write_text("", encoding="utf-8")
    outcome = called("init", str(tmp_path / "trading"), cwd=tmp_path)
    assert outcome.returncode == 2
    assert "is a file, not a folder" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_the_policy_lints_clean(tmp_path: Path) -> None:
    init(tmp_path)
    outcome = called("lint", "--strict", "--format", "json", "my.policy", cwd=tmp_path)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert {found["severity"] for found in json.loads(outcome.stdout)} <= {"info"}


def test_the_settings_load(tmp_path: Path) -> None:
    init(tmp_path)
    settings = load_settings(tmp_path / "rulekit.toml", {})
    assert settings.policies.files == (tmp_path / "my.policy",)


def test_the_commented_values_are_the_defaults(tmp_path: Path) -> None:
    init(tmp_path)
    path = tmp_path / "rulekit.toml"
    text = path.read_text(encoding="utf-8").split("# [instruments.")[0]
    text = re.sub(r"(?m)^# (?=\w+ = )", "", text)
    assert "\ncycle_s = 10\n" in text
    path.write_text(text.replace('files = ["my.policy"]', "").replace("day_loss_limit", "# "), encoding="utf-8")
    assert load_settings(path, {}) == Settings()


def test_the_commented_tables_are_right_too(tmp_path: Path) -> None:
    init(tmp_path)
    path = tmp_path / "rulekit.toml"
    text = re.sub(r"(?m)^# (?=\[|\S+ = )", "", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    settings = load_settings(path, {})
    assert settings.execution.day_loss_limit == 25000
    assert settings.instruments.symbols["NIFTY26DECFUT"].lot == 65
    assert settings.calendar.sessions


def test_the_positions_file_is_read(tmp_path: Path) -> None:
    init(tmp_path)
    entries = read_entries(tmp_path / "positions.csv")
    assert [entry.instrument.symbol for entry in entries] == ["KOTAKBANK", "INFY"]
