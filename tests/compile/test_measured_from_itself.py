"""A stop measured from the stop, and a target from the target, move once: else each look would start from the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import called

STOP = """
example "a quiet half hour"
  long 100 KOTAKBANK at 100
  stop 90
  price 100 then flat for 30 minutes
  expect stop 90.90 at 0 minutes
"""
SHORT = """
example "a quiet half hour"
  short 100 KOTAKBANK at 100
  target 80
  price 100 then flat for 30 minutes
  expect target 79.20 at 0 minutes
"""


@pytest.mark.parametrize(
    ("policy", "example"),
    [
        ("M: move stop to stop + 1%", STOP + "  expect nothing at 1 minute"),
        ("M: tighten stop to stop + 1%", STOP + "  expect nothing at 1 minute"),
        ("M: move stop to stop + 1% every 10 minutes", STOP + "  expect nothing at 9 minutes"),
        ("M: move stop to stop + 1% every 10 minutes", STOP + "  expect stop 91.80 at 10 minutes"),
        ("M: move stop to stop + 1%, up to 2 times", STOP + "  expect stop 91.80 at 1 minute"),
        ("M: set target to target + 1%", SHORT + "  expect nothing at 1 minute"),
    ],
)
def test_it_moves_once_unless_a_limit_says_otherwise(tmp_path: Path, policy: str, example: str) -> None:
    (tmp_path / "my.policy").write_text(f"{policy}\n{example}\n", encoding="utf-8")
    done = called("test", "my.policy", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
