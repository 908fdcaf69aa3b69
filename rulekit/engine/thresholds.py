"""The numbers of a policy, each a little changed: a change that no example notices is a number that none holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from attrs import asdict, evolve, fields, frozen, has, mutable

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.engine.examples import run_example
from rulekit.language import tree as t
from rulekit.language.sentences import (
    amount_text,
    distance_text,
    level_text,
    limit_text,
    price_text,
    profit_text,
    share_text,
    when_text,
)
from rulekit.language.tree import TimeForm, Unit
from rulekit.language.words import measure_text
from rulekit.model.instant import DAY, MINUTE

Key = tuple[str, str, int]
"""Where a number stands: `set`, `define` or `rule`, the name of that, and which of its numbers it is."""


@frozen
class Change:
    """One number, a little changed.

    Args:
        where: the rule, the definition or the `set` name that the number belongs to.
        before: the words with the number. after: the same with the changed one.
        noticed: an example that passes fails with it.
    """

    where: str
    line: int
    before: str
    after: str
    noticed: bool


def changes(policy: CompiledPolicy) -> tuple[Change, ...]:
    """Try every small change of a number against the examples that pass; a named value changes wherever it is used."""
    passing = [example for example in policy.tree.examples if run_example(policy, example).passed]
    found = []
    for key, (leaf, line) in _numbers(policy.tree).items():
        for other in _variants(leaf):
            changed = _with(policy.tree, key, leaf, other)
            mutant = compile_policy(changed, policy.vocabulary)
            noticed = any(not run_example(mutant, example).passed for example in passing)
            found.append(Change(key[1], line, _text(leaf), _text(other), noticed))
    return tuple(found)


# --- where the numbers stand ------------------------------------------------------------------------------------


@mutable
class _Walk:
    """Rebuilds rules with every number handed to `change`; `key` says where it stands."""

    change: Callable[[Key, Any, int], Any]
    scope: tuple[str, str] = ("rule", "")
    count: int = 0
    line: int = 0

    def rule(self, rule: t.Rule) -> t.Rule:
        """Rebuild a rule; its name stays, for it is its identity."""
        self.scope, self.count, self.line = ("rule", rule.name), 0, rule.span.line
        parts = {name: self.part(getattr(rule, name)) for name in ("verb", "level", "times", "when", "unless")}
        return evolve(rule, limit=self.part(rule.limit) if rule.limit.written else rule.limit, **parts)

    def part(self, node: Any) -> Any:
        """Rebuild a part of a rule."""
        if isinstance(node, tuple):
            return tuple(self.part(each) for each in node)
        if isinstance(node, t.Named):
            before = self.scope, self.count
            self.scope, self.count = ("define", node.name), 0
            inner = self.part(node.condition)
            self.scope, self.count = before
            return evolve(node, condition=inner)
        if type(node) in _TEXTS:
            return self.change(self._key(node), node, self.line)
        if not has(type(node)) or isinstance(node, t.Span):
            return node
        inner = {each.name: self.part(getattr(node, each.name)) for each in fields(type(node))}
        return evolve(node, **inner)

    def _key(self, node: Any) -> Key:
        name = getattr(node, "name", None)
        if name:
            return ("set", name, 0)
        self.count += 1
        return (*self.scope, self.count)


def _numbers(tree: t.PolicyTree) -> dict[Key, tuple[Any, int]]:
    """List the numbers of a policy in the order of the file, each once."""
    found: dict[Key, tuple[Any, int]] = {}

    def note(key: Key, leaf: Any, line: int) -> Any:
        found.setdefault(key, (leaf, line))
        return leaf

    for rule in (*tree.rules, *tree.book):
        _Walk(note).rule(rule)
    return found


def _with(tree: t.PolicyTree, key: Key, leaf: Any, other: Any) -> t.PolicyTree:
    """Return the policy with another number in one place, or wherever a name stands for it."""
    shares = {
        name: Fraction(value) / Fraction(getattr(leaf, name)) if getattr(leaf, name) else None
        for name, value in asdict(other, recurse=False).items()
        if value != getattr(leaf, name)
    }

    def change(at: Key, node: Any, line: int) -> Any:
        return evolve(node, **_changed(node, other, shares)) if at == key else node

    walk = _Walk(change)
    return evolve(
        tree,
        rules=tuple(walk.rule(rule) for rule in tree.rules),
        book=tuple(walk.rule(rule) for rule in tree.book),
    )


def _changed(node: Any, other: Any, shares: dict[str, Fraction | None]) -> dict[str, Any]:
    """Return the changed fields of a node: in proportion, for a name may stand for minutes here and seconds there."""
    values = {}
    for name, share in shares.items():
        value = getattr(other, name) if share is None else Fraction(getattr(node, name)) * share
        values[name] = int(value) if isinstance(node, t.When | t.Limit) else value
    return values


# --- a little more, a little less ---------------------------------------------------------------------------------


def _step(value: Fraction, unit: Unit) -> Fraction:
    """Return a small step: a tenth, five minutes of a time of day, one of what is counted whole."""
    if unit is Unit.CLOCK:
        return Fraction(5 * MINUTE)
    if unit is Unit.DURATION:
        return Fraction(max(MINUTE, int(value) // 10 // MINUTE * MINUTE))
    if unit in (Unit.COUNT, Unit.DAYS, Unit.BARS, Unit.TICKS):
        return Fraction(max(1, round(abs(value) / 10)))
    return abs(value) / 10 or Fraction(1, 10)


def _near(value: Fraction | int, unit: Unit, most: int | None = None) -> Iterator[Fraction]:
    """Return a value a little larger and a little smaller, of the same sign and within its bound."""
    exact = Fraction(value)
    step = _step(exact, unit)
    bound = DAY - MINUTE if unit is Unit.CLOCK else most
    for other in (exact + step, exact - step):
        if (exact <= 0 or other > 0) and (exact >= 0 or other < 0) and (bound is None or other <= bound):
            yield other


_SHARES = (t.AmountKind.PERCENT_HELD, t.AmountKind.PERCENT_ORIGINAL, t.AmountKind.UP_TO)


def _variants(leaf: Any) -> Iterator[Any]:
    """List a number's neighbours."""
    if isinstance(leaf, t.When):
        yield from _times(leaf)
    elif isinstance(leaf, t.Limit):
        if leaf.times is not None:
            yield from (evolve(leaf, times=int(each)) for each in _near(leaf.times, Unit.COUNT))
        if leaf.every is not None:
            yield from (evolve(leaf, every=int(each)) for each in _near(leaf.every, leaf.every_unit))
    elif isinstance(leaf, t.TightenStopBy | t.LockIn):
        yield from (evolve(leaf, percent=each) for each in _near(leaf.percent, Unit.PERCENT, 100))
    elif isinstance(leaf, t.Amount):
        if leaf.kind is not t.AmountKind.EVERYTHING:
            share = leaf.kind in _SHARES
            unit = Unit.PERCENT if share or leaf.kind is t.AmountKind.WORTH else Unit.COUNT
            yield from (evolve(leaf, value=each) for each in _near(leaf.value, unit, 100 if share else None))
    else:
        unit = getattr(leaf, "unit", Unit.RUPEES)
        yield from (evolve(leaf, value=each) for each in _near(leaf.value, unit))


