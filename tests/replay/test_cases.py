"""Outside engines' own test tables: said as policies they come to the same entries, exits, reasons, prices."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from tests.replay.bar_cases import judge
from tests.replay.bar_engine import Engine
from tests.replay.bar_variants import drawn_case
from tests.replay.cases import FILES, MATCHED, MISMATCH, verdicts
from tests.replay.saying import CannotSayError


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


def test_the_small_engine_makes_what_the_table_observed(shared_data: Path) -> None:
    cases = json.loads((shared_data / FILES[0]).read_text(encoding="utf-8"))["cases"]
    beyond = ("custom_exit_price", "adjust_entry_price", "adjust_exit_price", "adjust_trade_position")
    told = 0
    for case in cases:
        params = case["params"]
        if params["use_custom_stoploss"] or any(params[name] is not None for name in beyond):
            continue
        told += 1
        for ours, theirs in zip(Engine(params, case["candles"]).trades(), case["observed"], strict=True):
            for name in ("side", "exit_reason", "open_bar", "close_bar"):
                assert ours[name] == theirs[name], case["case"]
            assert ours["close_rate"] == pytest.approx(theirs["close_rate"], abs=0.011), case["case"]
    assert told == 30


def test_drawn_cases_come_to_the_same_or_are_refused_with_a_reason() -> None:
    matched = 0
    for seed in range(40):
        try:
            assert judge(drawn_case(seed)) == [], f"seed {seed}"
        except CannotSayError:
            continue
        matched += 1
    assert matched >= 28
