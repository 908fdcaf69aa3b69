"""Sharpe ratios against worked figures of their source, and what walk-forward and the warnings say of made-up days."""

from __future__ import annotations

import math
import statistics

import pytest

from rulekit.errors import UsageError
from rulekit.replay.sharpe import Moments, expected_best, independent_tries, moments, probabilistic
from rulekit.replay.sweep_figures import Cell, Sweep, drawdown, rows_of
from rulekit.replay.sweep_forward import walk_forward, warnings
from rulekit.replay.sweep_values import Axis, Grid

# The example of Bailey and López de Prado (2014): five years of days, a yearly Sharpe ratio of 2.5, a variance of the
# yearly ratios of the tries of 1/2, 250 days a year.
DAILY = 2.5 / math.sqrt(250)
FOUND = Moments(1250, DAILY, -3.0, 10.0)
NORMAL = Moments(1250, DAILY, 0.0, 3.0)


def test_the_worked_example_of_the_source() -> None:
    best = expected_best(0.5 / 250, 100)
    assert best == pytest.approx(0.1132, abs=5e-5)
    assert probabilistic(FOUND, best) == pytest.approx(0.9004, abs=5e-5)
    assert probabilistic(FOUND, expected_best(0.5 / 250, 46)) == pytest.approx(0.9505, abs=5e-5)
    assert probabilistic(NORMAL, expected_best(0.5 / 250, 88)) == pytest.approx(0.9505, abs=5e-5)


@pytest.mark.parametrize(("tries", "best"), [(40, 2.189), (100, 2.531), (1000, 3.255)])
def test_the_best_of_many_worthless_tries_as_others_compute_it(tries: int, best: float) -> None:
    assert expected_best(1.0, tries) == pytest.approx(best, abs=1e-3)


def test_one_try_deflates_nothing() -> None:
    # 1.8 a year over 504 days, skewness -0.6, kurtosis 7.5, as another program computes it
    found = Moments(504, 1.8 / math.sqrt(252), -0.6, 7.5)
    assert expected_best(1.0, 1) == 0.0
    assert expected_best(1.0, 1.1) == 0.0
    assert 0.2 < expected_best(1.0, 1.5) < expected_best(1.0, 2) < 0.6
    assert probabilistic(found, 0.0) == pytest.approx(0.993, abs=5e-4)


def test_moments_are_those_of_the_library() -> None:
    profits = [120.0, -35.5, 0.0, 410.25, -220.0, 15.0, 15.0]
    found = moments(profits)
    assert found is not None
    mean, spread = statistics.fmean(profits), statistics.pstdev(profits)
    assert found.sharpe == pytest.approx(mean / statistics.stdev(profits))
    assert found.skewness == pytest.approx(statistics.fmean(((one - mean) / spread) ** 3 for one in profits))
    assert found.kurtosis == pytest.approx(statistics.fmean(((one - mean) / spread) ** 4 for one in profits))
    assert moments([5.0, 5.0, 5.0]) is None
    assert moments([5.0]) is None


def test_alike_tries_are_worth_few_and_different_ones_as_many_as_they_are() -> None:
    one, other = [1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]
    assert independent_tries([one, [2 * each for each in one], [3 * each for each in one]]) == pytest.approx(1.0)
    assert independent_tries([one, other]) == pytest.approx(2.0)
    assert independent_tries([one, one, other]) == pytest.approx(2.0)
    mixed = [sum(pair) for pair in zip(one, other, strict=True)]
    rho = (statistics.correlation(one, mixed) + statistics.correlation(other, mixed)) / 3
    assert independent_tries([one, other, mixed]) == pytest.approx(rho + (1 - rho) * 3)


def test_the_deepest_fall_is_below_the_highest_sum_or_below_nothing() -> None:
    assert drawdown([100.0, -30.0, -50.5, 200.0, -10.0]) == 80.5
    assert drawdown([-5.0, -7.0, 20.0]) == 12.0
    assert drawdown([1.0, 2.0]) == 0.0