def _times(leaf: t.When) -> Iterator[t.When]:
    if leaf.form in (TimeForm.ON_DAY, TimeForm.ON_EXPIRY):
        return
    unit = Unit.DURATION if leaf.form is TimeForm.BEFORE_CLOSE else leaf.unit
    if leaf.form in (TimeForm.BEFORE_CLOCK, TimeForm.BETWEEN_CLOCK, TimeForm.FROM_CLOCK):
        unit = Unit.CLOCK
    yield from (evolve(leaf, value=int(each)) for each in _near(leaf.value, unit))
    if leaf.form is TimeForm.BETWEEN_CLOCK:
        yield from (evolve(leaf, high=int(each)) for each in _near(leaf.high, unit))


def _price_base(leaf: Any) -> str:
    return price_text(t.PriceExpr(leaf))


_TEXTS: dict[type, Callable[[Any], str]] = {
    t.Number: lambda leaf: measure_text(leaf.value, leaf.unit),
    t.Level: level_text,
    t.FactLevel: level_text,
    t.When: when_text,
    t.Amount: amount_text,
    t.Distance: distance_text,
    t.PriceConstant: _price_base,
    t.PriceAtProfit: lambda leaf: profit_text(leaf.value, leaf.unit),
    t.TightenStopBy: lambda leaf: f"by {share_text(leaf.percent)}",
    t.LockIn: lambda leaf: f"{share_text(leaf.percent)} of peak profit",
    t.Limit: limit_text,
}
"""The parts of a sentence that hold a number, and how each is written."""


def _text(leaf: Any) -> str:
    """Write a number with its words; one that a name stands for without the name."""
    return _TEXTS[type(leaf)](evolve(leaf, name=None) if getattr(leaf, "name", None) else leaf)
