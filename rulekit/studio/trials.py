"""The examples of a policy, run: what came, and what is missed."""

from __future__ import annotations

from attrs import frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.examples import ExampleResult, run_examples
from rulekit.engine.expectations import said
from rulekit.language.words import duration_text
from rulekit.studio.position import Position, of_example

TOLD = 12
"""So many things that came of an example are told."""


@frozen
class Trial:
    """One example: whether every expectation was met, what came, and what came instead of what was expected."""

    title: str
    line: int
    passed: bool
    came: tuple[str, ...]
    missed: tuple[str, ...]
    position: Position | None


def trials(policy: CompiledPolicy) -> tuple[Trial, ...]:
    """Run the examples of a policy, in the order of the file."""
    return tuple(_told(each) for each in run_examples(policy))


def _told(result: ExampleResult) -> Trial:
    example = result.example
    came = [
        f"{said(action, look.snapshot)}{f', after {duration_text(look.after)}' if look.after else ''}"
        for look, action in result.came
    ]
    if len(came) > TOLD:
        came = [*came[: TOLD - 1], f"and {len(came) - TOLD + 1} more"]
    position = of_example(example) if example.quantity else None
    return Trial(example.title, example.span.line, result.passed, tuple(came) or ("nothing",), result.missed, position)
