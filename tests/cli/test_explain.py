"""`rulekit explain` from the shell: the text, the picture's file, and the exit codes."""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.command_line import called

PROJECT = Path(__file__).resolve().parents[2]


def explain(*arguments: str, cwd: Path, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    return called("explain", *arguments, cwd=cwd, encoding=encoding)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "good.policy").write_text("HALF: book 50% at ₹5,000 profit\nOUT: exit at 15:15\n", encoding="utf-8")
    (tmp_path / "wrong.policy").write_text("book 50% at 15 profit\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["good.policy"], 0),
        (["wrong.policy"], 1),
        (["missing.policy"], 2),
        (["good.policy", "--svg", "nowhere/good.svg"], 2),
        ([], 2),
    ],
)
def test_the_exit_code(desk: Path, arguments: list[str], code: int) -> None:
    done = explain(*arguments, cwd=desk)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_text_has_its_parts(desk: Path) -> None:
    heads = [line for line in explain("good.policy", cwd=desk).stdout.splitlines() if line and line[0] != " "]
    assert heads == [
        "good.policy",
        "It is for every position.",
        "The rules, in the order of the file",
        "At every look",
        "One position at worst (while its price is known; gaps and refused orders come on top)",
        "What it bounds, and what it leaves open (read off the sentences, not proved)",
        "The table",
    ]


@pytest.mark.parametrize("encoding", ["cp437", "cp1252"])
def test_a_price_stays_one_where_the_rupee_sign_cannot_be_written(desk: Path, encoding: str) -> None:
    told = explain("good.policy", "--no-proofs", cwd=desk, encoding=encoding).stdout
    assert "1. HALF: book 50% at Rs 5,000 profit\n" in told
    assert "?" not in told


def test_the_picture_is_written(desk: Path) -> None:
    done = explain("good.policy", "--svg", "good.svg", cwd=desk, encoding="cp1252")
    assert "wrote the picture to good.svg" in done.stdout
    root = ElementTree.fromstring((desk / "good.svg").read_text(encoding="utf-8"))
    assert "HALF: book 50% at ₹5,000 profit" in [each.text for each in root.iter()]
