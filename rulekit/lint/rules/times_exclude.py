"""T110: two times of day that never hold together."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.sentences import (
    when_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.ranges import Range, range_of
from rulekit.lint.subject import TREE, Subject

CODE = Code("T110", "times-exclude", WARNING, "times in one sentence that are never both")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every time trigger of a rule that lies apart from an earlier one."""
    for rule in subject.tree.rules:
        for index, when in enumerate(rule.times):
            found = range_of(when)
            earlier = [other for other in rule.times[:index] if _apart(found, range_of(other))]
            if earlier:
                yield Finding(
                    when.span,
                    f"`{when_text(when)}` and `{when_text(earlier[0])}` never hold together, so the rule never acts",
                    "keep the one that is meant, or write `between 09:20 and 11:00`",
                    ((earlier[0].span, "the other one"),),
                )


def _apart(left: Range | None, right: Range | None) -> bool:
    return left is not None and right is not None and left.apart(right)
