"""D101: protection that a silent feed switches off."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.vocabulary import STANDARD
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    closes,
    facts_of,
    opened,
    slots,
)
from rulekit.lint.protection import protections
from rulekit.lint.subject import TREE, Subject

CODE = Code("D101", "exit-needs-data", WARNING, "the only exit on a loss hangs on data that may be missing")
NEEDS = TREE


_ALWAYS_THERE = frozenset({"day high", "day low", "day open"})
"""Facts that every feed of prices has."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every exit on a loss that hangs on a fact of the market, where no other rule limits a loss without one."""
    if subject.tree.missing_data == "exit":
        return
    protecting = protections(subject.tree)
    waiting = [(rule, name) for rule in protecting if closes(rule) and (name := _market_fact(rule))]
    if len(waiting) < len(protecting):
        return
    for rule, name in waiting:
        yield Finding(
            rule.span,
            f"if the feed lacks `{name}`, this is unknown and does not act, and no other rule limits a loss",
            "add one that needs the price only: `exit at 5% loss`",
        )


def _market_fact(rule: t.Rule) -> str:
    """Return a fact of the market on which the rule hangs, or an empty text."""
    names = [name for slot in slots(rule) for leaf in opened(slot) for name, _ in facts_of(leaf)]
    may_be_missing = {fact.name for fact in STANDARD if fact.origin == "market"} - _ALWAYS_THERE
    return next((name for name in names if name in may_be_missing), "")
