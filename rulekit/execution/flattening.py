"""Exit everything: after a halt that asks for it, orders are cancelled first, then the broker's own rows are closed."""

from __future__ import annotations

from collections.abc import Callable

from rulekit.execution.books import Book
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.deciding import write_decided
from rulekit.execution.dispatch import DRY
from rulekit.execution.port import Broker
from rulekit.execution.reading import Reading
from rulekit.execution.switch import HALTED
from rulekit.execution.tracking import Tracker
from rulekit.model.decision import CRITICAL, EXIT, EXIT_EVERYTHING, Action
from rulekit.model.instant import MINUTE, SECOND, Instant, day_number
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import BUY, SELL, Order
from rulekit.model.prices import UNKNOWN, known


class Flattening:
    """Orders the exits of a halt, one a position, sized by what the broker shows.

    Args:
        forbids: says why a guard would not let a position of that quantity be exited now, None if it would.
    """

    def __init__(
        self,
        chronicle: Chronicle,
        tracker: Tracker,
        broker: Broker,
        forbids: Callable[[PositionKey, int, Instant], str | None],
    ) -> None:
        self._chronicle = chronicle
        self._tracker = tracker
        self._broker = broker
        self._forbids = forbids
        self._asked: dict[str, Instant] = {}
        self._said: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._seen: set[str] = set()

    @property
    def ordered(self) -> bool:
        """Tell whether a halt has ordered that everything be exited."""
        mode = self._chronicle.ledger.mode
        return mode.name == HALTED and mode.flatten

    def tend(self, reading: Reading, now: Instant) -> None:
        """Cancel what other people's orders still rest, then decide an exit for each row that is not flat."""
        if not self.ordered:
            self._said = None
            self._asked.clear()
            self._seen.clear()
            return
        rows = {key: quantity for key, quantity in self._tracker.shown_rows().items() if _is_position(key, quantity)}
        forbidden = {key: self._forbids(key, abs(quantity), now) for key, quantity in rows.items()}
        self._say(forbidden)
        for key, quantity in rows.items():
            # What a guard would refuse (a closed exchange, a square-off) is not decided each second to be refused.
            if not self._cancel_others(key, reading, now) and forbidden[key] is None and self._may_exit(key, now):
                self._exit(key, quantity)

    def _cancel_others(self, key: PositionKey, reading: Reading, now: Instant) -> bool:
        """Ask for the end of orders that are not ours; tell whether one still rests."""
        ours = self._chronicle.ledger.tags
        resting = [order for order in reading.orders if not order.ended and order.tag not in ours and _on(order, key)]
        for order in resting:
            asked = self._asked.get(order.order_id)
            if asked is not None and now < asked + 3 * SECOND:
                continue
            if self._chronicle.budgets.due(now, urgent=True) > now:
                continue
            self._asked[order.order_id] = now
            self._chronicle.cancelling(order.order_id, None, None)
            self._chronicle.announce()
            try:
                self._broker.cancel(order.order_id)
            except Exception as error:
                # It is asked again while it rests; a halt goes on with the other positions.
                self._chronicle.alert(f"cancelling {order.order_id} failed: {error}", symbol=order.symbol)
        return bool(resting)

    def _may_exit(self, key: PositionKey, now: Instant) -> bool:
        ledger = self._chronicle.ledger
        if ledger.open_on(key.instrument) or self._tracker.is_blocked(key.instrument):
            return False
        before = [one for one in ledger.of_episode(ledger.book(key).episode) if one.rule == EXIT_EVERYTHING]
        rehearsed = bool(before) and before[-1].reason == DRY and day_number(before[-1].decided) == day_number(now)
        return not rehearsed and bool(self._tracker.held(key))

    def _exit(self, key: PositionKey, quantity: int) -> None:
        ledger = self._chronicle.ledger
        book = ledger.book(key)
        quote = self._tracker.quotes.get(key.instrument)
        price = quote.price if quote else UNKNOWN
        action = Action(
            rule=EXIT_EVERYTHING,
            kind=EXIT,
            side=SELL if quantity > 0 else BUY,
            quantity=abs(quantity),
            stop=None,
            lane=CRITICAL,
            why=ledger.mode.reason,
            detail=_figures(book, price, self._chronicle.now()),
        )
        ordinal = ledger.tally(book.episode, EXIT_EVERYTHING).firings
        write_decided(
            self._chronicle,
            action,
            key=key,
            episode=book.episode,
            ordinal=ordinal,
            strategy=book.strategy,
            price=price,
            scale=self._tracker.instrument(key.instrument).scale,
        )
        self._tracker.stale()

    def _say(self, forbidden: dict[PositionKey, str | None]) -> None:
        self._seen.update(str(key.symbol) for key in forbidden)
        left = tuple(sorted(key.symbol + (f" ({why})" if why else "") for key, why in forbidden.items()))
        flat = tuple(sorted(self._seen - {str(key.symbol) for key in forbidden}))
        if self._said == (flat, left):
            return
        self._said = (flat, left)
        text = "exit everything: flat " + (", ".join(flat) or "nothing yet")
        text += f"; not flat {', '.join(left)}" if left else "; nothing is left"
        self._chronicle.alert(text, level="critical" if left else "warning")


def _on(order: Order, key: PositionKey) -> bool:
    return (order.exchange, order.symbol, order.product) == key[1:]


def _is_position(key: PositionKey, quantity: int) -> bool:
    """Tell whether a row is a position: a negative CNC row is a sale of holdings."""
    return not (key.product == "CNC" and quantity < 0)


def _figures(book: Book, price: float, now: Instant) -> dict[str, float | None]:
    """Return profit in percent of the entry and age in minutes for the log, None where they are not known."""
    profit = (price - book.entry) * book.side / book.entry * 100 if known(price) and known(book.entry) else None
    return {"profit": profit, "age": None if book.opened is None else (now - book.opened) / MINUTE}
