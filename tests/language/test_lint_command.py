"""`rulekit lint` from the shell: exit codes, text, JSON, folders, unreadable files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import called

PROJECT = Path(__file__).resolve().parents[2]
CALL = "import sys; from rulekit.cli.main import main; sys.argv[0] = 'rulekit'; main()"


def lint(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return called("lint", *arguments, cwd=cwd)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "good.policy").write_text("book 50% at 15% profit\n", encoding="utf-8")
    (tmp_path / "warned.policy").write_text("exit at 15:45\n", encoding="utf-8")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "bad.policy").write_text("# ₹😀\n😀 x\nbook 50% at 15 profit\n", encoding="utf-8")
    (tmp_path / "inner" / "notes.txt").write_text("boook", encoding="utf-8")
    (tmp_path / "latin.policy").write_bytes(b"# caf\xe9\n")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["good.policy"], 0),
        (["warned.policy"], 0),
        (["--strict", "warned.policy"], 1),
        (["--strict", "good.policy"], 0),
        (["inner/bad.policy"], 1),
        (["inner"], 1),
        (["good.policy", "inner/bad.policy"], 1),
        (["missing.policy"], 2),
        (["latin.policy"], 2),
        (["good.policy", "missing.policy"], 2),
        ([], 2),
        (["--format", "yaml", "good.policy"], 2),
    ],
)
def test_the_exit_code_says_what_was_found(desk: Path, arguments: list[str], code: int) -> None:
    done = lint(*arguments, cwd=desk)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_an_empty_folder_is_unreadable(tmp_path: Path) -> None:
    done = lint(".", cwd=tmp_path)
    assert done.returncode == 2
    assert "no policy in `.`" in done.stderr


def test_json_has_exactly_the_promised_keys(desk: Path) -> None:
    done = lint("--format", "json", "inner", cwd=desk)
    first, second = json.loads(done.stdout)
    assert list(second) == [
        "file",
        "line",
        "column",
        "end_line",
        "end_column",
        "code",
        "name",
        "severity",
        "message",
        "help",
        "related",
        "status",
        "witness",
        "fix",
        "choices",
    ]
    assert first["code"] == "E109" and (first["line"], first["column"], first["end_column"]) == (2, 1, 2)
    assert second == {
        "file": str(Path("inner") / "bad.policy"),
        "line": 3,
        "column": 13,
        "end_line": 3,
        "end_column": 15,
        "code": "U101",
        "name": "missing-unit",
        "severity": "error",
        "message": "15 what? `15%` or `₹15`",
        "help": "write `15%` or `₹15`",
        "related": [],
        "status": None,
        "witness": [],
        "fix": None,
        "choices": [
            {
                "line": 3,
                "column": 13,
                "end_line": 3,
                "end_column": 15,
                "text": text,
                "safe": False,
                "sentence": f"book 50% at {text} profit",
            }
            for text in ("15%", "₹15")
        ],
    }


def test_json_of_a_clean_policy_is_an_empty_array(desk: Path) -> None:
    assert json.loads(lint("--format", "json", "good.policy", cwd=desk).stdout) == []


def test_json_shows_both_places_of_a_conflict(desk: Path) -> None:
    (desk / "twice.policy").write_text("A: exit at 15:15\nA: exit at 15:10\n", encoding="utf-8")
    (found,) = json.loads(lint("--format", "json", "twice.policy", cwd=desk).stdout)
    assert found["line"] == 2
    assert found["related"] == [{"line": 1, "column": 1, "message": "the first one"}]


def test_text_marks_the_place(desk: Path) -> None:
    shown = lint("inner/bad.policy", cwd=desk).stdout
    assert "bad.policy:3:13: error U101 (missing-unit)" in shown
    assert "  3 | book 50% at 15 profit\n    |             ^^\n" in shown
    assert "2 errors in 1 policy" in shown


def test_a_console_without_the_alphabet_does_not_fail(desk: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(PROJECT)!r}); {CALL}", "lint", "inner"],
        cwd=desk,
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": "", "SYSTEMROOT": "C:\\Windows"},
        check=False,
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


def test_the_ready_policies_are_clean() -> None:
    done = lint("--strict", "rules", cwd=PROJECT)
    assert done.returncode == 0
    assert " error " not in done.stdout and " warning " not in done.stdout  # remarks say what may well be meant


def test_the_lint_path_imports_nothing_heavy() -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n"
        "sys.argv = ['rulekit', 'lint', 'rules/position-management.policy']\n"
        "from rulekit.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'z3', 'pyarrow', 'numpy', 'numba', 'rich', 'cattrs', 'kiteconnect', 'jinja2', 'sqlite3', 'talipp'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
