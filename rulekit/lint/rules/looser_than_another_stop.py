"""S105: a stop that another one has always passed."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import (
    verb_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    demands,
    is_unbounded,
)
from rulekit.lint.ranges import all_implied
from rulekit.lint.subject import TREE, Subject

CODE = Code("S105", "looser-than-another-stop", WARNING, "a stop rule that is always looser than another one")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every stop rule beside which another one, at least as tight, always acts."""
    stops = [(rule, held) for rule in subject.tree.rules if (held := _held(rule.verb)) is not None]
    for index, (rule, held) in enumerate(stops):
        for place, (other, tighter) in enumerate(stops):
            same = held == tighter and place >= index
            if held[0] != tighter[0] or tighter[1] < held[1] or same or not _always_with(other, rule):
                continue
            yield Finding(
                rule.span,
                f"`{verb_text(rule.verb)}` is never tighter than `{verb_text(other.verb)}`,"
                " which acts wherever this does",
                "delete this rule, make it tighter, or let the other one wait for something",
                ((other.span, "the tighter one"),),
            )
            break


def _always_with(other: t.Rule, rule: t.Rule) -> bool:
    """Tell whether one rule acts wherever another does, and repeats without bound."""
    guarded = other.unless is None or other.unless == rule.unless
    return guarded and is_unbounded(other.limit) and all_implied(demands(rule), demands(other))


def _held(verb: t.Verb) -> tuple[object, Fraction] | None:
    """Return from where, in which unit and how far towards profit a stop stands; None where constants do not tell."""
    if not isinstance(verb, t.MoveStop):
        return None
    price, base = verb.price, verb.price.base
    if price.offset is None:
        if isinstance(base, t.PriceAtProfit):
            return ("profit", base.unit), base.value
        return None
    offset = price.offset
    return (base, offset.unit, offset.window), offset.value if price.towards_profit else -offset.value
