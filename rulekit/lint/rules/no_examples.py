"""F106: a policy that shows no example."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.parts import every_rule
from rulekit.lint.subject import TREE, Subject

CODE = Code("F106", "no-examples", INFO, "a policy without an example")
NEEDS = TREE
ON_REQUEST = True


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the first rule of a policy without any example."""
    if not subject.tree.examples:
        yield Finding(
            every_rule(subject.tree)[0].span,
            "no example shows what this policy is meant to do",
            'add one: `example "a losing position"`, with a position, a price and `expect exit`',
        )
