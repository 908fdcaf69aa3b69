"""Units of numbers, and the windows of facts."""

from __future__ import annotations

from enum import Enum

from attrs import frozen


class Unit(Enum):
    """What a number counts. The value is the word a person reads."""

    PERCENT = "%"
    RUPEES = "₹"  # an amount of money, or a price where a price is meant
    R = "R"
    POINTS = "points"  # one rupee of price
    TICKS = "ticks"
    ATR = "ATR"
    TIMES = "times normal"
    DURATION = "duration"  # microseconds
    DAYS = "days"  # trading days
    BARS = "bars"
    CLOCK = "time"  # microseconds since midnight
    COUNT = "count"  # shares, times, positions: needs no unit
    TEXT = "text"


@frozen
class Window:
    """`over 15 minutes` (microseconds) or `over 5 bars`."""

    length: int
    unit: Unit  # DURATION or BARS
