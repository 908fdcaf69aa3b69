"""The real program, killed and started again before a real `rulekit kite-server` process with faults."""

from __future__ import annotations

from pathlib import Path

from tests.soak.kite_kills import play


def test_nothing_is_lost_or_doubled_over_kills(tmp_path: Path) -> None:
    found, trial = play(tmp_path, seed=4, kills=2, stops=True, longest=30)
    trial.close()
    assert found == []
    assert sum(trial.moments.values()) == 2
