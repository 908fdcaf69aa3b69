"""How far a replay is: shown on a terminal from the first moment on, before anything is read, and never in a pipe."""

from __future__ import annotations

import os
import select
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rulekit.cli.main import cli

ROWS = "\n".join(f"INFY,2021-01-04T09:{minute}:00+05:30,100,101,99,100" for minute in range(15, 45))


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Write prices; return the command without its policy."""
    bars = tmp_path / "bars.csv"
    bars.write_text(f"symbol,time,open,high,low,close\n{ROWS}\n", encoding="utf-8")
    return ["--bars", str(bars), "--enter", "every 10 bars", "--no-numba", "--format", "json"]


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of their own and named pipes are other things there")
@pytest.mark.parametrize("command", ["replay", "sweep"])
def test_a_bar_stands_on_a_terminal_before_anything_is_read(
    command: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "slow.policy"
    os.mkfifo(policy)  # whoever reads it waits until it is written
    master, slave = os.openpty()
    monkeypatch.setenv("TERM", "xterm")
    more = ["--set", "goal=1%,2%"] if command == "sweep" else []
    done: list[Any] = []
    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        work = threading.Thread(
            target=lambda: done.append(cli.main([command, str(policy), *words, *more], standalone_mode=False)),
            daemon=True,
        )
        work.start()
        shown = b""
        while b"0:00:0" not in shown:  # the time that has gone by
            assert select.select([master], [], [], 60)[0], "nothing is shown"
            shown += os.read(master, 1024)
        assert not done and capsys.readouterr().out == ""
        policy.write_text("set goal to 1%\nG: exit at goal profit\n", encoding="utf-8")
        drain = threading.Thread(target=_drained, args=(master,), daemon=True)
        drain.start()
        work.join()
    assert b"reading" in shown or b"looking through" in shown
    assert done and "profit" in capsys.readouterr().out


def _drained(master: int) -> None:
    """Read on, so that what is shown never has to wait."""
    with suppress(OSError), os.fdopen(master, "rb", buffering=0) as terminal:
        while terminal.read(1024):
            pass


def test_nothing_is_shown_in_a_pipe(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "some.policy"
    policy.write_text("G: exit at 1% profit\n", encoding="utf-8")
    cli.main(["replay", str(policy), *words], standalone_mode=False)
    told = capsys.readouterr()
    assert "profit" in told.out
    assert told.err == ""
