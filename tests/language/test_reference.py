"""Every example of the language reference is read as the page says, and its tables are those of the program."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from rulekit.compile.policy import compile_policy
from rulekit.engine.examples import run_examples
from rulekit.language import vocabulary as v
from rulekit.language.bounds import MAX_DEPTH, MAX_WORDS
from rulekit.language.reading import check_text
from rulekit.language.sentences import rule_sentence
from rulekit.language.source import MAX_BYTES
from rulekit.lint.linting import lint

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```policy\n(.*?)```", PAGE, re.DOTALL)
ROWS = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", PAGE, re.MULTILINE)
READY = sorted((PROJECT / "rules").glob("*.policy"))


@pytest.mark.parametrize(("written", "read_as"), ROWS, ids=[written for written, _ in ROWS])
def test_a_row_is_read_as_it_says(written: str, read_as: str) -> None:
    checked = check_text(written)
    assert checked.tree is not None, checked.diagnostics
    assert rule_sentence(checked.tree.rules[0]) == read_as


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_is_clean_and_its_examples_hold(block: str) -> None:
    checked = check_text(block)
    assert [each.message for each in lint(checked, date(2026, 11, 20)) if each.severity != "info"] == []
    assert checked.tree is not None
    assert [result.missed for result in run_examples(compile_policy(checked.tree)) if not result.passed] == []


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_the_examples_of_a_ready_policy_hold(path: Path) -> None:
    tree = check_text(path.read_text(encoding="utf-8")).tree
    assert tree is not None and tree.examples
    assert [result.missed for result in run_examples(compile_policy(tree)) if not result.passed] == []


def test_the_page_has_its_examples() -> None:
    assert len(BLOCKS) >= 6 and len(ROWS) >= 60


def test_every_fact_is_on_the_page() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \| (position|time|book|market) \| .* \| (yes|) \| (.+) \| (.*) \|$", PAGE, re.M)
    assert rows == [
        (fact.name, fact.origin, "yes" if fact.windowed else "", fact.help, ", ".join(fact.aliases))
        for fact in v.STANDARD
    ]


def test_the_bounds_are_on_the_page() -> None:
    bounds = PAGE.split("## Bounds")[1]
    for number in (f"{MAX_BYTES:,}", str(MAX_WORDS), str(MAX_DEPTH)):
        assert number in bounds


def test_the_first_ready_policy_is_the_one_of_the_reference() -> None:
    text = (PROJECT / "rules" / "position-management.policy").read_text(encoding="utf-8")
    sentences = [line.split(":", 1)[1].strip() for line in text.splitlines() if re.match(r'["A-Z][^ ].*: ', line)]
    assert sentences == [
        "book 50% at first target profit after 30 minutes",
        "book 75% at 25% profit",
        "add 25% at 5% profit when strong momentum and high volume",
        "move stop to break-even + 2% at 10% profit",
        "tighten stop to 1% from price after 2 hours",
        "tighten stop to 2% from price when high volatility",
        "exit at 15:15",
    ]
