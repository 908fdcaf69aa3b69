"""Axes: what conditions compare with constants, each cut into cells at those constants, with `unknown` as a cell too.

A set of cells of one axis is an int, one bit a cell. For n thresholds the cell 2i is the open gap below the threshold
i, 2i + 1 the threshold itself, 2n the gap above the last; then follow the axis' extra cells, `unknown` first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Hashable
from fractions import Fraction

from attrs import define, field, frozen

from rulekit.language.tree import Op

Mask = int
UNKNOWN_CELL = "unknown"
OTHER = "\0other"
"""Any text that the policy does not name."""


@frozen
class Bounds:
    """What values a number can take; None is no bound."""

    low: Fraction | None = None
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False
    whole: bool = False

    def holds(self, value: Fraction) -> bool:
        """Tell whether a value can be."""
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            return False
        if self.high is not None and (value > self.high or (self.high_open and value == self.high)):
            return False
        return not self.whole or value.denominator == 1


FREE = Bounds()
NOT_NEGATIVE = Bounds(low=Fraction(0))
POSITIVE = Bounds(low=Fraction(0), low_open=True)


@define(eq=False)
class NumberAxis:
    """A number: its thresholds, its bounds, and the cells beside the numbers in which it has none.

    Args:
        extras: names of the cells without a number; `unknown` is always the first.
    """

    key: Hashable
    bounds: Bounds = FREE
    extras: tuple[str, ...] = (UNKNOWN_CELL,)
    thresholds: list[Fraction] = field(factory=list)
    _places: dict[Fraction, int] = field(factory=dict)

    def learn(self, *values: Fraction) -> None:
        """Take thresholds in; `seal` puts them in order."""
        self._places.update(dict.fromkeys(values, 0))

    @property
    def learnt(self) -> Collection[Fraction]:
        """The thresholds so far."""
        return self._places.keys()

    def seal(self) -> None:
        """Order the thresholds; no more are taken."""
        self.thresholds = sorted(self._places)
        self._places = {value: place for place, value in enumerate(self.thresholds)}

    @property
    def numbers(self) -> Mask:
        """All cells that are numbers."""
        return (1 << (2 * len(self.thresholds) + 1)) - 1

    def beside(self, name: str = UNKNOWN_CELL) -> Mask:
        """Return the cell of that name."""
        return 1 << (2 * len(self.thresholds) + 1 + self.extras.index(name))

    @property
    def all(self) -> Mask:
        """Every cell."""
        return (1 << (2 * len(self.thresholds) + 1 + len(self.extras))) - 1

    def where(self, op: Op, value: Fraction) -> Mask:
        """Return the number cells where `axis op value` holds; the value must be a threshold."""
        place = 2 * self._places[value] + 1
        at, below = 1 << place, (1 << place) - 1
        above = self.numbers & ~below & ~at
        return {
            Op.AT_LEAST: above | at,
            Op.ABOVE: above,
            Op.AT_MOST: below | at,
            Op.BELOW: below,
            Op.IS: at,
            Op.IS_NOT: above | below,
        }[op]

    def cell_of(self, value: Fraction | None, extra: str = UNKNOWN_CELL) -> Mask:
        """Return the cell in which a value lies."""
        if value is None:
            return self.beside(extra)
        place = bisect_left(self.thresholds, value)
        exact = place < len(self.thresholds) and self.thresholds[place] == value
        return 1 << (2 * place + exact)

    def edges(self, cell: int) -> tuple[Fraction | None, Fraction | None]:
        """Return the thresholds on both sides of a gap; both the same for a cell that is a threshold."""
        place = cell // 2
        if cell % 2:
            return self.thresholds[place], self.thresholds[place]
        low = self.thresholds[place - 1] if place > 0 else None
        return low, self.thresholds[place] if place < len(self.thresholds) else None

    def possible(self, bounds: Bounds | None = None) -> Mask:
        """Return the cells that hold a value within the bounds, and the cells without a number."""
        kept = self.all & ~self.numbers
        for cell in range(2 * len(self.thresholds) + 1):
            if sample(self.edges(cell), bounds or self.bounds) is not None:
                kept |= 1 << cell
        return kept


@define(eq=False)
class WordAxis:
    """A fact that is a word: a cell for each word that the policy names, one for any other, one for unknown."""

    key: Hashable
    closed: bool = False
    words: list[str] = field(factory=list)

    def learn(self, *words: str) -> None:
        """Take words in."""
        self.words += [word for word in words if word not in self.words]

    def seal(self) -> None:
        """Words need no order."""

    @property
    def known(self) -> Mask:
        """Every cell but unknown."""
        return (1 << (len(self.words) + (not self.closed))) - 1

    @property
    def all(self) -> Mask:
        """Every cell."""
        return self.known if self.closed else (self.known << 1) | 1

    def where(self, word: str) -> Mask:
        """Return the cell of a word."""
        return 1 << self.words.index(word)

    def possible(self) -> Mask:
        """Return every cell."""
        return self.all


@define(eq=False)
class TruthAxis:
    """Something that is only true, false or unknown here: a comparison that constants do not settle."""

    key: Hashable
    TRUE = 1
    FALSE = 2
    UNKNOWN = 4

    @property
    def all(self) -> Mask:
        """All three."""
        return 7

    def seal(self) -> None:
        """Nothing to order."""

    def possible(self) -> Mask:
        """Return all three."""
        return 7


Axis = NumberAxis | WordAxis | TruthAxis


def sample(edges: tuple[Fraction | None, Fraction | None], bounds: Bounds) -> Fraction | None:
    """Return a value of a cell within the bounds, None if there is none: a threshold, else one that reads well."""
    low, high = edges
    if low is not None and low == high:
        return low if bounds.holds(low) else None
    low_open, high_open = low is not None, high is not None
    if bounds.low is not None and (low is None or bounds.low > low):
        low, low_open = bounds.low, bounds.low_open
    if bounds.high is not None and (high is None or bounds.high < high):
        high, high_open = bounds.high, bounds.high_open
    if low is None and high is None:
        return Fraction(0)
    if low is None or high is None:
        return _beyond(low, high, low_open, high_open, bounds)
    if low > high or (low == high and (low_open or high_open)):
        return None
    if bounds.whole:
        first = -(-low.numerator // low.denominator)
        first += low_open and first == low
        return Fraction(first) if first < high or (first == high and not high_open) else None
    return low if not low_open else high if not high_open else (low + high) / 2


def _beyond(low: Fraction | None, high: Fraction | None, low_open: bool, high_open: bool, bounds: Bounds) -> Fraction:
    """Return a value above the only lower or below the only upper edge."""
    if low is not None:
        if not low_open:
            return low if not bounds.whole else Fraction(-(-low.numerator // low.denominator))
        return Fraction(low.numerator // low.denominator + 1)
    assert high is not None
    if not high_open:
        return high if not bounds.whole else Fraction(high.numerator // high.denominator)
    return Fraction(-(-high.numerator // high.denominator) - 1)


def cells(mask: Mask) -> list[int]:
    """List the cells of a set."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
