"""Rules in a form in which wording does not count: what is equal in it means the same; the reverse need not hold."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any

from attrs import fields, has

from rulekit.compile.program import times_allowed
from rulekit.language import tree as t
from rulekit.language.tree import Op

_SET_NAMED = (t.Number, t.Distance, t.PriceConstant, t.Level, t.When, t.Amount)
"""Nodes whose `name` only says which `set` line the number came from."""
_WORDING = {t.MoveStop: ("tighten",), t.PriceExpr: ("from_form",), t.When: ("worded",)}
"""Fields that keep how something was written."""

KNOWN = (
    t.Exit,
    t.Book,
    t.Add,
    t.MoveStop,
    t.TightenStopBy,
    t.TrailStop,
    t.LockIn,
    t.SetTarget,
    t.Alert,
    t.WholeBook,
    t.Level,
    t.FactLevel,
    t.PriceLevel,
    t.When,
    t.Comparison,
    t.Between,
    t.Lasting,
    t.Crosses,
    t.Moves,
    t.And,
    t.Or,
    t.Not,
    t.Named,
)
"""The actions and conditions whose differences are searched; of another only equality is known."""


def normal(rule: t.Rule) -> Hashable:
    """Return what a rule means, as far as wording, names and the order of conditions do not count."""
    limit = rule.limit
    often = (times_allowed(rule), limit.every, limit.every and limit.every_unit, limit.daily)
    return (_plain(rule.verb), frozenset(_parts(rule)), often, _rest(rule))


def _rest(rule: t.Rule) -> Hashable:
    """Return the fields of a rule that this module does not know by name."""
    known = ("name", "label", "verb", "level", "times", "when", "unless", "limit", "span")
    return tuple((each.name, _plain(getattr(rule, each.name))) for each in fields(t.Rule) if each.name not in known)


def parts(rule: t.Rule) -> tuple[t.Condition, ...]:
    """List the conditions that must hold together; the exception is one of them, negated."""
    found = [part for part in (rule.level, *rule.times, rule.when) if part is not None]
    return (*found, t.Not(rule.unless)) if rule.unless is not None else tuple(found)


def _parts(rule: t.Rule) -> Iterator[Hashable]:
    for part in parts(rule):
        yield from _joined(part)


def _joined(node: t.Condition) -> Iterator[Hashable]:
    if isinstance(node, t.Named):
        yield from _joined(node.condition)
    elif isinstance(node, t.And):
        for item in node.items:
            yield from _joined(item)
    elif isinstance(node, t.Between):
        yield _plain(t.Comparison(node.operand, Op.AT_LEAST, node.low))
        yield _plain(t.Comparison(node.operand, Op.AT_MOST, node.high))
    else:
        yield _plain(node)


def _level(node: t.Level) -> Hashable:
    if node.every:
        return _fields(node)
    fact = t.FactRef("profit" if node.profit else "loss", node.unit)
    return _plain(t.Comparison(fact, Op.AT_LEAST, t.Number(node.value, node.unit)))


def _amount(node: t.Amount) -> Hashable:
    everything = node.kind is t.AmountKind.PERCENT_HELD and node.value >= 100
    return (t.AmountKind.EVERYTHING,) if everything or node.kind is t.AmountKind.EVERYTHING else _fields(node)


def _not(node: t.Not) -> Hashable:
    item: Any = node.item
    while isinstance(item, t.Named):
        item = item.condition
    return _plain(item.item) if isinstance(item, t.Not) else (t.Not, _plain(item))


_FORMS: dict[type, Callable[[Any], Hashable]] = {
    t.Named: lambda node: _plain(node.condition),
    t.And: lambda node: (t.And, frozenset(_joined(node))),
    t.Between: lambda node: (t.And, frozenset(_joined(node))),
    t.Or: lambda node: (t.Or, frozenset(_plain(item) for item in node.items)),
    t.Not: _not,
    t.Level: _level,
    t.FactLevel: lambda node: _plain(node.comparison),
    t.Amount: _amount,
    t.Text: lambda node: (t.Text, node.value.casefold()),
}


def _plain(node: Any) -> Hashable:
    form = _FORMS.get(type(node))
    if form is not None:
        return form(node)
    if isinstance(node, tuple | list):
        return tuple(_plain(each) for each in node)
    return _fields(node) if has(type(node)) else node


def _fields(node: Any) -> Hashable:
    skipped = ("span", *(("name",) if isinstance(node, _SET_NAMED) else ()), *_WORDING.get(type(node), ()))
    values = ((each.name, _plain(getattr(node, each.name))) for each in fields(type(node)) if each.name not in skipped)
    return (type(node), *values)


def is_known(rule: t.Rule) -> bool:
    """Tell whether differences of a rule can be searched."""
    return type(rule.verb) in KNOWN and all(_is_known(part) for part in parts(rule))


def _is_known(node: t.Condition) -> bool:
    if type(node) not in KNOWN:
        return False
    inner = getattr(node, "items", None) or [each for each in (getattr(node, "item", None),) if each is not None]
    if isinstance(node, t.Named):
        inner = [node.condition]
    return all(_is_known(each) for each in inner)


_OWN = ("title", "applies", "values", "definitions", "rules", "book", "missing_data", "examples", "source", "path")


def policy_rest(old: t.PolicyTree, new: t.PolicyTree) -> tuple[str, ...]:
    """Name what differs between two policies beside their rules and what they are for."""
    names = (each.name for each in fields(t.PolicyTree) if each.name not in _OWN)
    return tuple(name for name in names if _plain(getattr(old, name)) != _plain(getattr(new, name)))
