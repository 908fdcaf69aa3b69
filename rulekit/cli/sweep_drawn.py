"""A sweep as figures and words: the columns of its table, and the plain values of its page."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

from rulekit.replay.sweep_figures import MEASURES, Row, Sweep
from rulekit.replay.sweep_forward import Forward, warnings
from rulekit.replay.sweep_out import day_text
from rulekit.report.page import rupees, signed
from rulekit.report.replay_page import Tile
from rulekit.report.sweep_page import HeatMap, Split, SweepPage, cells_of

MOST_MAPS, MOST_ROWS = 3, 50


def figure(value: float | None) -> str:
    """Write a figure with two decimals."""
    return "-" if value is None else f"{value:,.2f}"


def chance(value: float | None) -> str:
    """Write a probability; it is never quite sure."""
    return "-" if value is None else f"{min(value, 0.9999):.{0 if value < 0.995 else 2}%}"


COLUMNS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("trades", lambda row: f"{row['trades']:,}"),
    ("won", lambda row: f"{row['won']:,}"),
    ("profit", lambda row: f"{row['profit']:,.2f}"),
    ("a trade", lambda row: figure(row["per trade"])),
    ("drawdown", lambda row: f"{row['drawdown']:,.2f}"),
    ("Sharpe", lambda row: figure(row["sharpe"])),
    ("deflated", lambda row: chance(row["deflated sharpe"])),
)
"""What the table of a sweep shows beside the values."""

_NAMES = {"sharpe": "Sharpe ratio of a year", "profit": "Profit in rupees", "per-trade": "Rupees a trade"}


def page_of(sweep: Sweep, forward: Forward | None, title: str) -> SweepPage:
    """Return the plain values of the page."""
    rows = sweep.table().to_pylist()
    order = sweep.order[:MOST_ROWS]
    names = tuple(axis.name for axis in sweep.grid.axes)
    lines = tuple((*(rows[at][name] for name in names), *(write(rows[at]) for _, write in COLUMNS)) for at in order)
    about = (
        f"{len(rows):,} combinations of {', '.join(names)} over {len(sweep.days):,} sessions, "
        f"{day_text(sweep.days[0])} to {day_text(sweep.days[-1])}",
    )
    first = [sweep.by, *(measure for measure in MEASURES if measure != sweep.by)]
    return SweepPage(
        title=title,
        about=about,
        tiles=_tiles(sweep, rows[order[0]]),
        warnings=tuple(warnings(sweep, forward)),
        maps=tuple(found for measure in first[:2] for found in _maps(sweep, measure)),
        columns=(*names, *(name for name, _ in COLUMNS)),
        named=len(names),
        rows=lines,
        more=len(rows) - len(order),
        splits=() if forward is None else _splits(sweep, forward),
        forward="" if forward is None else forward_text(forward),
        notes=tuple(map(str, sweep.notes)),
    )


def _tiles(sweep: Sweep, best: dict[str, Any]) -> tuple[Tile, ...]:
    values = ", ".join(f"{axis.name} {value}" for axis, value in zip(sweep.grid.axes, sweep.best.values, strict=True))
    profit = best["profit"]
    return (
        Tile("the best combination", values),
        Tile("its profit", rupees(profit), "gain" if profit > 0 else "loss" if profit < 0 else ""),
        Tile("trades, of which won", f"{best['trades']:,}, {best['won']:,}"),
        Tile("deepest fall of the profit", rupees(best["drawdown"])),
        Tile("Sharpe ratio of a year", figure(best["sharpe"])),
        Tile("more than luck", chance(best["deflated sharpe"])),
    )


def forward_text(forward: Forward) -> str:
    """Say in one sentence what walk-forward found."""
    return (
        f"chosen on the days before it earned {rupees(forward.before, 2)} a session, and on the days after "
        f"{rupees(forward.after, 2)}"
    )


def values_text(sweep: Sweep, row: Row) -> str:
    """Write the values of a combination with their names."""
    return ", ".join(f"{axis.name} {value}" for axis, value in zip(sweep.grid.axes, row.values, strict=True))


def _splits(sweep: Sweep, forward: Forward) -> tuple[Split, ...]:
    return tuple(
        Split(
            f"{day_text(fold.begins)} to {day_text(fold.ends)}", values_text(sweep, fold.before),
            fold.before.profit / fold.sessions[0], fold.after.profit / fold.sessions[1], fold.after.trades, fold.beaten,
        )
        for fold in forward.folds
    )  # fmt: skip


# --- heat maps -------------------------------------------------------------------------------------------------------


def _maps(sweep: Sweep, measure: str) -> list[HeatMap]:
    """Draw a measure over every two values that have several; the others stand at the best."""
    axes = [place for place, axis in enumerate(sweep.grid.axes) if len(axis.values) > 1] or [0]
    pairs = list(combinations(axes, 2))[:MOST_MAPS]
    return [_map(sweep, measure, pair) for pair in pairs] or [_map(sweep, measure, (axes[0],))]


def _map(sweep: Sweep, measure: str, pair: tuple[int, ...]) -> HeatMap:
    axes, best = sweep.grid.axes, sweep.best
    up, across = axes[pair[0]], axes[pair[1]] if len(pair) > 1 else None
    known = {row.values: row for row in sweep.rows}
    columns = across.values if across else ("",)
    places = []
    for one in up.values:
        for other in columns:
            values = list(best.values)
            values[pair[0]] = one
            if across:
                values[pair[1]] = other
            places.append(known[tuple(values)])
    found = [MEASURES[measure](row) for row in places]
    texts = [_short(measure, value) for value in found]
    words = [f"{values_text(sweep, row)}: {signed(row.profit)}, {row.trades:,} trades" for row in places]
    cells = cells_of(found, texts, words, [row is best for row in places])
    wide = len(columns)
    rows = tuple((name, cells[at * wide : (at + 1) * wide]) for at, name in enumerate(up.values))
    fixed = ", ".join(
        f"{axis.name} {value}"
        for place, (axis, value) in enumerate(zip(axes, best.values, strict=True))
        if place not in pair and len(axis.values) > 1
    )
    return HeatMap(
        _NAMES[measure], up.name, across.name if across else "", tuple(columns), rows, f"with {fixed}" if fixed else ""
    )


def _short(measure: str, value: float | None) -> str:
    """Write a figure as short as a cell wants it."""
    if value is None:
        return "–"
    return f"{value:,.2f}" if measure == "sharpe" else f"{value:,.0f}"
