"""`rulekit doctor` about the account that is named; what it reads of each stands beside that account's tests."""

from __future__ import annotations

from pathlib import Path

from tests.command_line import called


def looked_at(tmp_path: Path, *arguments: str) -> tuple[int, list[str]]:
    settings = tmp_path / "rulekit.toml"
    more = settings.read_text(encoding="utf-8") if settings.exists() else ""
    settings.write_text(f'[engine]\nclock = "2026-11-20T10:00:00+05:30"\n{more}', encoding="utf-8")
    done = called("doctor", *arguments, cwd=tmp_path)
    settings.write_text(more, encoding="utf-8")
    return done.returncode, [line.split(":")[0].split(None, 1)[1] for line in done.stdout.splitlines()]


def test_paper_needs_no_account(tmp_path: Path) -> None:
    assert looked_at(tmp_path, "--broker", "paper") == (0, ["calendar", "session", "disk"])


def test_an_account_that_is_named_is_asked_for_its_key(tmp_path: Path) -> None:
    assert looked_at(tmp_path, "--broker", "openalgo") == (1, ["calendar", "session", "disk", "openalgo key"])
    (tmp_path / "rulekit.toml").write_text('[openalgo]\napi_key = "k"\nroot = "http://127.0.0.1:9"\n', encoding="utf-8")
    code, lines = looked_at(tmp_path, "--broker", "kite")
    assert code == 1
    assert lines[0] == "api key"
    assert not [line for line in lines if "openalgo" in line]


def test_an_unknown_account_is_told(tmp_path: Path) -> None:
    done = called("doctor", "--broker", "moon", cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no broker `moon`" in done.stderr
    assert "paper, kite, openalgo" in done.stderr
