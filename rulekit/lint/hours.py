"""The ordinary session of exchanges, for rules about the time of day."""

from __future__ import annotations

from rulekit.model import calendar_days
from rulekit.model.instant import HOUR, MINUTE


def session_of(exchanges: tuple[str, ...]) -> tuple[int, int]:
    """Return when the first of some exchanges opens and the last one closes, in microseconds since midnight."""
    hours = [_hours(exchange) for exchange in exchanges]
    return min(opens for opens, _ in hours), max(closes for _, closes in hours)


def _hours(exchange: str) -> tuple[int, int]:
    """Return the ordinary session; for commodities the longest one of the year."""
    market = calendar_days.MARKETS[exchange]
    opens, closes = calendar_days.HOURS[market]
    if market == calendar_days.COMMODITY:
        closes = calendar_days.WINTER_CLOSE
    return _microseconds(opens), _microseconds(closes)


def _microseconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE
