"""An order in the paper broker's book: all its steps with their times, so that it can be shown as of any instant."""

from __future__ import annotations

from typing import NamedTuple

from attrs import define, field

from rulekit.model.instant import Instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import COMPLETE, TERMINAL, Order, Trade
from rulekit.model.prices import UNKNOWN

RECEIVED = "PUT ORDER REQ RECEIVED"
VALIDATING = "VALIDATION PENDING"
OPENING = "OPEN PENDING"
OPEN = "OPEN"
CANCELLING = "CANCEL PENDING"
_ON_THE_WAY = (RECEIVED, VALIDATING, OPENING)


class Step(NamedTuple):
    """A change of status, in the broker's own words."""

    at: Instant
    status: str
    message: str = ""


@define(eq=False)
class PaperOrder:
    """One order.

    Args:
        number: running number in the book.
        ordinal: running number of the request among those for its instrument; fates are drawn by it.
        placed: when the book registered it; later than its request for a late one.
        live: when it reaches the exchange.
        limit: worst price in smallest units; NaN until there is a price to take it from, or for a square-off.
        foreign: not ours: a trader's own, or the broker's square-off.
        parts: quantities in which it fills.
    """

    number: int
    order_id: str
    tag: str
    exchange: str
    symbol: str
    product: str
    side: str
    quantity: int
    protection: float | None
    ordinal: int
    placed: Instant
    live: Instant
    limit: float = UNKNOWN
    foreign: bool = False
    rejected: bool = False
    rest_ticks: int = 0
    parts: tuple[int, ...] = ()
    steps: list[Step] = field(factory=list)
    trades: list[Trade] = field(factory=list)

    @property
    def key(self) -> InstrumentKey:
        """The instrument."""
        return InstrumentKey(self.exchange, self.symbol)

    @property
    def filled(self) -> int:
        """The quantity filled in truth."""
        return sum(trade.quantity for trade in self.trades)

    @property
    def ended(self) -> bool:
        """Tell whether the exchange will do nothing more with it."""
        return bool(self.steps) and self.steps[-1].status in TERMINAL

    @property
    def rests(self) -> bool:
        """Tell whether it found no price in its band when it first could."""
        return any(step.status == OPEN for step in self.steps)

    @property
    def changed(self) -> Instant:
        """When it last changed by what is known so far; after that, it is shown the same until the book changes."""
        last = 0 if self.ended else self.live
        if self.steps:
            last = max(last, self.steps[-1].at)
        return max(last, self.trades[-1].at) if self.trades else last

    def shown(self, now: Instant) -> Order | None:
        """Return the row as of an instant; None while the book does not know it."""
        if now < self.placed:
            return None
        done = [trade for trade in self.trades if trade.at <= now]
        filled = sum(trade.quantity for trade in done)
        step = next((step for step in reversed(self.steps) if step.at <= now), None)
        status = step.status if step else self._before_its_steps(now)
        # Kite documents an average for ended orders only; of a part, the trades tell.
        value = sum(trade.price * trade.quantity for trade in done)
        return Order(
            order_id=self.order_id,
            tag=self.tag,
            exchange=self.exchange,
            symbol=self.symbol,
            product=self.product,
            side=self.side,
            quantity=self.quantity,
            filled=filled,
            status=status,
            average=value / filled if filled and status in TERMINAL else UNKNOWN,
            placed=self.placed,
            message=step.message if step else "",
        )

    def _before_its_steps(self, now: Instant) -> str:
        """Return the status between registration and the first step that was written down."""
        if now >= self.live:
            return OPEN
        passed = (now - self.placed) * len(_ON_THE_WAY) // (self.live - self.placed)
        return _ON_THE_WAY[passed]

    def complete(self, at: Instant) -> bool:
        """Write the end down if all of it is filled; tell whether it was."""
        if self.filled < self.quantity:
            return False
        self.steps.append(Step(at, COMPLETE))
        return True
