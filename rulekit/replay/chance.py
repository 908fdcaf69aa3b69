"""How much of a result is the order of its trades: the same trades shuffled and drawn anew, many times, from a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from rulekit.errors import InputError

LEVELS = (5, 25, 50, 75, 95)
"""Percentiles of the bands."""
POINTS = 200
"""The bands are told at so many places of the way at most."""


@frozen(eq=False)
class Chance:
    """What came of it; amounts in rupees.

    Args:
        runs, seed: as they were asked for. trades: in each run.
        at: after how many trades the bands are told. bands: by percentile, the sum of profits at these places when the
            same trades come in another order. drawdowns: percentiles of the deepest fall over these orders.
        profits: percentiles of the whole profit when as many trades are drawn with replacement.
        loses: share of these draws that end with a loss.
        drawdown: of the trades in the order in which they came. deeper: share of the orders with a deeper one.
    """

    runs: int
    seed: int
    trades: int
    at: tuple[int, ...]
    bands: dict[int, tuple[float, ...]]
    drawdowns: dict[int, float]
    profits: dict[int, float]
    loses: float
    drawdown: float
    deeper: float

    def figures(self) -> dict[str, Any]:
        """Return the figures as one row."""
        return {
            "runs": self.runs,
            "seed": self.seed,
            "trades": self.trades,
            "drawdown": self.drawdown,
            "deeper_share": self.deeper,
            "loses_share": self.loses,
            **{f"drawdown_p{level}": value for level, value in self.drawdowns.items()},
            **{f"profit_p{level}": value for level, value in self.profits.items()},
        }


def shuffle(profits: Sequence[float], runs: int, seed: int = 0) -> Chance:
    """Shuffle trades and draw them anew.

    Two questions: in another order (each trade once) the sum is the same, but the way to it is not, which tells how
    deep a drawdown the same trades could have had; drawn with replacement (the bootstrap: Efron, Annals of Statistics
    7, 1979) the sum differs, too, which tells how far it may be luck. Both take trades to be independent of each other.

    Args:
        profits: of the trades, in the order in which they ended.

    Raises:
        InputError: there are no trades, no runs, or NumPy is missing.
    """
    if runs < 1:
        raise InputError(f"{runs} runs are none", "give at least 1; 1,000 give steady bands")
    if not profits:
        raise InputError("there are no trades to shuffle", "give entries that are taken")
    try:
        import numpy as np
    except ImportError:
        raise InputError("the shuffling of trades needs NumPy", "install the extra `replay`") from None
    random = np.random.Generator(np.random.PCG64(seed))
    taken = np.asarray(profits, dtype="float64")
    count = len(taken)
    places = np.unique(np.linspace(1, count, min(POINTS, count)).round().astype("int64"))
    ways = np.empty((runs, len(places)))
    falls, sums = np.empty(runs), np.empty(runs)
    for run in range(runs):
        way = np.cumsum(random.permutation(taken))
        ways[run] = way[places - 1]
        falls[run] = _fall(np, way)
        sums[run] = math.fsum(random.choice(taken, count))
    own = float(_fall(np, np.cumsum(taken)))
    return Chance(
        runs=runs,
        seed=seed,
        trades=count,
        at=tuple(int(place) for place in places),
        bands={
            level: tuple(round(float(one), 2) for one in np.percentile(ways, level, axis=0)) for level in LEVELS
        },
        drawdowns={level: round(float(np.percentile(falls, level)), 2) for level in LEVELS},
        profits={level: round(float(np.percentile(sums, level)), 2) for level in LEVELS},
        loses=float((sums < 0).mean()),
        drawdown=round(own, 2),
        deeper=float((falls > own + 0.005).mean()),
    )  # fmt: skip


def _fall(np: Any, way: Any) -> Any:
    """Return the deepest fall of a way that begins at 0."""
    return np.max(np.maximum(np.maximum.accumulate(way), 0.0) - way, initial=0.0)
