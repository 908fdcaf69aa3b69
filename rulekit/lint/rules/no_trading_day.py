"""T108: a weekend as a trading day."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    condition_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    facts_of,
    written,
)
from rulekit.lint.subject import TREE, Subject

_SATURDAY = 5

CODE = Code("T108", "no-trading-day", WARNING, "a day of the week without trading")
NEEDS = TREE


_WEEKEND = ("saturday", "sunday")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every trigger on, and every comparison of the day with, a Saturday or a Sunday."""
    for leaf in written(subject.tree):
        if _on_weekend(leaf):
            yield Finding(
                leaf.span,
                f"there is no trading on a weekend: `{condition_text(leaf)}`",
                "write a day from Monday to Friday",
            )


def _on_weekend(leaf: t.Condition) -> bool:
    if isinstance(leaf, t.When):
        return leaf.form is t.TimeForm.ON_DAY and leaf.value >= _SATURDAY
    if [name for name, _ in facts_of(leaf)] != ["day"]:
        return False
    assert isinstance(leaf, t.Comparison)
    assert isinstance(leaf.right, t.Text)
    return leaf.right.value.lower() in _WEEKEND
