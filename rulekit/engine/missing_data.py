"""Whether data is missing for a rule: the price, or a fact of the market or the book, that it reads is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import fields, has

from rulekit.compile.exact import Reader
from rulekit.compile.layout import CANNOT_JUDGE
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.unknowns import known_number
from rulekit.language import tree as t
from rulekit.language.vocabulary import PRICE

_GAINS = ("profit", "loss", "peak profit", "total profit", "giveback")
_LEVELS = ("price", "value", "best price", "worst price", "high since entry", "low since entry")
_PRICED = frozenset((*_GAINS, *_LEVELS))
_STOPS = (t.MoveStop, t.TightenStopBy, t.TrailStop, t.LockIn)
_OUTSIDE = ("market", "book")


def lacks_data(policy: CompiledPolicy, statuses: tuple[float, ...], reader: Reader) -> bool:
    """Tell whether a rule that would change the position could not be judged, and a fact that it reads is missing."""
    return any(
        status == CANNOT_JUDGE and not rule.is_alert and _misses(rule.predicate.rule, reader)
        for rule, status in zip(policy.rules, statuses, strict=True)
    )


def _misses(rule: t.Rule, reader: Reader) -> bool:
    parts = (rule.verb, rule.level, rule.times, rule.when, rule.unless)
    nodes = [node for part in parts for node in _nodes(part)]
    if reader.price is None and any(_needs_price(node) for node in nodes):
        return True
    return any(_unheard(node, reader) for node in nodes)


def _nodes(node: Any) -> Iterator[Any]:
    """List a part of a rule and all that it is made of."""
    if isinstance(node, tuple):
        for each in node:
            yield from _nodes(each)
    elif has(type(node)) and not isinstance(node, t.Span):
        yield node
        for each in fields(type(node)):
            yield from _nodes(getattr(node, each.name))


def _needs_price(node: Any) -> bool:
    if isinstance(node, t.FactRef | t.PriceFact):
        return node.name in _PRICED
    if isinstance(node, t.Moves):
        return node.subject.name != "price"
    worth = isinstance(node, t.Amount) and node.kind is t.AmountKind.WORTH
    return worth or isinstance(node, (t.Level, t.PriceLevel, *_STOPS))


def _unheard(node: Any, reader: Reader) -> bool:
    """Tell whether a node asks for a fact of the market or the book that is not there."""
    if isinstance(node, t.Moves):
        return reader.change(node.window) is None
    if isinstance(node, t.FactRef | t.PriceFact) and node.name in reader.vocabulary:
        row = reader.vocabulary[node.name]
        if row.origin not in _OUTSIDE:
            return False
        if row.kind == PRICE or row.name == "atr":
            return reader.heard_price(row.name, node.window) is None
        if row.name in ("day profit", "day loss"):
            return reader.fact(t.FactRef(row.name, t.Unit.RUPEES)) is None
        return known_number(reader.heard(row.name, node.window)) is None
    in_atr = isinstance(node, t.Level | t.Distance | t.PriceAtProfit | t.Number) and node.unit is t.Unit.ATR
    return in_atr and reader.heard_price("atr", getattr(node, "window", None)) is None
