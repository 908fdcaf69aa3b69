"""The values that a template sees: a figure prints with its unit, and what is unknown compares as false."""

from __future__ import annotations

from typing import Any

from attrs import frozen


@frozen
class Fact:
    """What a text is told of one fact.

    Args:
        number: in its first unit (percent, rupees …), None where it is unknown or a word.
        shown: as it is written for people: `14.2%`, `₹1,998.50`, `long`.
    """

    number: float | None
    shown: str = ""

    def value(self) -> Any:
        """Return what the template works with."""
        if self.number is not None:
            return Figure(self.number, self.shown)
        return self.shown or UNKNOWN


class Figure(float):
    """A number that prints with its unit; a sum of figures is a plain number."""

    shown: str

    def __new__(cls, number: float, shown: str) -> Figure:
        """Make a number that prints as it is shown."""
        made = super().__new__(cls, number)
        made.shown = shown
        return made

    def __str__(self) -> str:
        return self.shown


class Unknown:
    """A fact that nobody knows: prints as `unknown`, every comparison with it is false, every sum unknown again."""

    __slots__ = ()

    def __str__(self) -> str:
        return "unknown"

    def __bool__(self) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    def _false(self, other: object) -> bool:
        return False

    def _again(self, *others: object) -> Unknown:
        return self

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _false
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _again
    __truediv__ = __rtruediv__ = __neg__ = __pos__ = __abs__ = __round__ = _again


UNKNOWN = Unknown()
"""The one unknown."""


def plain(value: Any) -> str:
    """Write what a template prints: a computed number with at most two decimals."""
    if isinstance(value, float) and not isinstance(value, Figure):
        return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else f"{value:g}"
    return str(value)
