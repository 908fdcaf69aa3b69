"""C104: nothing ends a position before its contract does."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.parts import (
    closes,
    facts_of,
    opened,
    slots,
)
from rulekit.lint.subject import TREE, Subject

_EXPIRING = ("future", "option")

CODE = Code("C104", "held-into-expiry", INFO, "carried derivatives without an exit before they expire")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the `applies to` of a policy for carried futures or options in which nothing looks at the expiry."""
    applies = subject.tree.applies
    expiring = any(kind in _EXPIRING for kind in applies.kinds)
    carried = "NRML" in applies.products
    if expiring and carried and not any(_looks_at_expiry(rule) for rule in subject.tree.rules if closes(rule)):
        yield Finding(
            applies.span,
            "these contracts expire, and no exit looks at their expiry",
            "add `exit on expiry day after 15:00`, or `exit when days to expiry is at most 1`",
        )


def _looks_at_expiry(rule: t.Rule) -> bool:
    leaves_of_rule = [leaf for slot in slots(rule) for leaf in opened(slot)]
    on_the_day = any(isinstance(leaf, t.When) and leaf.form is t.TimeForm.ON_EXPIRY for leaf in leaves_of_rule)
    return on_the_day or any(name == "days to expiry" for leaf in leaves_of_rule for name, _ in facts_of(leaf))
