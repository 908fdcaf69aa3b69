"""S106: an `add` at a loss."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    demands,
)
from rulekit.lint.ranges import Range, range_while
from rulekit.lint.subject import TREE, Subject

CODE = Code("S106", "averaging-down", WARNING, "an `add` to a position that loses")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every `add` that waits for a loss."""
    for rule in subject.tree.rules:
        if not isinstance(rule.verb, t.Add):
            continue
        for demand in demands(rule):
            found = range_while(demand)
            if found is not None and found.within(Range(("profit", found.of[1]), high=Fraction(0))):
                yield Finding(
                    demand.span,
                    "this `add` waits for a loss: the more the position loses, the larger it becomes",
                    "add in profit (`add 25% at 5% profit`), or allow this with its reason",
                )
                break
