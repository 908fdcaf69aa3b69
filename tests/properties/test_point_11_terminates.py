"""Point 11: always terminates: no loops, no recursion, no calls to the outside, bounded size."""

from __future__ import annotations

import ast
import dis

import pytest
from hypothesis import given, settings

from rulekit.errors import PolicyError
from rulekit.runtime.policy import Policy
from tests.properties.strategies import Case, cases

BACKWARD = {"JUMP_BACKWARD", "FOR_ITER", "JUMP_BACKWARD_NO_INTERRUPT"}


@settings(max_examples=60, deadline=None)
@given(cases)
def test_the_function_only_runs_forward_and_calls_nothing(case: Case) -> None:
    names = {instruction.opname for instruction in dis.get_instructions(case.policy.function)}
    assert not names & BACKWARD and not any(name.startswith("CALL") for name in names)
    kinds = {type(node) for node in ast.walk(ast.parse(case.policy.show()))}
    assert not kinds & {ast.For, ast.While, ast.Call, ast.Attribute, ast.Lambda, ast.ListComp, ast.Import}


@pytest.mark.parametrize("depth", [5, 10, 20, 50, 10_000])
def test_nesting_is_either_compiled_or_refused_with_a_sentence(depth: int) -> None:
    text = f"exit when {'not (' * depth}price is above ₹1,000{')' * depth}"
    try:
        policy = Policy.from_text(text)
    except PolicyError as error:
        assert depth > 10 and error.message
    else:
        assert policy.rules[0].predicate is not None


def test_many_rules_compile() -> None:
    lines = [f"r{number}: book {number % 90 + 1}% at {number}% profit" for number in range(1, 601)]
    assert len(Policy.from_text("\n".join(lines)).rules) == 600
