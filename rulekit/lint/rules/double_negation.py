"""F110: a negation that takes back another."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from rulekit.language import tree as t
from rulekit.language.sentences import (
    condition_text,
)
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.parts import (
    slots,
)
from rulekit.lint.subject import TREE, Subject

CODE = Code("F110", "double-negation", INFO, "a `not` within a `not`, or before `is not`")
NEEDS = TREE


_OPPOSITE = {
    t.Op.AT_LEAST: t.Op.BELOW,
    t.Op.BELOW: t.Op.AT_LEAST,
    t.Op.AT_MOST: t.Op.ABOVE,
    t.Op.ABOVE: t.Op.AT_MOST,
    t.Op.IS: t.Op.IS_NOT,
    t.Op.IS_NOT: t.Op.IS,
}


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every `not` of a single comparison or of another `not`."""
    for definition in subject.tree.definitions:
        yield from _negations(definition.condition)
    for rule in subject.tree.rules:
        for slot in slots(rule):
            yield from _negations(slot)


def _negations(condition: t.Condition) -> Iterator[Finding]:
    if isinstance(condition, t.And | t.Or):
        for item in condition.items:
            yield from _negations(item)
    elif isinstance(condition, t.Not):
        plain = _plain(condition.item)
        if plain is None:
            yield from _negations(condition.item)
        else:
            yield Finding(
                condition.span,
                f"`{condition_text(condition)}` is said more plainly as `{condition_text(plain)}`",
                f"write `{condition_text(plain)}`",
            )


def _plain(negated: t.Condition) -> t.Condition | None:
    """Return what a `not` before this says without it, or None where `not` is the plain way."""
    if isinstance(negated, t.Not):
        return negated.item
    return evolve(negated, op=_OPPOSITE[negated.op]) if isinstance(negated, t.Comparison) else None
