"""`rulekit decide` and `rulekit compile` as another program calls them: the shape of the JSON and the exit codes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import called

SEVEN = (Path(__file__).parents[1] / "corpus/valid/seven-sentences.policy").read_text(encoding="utf-8")
POSITION = {
    "symbol": "KOTAKBANK",
    "exchange": "NSE",
    "product": "MIS",
    "side": "long",
    "quantity": 100,
    "entry": 1690,
    "price": 1919.90,
    "opened": "2026-11-20T10:19:00+05:30",
    "stop": 1650,
    "facts": {"momentum": 3.2, "volume": 1.8},
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return called(*arguments, cwd=Path.cwd())


def started(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "from rulekit.cli.main import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        timeout=60,
    )


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "seven.policy"
    path.write_text(SEVEN, encoding="utf-8", newline="\n")
    return path


def positions(tmp_path: Path, *rows: dict[str, object]) -> Path:
    path = tmp_path / "positions.json"
    path.write_text(json.dumps({"now": "2026-11-20T11:00:00+05:30", "positions": rows}), encoding="utf-8")
    return path


def test_the_answer_has_exactly_these_keys(project: Path, policy: Path, tmp_path: Path) -> None:
    outside = {**POSITION, "symbol": "INFY", "product": "CNC"}
    found = started(project, "decide", str(policy), "--positions", str(positions(tmp_path, POSITION, outside)))
    assert found.returncode == 0, found.stderr
    answer = json.loads(found.stdout)
    assert list(answer) == ["policy", "digest", "positions"]
    assert answer["policy"] == "Position management"
    assert answer["digest"] == hashlib.sha256(SEVEN.encode()).hexdigest()
    first, second = answer["positions"]
    assert list(first) == ["symbol", "actions", "passed_over", "not_yet"]
    assert [list(action) for action in first["actions"]] == [
        ["rule", "kind", "side", "quantity", "stop", "lane", "why"],
        ["rule", "kind", "side", "quantity", "stop", "lane", "why"],
    ]
    add, stop = first["actions"]
    assert (add["rule"], add["kind"], add["side"], add["quantity"], add["stop"], add["lane"]) == (
        "POSITION_SCALING_MOMENTUM",
        "add",
        "BUY",
        25,
        None,
        "immediate",
    )
    assert (stop["kind"], stop["side"], stop["quantity"], stop["stop"], stop["lane"]) == (
        "stop",
        None,
        None,
        1723.8,
        "next cycle",
    )
    why = {item["rule"]: item["why"] for item in first["not_yet"]}
    assert why["PARTIAL_PROFIT_BOOKING_50%"] == (
        "not yet: profit 13.6%, needs 15% (1.4 points short, at ₹1,943.50); age 41 minutes, enough"
    )
    assert why["VOLATILITY_ADJUSTMENT"] == "cannot be judged: volatility is unknown"
    assert second == {"symbol": "INFY", "actions": [], "passed_over": [], "not_yet": []}


def test_what_fired_and_what_is_stated_is_read_by_any_name(tmp_path: Path) -> None:
    policy = tmp_path / "two.policy"
    policy.write_text("book half at 10 pct profit\nOUT: exit when times booked >= 2\n", encoding="utf-8")
    once = {**POSITION, "stop": 1600, "fired": {"Book half at 10 pct profit": 1}}
    twice = {**once, "facts": {"Times Booked": 2}}
    found = run("decide", str(policy), "--positions", str(positions(tmp_path, once, twice)))
    first, second = json.loads(found.stdout)["positions"]
    assert [waiting["why"] for waiting in first["not_yet"]] == [
        "not again: it fired once, and may fire once",
        "not yet: times booked 1, needs at least 2 (1 short)",
    ]
    assert [action["rule"] for action in second["actions"]] == ["OUT"]


def test_what_is_passed_over_says_because(policy: Path, tmp_path: Path) -> None:
    rich = {**POSITION, "price": 1998.5, "opened": "2026-11-20T10:00:00+05:30"}
    found = run("decide", str(policy), "--positions", str(positions(tmp_path, rich)))
    (only,) = json.loads(found.stdout)["positions"]
    assert only["passed_over"] == [
        {
            "rule": "POSITION_SCALING_MOMENTUM",
            "because": "`PARTIAL_PROFIT_BOOKING_50%` goes first: one order of a position at a time",
        }
    ]


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"quantity": "100"}, 1, "`quantity`: a text (`100`)"),
        ({"opened": "2026-11-20T10:15:00"}, 1, "has no time zone"),
    ],
)
def test_a_mistake_in_the_positions_ends_with_its_code(
    policy: Path, tmp_path: Path, change: dict[str, object], code: int, says: str
) -> None:
    found = run("decide", str(policy), "--positions", str(positions(tmp_path, {**POSITION, **change})))
    assert (found.returncode, found.stdout) == (code, "")
    assert says in found.stderr and "Traceback" not in found.stderr


def test_missing_files_and_wrong_policies_have_their_codes(policy: Path, tmp_path: Path) -> None:
    given = str(positions(tmp_path, POSITION))
    wrong = tmp_path / "wrong.policy"
    wrong.write_text("book 50% at 15 profit\n", encoding="utf-8")
    for arguments, code in (
        (("decide", str(tmp_path / "none.policy"), "--positions", given), 2),
        (("decide", str(policy), "--positions", str(tmp_path / "none.json")), 2),
        (("decide", str(policy)), 2),
        (("decide", str(wrong), "--positions", given), 1),
    ):
        found = run(*arguments)
        assert found.returncode == code, (arguments, found.stderr)
        assert "Traceback" not in found.stderr and found.stderr.strip() and not found.stdout


def test_compile_show_prints_each_sentence_above_its_lines(policy: Path) -> None:
    found = run("compile", str(policy), "--show")
    assert found.returncode == 0, found.stderr
    assert "    # PARTIAL_PROFIT_BOOKING_75%: book 75% at 25% profit\n    if m[1] < 1.0:" in found.stdout
    assert "7 rules" in run("compile", str(policy)).stdout
