"""Proofs in a trader's words: regions, and what happens at each look."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import operand_text
from rulekit.language.tree import Unit
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.language.words import clock_text, duration_text, listing, measure_text, window_text
from rulekit.lint.atoms import Axes
from rulekit.lint.axes import Axis, NumberAxis, WordAxis, cells
from rulekit.lint.cycles import Look
from rulekit.lint.path import Walk
from rulekit.lint.regions import Box
from rulekit.model.decision import ADD, EXIT
from rulekit.model.prices import rupees


def named(rules: list[t.Rule] | tuple[t.Rule, ...], joint: str = "and") -> str:
    """List rules by their names."""
    return listing([f"`{rule.name}`" for rule in rules], joint)


def looks_told(looks: tuple[Look, ...], *, stops: bool = True) -> Iterator[str]:
    """Say what each look decides: `first look: book 50 of 100 (`A`); `B` waits`."""
    number = 0
    for look in looks:
        said = _said(look, stops=stops)
        if said:
            number += 1
            yield f"{_ordinal(number)} look: {said}"


def walk_told(walk: Walk, vocabulary: Vocabulary, *, stops: bool = True) -> Iterator[str]:
    """Say the same of a walk, each look with its number and what has changed since the last one that is told."""
    before = 0
    for place, look in enumerate(walk.looks):
        said = _said(look, stops=stops)
        if not said:
            continue
        changed = walk.path.told(place, before, look, vocabulary)
        before = place
        yield f"{_ordinal(place + 1)} look{', ' if changed else ''}{changed}: {said}"


def _said(look: Look, *, stops: bool) -> str:
    """Say what one look decides; empty where it does nothing that is told."""
    said = [_order(look)] if look.order is not None else []
    if stops and look.stop is not None and look.stop.stop is not None:
        said.append(f"stop to {rupees(look.stop.stop, look.snapshot.scale)} (`{look.stop.rule}`)")
    waits = [name for name in look.decision.skipped if look.order is not None and look.order.kind != EXIT]
    if said and waits:
        said.append(f"{listing([f'`{name}`' for name in waits], 'and')} {'wait' if len(waits) > 1 else 'waits'}")
    return "; ".join(said)


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def _order(look: Look) -> str:
    order = look.order
    assert order is not None
    held = int(look.snapshot.quantity)
    if order.kind == EXIT:
        return f"exit all {held} (`{order.rule}`)"
    if order.kind == ADD:
        return f"add {order.quantity} to {held} (`{order.rule}`)"
    return f"book {order.quantity} of {held} (`{order.rule}`)"


def sold(looks: tuple[Look, ...]) -> int:
    """Count what all looks sold."""
    return sum(look.order.quantity or 0 for look in looks if look.order is not None and look.order.kind != ADD)


def bought(looks: tuple[Look, ...]) -> int:
    """Count what all looks added."""
    return sum(look.order.quantity or 0 for look in looks if look.order is not None and look.order.kind == ADD)


# --- regions ---------------------------------------------------------------------------------------------------


def region_told(axes: Axes, box: Box, leave_out: tuple[str, ...] = ()) -> str:
    """Say where a box lies: `age is below 2 hours and volatility is below 2 times normal`; empty for everywhere."""
    said = []
    for place, mask in box.items():
        axis = axes.axes[place]
        if isinstance(axis.key, tuple) and axis.key[0] in leave_out:
            continue
        text = _axis_told(axis, mask)
        if text:
            said.append(text)
    return listing(said, "and")


def _axis_told(axis: Axis, mask: int) -> str:
    if isinstance(axis, WordAxis):
        words = [word for place, word in enumerate(axis.words) if mask >> place & 1]
        subject = str(axis.key[1]) if isinstance(axis.key, tuple) else ""
        return f"{subject} is {listing(words)}" if words else f"{subject} is another"
    return _numbers_told(axis, mask) if isinstance(axis, NumberAxis) else ""


def _numbers_told(axis: NumberAxis, mask: int) -> str:
    if isinstance(axis.key, tuple) and axis.key[0] == "difference":
        return _difference_told(axis, mask)
    subject = _subject(axis.key)
    found = cells(mask & axis.numbers)
    if not subject or not found:
        return ""
    (low, _), (_, high) = axis.edges(found[0]), axis.edges(found[-1])
    whole = found[-1] - found[0] + 1 == len(found)
    unknown = bool(mask & axis.beside())
    tail = " or unknown" if unknown and axis.key[0] == "fact" else ""  # type: ignore[index]
    if not whole or (low is None and high is None):
        return ""
    if low is None and high is not None:
        return f"{subject} is {'at most' if found[-1] % 2 else 'below'} {_value(axis.key, high)}{tail}"
    if high is None and low is not None:
        return f"{subject} is {'at least' if found[0] % 2 else 'above'} {_value(axis.key, low)}{tail}"
    assert low is not None and high is not None
    return (
        f"{subject} is {_value(axis.key, low)}"
        if low == high
        else f"{subject} is between {_value(axis.key, low)} and {_value(axis.key, high)}{tail}"
    )


def _difference_told(axis: NumberAxis, mask: int) -> str:
    """Say how two things compare, from the cells below, at and above zero."""
    key = axis.key
    assert isinstance(key, tuple)
    how = {1: "below", 2: "exactly", 3: "at most", 4: "above", 5: "anything but", 6: "at least"}.get(
        mask & axis.numbers
    )
    tail = " or unknown" if mask & axis.beside() else ""
    return "" if how is None else f"{operand_text(key[1])} is {how} {operand_text(key[2])}{tail}"


def _subject(key: Hashable) -> str:
    """Name what an axis measures; empty where it has no plain name."""
    if not isinstance(key, tuple):
        return ""
    if key[0] == "ahead of":
        return ""
    if key[0] == "price":
        return str(key[1]) if key[2] is None else f"{key[1]} {window_text(key[2])}"
    if key[0] == "fact":
        return str(key[1])
    if key[0] == "moved":
        return f"change {window_text(key[1])}"
    return {"to close": "time to close", "to expiry": "days to expiry"}.get(key[0], str(key[0]))


def _value(key: Hashable, value: Fraction) -> str:
    assert isinstance(key, tuple)
    if key[0] == "time":
        return clock_text(int(value))
    if key[0] == "to close" or key[-1] is Unit.DURATION:
        return duration_text(int(value))
    if key[0] == "price":
        return measure_text(value, Unit.RUPEES)
    if isinstance(key[-1], Unit):
        return measure_text(value, key[-1])
    if key[0] == "moved":
        return measure_text(Fraction(repr(float(value))), Unit.PERCENT)
    row = STANDARD.find(str(key[-1]).partition(" over ")[0])
    return measure_text(Fraction(repr(float(value))), Unit.COUNT if row is None else row.units[0])
