"""R104: a part of a sentence that adds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rulekit.language import tree as t
from rulekit.language.sentences import (
    condition_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.ranges import implies
from rulekit.lint.subject import TREE, Subject

CODE = Code("R104", "said-twice", WARNING, "a condition that another one already contains")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every condition that holds wherever another one beside it holds."""
    for rule in subject.tree.rules:
        yield from _idle(_stated(rule), "and")
        yield from _idle_alternatives(rule.when)
        yield from _idle_alternatives(rule.unless)
        if isinstance(rule.unless, t.And):
            yield from _idle(rule.unless.items, "and")
    for definition in subject.tree.definitions:
        yield from _idle_alternatives(definition.condition)
        if isinstance(definition.condition, t.And):
            yield from _idle(definition.condition.items, "and")


def _stated(rule: t.Rule) -> tuple[t.Condition, ...]:
    """List what must all hold, as it is written: a defined name is one of them."""
    joined = rule.when.items if isinstance(rule.when, t.And) else (rule.when,)
    return tuple(filter(None, (rule.level, *rule.times, *joined)))


def _idle_alternatives(condition: t.Condition | None) -> Iterator[Finding]:
    """Look at every `or` within a condition, but not into defined names."""
    if isinstance(condition, t.Or):
        yield from _idle(condition.items, "or")
    if isinstance(condition, t.And | t.Or):
        for item in condition.items:
            yield from _idle_alternatives(item)
    elif isinstance(condition, t.Not):
        yield from _idle_alternatives(condition.item)


def _idle(items: Sequence[t.Condition], joined: str) -> Iterator[Finding]:
    """Yield each item that adds nothing to one beside it; of two that say the same, the later."""
    for index, item in enumerate(items):
        for place, other in enumerate(items):
            if not _adds_nothing(item, other, joined):
                continue
            if place >= index and _adds_nothing(other, item, joined):
                continue
            yield Finding(
                item.span,
                f"`{condition_text(item)}` adds nothing to `{condition_text(other)}`",
                "leave it out, or change the one that was meant otherwise",
                ((other.span, "says it already"),),
            )
            break


def _adds_nothing(item: t.Condition, other: t.Condition, joined: str) -> bool:
    return implies(other, item) if joined == "and" else implies(item, other)
