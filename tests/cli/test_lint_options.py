"""`rulekit lint` with its options: formats, fixes, pages, settings, days; files stay whole."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from rulekit.cli.lint import command
from rulekit.errors import UsageError


def lint(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(command, [str(each) for each in arguments], standalone_mode=False)
    if result.exception is not None and not isinstance(result.exception, UsageError):
        raise result.exception
    return result


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def codes(result: Result) -> list[str]:
    return [each["code"] for each in json.loads(result.stdout)]


def test_each_form_comes_out(here: Path) -> None:
    write(here / "a.policy", "exit at 15:45\n")
    assert codes(lint("--format", "json", "a.policy")) == ["T102"]
    assert json.loads(lint("--format", "sarif", "a.policy").stdout)["runs"][0]["results"][0]["ruleId"] == "T102"
    assert lint("--format", "github", "a.policy").stdout.startswith("::warning file=a.policy,line=1,endLine=1,col=6,")
    assert ElementTree.fromstring(lint("--format", "junit", "a.policy").stdout).get("tests") == "1"
    assert "1 warning in 1 policy" in lint("a.policy").stdout


def test_a_file_that_cannot_be_read_is_in_the_report_and_on_the_console(here: Path) -> None:
    result = lint("--format", "junit", "gone.policy")
    assert result.return_value == 2
    assert "`gone.policy` does not exist" in result.stderr
    assert ElementTree.fromstring(result.stdout).get("errors") == "1"


def test_select_ignore_and_severity(here: Path) -> None:
    path = write(here / "a.policy", "exit at 15:45\nA: sell half at 5% profit\n")
    assert codes(lint("--format", "json", path)) == ["T102", "F101"]
    assert codes(lint("--format", "json", "--select", "F101", path)) == ["F101"]
    assert codes(lint("--format", "json", "--select", "default,no-title", path)) == ["F105", "T102", "F101"]
    assert codes(lint("--format", "json", "--ignore", "T", path)) == ["F101"]
    assert codes(lint("--format", "json", "--severity", "warning", path)) == ["T102"]
    assert lint("--severity", "F101=error", path).return_value == 1
    assert lint("--severity", "T102=info", "--strict", path).return_value == 0
    assert lint("--severity", "error", "--strict", path).return_value == 0


def test_settings_beside_the_policy_count_and_are_told_when_wrong(here: Path) -> None:
    path = write(here / "a.policy", "exit at 15:45\n")
    settings = write(here / "rulekit.toml", "[lint]\nstrict = true\n")
    assert lint(path).return_value == 1
    write(here / "desk.toml", '[lint]\nignore = ["T102"]\n')
    assert "nothing found" in lint("--config", "desk.toml", path).stdout
    write(settings, "[lint]\nstirct = true\n")
    wrong = lint(path)
    assert isinstance(wrong.exception, UsageError) and wrong.exception.exit_code == 2
    assert "did you mean `strict`?" in wrong.exception.help


def test_a_run_reads_the_same_settings_file_without_complaint(here: Path) -> None:
    from rulekit.errors import InputError
    from rulekit.settings import load_settings

    settings = write(here / "rulekit.toml", '[lint]\nignore = ["T102"]\n\n[engine]\ncycle_s = 5\n')
    assert load_settings(settings).engine.cycle_s == 5
    write(settings, "[lint]\nignroe = []\n")
    with pytest.raises(InputError, match="there is no key `ignroe`"):
        load_settings(settings)


def test_today_tells_what_has_expired(here: Path) -> None:
    path = write(here / "a.policy", "exit at 15:45  # allow T102 until 2026-11-30: agreed\n")
    assert codes(lint("--format", "json", "--today", "2026-11-30", path)) == []
    assert codes(lint("--format", "json", "--today", "2026-12-01", path)) == ["T102", "X103"]


def test_policies_of_one_run_are_seen_together(here: Path) -> None:
    write(here / "a.policy", 'policy "One"\napplies to NSE equity\nexit at 5% loss\n')
    write(here / "b.policy", 'policy "one"\napplies to equity, product MIS\nexit at 15:15\n')
    result = lint("--format", "json", "a.policy", "b.policy")
    assert [(each["file"], each["code"]) for each in json.loads(result.stdout)] == [
        ("b.policy", "N113"),
        ("b.policy", "R107"),
    ]
    assert "a.policy" in json.loads(result.stdout)[1]["message"]
    assert codes(lint("--format", "json", "a.policy")) == []
    write(here / "b.policy", "# allow R107: one of them is chosen by hand\napplies to NSE\nexit at 15:15\n")
    assert codes(lint("--format", "json", "a.policy", "b.policy")) == []
    assert codes(lint("--format", "json", "b.policy")) == []


def test_explain_prints_the_page(here: Path, project: Path) -> None:
    page = (project / "docs" / "lints" / "T104-no-time-exit.md").read_text(encoding="utf-8")
    assert lint("--explain", "T104").stdout == page
    assert lint("--explain", "no-time-exit").stdout == page
    wrong = lint("--explain", "no-tme-exit")
    assert isinstance(wrong.exception, UsageError) and "did you mean `no-time-exit`?" in wrong.exception.help


def test_fix_writes_what_is_safe_and_says_so(here: Path) -> None:
    path = write(here / "a.policy", "boook half at 10% profit\r\nA: exit at 15:45\r\n")
    result = lint("--fix", path)
    assert path.read_bytes() == b"book half at 10% profit\r\nA: exit at 15:45\r\n"
    assert f"{path}:1:1: mended E101 (unknown-word): book 50% at 10% profit" in result.stdout
    assert "1 place mended" in result.stdout and "1 warning in 1 policy" in result.stdout
    assert result.return_value == 0
    assert [each.name for each in here.iterdir()] == ["a.policy"]


def test_fix_leaves_a_file_alone_that_needs_none(here: Path) -> None:
    path = write(here / "a.policy", "exit at 5% loss")
    before = path.stat().st_mtime_ns
    assert "mended" not in lint("--fix", path).stdout
    assert path.stat().st_mtime_ns == before


def test_fix_keeps_a_report_for_programs_clean(here: Path) -> None:
    path = write(here / "a.policy", "boook half at 10% profit\n")
    result = lint("--fix", "--format", "json", path)
    assert json.loads(result.stdout) == []
    assert "mended E101" in result.stderr


def test_a_fix_that_cannot_be_written_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(here / "a.policy", "boook half at 10% profit\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    result = lint("--fix", path)
    assert result.return_value == 2
    assert "No space left on device" in result.stderr and "mended" not in result.stdout
    assert path.read_bytes() == b"boook half at 10% profit\n"
    assert [each.name for each in here.iterdir()] == ["a.policy"]


def test_diff_shows_and_writes_nothing(here: Path) -> None:
    path = write(here / "a.policy", "boook half at 10% profit\nA: exit at 15:45\n")
    result = lint("--diff", path)
    assert "-boook half at 10% profit\n+book half at 10% profit\n" in result.stdout
    assert result.return_value == 1
    assert path.read_bytes().startswith(b"boook")
    write(path, "exit at 5% loss\n")
    clean = lint("--diff", path)
    assert (clean.stdout, clean.return_value) == ("", 0)
