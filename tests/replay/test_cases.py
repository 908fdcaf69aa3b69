"""Outside engines' own test tables: said as policies they come to the same entries, exits, reasons, prices."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from tests.replay.bar_cases import judge
from tests.replay.cases import FILES, MATCHED, MISMATCH, verdicts


@pytest.mark.parametrize("name", FILES)
def test_every_case_that_can_be_said_comes_to_the_same(shared_data: Path, name: str) -> None:
    found = list(verdicts(shared_data / name))
    assert [f"{one.case}: {one.why}" for one in found if one.word == MISMATCH] == []
    assert sum(one.word == MATCHED for one in found) >= 0.7 * len(found)


def test_a_table_that_says_otherwise_is_a_mismatch(shared_data: Path) -> None:
    cases = json.loads((shared_data / FILES[0]).read_text(encoding="utf-8"))["cases"]
    told = []
    for case in cases[:3]:
        other = copy.deepcopy(case)
        other["observed"][0]["close_rate"] += 1.0
        told += judge(other)
    assert len(told) == 3
