"""Rules whose parts are tied together by arithmetic: where no position is found at once, the solver is asked."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from rulekit.language import tree as t
from rulekit.lint.axes import OTHER, TruthAxis, WordAxis
from rulekit.lint.concrete import ENTRIES, positions
from rulekit.lint.meaning import Meaning, Part
from rulekit.lint.picks import Picks
from rulekit.lint.solver import Found
from rulekit.lint.terms import axes_of
from rulekit.lint.witness import Witness

_TIED = frozenset(("difference", "ahead of"))
_MONEY = frozenset(
    ("profit", "peak profit", "giveback", "initial risk", "value", "quantity", "total profit", "price", "atr")
)


def tied(meaning: Meaning, parts: tuple[Part, ...]) -> bool:
    """Tell whether parts compare things that depend on each other beyond what regions know.

    What rests on an earlier look as well is left out: one position never shows it.
    """
    axes = [meaning.axes.axes[place] for part in parts for place in axes_of(part.term)]
    if any(isinstance(axis, TruthAxis) for axis in axes):
        return False
    keys: list[Any] = [axis.key for axis in axes]
    kinds = [key for key in set(keys) if isinstance(key, tuple) and key[0] in _MONEY]
    return len(kinds) > 1 or any(isinstance(key, tuple) and key[0] in _TIED for key in keys)


def asked(meaning: Meaning, rule: t.Rule) -> Found:
    """Ask the solver whether a rule can hold; it must be installed."""
    from rulekit.lint.solver import satisfiable

    return satisfiable(meaning, *(part.term for part in meaning.parts[rule.name]))


def from_solver(meaning: Meaning, found: Found) -> Iterator[Witness]:
    """List positions made of the solver's values; whether they show what is asked is for the evaluator to say."""
    chosen: Picks = {("word", "side"): "long" if found.side > 0 else "short"}
    for key, value in found.values:
        chosen.update(_pick(meaning, key, value))
    yield from positions(meaning, chosen, ENTRIES[0])


_OWN = {"entry": "entry", "price": "price", "best": "best price", "worst": "worst price"}
_INTERNAL = ("tick", "charges")


def _pick(meaning: Meaning, key: Hashable, value: Any) -> Picks:
    """Turn a variable of the solver into a picked value of an axis."""
    if key == "size":
        return {("quantity", t.Unit.COUNT): value} if value.denominator == 1 else {}
    if isinstance(key, str):
        return {} if key in _INTERNAL else {("price", _OWN.get(key, key), None): value}
    assert isinstance(key, tuple)
    if len(key) > 1 and isinstance(key[1], t.Window) and key[0] != "atr":
        return {("price", *key): value}
    if key[0] == "word":
        place = meaning.axes.find(key)
        axis = meaning.axes.axes[place] if place is not None else None
        words = axis.words if isinstance(axis, WordAxis) else []
        return {key: words[int(value)] if 0 <= int(value) < len(words) else OTHER}
    return {key: value}
