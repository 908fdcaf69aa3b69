"""N110: two names for one condition."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    condition_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("N110", "same-definition", WARNING, "two `define` lines that say the same")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every definition whose condition an earlier one has."""
    earlier: dict[str, t.Define] = {}
    for definition in subject.tree.definitions:
        first = earlier.setdefault(condition_text(definition.condition), definition)
        if first is not definition:
            yield Finding(
                definition.span,
                f"`{definition.name}` says the same as `{first.name}`: `{condition_text(first.condition)}`",
                f"keep one of them, or change what was meant to differ; a copy of `{first.name}` is easily forgotten",
                ((first.span, "the first one"),),
            )
