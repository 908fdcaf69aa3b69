"""D105: R asked of positions that may have no stop."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.parts import (
    opened,
    operands,
    slots,
)
from rulekit.lint.subject import TREE, Subject

CODE = Code("D105", "risk-needs-stop", INFO, "R, which is unknown for a position without an initial stop")
NEEDS = TREE
ON_REQUEST = True


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the first place where a policy counts in R."""
    for rule in subject.tree.rules:
        if any(_in_risk(leaf) for slot in slots(rule) for leaf in opened(slot)) or _moves_by_risk(rule.verb):
            yield Finding(
                rule.span,
                "R is the distance from the entry to the first stop: without one this rule never acts",
                "give each position its stop when it is opened",
            )
            break


def _in_risk(leaf: t.Condition) -> bool:
    if isinstance(leaf, t.Level):
        return leaf.unit is t.Unit.R
    return any(
        (isinstance(side, t.Number | t.FactRef) and side.unit is t.Unit.R)
        or (isinstance(side, t.FactRef) and side.name in ("initial risk", "initial stop"))
        for side in operands(leaf)
    )


def _moves_by_risk(verb: t.Verb) -> bool:
    if isinstance(verb, t.TrailStop):
        return verb.distance.unit is t.Unit.R
    if not isinstance(verb, t.MoveStop):
        return False
    in_base = isinstance(verb.price.base, t.PriceAtProfit) and verb.price.base.unit is t.Unit.R
    return in_base or (verb.price.offset is not None and verb.price.offset.unit is t.Unit.R)
