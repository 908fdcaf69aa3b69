"""Walk-forward: choose on the days before, try on the days after; and in plain words how far to rely on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from attrs import frozen

from rulekit.errors import UsageError
from rulekit.replay.sweep_figures import Cell, Row, Sweep, ordered, rows_of

SURE = 0.95
"""A deflated Sharpe ratio below this is not told from luck."""
FEW_TRADES, FEW_SESSIONS = 30, 60


@frozen
class Fold:
    """One split.

    Args:
        begins, ends: first and last day (since 1970) on which the choice was tried.
        chosen: place of the combination that was best before. before, after: what it came to then and on those days.
        sessions: before and after. beaten: the share of the other combinations that did worse after.
    """

    begins: int
    ends: int
    chosen: int
    before: Row
    after: Row
    sessions: tuple[int, int]
    beaten: float


@frozen
class Forward:
    """All splits of a sweep."""

    folds: tuple[Fold, ...]

    @property
    def before(self) -> float:
        """Rupees a session of the choices, on the days on which they were chosen."""
        return _a_session((fold.before.profit, fold.sessions[0]) for fold in self.folds)

    @property
    def after(self) -> float:
        """Rupees a session of the choices, on the days after."""
        return _a_session((fold.after.profit, fold.sessions[1]) for fold in self.folds)

    @property
    def worse_than_middle(self) -> int:
        """In how many splits the choice did worse after than the middle one of all combinations."""
        return sum(fold.beaten < 0.5 for fold in self.folds)


def _a_session(parts: Iterable[tuple[float, int]]) -> float:
    pairs = list(parts)
    return float(sum(profit for profit, _ in pairs) / sum(count for _, count in pairs))


def walk_forward(sweep: Sweep, splits: int) -> Forward:
    """Split the sessions; each time choose on all days before a part of them, and try the choice on that part.

    A trade that reaches from before into the part counts in neither.

    Args:
        splits: how many; the sessions are cut into one part more.

    Raises:
        UsageError: there are too few sessions.
    """
    days = sweep.days
    if splits < 1:
        raise UsageError(f"{splits} walk-forward splits are none", "give at least 1")
    if len(days) < 2 * (splits + 1):
        raise UsageError(
            f"the prices cover {len(days)} sessions, too few for {splits} walk-forward splits",
            f"give longer prices, or at most {max(1, len(days) // 2 - 1)} splits",
        )
    edges = [number * len(days) // (splits + 1) for number in range(splits + 2)]
    return Forward(tuple(_fold(sweep, days[:start], days[start:end]) for start, end in pairwise(edges[1:])))


def _fold(sweep: Sweep, before: Sequence[int], after: Sequence[int]) -> Fold:
    begins, ends = after[0], after[-1]
    early = [_between(cells, before[0], before[-1], begins) for cells in sweep.cells]
    late = [_between(cells, begins, ends, None) for cells in sweep.cells]
    known, then = rows_of(sweep.grid, early, before), rows_of(sweep.grid, late, after)
    chosen = ordered(known, sweep.by)[0]
    others = len(then) - 1
    worse = sum(row.profit < then[chosen].profit for row in then)
    same = sum(row.profit == then[chosen].profit for row in then) - 1
    beaten = (worse + same / 2) / others if others else 0.5
    return Fold(begins, ends, chosen, known[chosen], then[chosen], (len(before), len(after)), beaten)


def _between(cells: Sequence[Cell], first: int, last: int, left_before: int | None) -> list[Cell]:
    """Return the trades that were entered between two days; of those before a part only what was left before it."""
    return [
        cell for cell in cells if first <= cell[0] <= last and (left_before is None or cell[1] < left_before)
    ]  # fmt: skip


# --- in plain words ------------------------------------------------------------------------------------------------


def warnings(sweep: Sweep, forward: Forward | None = None) -> list[str]:
    """Say why the best of a sweep may not be relied on; nothing where there is no reason."""
    best = sweep.best
    if not best.trades:
        return ["there was no trade at all, so there is nothing to choose by"]
    said = [*_of_luck(sweep), *_of_little(sweep), *_of_edges(sweep)]
    return said + ([] if forward is None else _of_forward(forward))


def _of_luck(sweep: Sweep) -> list[str]:
    best, luck = sweep.rows[ordered(sweep.rows, "sharpe")[0]], sweep.luck
    if len(sweep.rows) == 1:
        return []
    if best.sharpe is None:
        return ["the daily profits do not vary, so nothing can be said about luck"]
    probability = luck.probability(best) or 0.0
    if probability >= SURE:
        return []
    return [
        f"of {len(sweep.rows):,} combinations, worth {luck.independent:.1f} independent tries, the best would have a "
        f"Sharpe ratio of {luck.sharpe:.2f} by luck alone; it has {best.sharpe:.2f}. The probability that it is more "
        f"than luck is {probability:.0%}, and {SURE:.0%} is wanted: do not rely on it"
    ]


def _of_little(sweep: Sweep) -> list[str]:
    said = []
    if sweep.best.trades < FEW_TRADES:
        said.append(f"the best rests on {_count(sweep.best.trades, 'trade')} only; a few others would turn it")
    if len(sweep.days) < FEW_SESSIONS:
        said.append(f"the prices cover {_count(len(sweep.days), 'session')} only: other times may be other")
    return said


def _of_edges(sweep: Sweep) -> list[str]:
    said = []
    for axis, value in zip(sweep.grid.axes, sweep.best.values, strict=True):
        if len(axis.values) > 2 and value in (axis.values[0], axis.values[-1]):
            which = "first" if value == axis.values[0] else "last"
            said.append(f"the best `{axis.name}` is {value}, the {which} that was tried: the true best may lie beyond")
    return said


def _of_forward(forward: Forward) -> list[str]:
    folds, said = len(forward.folds), []
    if forward.before > 0 and forward.after < forward.before / 2:
        earned = "lost" if forward.after < 0 else "earned only"
        said.append(
            f"chosen on the days before it earned ₹{forward.before:,.2f} a session, and on the days after "
            f"{earned} ₹{abs(forward.after):,.2f}: the choice fits the past, not the policy"
        )
    if forward.worse_than_middle * 2 >= folds:
        said.append(
            f"in {forward.worse_than_middle} of {_count(folds, 'split')} the choice did worse afterwards than the "
            "middle one of all combinations: choosing did not help"
        )
    return said


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
