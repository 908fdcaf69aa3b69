"""Exit everything: after a halt that asks for it, orders are cancelled first, then the broker's own rows are closed."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define

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
from rulekit.model.orders import BUY, SELL, SIGN, Order
from rulekit.model.prices import UNKNOWN, known

TRIES, PATIENCE_S, RARELY_S = 3, 10, 60
"""How often, and how long, the end of somebody else's order is asked for before the exit goes on without it."""


@define
class _Asked:
    """How often the end of an order was asked for, since when, and when last."""

    first: Instant
    last: Instant
    times: int = 1

    def again(self) -> Instant:
        """Return when it may be asked again: less and less often, since each time costs one of the day's requests."""
        return self.last + min(3 << (self.times - 1), RARELY_S) * SECOND


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
        self._asked: dict[str, _Asked] = {}
        self._told_stubborn: set[str] = set()
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
            self._told_stubborn.clear()
            self._seen.clear()
            return
        rows = {key: quantity for key, quantity in self._tracker.shown_rows().items() if _is_position(key, quantity)}
        forbidden = {key: self._forbids(key, abs(quantity), now) for key, quantity in rows.items()}
        self._say(forbidden)
        for key, quantity in rows.items():
            # What a guard would refuse (a closed exchange, a square-off) is not decided each second to be refused.
            left = self._left_by_others(key, quantity, reading, now)
            if left and forbidden[key] is None and self._may_exit(key, now):
                self._exit(key, left)

    def _left_by_others(self, key: PositionKey, quantity: int, reading: Reading, now: Instant) -> int:
        """Return the signed quantity to exit beside orders that are not ours, 0 while their end is awaited.

        One that does not end though it was asked to must not keep a position open for ever: what it may still close
        is left to it, and the rest is exited.
        """
        ours = self._chronicle.ledger.tags
        resting = [order for order in reading.orders if not order.ended and order.tag not in ours and _on(order, key)]
        self._cancel(resting, now)
        if not all(self._is_stubborn(order, now) for order in resting):
            return 0
        side = 1 if quantity > 0 else -1
        closing = sum(order.quantity - order.filled for order in resting if SIGN[order.side] == -side)
        self._tell_stubborn(resting, closing)
        return side * max(0, abs(quantity) - closing)

    def _is_stubborn(self, order: Order, now: Instant) -> bool:
        asked = self._asked.get(order.order_id)
        return asked is not None and asked.times >= TRIES and now >= asked.first + PATIENCE_S * SECOND

    def _tell_stubborn(self, resting: list[Order], closing: int) -> None:
        for order in resting:
            if order.order_id in self._told_stubborn:
                continue
            self._told_stubborn.add(order.order_id)
            text = (
                f"exit everything: order {order.order_id} ({order.side} {order.quantity} {order.symbol}, "
                f"{order.status}) is not ours and does not end though it was cancelled {TRIES} times; "
                f"{order.symbol} is exited beside it, less {closing} that such orders may still close: "
                f"cancel it at the broker, it may open a position again"
            )
            self._chronicle.alert(text, symbol=order.symbol, level="critical")

    def _cancel(self, resting: list[Order], now: Instant) -> None:
        """Ask for the end of orders that are not ours."""
        for order in resting:
            asked = self._asked.get(order.order_id)
            if asked is not None and now < asked.again():
                continue
            if self._chronicle.budgets.due(now, urgent=True) > now:
                continue
            if asked is None:
                self._asked[order.order_id] = _Asked(now, now)
            else:
                asked.last, asked.times = now, asked.times + 1
            self._chronicle.cancelling(order.order_id, None, None)
            self._chronicle.announce()
            try:
                self._broker.cancel(order.order_id)
            except Exception as error:
                # It is asked again while it rests; a halt goes on with the other positions.
                self._chronicle.alert(f"cancelling {order.order_id} failed: {error}", symbol=order.symbol)

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
