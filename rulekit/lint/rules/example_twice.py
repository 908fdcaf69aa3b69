"""N114: two examples that a report cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("N114", "example-twice", WARNING, "two examples with one title")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every example whose title an earlier one has."""
    earlier: dict[str, t.Example] = {}
    for example in subject.tree.examples:
        first = earlier.setdefault(example.title.lower(), example)
        if first is not example:
            yield Finding(
                example.span,
                f"another example is called `{first.title}` too",
                "give each example a title of its own: `rulekit test` calls it by that",
                ((first.span, "the other one"),),
            )
