"""The page of a sweep: heat maps, the best combinations, walk-forward, and what speaks against the best."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from rulekit.report.page import render_page
from rulekit.report.replay_page import Tile

DEEPEST = 72
"""How deep the colour of the furthest figure is, in percent."""


@frozen
class HeatCell:
    """One combination in a heat map; `depth` is how deep its colour is in percent, `words` what it came to."""

    text: str
    tone: str
    depth: int
    best: bool
    words: str


@frozen
class HeatMap:
    """A measure over two values, or over one where `across` is a single empty name.

    Args:
        fixed: what the other values are, in words.
    """

    measure: str
    up_name: str
    across_name: str
    across: tuple[str, ...]
    rows: tuple[tuple[str, tuple[HeatCell, ...]], ...]
    fixed: str


@frozen
class Split:
    """One walk-forward split; amounts in rupees a session, `beaten` a share of one."""

    when: str
    values: str
    before: float
    after: float
    trades: int
    beaten: float


@frozen
class SweepPage:
    """All that stands on the page. `columns` are the names of the table, those of the values first."""

    title: str
    about: tuple[str, ...]
    tiles: tuple[Tile, ...]
    warnings: tuple[str, ...]
    maps: tuple[HeatMap, ...]
    columns: tuple[str, ...]
    named: int
    rows: tuple[tuple[str, ...], ...]
    more: int
    splits: tuple[Split, ...]
    forward: str
    notes: tuple[str, ...]


def render_sweep(page: SweepPage) -> str:
    """Write the page as one file that fetches nothing."""
    return render_page("sweep.html", page=page)


def cells_of(
    values: Sequence[float | None], texts: Sequence[str], words: Sequence[str], best: Sequence[bool]
) -> tuple[HeatCell, ...]:
    """Colour figures: what earns by its share of the furthest figure, what loses likewise."""
    furthest = max((abs(value) for value in values if value is not None), default=0.0)
    return tuple(
        HeatCell(text, _tone(value), _depth(value, furthest), marked, said)
        for value, text, said, marked in zip(values, texts, words, best, strict=True)
    )


def _tone(value: float | None) -> str:
    return "" if not value else "gain" if value > 0 else "loss"


def _depth(value: float | None, furthest: float) -> int:
    return 0 if not value or not furthest else max(3, round(DEEPEST * abs(value) / furthest))
