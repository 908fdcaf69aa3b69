"""What each combination of a sweep comes to: trades, profit, drawdown, Sharpe ratios, and which is the best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import variance
from typing import Any

from attrs import field, frozen

from rulekit.replay.sharpe import SESSIONS_A_YEAR, Moments, expected_best, independent_tries, moments, probabilistic
from rulekit.replay.soundness import Note
from rulekit.replay.sweep_values import Grid

Cell = tuple[int, int, int, int, int, int]
"""Trades of one combination by their days: entered, left, how many, won, still held, paise earned."""


@frozen
class Row:
    """What one combination came to.

    Args:
        trades, won, held: how many there were, earned something, are held after the last price.
        profit: in rupees, after charges. drawdown: the deepest fall of the sum of daily profits, in rupees.
        daily: moments of the profits of all sessions; None where they do not vary.
    """

    values: tuple[str, ...]
    trades: int
    won: int
    held: int
    profit: float
    drawdown: float
    daily: Moments | None

    @property
    def per_trade(self) -> float | None:
        """Rupees a trade."""
        return round(self.profit / self.trades, 2) if self.trades else None

    @property
    def sharpe(self) -> float | None:
        """The Sharpe ratio of a year."""
        return None if self.daily is None else self.daily.yearly


MEASURES: dict[str, Callable[[Row], float | None]] = {
    "sharpe": lambda row: row.sharpe,
    "profit": lambda row: row.profit,
    "per-trade": lambda row: row.per_trade,
}
"""By what combinations are compared; more is better."""


@frozen
class Luck:
    """What the best of so many tries owes to luck.

    Args:
        tries: combinations that came to something of their own. independent: how many independent ones they are worth.
        sharpe: of a year, to be expected of the best where none is worth anything.
    """

    tries: int
    independent: float
    sharpe: float

    def probability(self, row: Row) -> float | None:
        """Return the deflated Sharpe ratio: the probability that a combination is more than luck."""
        return None if row.daily is None else probabilistic(row.daily, self.sharpe / math.sqrt(SESSIONS_A_YEAR))


@frozen(eq=False)
class Sweep:
    """The outcome of a sweep.

    Args:
        rows: one a combination, in the order of the grid. days: with prices, as numbers since 1970.
        cells: of each combination its trades by their days. by: the measure by which they are compared.
        notes: what a person should know of the data. native: whether numba ran. families: so many loops were compiled.
        title: of the policy.
    """

    grid: Grid
    rows: tuple[Row, ...]
    days: tuple[int, ...]
    cells: tuple[tuple[Cell, ...], ...]
    by: str
    notes: tuple[Note, ...]
    native: bool
    families: int
    title: str = ""
    luck: Luck = field(init=False)

    @luck.default
    def _luck(self) -> Luck:
        return _luck_of([profits_by_day(cells, self.days) for cells in self.cells])

    @property
    def order(self) -> list[int]:
        """Places of the combinations, the best first."""
        return ordered(self.rows, self.by)

    @property
    def best(self) -> Row:
        """The best combination."""
        return self.rows[self.order[0]]

    def table(self) -> Any:
        """Return one row a combination as an Arrow table, in the order of the grid."""
        import pyarrow as pa

        names = [axis.name for axis in self.grid.axes]
        columns: dict[str, Any] = {
            name: pa.array([row.values[place] for row in self.rows], pa.string()) for place, name in enumerate(names)
        }
        for name, kind, value in _COLUMNS:
            columns[name] = pa.array([value(row, self.luck) for row in self.rows], getattr(pa, kind)())
        return pa.table(columns)


_COLUMNS: tuple[tuple[str, str, Callable[[Row, Luck], Any]], ...] = (
    ("trades", "int64", lambda row, luck: row.trades),
    ("won", "int64", lambda row, luck: row.won),
    ("held", "int64", lambda row, luck: row.held),
    ("profit", "float64", lambda row, luck: row.profit),
    ("per trade", "float64", lambda row, luck: row.per_trade),
    ("drawdown", "float64", lambda row, luck: row.drawdown),
    ("sharpe", "float64", lambda row, luck: row.sharpe),
    ("deflated sharpe", "float64", lambda row, luck: luck.probability(row)),
)


def rows_of(grid: Grid, cells: Sequence[Sequence[Cell]], days: Sequence[int]) -> tuple[Row, ...]:
    """Sum the cells of each combination up."""
    return tuple(
        _row(values, of_this, days) for values, of_this in zip(grid.combinations(), cells, strict=True)
    )  # fmt: skip


def _row(values: tuple[str, ...], cells: Sequence[Cell], days: Sequence[int]) -> Row:
    trades, won, held, paise = (sum(cell[place] for cell in cells) for place in range(2, 6))
    profits = profits_by_day(cells, days)
    return Row(values, trades, won, held, paise / 100, drawdown(profits), moments(profits))


def profits_by_day(cells: Iterable[Cell], days: Sequence[int]) -> list[float]:
    """Return the rupees that were earned on each session; a trade counts on the day on which it was left."""
    paise: Mapping[int, int] = _paise(cells)
    return [paise.get(day, 0) / 100 for day in days]


def _paise(cells: Iterable[Cell]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for cell in cells:
        sums[cell[1]] = sums.get(cell[1], 0) + cell[5]
    return sums


def drawdown(profits: Iterable[float]) -> float:
    """Return the deepest fall of the running sum below its highest, or below 0."""
    paise = [round(profit * 100) for profit in profits]
    total = top = deepest = 0
    for one in paise:
        total += one
        top = max(top, total)
        deepest = max(deepest, top - total)
    return deepest / 100


def ordered(rows: Sequence[Row], by: str) -> list[int]:
    """Order combinations by a measure, the best first; equals by profit, then as the grid has them."""
    measure = MEASURES[by]

    def key(place: int) -> tuple[float, float, int]:
        value = measure(rows[place])
        return (math.inf if value is None else -value, -rows[place].profit, place)

    return sorted(range(len(rows)), key=key)


def _luck_of(profits: Sequence[Sequence[float]]) -> Luck:
    """Return what luck alone would bring, from the spread of all combinations that differ."""
    distinct = list(dict.fromkeys(map(tuple, profits)))
    sharpes = [found.yearly for found in map(moments, distinct) if found is not None]
    independent = independent_tries(distinct)
    spread = variance(sharpes) if len(sharpes) > 1 else 0.0
    return Luck(max(1, len(sharpes)), independent, expected_best(spread, independent))
