"""The page of a replay: figures, the way of the profit, rules, each trade on a chart, a second policy, other orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from rulekit.model.instant import Instant
from rulekit.report.chart_library import ChartLibrary
from rulekit.report.drawing import Drawing
from rulekit.report.page import render_page


@frozen
class Tile:
    """One figure at the head of the page; `tone` is `gain`, `loss` or empty."""

    name: str
    text: str
    tone: str = ""


@frozen
class Row:
    """One trade in the table; amounts in rupees. `drawn` is its place among the charts, or None."""

    number: int
    symbol: str
    side: str
    quantity: int
    entered: Instant
    exited: Instant | None
    entry: float
    profit: float
    alone: float
    r: float | None
    minutes: float
    rules: str
    drawn: int | None


@frozen
class Parted:
    """Where one trade parted from the same entry under the second policy."""

    symbol: str
    entered: Instant
    profit: float
    other: float
    gained: float
    at: Instant | None
    here: str
    why_here: str
    there: str
    why_there: str
    drawn: int | None


@frozen
class ReplayPage:
    """All that stands on the page.

    Args:
        title: of the policy. about: a line each on what was replayed. notes: on the data.
        rules: figures of each rule, as rows with their `size`, by which bars are drawn.
        charts: one value a drawn trade, as the script of the page reads it.
        trades_in_all: those that are not listed, too.
        same: how many trades earned the same under both policies. chance: sentences on other orders.
        multiples: how many trades came to how many R, None where no trade has a first stop.
        policies: name and text of each.
    """

    title: str
    about: Sequence[str]
    tiles: Sequence[Tile]
    curve: Drawing
    curve_words: str
    rules: Sequence[Mapping[str, Any]]
    charts: Sequence[Mapping[str, Any]]
    trades: Sequence[Row]
    trades_in_all: int
    policies: Sequence[tuple[str, str]]
    charting: ChartLibrary
    made: str
    notes: Sequence[str] = ()
    other_title: str = ""
    parted: Sequence[Parted] = ()
    parted_in_all: int = 0
    same: int = 0
    chance: Sequence[str] = ()
    multiples: Drawing | None = None
    multiples_words: str = ""
    tells_worth: bool = False


def replay_page(page: ReplayPage) -> str:
    """Write the page."""
    return render_page("replay.html", page=page)
