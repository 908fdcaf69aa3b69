"""A column of a fact: its values, how far apart they stand, and the form in which a policy reads them."""

from __future__ import annotations

from typing import Any

from rulekit.compile.layout import FactSlot
from rulekit.compile.slots import BOUND
from rulekit.model.prices import UNKNOWN, to_units

ALL, BAR, PRICE = 62, 2, 0
"""How far the place of a price is shifted to find its value: there is one for all, one a bar, one a price."""


class Column:
    """The values of a fact.

    Args:
        values: a list, or an array of NumPy. shift: the value at a price stands at its place shifted right by so many
            bits.
    """

    __slots__ = ("shift", "values")

    def __init__(self, values: Any, shift: int = PRICE) -> None:
        self.values = values
        self.shift = shift


def lowest(slot: FactSlot) -> float:
    """Return what a fact must be above to be known."""
    return 0.0 if slot.positive else -100.0 if slot.literal else -BOUND


def shaped(slot: FactSlot, value: float | None, scale: int) -> float:
    """Bring a fact into the form in which a policy reads it, as the encoder of a snapshot does."""
    if value is None or not lowest(slot) < value < BOUND:
        return UNKNOWN
    return to_units(value, scale) if slot.money else value
