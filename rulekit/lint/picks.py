"""Picks: from the cells of a box one value for each axis, the threshold itself or a number that reads well."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from fractions import Fraction

from rulekit.language.tree import Unit
from rulekit.lint.axes import OTHER, Axis, NumberAxis, TruthAxis, WordAxis, cells, sample
from rulekit.lint.regions import Box
from rulekit.model.instant import HOUR, MINUTE

Pick = Fraction | str | bool | None
"""A number, a word, the truth of something, or None for unknown; an extra cell by its name in a tuple."""
Picks = dict[Hashable, Pick]

_USUAL: dict[Hashable, Fraction] = {
    ("age", Unit.DURATION): Fraction(10 * MINUTE),
    ("time",): Fraction(12 * HOUR),
    ("to close",): Fraction(210 * MINUTE),
    ("quantity", Unit.COUNT): Fraction(100),
    ("lots", Unit.COUNT): Fraction(100),
    ("price", "price", None): Fraction(1690),
    ("price", "entry", None): Fraction(1690),
    ("fact", "volume"): Fraction(1),
    ("fact", "volatility"): Fraction(1),
    ("fact", "rsi"): Fraction(50),
}
"""What is nearest to nothing in particular: of several cells the nearest to it is taken."""
_MINUTES = frozenset((("age", Unit.DURATION), ("time",), ("to close",)))


def picks(axes: list[Axis], box: Box, prefer: Mapping[Hashable, Fraction] | None = None) -> Iterator[Picks]:
    """List choices of one value for each axis of a box, the plainest first; each other one differs in one axis."""
    choices: dict[Hashable, list[Pick]] = {}
    for place, mask in box.items():
        axis = axes[place]
        found = _choices(axis, mask, (prefer or {}).get(axis.key, usual(axis.key)))
        if not found:
            return
        choices[axis.key] = found
    plain = {key: found[0] for key, found in choices.items()}
    yield plain
    for key, found in choices.items():
        for other in found[1:4]:
            yield {**plain, key: other}
    if len(choices) > 1:
        yield {key: found[min(1, len(found) - 1)] for key, found in choices.items()}


def usual(key: Hashable) -> Fraction:
    """Return the value of an axis that says nothing in particular."""
    return _USUAL.get(key, Fraction(0))


def _choices(axis: Axis, mask: int, near: Fraction) -> list[Pick]:
    if isinstance(axis, TruthAxis):
        return [truth for bit, truth in ((1, True), (2, False), (4, None)) if mask & bit]
    if isinstance(axis, WordAxis):
        words: list[Pick] = [word for place, word in enumerate(axis.words) if mask >> place & 1]
        place = len(axis.words)
        if not axis.closed and mask >> place & 1:
            words.insert(0 if not words else len(words), OTHER)
        if not axis.closed and mask >> (place + 1) & 1:
            words.append(None)
        return words
    return _numbers(axis, mask, near)


def _numbers(axis: NumberAxis, mask: int, near: Fraction) -> list[Pick]:
    """List values of number cells by their distance from `near`, then what has no number."""
    found: set[Fraction] = set()
    for cell in cells(mask & axis.numbers):
        found.update(_in_cell(axis, cell, near))
    ordered: list[Pick] = [*sorted(found, key=lambda value: (abs(value - near), value))]
    start = 2 * len(axis.thresholds) + 1
    for place, name in enumerate(axis.extras):
        if mask >> (start + place) & 1:
            ordered.append(None if place == 0 else name)
    return ordered


def _in_cell(axis: NumberAxis, cell: int, near: Fraction) -> Iterator[Fraction]:
    """List values of one cell: a threshold, or in a gap the one that is near, or a plain step beside its ends."""
    low, high = axis.edges(cell)
    if cell % 2:
        if low is not None and axis.bounds.holds(low):
            yield low
        return
    tried = [near]
    steps = [Fraction(MINUTE)] if axis.key in _MINUTES else [Fraction(1), Fraction(1, 2), Fraction(1, 10)]
    for edge, sign in ((low, 1), (high, -1)):
        if edge is not None:
            tried += [edge + sign * step for step in steps]
    inside = [
        value
        for value in tried
        if (low is None or value > low) and (high is None or value < high) and axis.bounds.holds(value)
    ]
    if inside:
        yield min(inside, key=lambda value: (abs(value - near), value))
        return
    value = sample((low, high), axis.bounds)
    if value is not None:
        yield value
