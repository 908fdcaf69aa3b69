"""S107: a stop that the next trade hits."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import (
    distance_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("S107", "stop-within-noise", WARNING, "a stop nearer to the price than it moves by itself")
NEEDS = TREE


_NARROW = {
    t.Unit.PERCENT: Fraction(1, 20),
    t.Unit.TICKS: Fraction(2),
    t.Unit.ATR: Fraction(1, 10),
    t.Unit.R: Fraction(1, 20),
}
"""Distances that bid and ask alone may lie apart, by unit."""
_MOVING = ("price", "best price")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every stop that is kept that near to the price or to the best price."""
    for rule in subject.tree.rules:
        if isinstance(rule.verb, t.LockIn) and rule.verb.percent == 100:
            yield Finding(
                rule.span,
                "a stop that keeps 100% of the peak profit stands at the best price: the position is closed at once",
                "leave room for the price to step back: `lock in 70% of peak profit`",
            )
        distance = _behind(rule.verb)
        if distance is None or distance.unit not in _NARROW or distance.value > _NARROW[distance.unit]:
            continue
        span = rule.verb.price.span if isinstance(rule.verb, t.MoveStop) else rule.span
        yield Finding(
            span,
            f"a stop {distance_text(distance)} away lies within what bid and ask differ by: the next trade may hit it",
            "give it room: `1%`, `1 ATR`; or write `exit`, if that is meant",
        )


def _behind(verb: t.Verb) -> t.Distance | None:
    """Return how far behind the market a stop is kept, if it is."""
    if isinstance(verb, t.TrailStop):
        return verb.distance
    if not isinstance(verb, t.MoveStop) or not isinstance(verb.price.base, t.PriceFact):
        return None
    return verb.price.offset if verb.price.base.name in _MOVING and not verb.price.towards_profit else None
