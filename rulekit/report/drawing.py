"""Drawings of curves with bands, as plain points that a template turns into vectors: no script, no library."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 720.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 92.0, 14.0, 14.0, 30.0


@frozen
class Tick:
    """A mark on an axis: where, and what is written there."""

    place: float
    text: str


@frozen
class Drawing:
    """A drawing in its own units, WIDTH by HEIGHT.

    Args:
        curves: class of each line, and its points. bands: class of each area, and the points round it.
        zero: height of the line of nothing, or None where it is outside.
    """

    curves: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    bands: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    zero: float | None
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM


def draw(curves: Sequence[tuple[str, Points]], bands: Sequence[tuple[str, Points, Points]] = ()) -> Drawing:
    """Draw curves over bands; amounts are rupees, places across are whole numbers.

    Args:
        bands: class of each, its lower edge and its upper edge.
    """
    edges = [edge for _, lower, upper in bands for edge in (lower, upper)]
    every = [point for points in (*(points for _, points in curves), *edges) for point in points] or [(0.0, 0.0)]
    across = _range([x for x, _ in every])
    up = _range([0.0, *(y for _, y in every)])

    def place(points: Points) -> tuple[tuple[float, float], ...]:
        return tuple((_at(x, across, LEFT, WIDTH - RIGHT), _at(y, up, HEIGHT - BOTTOM, TOP)) for x, y in points)

    return Drawing(
        curves=tuple((name, place(points)) for name, points in curves),
        bands=tuple((name, place([*lower, *reversed(list(upper))])) for name, lower, upper in bands),
        across=tuple(
            Tick(_at(value, across, LEFT, WIDTH - RIGHT), f"{value:,.0f}".replace("-", "−"))
            for value in _steps(*across, 6, whole=True)
        ),
        up=tuple(Tick(_at(value, up, HEIGHT - BOTTOM, TOP), _short(value)) for value in _steps(*up, 7)),
        zero=_at(0.0, up, HEIGHT - BOTTOM, TOP),
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _at(value: float, span: tuple[float, float], first: float, last: float) -> float:
    return first + (value - span[0]) / (span[1] - span[0]) * (last - first)


def _steps(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Return round values between two, at most so many."""
    rough = (high - low) / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * size for factor in (1, 2, 5, 10) if factor * size >= rough)
    step = max(1.0, step) if whole else step
    return [place * step for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _short(value: float) -> str:
    """Write an amount for an axis: lakhs and crores where it is large."""
    size = abs(value)
    if size >= 1e7:
        text = f"{size / 1e7:g} cr"
    elif size >= 1e5:
        text = f"{size / 1e5:g} lakh"
    else:
        text = f"{size:,.6g}" if size < 1 else f"{size:,.0f}"
    return f"−{text}" if value < 0 else text
