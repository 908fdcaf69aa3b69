"""`rulekit fmt` from the shell: what is written, what is only said, and the exit codes."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.command_line import called

PROJECT = Path(__file__).resolve().parents[2]
ROUGH = "HALF:   trim half at 15 percent profit   # why\r\n"
CANONICAL = "HALF: book 50% at 15% profit  # why\r\n"


def fmt(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return called("fmt", *arguments, cwd=cwd)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "rough.policy").write_text(ROUGH, encoding="utf-8", newline="")
    (tmp_path / "good.policy").write_text("exit at 15:15\n", encoding="utf-8")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "bad.policy").write_text("book 50% at 15 profit\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["good.policy"], 0),
        (["rough.policy"], 0),
        (["--check", "good.policy"], 0),
        (["--check", "rough.policy"], 1),
        (["--diff", "rough.policy"], 0),
        (["--diff", "--check", "rough.policy"], 1),
        (["inner"], 1),
        (["good.policy", "inner/bad.policy"], 1),
        (["--check", "."], 1),
        (["missing.policy", "rough.policy"], 2),
        ([], 2),
    ],
)
def test_the_exit_code(desk: Path, arguments: list[str], code: int) -> None:
    done = fmt(*arguments, cwd=desk)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_is_written_whole_and_keeps_its_permissions(desk: Path) -> None:
    path = desk / "rough.policy"
    path.chmod(0o640)
    before = stat.S_IMODE(path.stat().st_mode)
    done = fmt("rough.policy", "missing.policy", "inner", cwd=desk)
    assert path.read_bytes().decode("utf-8") == CANONICAL
    assert stat.S_IMODE(path.stat().st_mode) == before
    assert "rough.policy: written anew" in done.stdout
    assert sorted(each.name for each in desk.iterdir()) == ["good.policy", "inner", "rough.policy"]


def test_a_file_in_form_is_not_touched(desk: Path) -> None:
    path = desk / "good.policy"
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert "in canonical form already" in fmt("good.policy", cwd=desk).stdout
    assert path.stat().st_mtime == 1_000_000_000


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_nothing_is_written_where_it_is_only_asked(desk: Path, option: str) -> None:
    done = fmt(option, ".", cwd=desk)
    assert (desk / "rough.policy").read_bytes().decode("utf-8") == ROUGH
    assert ("+HALF: book 50% at 15% profit  # why" in done.stdout) is (option == "--diff")


def test_a_file_with_errors_is_left_and_said(desk: Path) -> None:
    done = fmt("inner/bad.policy", cwd=desk)
    assert (desk / "inner" / "bad.policy").read_text(encoding="utf-8") == "book 50% at 15 profit\n"
    assert "stays as it is: it has an error" in done.stderr
    assert "15 what? `15%` or `₹15`" in done.stderr


def test_a_link_stays_a_link(desk: Path) -> None:
    link = desk / "link.policy"
    try:
        link.symlink_to(desk / "rough.policy")
    except OSError:
        pytest.skip("this system gives no links to ordinary users")
    fmt("link.policy", cwd=desk)
    assert link.is_symlink()
    assert (desk / "rough.policy").read_bytes().decode("utf-8") == CANONICAL
