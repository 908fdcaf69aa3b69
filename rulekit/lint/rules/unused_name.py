"""N105: a `set` or `define` that no sentence uses."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.reading import Checked
from rulekit.language.tree import Define, PolicyTree, SetValue
from rulekit.lint.finding import WARNING, Code, Finding

CODE = Code("N105", "unused-name", WARNING, "a `set` or `define` that no sentence uses")


def find(tree: PolicyTree, checked: Checked) -> Iterator[Finding]:
    """Yield every name that is defined and never used."""
    named: SetValue | Define
    names: tuple[SetValue | Define, ...] = (*tree.values, *tree.definitions)
    for named in names:
        if named.name.lower() not in checked.used_names:
            yield Finding(named.span, f"`{named.name}` is defined and never used", "use it, or delete the line")
