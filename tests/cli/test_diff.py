"""`rulekit diff` from the shell: what it says, exit codes, JSON, names."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from rulekit.cli.diff import run as compare
from rulekit.difference.verdicts import NAMES
from tests.command_line import called

PROJECT = Path(__file__).resolve().parents[2]
OLD = "CUT: exit at 4% loss\nPROTECT: move stop to break-even at 5% profit\nOUT: exit at 15:15\n"
LOOSER = "CUT: exit at 5% loss\nPROTECT: move stop to break-even - 1% at 5% profit\nOUT: exit at 15:15\n"
SAME = 'policy "Same"\nOUT: close position at 3:15 pm\nCUT: exit when loss >= 4%\nPROTECT: move SL to BE at 5% profit\n'


def run(*arguments: str, cwd: Path, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    return called("diff", *arguments, cwd=cwd, encoding=encoding)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    for name, text in {"old": OLD, "looser": LOOSER, "same": SAME, "wrong": "book 50% at 15 profit\n"}.items():
        (tmp_path / f"{name}.policy").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("fail_on", "new", "code"),
    [
        ("", "looser", 0),
        ("looser-stop", "looser", 1),
        ("Later-Exit , tighter-stop", "looser", 1),
        ("tighter-stop,sooner-exit", "looser", 0),
        ("any", "looser", 1),
        ("any", "same", 0),
    ],
)
def test_the_exit_code(desk: Path, fail_on: str, new: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(desk / "old.policy", desk / f"{new}.policy", fail_on=fail_on) == code
    assert ("found, and not allowed" in capsys.readouterr().out) is bool(code)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["old.policy", "wrong.policy"], 1),
        (["old.policy", "missing.policy"], 2),
    ],
)
def test_the_exit_code_of_what_cannot_be_compared(desk: Path, arguments: list[str], code: int) -> None:
    done = run(*arguments, cwd=desk)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_it_says_what_differs_with_a_witness_each(desk: Path) -> None:
    done = run("--fail-on", "looser-stop,later-exit", "old.policy", "looser.policy", cwd=desk, encoding="cp1252")
    lines = done.stdout.replace("Rs ", "₹").splitlines()
    assert lines == [
        "old.policy -> looser.policy",
        "CUT: `exit at 4% loss` is now `exit at 5% loss`",
        "  later exit: long 100 at ₹1,000, price ₹960 (4% loss): old exits, new does nothing",
        "PROTECT: `move stop to break-even at 5% profit` is now `move stop to break-even - 1% at 5% profit`",
        "  looser stop: long 100 at ₹1,000, price ₹1,050 (5% profit): old moves the stop to ₹1,000.00, new",
        "    moves the stop to ₹990.00",
        "all rules together",
        "  later exit: long 100 at ₹1,000, price ₹960 (4% loss): old exits, new does nothing",
        "  looser stop: long 100 at ₹1,000, price ₹1,050 (5% profit): old moves the stop to ₹1,000.00, new",
        "    moves the stop to ₹990.00",
        "3 rules: 1 same, 2 changed",
        "found, and not allowed: later-exit, looser-stop",
    ]


def test_other_words_are_the_same(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(desk / "old.policy", desk / "same.policy")
    assert capsys.readouterr().out.splitlines()[-1] == "3 rules: 3 same"


def test_json_has_everything(desk: Path) -> None:
    found = json.loads(run("--format", "json", "--fail-on", "any", "old.policy", "looser.policy", cwd=desk).stdout)
    assert (found["same"], found["names"], found["failing"]) == (False, ["later-exit", "looser-stop"], ["any"])
    cut = found["rules"][0]
    assert (cut["rule"], cut["status"], cut["old"], cut["new"]) == (
        "CUT",
        "changed",
        "exit at 4% loss",
        "exit at 5% loss",
    )
    assert cut["changes"][0]["witness"]["position"] == "long 100 at ₹1,000, price ₹960 (4% loss)"
    whole = found["whole"][0]["witness"]
    assert whole["example"].splitlines()[1:] == [
        "  long 100 KOTAKBANK at 1000, held 45 minutes",
        "  price 960",
        "  expect nothing",
    ]


def test_a_wrong_name_is_answered_and_the_help_lists_all(desk: Path) -> None:
    assert "did you mean `looser-stop`?" in run("--fail-on", "loser-stop", "old.policy", "old.policy", cwd=desk).stderr
    help = " ".join(run("--help", cwd=desk).stdout.split())
    assert all(name in help for name in NAMES)
