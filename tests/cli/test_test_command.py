"""`rulekit test` from the shell: exit codes, what is said of a failure, JSON and JUnit."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.command_line import called

PROJECT = Path(__file__).resolve().parents[2]
RULES = "HALF: book 50% at 10% profit after 30 minutes\nOUT: exit at 15:15\n"
POSITION = "  long 100 KOTAKBANK at 1000, held 45 minutes\n"
GOOD = f'{RULES}example "₹ & <half>"\n{POSITION}  price 1100\n  expect book 50 because HALF\n'
BAD = f'{GOOD}example "too much"\n{POSITION}  price 1090\n  expect book 50 because HALF\n'


def run(*arguments: str, cwd: Path, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    return called("test", *arguments, cwd=cwd, encoding=encoding)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    for name, text in {
        "good": GOOD,
        "bad": BAD,
        "bare": RULES,
        "wrong": "book 50% at 15 profit\n",
    }.items():
        (tmp_path / f"{name}.policy").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["good.policy"], 0),
        (["bare.policy"], 0),
        (["bad.policy"], 1),
        (["wrong.policy"], 1),
        (["good.policy", "bad.policy"], 1),
        (["."], 1),
        (["missing.policy"], 2),
        (["bad.policy", "missing.policy"], 2),
        ([], 2),
        (["--format", "yaml", "good.policy"], 2),
        (["--mutate", "good.policy"], 0),
        (["--format", "json", "good.policy"], 0),
        (["--format", "json", "bad.policy"], 1),
        (["--format", "junit", "good.policy"], 0),
        (["--format", "junit", "missing.policy"], 2),
    ],
)
def test_the_exit_code(desk: Path, arguments: list[str], code: int) -> None:
    done = run(*arguments, cwd=desk)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_failure_says_what_came_instead_and_why(desk: Path) -> None:
    lines = run("bad.policy", cwd=desk).stdout.splitlines()
    assert lines[0] == "bad.policy: 2 examples, 1 did not come out"
    assert lines[1] == '  bad.policy:7: "too much"'
    assert lines[2] == (
        "    `expect book 50 because HALF`: came nothing; `HALF`: not yet: profit 9%, needs 10% (1 point short, at "
        "₹1,100.00); age 45 minutes, enough"
    )


def test_it_says_what_no_example_reaches(desk: Path) -> None:
    lines = run("--mutate", "good.policy", cwd=desk).stdout.splitlines()
    assert lines == [
        "good.policy: 1 example, all came out as expected",
        "  reached: 1 of 2 rules acts, 0 of 3 conditions seen both true and false",
        "    HALF: `at 10% profit` is never false",
        "    HALF: `after 30 minutes` is never false",
        "    OUT: never acts",
        "    OUT: `at 15:15` is never true",
        "  numbers changed a little: 3 of 8 changes noticed by an example",
        "    HALF: `10% profit` could be `9% profit`",
        "    HALF: `after 30 minutes` could be `after 33 minutes` or `after 27 minutes`",
        "    OUT: `at 15:15` could be `at 15:20` or `at 15:10`",
        "  words changed: 3 of 6 changes noticed by an example",
        "    HALF: `at 10% profit` could be left out",
        "    HALF: `after 30 minutes` could be left out",
        "    HALF: `once` could be `up to 2 times`",
    ]


def test_json_has_everything(desk: Path) -> None:
    whole = json.loads(run("--format", "json", "--mutate", "bad.policy", "wrong.policy", cwd=desk).stdout)
    assert (whole["examples"], whole["failed"], whole["passed"]) == (2, 1, False)
    first, wrong = whole["policies"]
    assert first["error"] is None
    assert "15 what?" in wrong["error"]
    good, bad = first["examples"]
    assert good["passed"] and good["title"] == "₹ & <half>"
    (came,) = good["came"]
    assert (came["rule"], came["kind"], came["quantity"], came["stop"]) == ("HALF", "book", 50, None)
    assert came["why"].startswith("profit 10%, needs 10%")
    assert bad["line"] == 7 and bad["came"] == [] and len(bad["missed"]) == 1
    assert first["coverage"]["rules"][1] == {"rule": "OUT", "line": 2, "acts": False, "holds": False}
    assert first["coverage"]["conditions"][0] == {
        "rule": "HALF",
        "condition": "at 10% profit",
        "line": 1,
        "true": True,
        "false": True,
    }
    assert {"where": "OUT", "line": 2, "before": "at 15:15", "after": "at 15:20", "noticed": False} in first["changes"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_junit_can_be_read_back_whatever_the_console_is(desk: Path, encoding: str) -> None:
    done = run("--format", "junit", "bad.policy", "wrong.policy", cwd=desk, encoding=encoding)
    root = ElementTree.fromstring(done.stdout)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    names = [case.get("name") for case in root.iter("testcase")]
    assert names == ["₹ & <half>", "too much", "the policy can be read"]
    (failure,) = root.iter("failure")
    assert "came nothing" in (failure.get("message") or "")
