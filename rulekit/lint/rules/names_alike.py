"""N109: two names that a reader takes for one."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import every_rule
from rulekit.lint.subject import TREE, Subject

CODE = Code("N109", "names-alike", WARNING, "two names that differ only by case, spaces or dashes")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every label or defined name whose letters and digits are those of an earlier one."""
    labels = [(rule.label, rule.span) for rule in every_rule(subject.tree) if rule.label is not None]
    values = [(value.name, value.span) for value in subject.tree.values]
    names = sorted((*values, *((each.name, each.span) for each in subject.tree.definitions)), key=_place)
    for group in (labels, names):
        earlier: dict[str, tuple[str, t.Span]] = {}
        for name, span in group:
            first, place = earlier.setdefault(_letters(name), (name, span))
            if place is not span:
                yield Finding(
                    span,
                    f"`{name}` and `{first}` differ only by spaces, dashes or capitals",
                    "give one of them a name that nobody mistakes for the other",
                    ((place, "the other one"),),
                )


def _place(named: tuple[str, t.Span]) -> int:
    return named[1].line


def _letters(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum() or char == "%")
