"""L103: an exit that is to happen more than once."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    limit_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("L103", "exit-repeats", WARNING, "an exit with a limit that says nothing")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every exit with another limit than `once`."""
    for rule in subject.tree.rules:
        if isinstance(rule.verb, t.Exit) and rule.limit.written and rule.limit.times != 1:
            yield Finding(
                rule.limit.span,
                f"an exit closes the whole position, so `{limit_text(rule.limit)}` has nothing to count",
                "leave it out; to close a part each time write `book 25%`",
            )
