"""The ordinary session of the exchanges that a policy is for, in microseconds since midnight."""

from __future__ import annotations

from attrs import frozen

from rulekit.language.tree import PolicyTree
from rulekit.language.vocabulary import INTRADAY_PRODUCTS
from rulekit.lint.hours import session_of as ordinary_hours

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
    return Session(exchanges, *ordinary_hours(exchanges))


def is_intraday(tree: PolicyTree) -> bool:
    """Tell whether a policy is for intraday products only."""
    products = tree.applies.products
    return bool(products) and all(product in INTRADAY_PRODUCTS for product in products)
