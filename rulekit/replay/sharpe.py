"""Sharpe ratios of daily profits, and how much of the best of many is to be expected of luck alone.

Source of the formulas: D. H. Bailey and M. López de Prado, The Deflated Sharpe Ratio: Correcting for Selection Bias,
Backtest Overfitting, and Non-Normality. The Journal of Portfolio Management 40 (5), 2014, pages 94-107.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from attrs import frozen

EULER = 0.5772156649015329
"""The constant of Euler and Mascheroni."""
SESSIONS_A_YEAR = 252
_NORMAL = NormalDist()


@frozen
class Moments:
    """A row of daily profits: how many, the Sharpe ratio of one day, skewness and kurtosis (3 for a normal one)."""

    days: int
    sharpe: float
    skewness: float
    kurtosis: float

    @property
    def yearly(self) -> float:
        """The Sharpe ratio of a year."""
        return self.sharpe * math.sqrt(SESSIONS_A_YEAR)


def moments(profits: Sequence[float]) -> Moments | None:
    """Return the moments of daily profits, the deviation over n - 1; None where they do not vary."""
    count = len(profits)
    if count < 2:
        return None
    mean = math.fsum(profits) / count
    second = math.fsum((one - mean) ** 2 for one in profits) / count
    if not second > (1e-12 * max(1.0, abs(mean))) ** 2:
        return None
    third = math.fsum((one - mean) ** 3 for one in profits) / count
    fourth = math.fsum((one - mean) ** 4 for one in profits) / count
    sharpe = mean / math.sqrt(second * count / (count - 1))
    return Moments(count, sharpe, third / second**1.5, fourth / second**2)


def expected_best(variance: float, tries: float) -> float:
    """Return the Sharpe ratio to be expected of the best of so many tries of which none is worth anything.

    SR0 = sqrt(V) ((1 - g) Z(1 - 1/N) + g Z(1 - 1/(N e))), with g of Euler and Z the inverse of the normal distribution:
    equation 1 of the source.

    Args:
        variance: of the Sharpe ratios of all tries. tries: how many independent ones there were.
    """
    if tries <= 1 or variance <= 0:
        return 0.0
    first, second = _NORMAL.inv_cdf(1 - 1 / tries), _NORMAL.inv_cdf(1 - 1 / (tries * math.e))
    return max(0.0, math.sqrt(variance) * ((1 - EULER) * first + EULER * second))  # it is made for many tries


def probabilistic(found: Moments, against: float) -> float:
    """Return the probability that the true Sharpe ratio is above one that it is held against.

    PSR(SR*) = Z((SR - SR*) sqrt(T - 1) / sqrt(1 - skewness SR + (kurtosis - 1) / 4 SR^2)); with `expected_best` for SR*
    it is the deflated Sharpe ratio, equation 2 of the source.
    """
    spread = 1 - found.skewness * found.sharpe + (found.kurtosis - 1) / 4 * found.sharpe**2
    if spread <= 0:
        return 1.0 if found.sharpe > against else 0.0
    return _NORMAL.cdf((found.sharpe - against) * math.sqrt(found.days - 1) / math.sqrt(spread))


def independent_tries(rows: Sequence[Sequence[float]]) -> float:
    """Return how many independent tries so many alike ones are worth: rho + (1 - rho) M.

    From the appendix of the source; rho is the mean correlation of any two. Rows that do not vary, and rows that are
    the same day by day, count once.
    """
    distinct = [row for row in dict.fromkeys(map(tuple, rows)) if moments(row) is not None]
    count = len(distinct)
    if count < 2:
        return float(max(1, count))
    days = len(distinct[0])
    total = [0.0] * days
    for row in distinct:
        mean = math.fsum(row) / days
        norm = math.sqrt(math.fsum((one - mean) ** 2 for one in row))
        for day, one in enumerate(row):
            total[day] += (one - mean) / norm
    rho = (math.fsum(one * one for one in total) - count) / (count * (count - 1))
    rho = min(1.0, max(0.0, rho))
    return rho + (1 - rho) * count
