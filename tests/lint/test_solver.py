"""The solver is asked last, its effort is bounded, and without it nothing is claimed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rulekit.language.reading import check_text
from rulekit.language.tree import PolicyTree
from rulekit.lint import proofs as proving
from rulekit.lint.linked import asked, from_solver
from rulekit.lint.meaning import Meaning
from rulekit.lint.pathfinding import Allowance
from rulekit.lint.proofs import Proofs, prove
from rulekit.lint.regions import Budget

PROJECT = Path(__file__).resolve().parents[2]
TIED = "exit at ₹5,000 profit when value is below ₹1,00,000 and profit is below 1%"


def tree_of(*sentences: str) -> PolicyTree:
    tree = check_text("\n".join(sentences) + "\n").tree
    assert tree is not None
    return tree


@pytest.mark.parametrize(
    ("sentence", "possible"),
    [
        (TIED, False),
        (TIED.replace("1%", "6%"), True),
        ("exit at 10% profit when peak profit is below 10%", False),
        ("exit at 10% profit when peak profit is at most 10%", True),
        ("exit when giveback is at least 100% and profit is above 0%", False),
        ("exit when giveback is at least 100% and profit is at most 0%", True),
        ("exit when best price is below entry and side is long", False),
        ("exit when high since entry is below price", False),
        ("exit when low since entry is above entry", False),
        ("exit when price is above entry + 2% and profit is below 2% and side is long", False),
        ("exit when price is above entry + 2% and profit is below 2% and side is short", True),
        ("exit at 5% profit when price is below ₹100 and entry is above ₹100 and side is long", False),
        ("exit at 5% profit when price is below ₹100 and entry is above ₹100 and side is short", True),
        ("exit when profit is at least 2R and profit is at most 1.5 ATR", True),
        ("exit when initial stop is above entry and profit is at least 1R and side is long", False),
    ],
)
def test_arithmetic_between_measures(sentence: str, possible: bool) -> None:
    tree = tree_of(sentence)
    meaning = Meaning(tree)
    found = asked(meaning, tree.rules[0])
    assert found.possible is possible
    if possible:
        proofs = Proofs(tree)
        assert any(proofs.holds(tree.rules[0], shown) for shown in from_solver(proofs.meaning, found))


def test_without_it_the_rule_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "installed", lambda: False)
    [(code, proof)] = prove(tree_of(TIED))
    assert (code, proof.status) == ("R209", "not checked")
    assert 'pip install "rulekit-policy[prove]"' in proof.help


def test_a_question_that_is_too_hard_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rulekit.lint.solver.EFFORT", 1)
    assert [(code, proof.status) for code, proof in prove(tree_of(TIED))] == [("R209", "not checked")]


def test_a_budget_that_is_used_up_is_told_once() -> None:
    rules = (f"book 10% at {n}% profit when rsi is above {n} or volume is {n} times normal" for n in range(1, 9))
    tree = tree_of(*rules)
    assert [code for code, _ in prove(tree, Budget(20))].count("R209") == 1
    assert "R209" not in [code for code, _ in prove(tree)]


def test_paths_that_were_not_tried_are_told() -> None:
    tree = tree_of("book 25% at 10% profit every 1 hour", "add 25% when profit is below 10% every 1 hour")
    few, enough = Proofs(tree, allowance=Allowance(3)), Proofs(tree)
    plan = [tree.rules[0], tree.rules[1], tree.rules[0], tree.rules[1]]
    assert few.walk(*plan) is None and enough.walk(*plan) is not None
    assert [message for _, message, _ in few.left_open] == [
        "not every path over several looks was tried: it would take too long"
    ]
    assert enough.left_open == []


def test_numbers_alone_never_ask_it() -> None:
    rules = [f"rules/{name}.policy" for name in ("position-management", "intraday", "intraday-equity", "book-day-loss")]
    script = (
        f"import sys; sys.path.insert(0, {str(PROJECT)!r}); sys.argv = ['rulekit', 'lint', *{rules}]\n"
        "from rulekit.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('z3' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.stdout.splitlines()[-1] == "False", done.stderr


@pytest.mark.parametrize(
    "sentence",
    [
        "exit after 100000 days",
        "exit when days to expiry is above 100000000",
        "exit when age is above 10000 days",
        "exit at 1000000R profit",
        "exit when giveback is above 100000%",
        "exit at 0.0000001% profit",
    ],
)
def test_what_no_calendar_holds_is_no_failure(sentence: str) -> None:
    assert prove(tree_of(sentence)) == []
