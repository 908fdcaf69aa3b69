"""Proofs about rules for the whole book, on both sides of each number, and against every book of a grid."""

from __future__ import annotations

from random import Random

import pytest

from rulekit.compile.policy import compile_policy
from rulekit.engine.examples import run_examples
from rulekit.language.reading import check_text
from rulekit.lint.proofs import Proof, prove
from tests.lint.books import book_policy_text, books, refuted_by_books

HEAD = "for the whole book"


def proofs(*sentences: str) -> list[tuple[str, Proof]]:
    checked = check_text("\n".join([HEAD, *(f"  {each}" for each in sentences)]) + "\n")
    assert checked.tree is not None, checked.diagnostics
    return prove(checked.tree)


FOUND: list[tuple[list[str], list[str]]] = [
    (["stop adding at ₹25,000 day loss when day loss is below ₹25,000"], ["R201"]),
    (["stop adding at ₹25,000 day loss when day loss is at most ₹25,000"], []),
    (["stop adding at ₹25,000 day loss when day profit is above ₹0"], ["R201"]),
    (["stop adding at ₹25,000 day loss when day profit is at least -₹25,000"], []),
    (["stop adding when open positions is above 3 and open positions is below 4"], ["R201"]),
    (["stop adding when open positions is above 3 and open positions is below 5"], []),
    (["stop adding before 10:00 when time is at least 10:00"], ["R201"]),
    (["stop adding when open positions is at least 0"], ["R204"]),
    (["stop adding when open positions is at least 1"], []),
    (["stop adding at ₹9,000 day loss", "stop adding at ₹5,000 day loss"], ["R205"]),
    (["stop adding at ₹9,000 day loss", "stop adding at ₹9,000 day loss when open positions is above 2"], ["R205"]),
    (["stop adding at ₹9,000 day loss", "stop trading at ₹9,000 day loss"], ["R205"]),
    (["stop adding at ₹9,000 day loss", "stop trading at ₹9,001 day loss"], []),
    (["stop trading at ₹9,000 day loss", "stop trading at ₹5,000 day loss when open positions is above 2"], []),
    (["exit everything and stop trading at ₹9,000 day loss", "exit everything and stop trading at ₹9,500 day loss"],
     ["R205"]),
    (["exit everything and stop adding at ₹9,000 day loss", "exit everything and stop adding at ₹9,500 day loss"], []),
    (["exit everything at ₹9,000 day loss", "stop trading at ₹9,001 day loss"], ["C202"]),
    (["exit everything at ₹9,000 day loss", "stop trading at ₹9,000 day loss"], []),
    (["exit everything at ₹9,000 day loss", "stop adding at ₹8,000 day loss"], []),
    (["exit everything at ₹9,000 day loss", "stop adding at ₹8,000 day profit"], ["C202"]),
    (["exit everything at ₹9,000 day loss", "stop adding before 10:00", "stop trading after 10:00"], []),
    (["exit everything at ₹9,000 day loss", "stop adding before 10:00", "stop trading after 10:01"], ["C202"]),
    (["exit everything at 15:10"], []),
]  # fmt: skip


@pytest.mark.parametrize(("sentences", "expected"), FOUND, ids=lambda each: "; ".join(each) if each else "nothing")
def test_what_is_found(sentences: list[str], expected: list[str]) -> None:
    assert [code for code, _ in proofs(*sentences)] == expected


def test_a_book_shows_it_and_can_be_kept_as_an_example() -> None:
    [(_, proof)] = proofs("exit everything at ₹9,000 day loss", "stop trading at ₹9,001 day loss")
    assert proof.witness == (
        "the whole book: day loss ₹9,000.00",
        "exit everything (`exit everything at ₹9,000 day loss`)",
    )
    text = f"{HEAD}\n  exit everything at ₹9,000 day loss\n  stop trading at ₹9,001 day loss\n"
    tree = check_text(text).tree
    assert tree is not None
    block = proof.as_example(compile_policy(tree), "found")
    again = check_text(f"{text}\n{block}\n").tree
    assert again is not None and len(again.examples) == 1
    assert all(result.passed for result in run_examples(compile_policy(again)))


def test_an_exit_that_is_wanted_again_is_only_possibly_superfluous() -> None:
    [(_, proof)] = proofs(
        "exit everything and stop trading at ₹9,000 day loss", "exit everything and stop trading at ₹9,500 day loss"
    )
    assert proof.status == "possible"


@pytest.mark.parametrize("seed", range(8))
def test_no_book_of_a_grid_refutes_a_proof(seed: int) -> None:
    tree = check_text(book_policy_text(Random(seed), 4)).tree
    assert tree is not None
    found = prove(tree)
    assert list(refuted_by_books(compile_policy(tree), found, books())) == []
