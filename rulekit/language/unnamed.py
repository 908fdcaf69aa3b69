"""Conditions without the names that a policy gives: what a rule remembers is kept under what was meant."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from attrs import evolve, fields, has

from rulekit.language import tree as t
from rulekit.language.sentences import condition_text


@lru_cache(maxsize=1024)
def memory_key(condition: t.Lasting | t.Crosses) -> str:
    """Return the words under which a rule remembers what a condition needs, without how long it must last."""
    if isinstance(condition, t.Lasting):
        return f"{unnamed_text(condition.item)}, for"
    return unnamed_text(condition)


def unnamed_text(condition: t.Condition) -> str:
    """Write a condition with every name replaced by what it stands for."""
    return condition_text(_unnamed(condition))


def _unnamed(node: Any) -> Any:
    if isinstance(node, t.Named):
        return _unnamed(node.condition)
    if isinstance(node, tuple):
        return tuple(_unnamed(each) for each in node)
    if not has(type(node)) or isinstance(node, t.Span):
        return node
    parts = {each.name: _unnamed(getattr(node, each.name)) for each in fields(type(node))}
    if "name" in parts and not isinstance(node, t.FactRef | t.PriceFact):
        parts["name"] = None
    return evolve(node, **parts)
