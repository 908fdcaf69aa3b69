"""Output that cannot be written: one clear line, a code of its own, no traceback."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rulekit.cli.main import main

PROJECT = Path(__file__).resolve().parents[2]
SHELL = "import sys; from rulekit.cli.main import entry; sys.argv[0] = 'rulekit'; entry()"


class FullDisk(io.StringIO):
    """Takes so many characters, and no more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, text: str) -> int:
        if len(self.getvalue()) + len(text) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def ended(*arguments: str) -> object:
    """Run the command line in this process; return its exit code."""
    sys.argv[:] = ["rulekit", *arguments]
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "argv", [])
    file = tmp_path / "my.policy"
    file.write_text("exit at 5% loss\nboook half at 10% profit\n", encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("command", ["lint", "explain", "test", "compile", "fmt --diff", "--help", "lint --help"])
def test_a_full_disk_is_told_in_one_line(policy: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(policy).write_text("exit   at 5% loss\n", encoding="utf-8")
    told = io.StringIO()
    monkeypatch.setattr(sys, "stdout", FullDisk(10))
    monkeypatch.setattr(sys, "stderr", told)
    arguments = [*command.split(), *([] if "--help" in command else [policy])]
    assert ended(*arguments) == 2
    assert told.getvalue() == "error: not all of the output could be written: the disk is full\n"


def test_a_full_disk_for_messages_too_leaves_the_code(policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", FullDisk(10))
    monkeypatch.setattr(sys, "stderr", FullDisk(0))
    assert ended("lint", policy) == 2
    monkeypatch.setattr(sys, "stdout", FullDisk(10_000))
    monkeypatch.setattr(sys, "stderr", FullDisk(0))
    assert ended("lint", f"{policy}.gone") == 2


def test_what_fits_is_no_loss(policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, told = FullDisk(10_000), io.StringIO()
    monkeypatch.setattr(sys, "stdout", disk)
    monkeypatch.setattr(sys, "stderr", told)
    assert ended("lint", policy) == 1
    assert "E101" in disk.getvalue() and told.getvalue() == ""


def test_an_error_that_is_not_of_the_output_is_not_taken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**options: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "argv", ["rulekit"])
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr("rulekit.cli.main.cli.main", fails)
    with pytest.raises(OSError, match="No space left"):
        main()


def test_a_program_without_streams_works(policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert ended("lint", policy) == 1
    sys.stdout.close()
    sys.stderr.close()


@pytest.mark.parametrize("command", ["lint", "explain"])
def test_a_reader_that_has_gone(policy: str, command: str) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            [sys.executable, "-c", SHELL, command, policy if command == "lint" else "rules/swing-r-multiples.policy"],
            stdout=writes, stderr=subprocess.PIPE, cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )  # fmt: skip
    finally:
        os.close(writes)
    assert done.returncode == 2
    told = done.stderr.decode()
    assert told.startswith("error: not all of the output could be written: ") and told.count("\n") == 1
