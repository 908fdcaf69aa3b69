"""`rulekit test --add-witness`: what lint shows becomes an example, and nothing else of the file changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.cli.add_witness import add_witnesses
from rulekit.cli.test_command import run
from rulekit.engine.examples import run_examples
from rulekit.errors import InputError, RulekitError
from rulekit.runtime.policy import load

TWO_BOOKS = """# My rules, do not touch
HALF:  book 50% at 10% profit   # the first
MOST:  book 75% at 10% profit after 30 minutes
OUT:   exit at 15:15
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "my.policy"
    path.write_text(TWO_BOOKS, encoding="utf-8", newline="\n")
    return path


def test_rules_that_take_turns_become_a_path(policy: Path) -> None:
    assert add_witnesses(policy, "Q201") == f'{policy}: added "Q201 as found"'
    text = policy.read_text(encoding="utf-8")
    assert text.startswith(TWO_BOOKS)
    added = text.removeprefix(TWO_BOOKS).strip().splitlines()
    assert added[0] == 'example "Q201 as found"'
    assert added[-2:] == ["  expect book 50 because HALF", "  expect book 75 because MOST"]
    assert [result.missed for result in run_examples(load(policy).compiled)] == [()]


def test_a_path_of_other_prices_becomes_one(policy: Path) -> None:
    policy.write_text(f"{TWO_BOOKS}MORE:  add 25% at 5% profit\n", encoding="utf-8", newline="\n")
    assert add_witnesses(policy, "Q202") == f'{policy}: added "Q202 as found"'
    added = [line for line in policy.read_text(encoding="utf-8").splitlines() if "expect" in line]
    assert added[:2] == ["  expect book 50 because HALF", "  expect add 25 because MORE"]
    assert [result.missed for result in run_examples(load(policy).compiled)] == [()]


def test_what_a_book_shows_becomes_an_example_of_the_book(policy: Path) -> None:
    book = "for the whole book\n  OVER: exit everything at ₹9,000 day loss\n"
    policy.write_text(f"{TWO_BOOKS}\n{book}", encoding="utf-8", newline="\n")
    add_witnesses(policy, "C202")
    added = policy.read_text(encoding="utf-8").rstrip().splitlines()[-2:]
    assert added == ["  day loss ₹9,000", "  expect exit everything because OVER"]
    assert [result.missed for result in run_examples(load(policy).compiled)] == [()]


def test_a_position_that_nothing_protects_is_one_moment(policy: Path) -> None:
    policy.write_text(
        f"{TWO_BOOKS}WILD: tighten stop to 2% from price when volatility is above 2 times normal\n", encoding="utf-8"
    )
    add_witnesses(policy, "C201")
    assert policy.read_text(encoding="utf-8").rstrip().endswith("expect nothing")
    assert [result.missed for result in run_examples(load(policy).compiled)] == [()]


def test_what_is_there_already_is_not_added_again(policy: Path) -> None:
    add_witnesses(policy, "Q201")
    before = policy.read_bytes()
    assert add_witnesses(policy, "Q201") == f"{policy}: what Q201 shows is an example already"
    assert policy.read_bytes() == before


def test_line_ends_of_windows_stay(policy: Path) -> None:
    policy.write_bytes(TWO_BOOKS.replace("\n", "\r\n").encode())
    add_witnesses(policy, "Q201")
    raw = policy.read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_a_code_that_is_not_found_says_which_are(policy: Path) -> None:
    with pytest.raises(InputError, match="it has Q201"):
        add_witnesses(policy, "R204")
    policy.write_text("exit at 15 profit\n", encoding="utf-8")
    with pytest.raises(RulekitError, match="has errors"):
        add_witnesses(policy, "Q201")


def test_the_command_adds_and_then_runs_it(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run((policy,), code="Q201") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        f'{policy}: added "Q201 as found"',
        f"{policy}: 1 example, all came out as expected",
    ]
