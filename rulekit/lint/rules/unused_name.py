"""N105: a `set` or `define` that no sentence uses."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.tree import Define, SetValue
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("N105", "unused-name", WARNING, "a `set` or `define` that no sentence uses")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every name that is defined and never used."""
    named: SetValue | Define
    names: tuple[SetValue | Define, ...] = (*subject.tree.values, *subject.tree.definitions)
    for named in names:
        if named.name.lower() not in subject.checked.used_names:
            yield Finding(named.span, f"`{named.name}` is defined and never used", "use it, or delete the line")
