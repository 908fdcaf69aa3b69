"""F103: a number that several rules share."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    level_text,
)
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("F103", "number-twice", INFO, "one number in several rules, without a name")
NEEDS = TREE
ON_REQUEST = True


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every level that an earlier rule has too, where neither has a name."""
    earlier: dict[str, t.Level] = {}
    for rule in subject.tree.rules:
        level = rule.level
        if not isinstance(level, t.Level) or level.name is not None or level.every:
            continue
        text = level_text(level)
        first = earlier.setdefault(text, level)
        if first is not level:
            yield Finding(
                level.span,
                f"`{text}` stands in more than one rule",
                f"give it a name, so that it is changed in one place: `set first target to {text}`",
                ((first.span, "here too"),),
            )
