"""The cells in which a snapshot lies, worked out by other means: read by the slow reader and judged by predicates."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from rulekit.compile.exact import Reader
from rulekit.compile.predicate import holds, operand_value
from rulekit.language import tree as t
from rulekit.language.tree import Unit
from rulekit.lint.axes import UNKNOWN_CELL, Axis, NumberAxis, TruthAxis, WordAxis
from rulekit.lint.meaning import Meaning
from rulekit.lint.scales import NO_EXPIRY, OVERNIGHT
from rulekit.model.instant import MINUTE
from rulekit.model.instrument import EQUITY
from rulekit.model.snapshot import Snapshot


def point_of(meaning: Meaning, snapshot: Snapshot) -> dict[int, int]:
    """Return the one cell on every axis in which a snapshot lies."""
    reader = Reader(snapshot, meaning.vocabulary)
    return {place: _cell(axis, reader) for place, axis in enumerate(meaning.axes.axes)}


def _cell(axis: Axis, reader: Reader) -> int:
    if isinstance(axis, TruthAxis):
        truth = holds(axis.key, reader)
        return axis.UNKNOWN if truth is None else axis.TRUE if truth else axis.FALSE
    if isinstance(axis, WordAxis):
        word = reader.text(axis.key[1])
        if word is None:
            return axis.all & ~axis.known
        return axis.where(word) if word in axis.words else 1 << len(axis.words)
    value, beside = _number(axis, reader)
    return axis.cell_of(value, beside)


def _number(axis: NumberAxis, reader: Reader) -> tuple[Fraction | None, str]:
    """Return the value of an axis, or the name of the cell without a number."""
    key: Any = axis.key
    kind, snapshot = key[0], reader.snapshot
    if kind == "difference":
        left, right = operand_value(key[1], key[2], reader), operand_value(key[2], key[1], reader)
        return (None if left is None or right is None else left - right), UNKNOWN_CELL
    if kind == "ahead of":
        price, level = reader.price, reader.price_of(key[1])
        return (None if price is None or level is None else (price - level) * reader.side), UNKNOWN_CELL
    if kind == "to close":
        return reader.to_close, UNKNOWN_CELL
    if kind == "to expiry":
        beside = NO_EXPIRY if reader.to_expiry is None and snapshot.kind == EQUITY else UNKNOWN_CELL
        return reader.to_expiry, beside
    if kind == "age":
        return _age(key[1], reader)
    if kind == "price":
        return reader.fact(t.FactRef(key[1], Unit.RUPEES, key[2])), UNKNOWN_CELL
    if kind == "atr":
        return reader.fact(t.FactRef("atr", Unit.RUPEES, key[1])), UNKNOWN_CELL
    if kind == "time":
        return reader.time, UNKNOWN_CELL
    if kind == "fact":
        return _heard(key[1], reader), UNKNOWN_CELL
    if kind == "moved":
        return reader.change(key[1]), UNKNOWN_CELL
    if kind == "day profit":
        return reader.fact(t.FactRef("day profit", Unit.RUPEES)), UNKNOWN_CELL
    return reader.fact(t.FactRef(kind, key[1])), UNKNOWN_CELL


def _age(unit: Unit, reader: Reader) -> tuple[Fraction | None, str]:
    snapshot = reader.snapshot
    if unit is Unit.DAYS and snapshot.opened is None and not snapshot.age_days > 1:
        return None, OVERNIGHT
    return reader.age(unit), UNKNOWN_CELL


def _heard(phrase: str, reader: Reader) -> Fraction | None:
    """Return a host's fact by its phrase, in the position's favour."""
    bare, over, window = phrase.partition(" over ")
    length, _, word = window.partition(" ")
    unit = Unit.BARS if word.startswith("bar") else Unit.DURATION
    span = t.Window(int(length) * (1 if unit is Unit.BARS else MINUTE), unit) if over else None
    return reader.fact(t.FactRef(bare, reader.vocabulary[bare].units[0], span))
