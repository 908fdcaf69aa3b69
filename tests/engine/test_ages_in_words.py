"""An age in a sentence is as fine as it must be to tell it from what is needed, and no finer."""

from __future__ import annotations

from fractions import Fraction

import pytest

from rulekit.engine.shortfall import shown
from rulekit.language.units import Unit
from rulekit.model.instant import MINUTE, SECOND


@pytest.mark.parametrize(
    ("age", "needed", "said"),
    [
        (30 * MINUTE, 30 * MINUTE, "30 minutes"),
        (30 * MINUTE + 6_522_643, 30 * MINUTE, "30 minutes 6 seconds"),
        (30 * MINUTE + 500_000, 30 * MINUTE, "30 minutes 0.5 seconds"),
        (35 * MINUTE + 36 * SECOND, 30 * MINUTE, "35 minutes"),
        (29 * MINUTE + 59 * SECOND, 30 * MINUTE, "29 minutes"),
        (42_900_000, 2 * MINUTE, "42 seconds"),
        (300_000, 2 * MINUTE, "0.3 seconds"),
    ],
)
def test_an_age(age: int, needed: int, said: str) -> None:
    assert shown(Fraction(age), Unit.DURATION, Fraction(needed)) == said