def test_trades_of_several_days_that_are_left_on_one_are_summed_there() -> None:
    grid = Grid((Axis("gap", ("1%",)),))
    cells: list[Cell] = [(0, 0, 1, 1, 0, 5_000), (0, 2, 1, 1, 0, 3_000), (1, 2, 2, 1, 1, -9_050)]
    (row,) = rows_of(grid, [cells], [0, 1, 2])
    assert (row.trades, row.won, row.held, row.profit, row.drawdown) == (4, 3, 1, -10.5, 60.5)
    assert row.daily == moments([50.0, 0.0, -60.5])


def sweep_of(*profits: list[int], names: tuple[str, ...] = ("1%", "2%", "3%"), held_over: bool = False) -> Sweep:
    """Return a sweep of one value whose combinations earned these rupees a day, a trade a day."""
    grid = Grid((Axis("gap", names[: len(profits)]),))
    days = tuple(range(len(profits[0])))
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        tuple((day, day + held_over, 1, earned > 0, 0, earned * 100) for day, earned in enumerate(one))
        for one in profits
    )  # fmt: skip
    return Sweep(grid, rows_of(grid, cells, days), days, cells, "profit", (), False, 1)


def test_walk_forward_chooses_on_the_days_before_alone() -> None:
    # the first is best at first, the second from the fourth day on
    found = sweep_of([9, 9, 9, -1, -1, -1, -1, -1], [1, 1, 1, 20, 20, 20, 20, 20], [0, 0, 0, 0, 0, 0, 0, 0])
    first, second, third = walk_forward(found, 3).folds
    assert [(fold.begins, fold.ends) for fold in (first, second, third)] == [(2, 3), (4, 5), (6, 7)]
    assert [fold.chosen for fold in (first, second, third)] == [0, 0, 1]
    assert (first.before.profit, first.after.profit, first.sessions) == (18, 8, (2, 2))
    assert (second.before.profit, second.after.profit) == (26, -2)
    assert (third.before.profit, third.after.profit) == (63, 40)
    assert [fold.beaten for fold in (first, second, third)] == [0.5, 0.0, 1.0]
    forward = walk_forward(found, 3)
    assert (forward.before, forward.after) == ((18 + 26 + 63) / 12, 46 / 6)
    assert forward.worse_than_middle == 1


def test_a_trade_that_reaches_into_the_days_after_teaches_nothing_about_them() -> None:
    found = sweep_of([5, 5, 5, 5], [4, 400, 4, 4], held_over=True)
    (fold,) = walk_forward(found, 1).folds
    assert (fold.chosen, fold.before.trades, fold.before.profit) == (0, 1, 5)


def test_too_few_sessions_for_the_splits_are_said() -> None:
    with pytest.raises(UsageError, match="cover 4 sessions, too few for 2"):
        walk_forward(sweep_of([1, 2, 3, 4]), 2)


def test_warnings_say_what_speaks_against_the_best_and_nothing_else() -> None:
    good = [10, 12, 9, 11, 10, 13, 8, 10] * 10
    noise = [30, -31, 29, -28, 31, -30, 28, -29] * 10
    steady = sweep_of([each - 2 for each in good], good, [each - 3 for each in good])
    assert warnings(steady, walk_forward(steady, 3)) == []
    lucky = sweep_of(noise, [-each for each in noise], [*noise[4:], *noise[:4]])
    told = " ".join(warnings(lucky))
    assert "more than luck" in told and "do not rely on it" in told
    few = sweep_of([5, 6], [4, 5], [1, 2])
    told = " ".join(warnings(few))
    assert "rests on 2 trades only" in told
    assert "2 sessions only" in told
    assert "the best `gap` is 1%, the first that was tried" in told


def test_warnings_say_when_the_choice_fits_the_past() -> None:
    turned = sweep_of([9] * 40 + [-9] * 40, [-9] * 40 + [9] * 40, [1, 2] * 40)
    told = " ".join(warnings(turned, walk_forward(turned, 1)))
    assert "the choice fits the past" in told
    assert "in 1 of 1 split the choice did worse afterwards" in told
