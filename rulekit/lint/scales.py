"""Which axis a fact is measured on: `loss` is `profit` turned round, minutes to close are a duration."""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction

from attrs import frozen

from rulekit.language.tree import FactRef, Unit, Window
from rulekit.language.vocabulary import PRICE, STANDARD, TEXT, Fact, Vocabulary
from rulekit.lint.axes import FREE, NOT_NEGATIVE, POSITIVE, UNKNOWN_CELL, Bounds
from rulekit.model.instant import DAY, MINUTE

OVERNIGHT = "older than a day"
"""An age in days that is not known, of a position that was held overnight."""
NO_EXPIRY = "does not expire"


@frozen
class Scale:
    """One axis, and how a number of a sentence is placed on it.

    Args:
        sign: -1 where the fact is the axis turned round. factor: units of the axis in one unit of the sentence.
        natural: a host measures it as a decimal, so a number stands for the nearest decimal.
    """

    key: Hashable
    bounds: Bounds = FREE
    extras: tuple[str, ...] = (UNKNOWN_CELL,)
    sign: int = 1
    factor: int = 1
    natural: bool = False

    def value(self, number: Fraction) -> Fraction:
        """Return a number of a sentence on the axis."""
        exact = Fraction(float(number)) if self.natural else number
        return exact * self.sign * self.factor


_COUNT = Bounds(low=Fraction(0), whole=True)
_PLAIN: dict[str, Bounds] = {
    "peak profit": NOT_NEGATIVE,
    "total profit": FREE,
    "giveback": NOT_NEGATIVE,
    "initial risk": POSITIVE,
    "quantity": Bounds(low=Fraction(1), whole=True),
    "lots": POSITIVE,
    "value": POSITIVE,
    "times booked": _COUNT,
    "times added": _COUNT,
}
_HOST: dict[str, Bounds] = {
    "volume": NOT_NEGATIVE,
    "volatility": NOT_NEGATIVE,
    "rsi": Bounds(Fraction(0), Fraction(100)),
    "spread": NOT_NEGATIVE,
    "open positions": _COUNT,
    "exposure": NOT_NEGATIVE,
    "margin used": NOT_NEGATIVE,
}
"""What a market or book fact can be; another one can be anything."""


TIME = Scale(("time",), Bounds(Fraction(0), Fraction(DAY), high_open=True))
TO_CLOSE = Scale(("to close",))
TO_EXPIRY = Scale(("to expiry",), Bounds(whole=True), (UNKNOWN_CELL, NO_EXPIRY))
PRICE_NOW = Scale(("price", "price", None), POSITIVE)


def profit_scale(unit: Unit) -> Scale:
    """Return the scale of the open profit in a unit."""
    return Scale(("profit", unit))


def moved_scale(window: Window) -> Scale:
    """Return the scale of what price has moved over a window, in percent, as the market moved."""
    return Scale(("moved", window), natural=True)


def scale_of(ref: FactRef, vocabulary: Vocabulary) -> Scale | None:
    """Return the scale of a fact; None for one that is a word, or that the vocabulary does not have."""
    name, unit = ref.name, ref.unit
    if name in ("profit", "loss"):
        return Scale(("profit", unit), sign=1 if name == "profit" else -1)
    if name in ("day profit", "day loss"):
        return Scale(("day profit",), sign=1 if name == "day profit" else -1, natural=True)
    if name == "age":
        days = unit is Unit.DAYS
        extras = (UNKNOWN_CELL, OVERNIGHT) if days else (UNKNOWN_CELL,)
        return Scale(("age", unit), Bounds(low=Fraction(0), whole=days), extras)
    if name == "time":
        return TIME
    if name == "minutes to close":
        return Scale(TO_CLOSE.key, factor=1 if unit is Unit.DURATION else MINUTE)
    if name == "days to expiry":
        return TO_EXPIRY
    if name in _PLAIN:
        return Scale((name, unit), _PLAIN[name])
    row = vocabulary.find(name)
    if row is None or row.kind == TEXT:
        return None
    if row.kind == PRICE:
        return Scale(("price", row.name, ref.window), _declared(row, POSITIVE))
    if row.name == "atr":
        return Scale(("atr", ref.window), POSITIVE)
    return Scale(("fact", ref.phrase), _declared(row, _HOST.get(row.name, FREE)), natural=True)


def _declared(row: Fact, otherwise: Bounds) -> Bounds:
    """Return what the values of a fact can be: as its plug-in declares, for either side of a signed one."""
    if row.low is None and row.high is None:
        return otherwise
    low, high = _for_either_side(row)
    if otherwise.low is not None and (low is None or low < otherwise.low):
        return Bounds(otherwise.low, high, low_open=otherwise.low_open)
    return Bounds(low, high)


def declared_bounds(name: str) -> tuple[Fraction | None, Fraction | None]:
    """Return the least and the greatest value that a plug-in declares of a fact, for either side of a signed one."""
    row = STANDARD.find(name)
    return (None, None) if row is None else _for_either_side(row)


def _for_either_side(row: Fact) -> tuple[Fraction | None, Fraction | None]:
    return _mirrored(row.low, row.high) if row.signed else (row.low, row.high)


def _mirrored(low: Fraction | None, high: Fraction | None) -> tuple[Fraction | None, Fraction | None]:
    """Return the bounds of a fact whose sign turns with the side: the wider of both."""
    if low is None or high is None:
        return None, None
    most = max(abs(low), abs(high))
    return -most, most
