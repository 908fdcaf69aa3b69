"""Whether a list of orders is whole: one that lacks an order known from earlier in the day was cut."""

from __future__ import annotations

from attrs import define, field

from rulekit.execution.actions import SETTLED
from rulekit.execution.ledger import Ledger
from rulekit.execution.reading import Reading
from rulekit.model.instant import Instant, day_number


@define
class Listing:
    """Remembers the orders of the day, since a book only grows until the day is over.

    Every trade names an order, and so does every answer of the broker in the journal: they tell of orders as well as
    the lists before.
    """

    _ledger: Ledger
    _day: int = 0
    _known: set[str] = field(factory=set)  # by lists and by trades
    _shown: frozenset[str] = frozenset()

    def take(self, reading: Reading) -> None:
        """Take in what a reading shows."""
        today = day_number(reading.started)
        if today != self._day:
            self._day, self._known = today, set()
        self._shown = frozenset(order.order_id for order in reading.orders)
        known = self._known
        new = [(order.order_id, order.placed) for order in reading.orders if order.order_id not in known]
        new += [(trade.order_id, trade.at) for trade in reading.trades if trade.order_id not in known]
        known.update(order_id for order_id, at in new if self._is_of_today(at))

    def is_whole(self) -> bool:
        """Tell whether the latest list has each order of the day that is known; else its absences prove nothing."""
        return not self.lacks()

    def lacks(self) -> set[str]:
        """Return the numbers of orders of the day that are known and that the latest list does not have."""
        answered = {
            attempt.order_id
            for action, attempt in self._ledger.tags.values()
            # What a person has settled may never have come to the book, whatever number it has.
            if attempt.order_id and action.state != SETTLED and self._is_of_today(attempt.sent)
        }
        return (self._known | answered) - self._shown

    def _is_of_today(self, at: Instant) -> bool:
        # In the early morning a broker may still show the orders of the day before, and take them away later.
        return at > 0 and day_number(at) == self._day
