"""The six rules that rulekit began with: what is true of them together is found, and each finding is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.compile.policy import compile_policy
from rulekit.engine.examples import run_examples
from rulekit.language.reading import check_text
from rulekit.lint.finding import PROVED
from rulekit.lint.proofs import Proof, prove

TEXT = (Path(__file__).resolve().parents[1] / "corpus" / "proofs" / "six-rules.policy").read_text(encoding="utf-8")
FIRST, SECOND, SCALING = "PARTIAL_PROFIT_BOOKING_50%", "PARTIAL_PROFIT_BOOKING_75%", "POSITION_SCALING_MOMENTUM"


@pytest.fixture(scope="module")
def found() -> dict[str, Proof]:
    tree = check_text(TEXT).tree
    assert tree is not None
    pairs = prove(tree)
    assert len(pairs) == len({code for code, _ in pairs})
    return dict(pairs)


def test_that_is_all_that_is_found(found: dict[str, Proof]) -> None:
    assert set(found) == {"Q201", "Q202", "C201"}
    assert {proof.status for proof in found.values()} == {PROVED}


def test_both_books_wait_on_each_other_and_87_of_100_are_sold(found: dict[str, Proof]) -> None:
    proof = found["Q201"]
    assert proof.about == (FIRST, SECOND)
    assert "in all 87% is closed, not 125%" in proof.message
    assert proof.witness == (
        "long 100 KOTAKBANK at ₹1,690.00, price ₹2,112.50 (25% profit), held 30 minutes",
        f"first look: book 50 of 100 (`{FIRST}`); `{SECOND}` waits",
        f"second look: book 37 of 50 (`{SECOND}`)",
        "in all 87 of 100 are sold",
        f"if `{SCALING}` adds 25 first, at ₹1,774.50 (5% profit): 109 of 125 are sold",
    )


def test_booking_and_scaling_take_turns(found: dict[str, Proof]) -> None:
    proof = found["Q202"]
    assert proof.about == (SCALING, FIRST, SECOND)
    assert proof.witness == (
        "long 100 KOTAKBANK at ₹1,690.00, price ₹1,943.50 (15% profit), held 30 minutes,"
        " momentum over 15 minutes 2%, volume 1.5 times normal",
        f"first look: book 50 of 100 (`{FIRST}`); `{SCALING}` waits",
        f"second look: add 12 to 50 (`{SCALING}`)",
        f"third look, at ₹2,173.85 (about 25% profit), held 32 minutes: book 46 of 62 (`{SECOND}`)",
        "in all 96 sold and 12 bought; 16 of 100 left",
    )


def test_nothing_exits_a_losing_position(found: dict[str, Proof]) -> None:
    proof = found["C201"]
    assert "no rule exits a losing position or sets a stop for it while age is below 2 hours and" in proof.message
    assert proof.witness[0].startswith("long 100 KOTAKBANK at ₹1,690.00, price ₹1,521.00 (10% loss), held 10 minutes")
    assert proof.witness[1] == "the policy does nothing"
    assert proof.decided == ()


def test_every_witness_can_be_kept_as_an_example_that_passes(found: dict[str, Proof]) -> None:
    tree = check_text(TEXT).tree
    assert tree is not None
    policy = compile_policy(tree)
    blocks = [proof.as_example(policy, f"shown by {code}") for code, proof in found.items()]
    checked = check_text("\n".join([TEXT, *(block for block in blocks if block)]) + "\n")
    assert checked.tree is not None and len(checked.tree.examples) == 3
    assert all(result.passed for result in run_examples(compile_policy(checked.tree)))
