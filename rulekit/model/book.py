"""The whole book at one moment, as rules for it see it; and what they have ordered for each position."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from rulekit.model.instant import Instant
from rulekit.model.prices import UNKNOWN
from rulekit.model.snapshot import SessionTimes, Snapshot

DAY_PROFIT = "day profit"
DAY_LOSS = "day loss"
OPEN_POSITIONS = "open positions"
EXPOSURE = "exposure"
MARGIN_USED = "margin used"
BOOK_FACTS = (DAY_PROFIT, DAY_LOSS, OPEN_POSITIONS, EXPOSURE, MARGIN_USED)
"""Facts of the whole book, by their name in the language."""


@frozen
class BookSnapshot:
    """All that one decision about the whole book may look at.

    Args:
        facts: figures of the book by their name in the language, amounts in rupees; a missing name, None or NaN is
            unknown. `day loss` need not be given where `day profit` is.
        session: of the exchange by whose clock the book is looked at, None if it is closed or unknown.
    """

    now: Instant
    facts: Mapping[str, float | None] = field(factory=dict)
    session: SessionTimes | None = None

    def as_snapshot(self) -> Snapshot:
        """Return a snapshot without a position, in which conditions find the figures of the book and the time."""
        return Snapshot(
            symbol="",
            side=1,
            quantity=0,
            entry=UNKNOWN,
            price=UNKNOWN,
            now=self.now,
            kind="equity",
            session=self.session,
            facts=self.facts,
        )


@frozen
class BookOrders:
    """What rules for the whole book have ordered and what still stands, for every position that is managed.

    Args:
        exit_rule: the rule that exits everything, empty if none does. exit_why: its reason.
        no_adds: why nothing may be added, empty if it may.
    """

    exit_rule: str = ""
    exit_why: str = ""
    no_adds: str = ""

    def __bool__(self) -> bool:
        return bool(self.exit_rule or self.no_adds)


NO_ORDERS = BookOrders()
