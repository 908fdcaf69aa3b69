"""The command line as a whole: every command is there and explains itself, and mistakes end with a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rulekit import __version__
from rulekit.cli.main import COMMANDS
from tests.command_line import called


def rulekit(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    project = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, "-m", "rulekit", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(project), "PYTHONIOENCODING": "utf-8", **environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_help_lists_every_command(tmp_path: Path) -> None:
    outcome = called("--help", cwd=tmp_path)
    assert outcome.returncode == 0
    said = " ".join(outcome.stdout.split())  # a long line is broken
    for name, what in COMMANDS.items():
        assert f"  {name} " in outcome.stdout
        assert what in said


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_examples(tmp_path: Path, name: str) -> None:
    outcome = called(name, "--help", cwd=tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert "Usage: " in outcome.stdout
    assert "Example" in outcome.stdout
    assert any(line.startswith((f"  rulekit {name}", f"    rulekit {name}")) for line in outcome.stdout.splitlines())
    assert "\\b" not in outcome.stdout


def test_the_version(tmp_path: Path) -> None:
    assert __version__ in rulekit("--version", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("init", "--nonsense"), ("run",), ("lint", "missing.policy"), ("history",)]
)
def test_a_mistake_in_the_call_ends_with_2_and_a_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    outcome = called(*arguments, cwd=tmp_path)
    assert outcome.returncode == 2
    assert outcome.stderr.strip()
    assert "Traceback" not in outcome.stderr


def test_the_code_of_a_mistake_reaches_the_shell(tmp_path: Path) -> None:
    outcome = rulekit("lint", "missing.policy", cwd=tmp_path)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert "missing.policy" in outcome.stderr


def test_a_mistyped_command_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    assert "there is no command `lnit`; did you mean `lint`?" in called("lnit", cwd=tmp_path).stderr
    assert "there is no command `xyz`; `rulekit --help` lists them" in called("xyz", cwd=tmp_path).stderr


def test_a_console_without_emoji_is_no_reason_to_fail(tmp_path: Path) -> None:
    for encoding in ("ascii", "cp1252"):
        outcome = subprocess.run(
            [sys.executable, "-m", "rulekit", "run", "--help"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=False,
        )
        assert outcome.returncode == 0, outcome.stderr.decode("ascii", "replace")
