"""The ordinary session of the exchanges that a policy is for, in microseconds since midnight."""

from __future__ import annotations

from attrs import frozen

from rulekit.language.tree import PolicyTree
from rulekit.language.vocabulary import INTRADAY_PRODUCTS
from rulekit.model import calendar_days
from rulekit.model.instant import HOUR, MINUTE

HOME = "NSE"
"""The exchange that is meant where a policy names none."""


@frozen
class Session:
    """From the first opening to the last close of some exchanges."""

    exchanges: tuple[str, ...]
    opens: int
    closes: int

    @property
    def length(self) -> int:
        """How long it is, in microseconds."""
        return self.closes - self.opens


def session_of(tree: PolicyTree) -> Session:
    """Return the session of a policy's exchanges, the widest where there are several."""
    exchanges = tree.applies.exchanges or (HOME,)
    hours = [_hours(exchange) for exchange in exchanges]
    return Session(exchanges, min(opens for opens, _ in hours), max(closes for _, closes in hours))


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


def is_intraday(tree: PolicyTree) -> bool:
    """Tell whether a policy is for intraday products only."""
    products = tree.applies.products
    return bool(products) and all(product in INTRADAY_PRODUCTS for product in products)
