"""C102: a larger position and nothing that limits its loss."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.parts import (
    STOP_VERBS,
    is_single,
)
from rulekit.lint.protection import protections
from rulekit.lint.subject import TREE, Subject

CODE = Code("C102", "add-without-stop", INFO, "a policy that adds and never limits a loss")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every `add` of a policy that has neither a stop rule nor an exit on a loss."""
    if is_single(subject.tree) or protections(subject.tree):
        return
    if any(isinstance(rule.verb, STOP_VERBS) for rule in subject.tree.rules):
        return
    for rule in subject.tree.rules:
        if isinstance(rule.verb, t.Add):
            yield Finding(
                rule.span,
                "this makes the position larger, and no rule moves its stop or ends a loss",
                "move the stop with it: `move stop to break-even at 5% profit`, or add `exit at 3% loss`",
            )
