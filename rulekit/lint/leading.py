"""The look before: for what must last one at which it holds already, for what crosses one on the other side."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.tree import Rule, Unit
from rulekit.lint.axes import TruthAxis
from rulekit.lint.meaning import Meaning
from rulekit.lint.parts import lastings, leaves, opened
from rulekit.lint.pathfinding import Step
from rulekit.lint.regions import Region
from rulekit.lint.terms import Every, Opposite
from rulekit.model.instant import DAY, MINUTE


def looks_back(rule: Rule) -> bool:
    """Tell whether a rule asks how it was at earlier looks: something lasts, or crosses."""
    conditions = [each for each in (rule.when, rule.unless) if each is not None]
    return any(_lasts(each) or _crosses(each) for each in conditions)


def _lasts(condition: t.Condition) -> list[t.Lasting]:
    """List what must last in a condition, also where it stands under a name."""
    found = list(lastings(condition))
    for leaf in opened(condition):
        found += lastings(leaf)
    return found + [each for name in _named(condition) for each in _lasts(name.condition)]


def _named(condition: t.Condition) -> Iterator[t.Named]:
    return (leaf for leaf in leaves(condition) if isinstance(leaf, t.Named))


def _crosses(condition: t.Condition) -> bool:
    return any(isinstance(leaf, t.Crosses) for leaf in opened(condition))


def with_lead(meaning: Meaning, step: Step) -> list[Step]:
    """Return a step with the look that must come before it, and how long after that it is."""
    rule = step.rule
    if rule is None or rule.when is None or not looks_back(rule):
        return [step]
    waits = [_length(each.length) for each in _lasts(rule.when)]
    region = _before(meaning, rule)
    return [Step(region), Step(step.region, rule, max(waits, default=0))]


def _length(length: t.Number) -> int:
    scale = {Unit.BARS: MINUTE, Unit.DAYS: DAY}.get(length.unit, 1)
    return int(length.value * scale)


def _before(meaning: Meaning, rule: Rule) -> Region:
    """Return where a position lies a look before: all that is asked now, but for what crosses on its other side."""
    terms = []
    for part in meaning.parts[rule.name]:
        crossed = isinstance(part.node, t.Crosses) and isinstance(part.term, Every)
        terms.append(Opposite(part.term.items[0]) if crossed else part.term)  # type: ignore[union-attr]
    waits = {place for place, axis in enumerate(meaning.axes.axes) if isinstance(axis, TruthAxis)}
    return tuple({place: mask for place, mask in box.items() if place not in waits} for box in meaning.all_of(*terms))
