"""Five hundred exits at once: no second of the budgets is wasted, none overfull, and nobody's entry goes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.execution.settings import ExecutionSettings
from rulekit.model.events import Event
from rulekit.model.instant import MINUTE, SECOND
from rulekit.report.console import render
from tests.benchmarks.burst import Drained, burst, least, overfull

ACTIONS, REGULAR = 500, 20


@pytest.fixture(scope="module")
def drained(tmp_path_factory: pytest.TempPathFactory) -> Drained:
    """All of the broker's budgets, none left over, from the middle of one of its seconds."""
    settings = ExecutionSettings(margin=0.0, regular_max_age_s=600.0, regular_per_minute=400)
    return burst(tmp_path_factory.mktemp("burst"), ACTIONS, REGULAR, settings, offset=700_000)


def test_it_takes_the_least_time_that_the_budgets_allow(drained: Drained) -> None:
    assert len(drained.management) == ACTIONS
    bound = least(ACTIONS, 10, 400)
    assert bound == 69.0, "ten each second for 40 s, then the minute is full, then ten more seconds from 60 s on"
    assert bound <= drained.seconds <= bound * 1.05
    assert drained.refused == 0
    for offset in range(0, MINUTE, 7 * SECOND // 3):
        assert overfull([at + offset for at in drained.management]) == 0, "whatever the broker's clock says"


def test_no_regular_signal_goes_before_the_last_of_them(drained: Drained) -> None:
    assert len(drained.regular) == REGULAR + 5, "those that waited, and those that came meanwhile"
    assert min(drained.regular) > max(drained.management)


def test_the_log_says_how_many_each_passed_and_how_long_it_waited(drained: Drained) -> None:
    assert len(drained.bypassed) == ACTIONS
    told = [(event.data["waiting"], event.data["waited"]) for event in drained.bypassed]
    assert told[0] == (REGULAR, 0.0)
    for (waiting, waited), sent in zip(told, drained.management, strict=True):
        assert waited == pytest.approx((sent - drained.began) / SECOND)
        assert REGULAR <= waiting <= REGULAR + 5
    assert told[-1][0] == REGULAR + 5
    line = render(drained.bypassed[-1])
    assert line is not None
    assert line.startswith(
        "🎯 PRIORITY EXECUTION: Management action bypassing rate limits (S0499 Leave passed 25 waiting"
    )
    assert line.endswith("signals, waited 69.0s)")


def test_how_long_it_waited_counts_to_its_own_request(tmp_path: Path) -> None:
    """Requests of one look follow each other; the last of them has waited for those before it."""
    settings = ExecutionSettings(margin=0.0)
    done = burst(tmp_path, 6, 1, settings, latency_s=0.05)
    assert [event.data["waited"] for event in done.bypassed] == pytest.approx([0.05 * number for number in range(6)])
    assert isinstance(done.bypassed[0], Event)


def test_the_oracle_knows_small_cases() -> None:
    assert least(10, 10, 400) == 0.0
    assert least(11, 10, 400) == 1.0
    assert least(400, 10, 400) == 39.0
    assert least(401, 10, 400) == 60.0
    assert overfull([0] * 12) == 2
    assert overfull([0] * 10 + [SECOND - 1]) == 1
    assert overfull([SECOND * number for number in range(60)] * 7) == 20
