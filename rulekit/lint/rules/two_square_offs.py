"""T111: a square-off behind another one."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.words import clock_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.square_off import square_off
from rulekit.lint.subject import TREE, Subject

CODE = Code("T111", "two-square-offs", WARNING, "a second exit by the clock, behind the first")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every exit by the clock alone that is not the first of the day."""
    exits = [(start, rule) for rule in subject.tree.rules if (start := square_off(rule, subject.tree)) is not None]
    if not exits:
        return
    first = min(start for start, _ in exits)
    leader = next(rule for start, rule in exits if start == first)
    for start, rule in exits:
        if rule is not leader:
            yield Finding(
                rule.span,
                f"by {clock_text(start)} `{leader.name}` has closed everything at {clock_text(first)}: this never acts",
                "keep one of them",
                ((leader.span, "the first one"),),
            )
