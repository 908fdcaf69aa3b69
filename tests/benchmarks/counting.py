"""A broker on this machine that fills at once and counts: what remains of a request is the engine's own work."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from rulekit.model.clock import Clock, stopwatch
from rulekit.model.instant import Instant
from rulekit.model.instrument import Instrument, InstrumentKey, PositionKey
from rulekit.model.orders import BUY, COMPLETE, SIGN, Accepted, Order, OrderRequest, Outcome, Quote, Trade
from rulekit.model.position import NetPosition


@define(eq=False)
class CountingBroker:
    """One account: each order is filled at its reference; `called` holds when each request came, by its tag.

    Args:
        clock: times orders and trades.
        latency_s: seconds of the clock that a request takes.
    """

    account: str
    clock: Clock
    latency_s: float = 0.0
    name: str = "counting"
    book: list[Order] = field(factory=list)
    done: list[Trade] = field(factory=list)
    net: dict[PositionKey, int] = field(factory=dict)
    called: dict[str, float] = field(factory=dict)
    posts: list[tuple[Instant, OrderRequest]] = field(factory=list)
    cancels: int = 0
    _news: int = 0

    def enter(self, instrument: InstrumentKey, product: str, signed: int, price: float) -> None:
        """Let the trader enter a position by an own trade."""
        number = len(self.done) + 1
        side = BUY if signed > 0 else "SELL"
        self.done.append(
            Trade(f"T{number}", f"F{number}", *instrument, product, side, abs(signed), price, self.clock.now())
        )
        key = PositionKey(self.account, *instrument, product)
        self.net[key] = self.net.get(key, 0) + signed

    def place(self, request: OrderRequest) -> Outcome:
        """Fill at once."""
        self.called[request.tag] = stopwatch()
        now = self.clock.now()
        self.posts.append((now, request))
        number, order_id = len(self.done) + 1, f"O{len(self.book) + 1}"
        where = (request.exchange, request.symbol, request.product, request.side)
        self.book.append(
            Order(order_id, request.tag, *where, request.quantity, request.quantity, COMPLETE, request.reference, now)
        )
        self.done.append(Trade(f"T{number}", order_id, *where, request.quantity, request.reference, now))
        key = PositionKey(self.account, request.exchange, request.symbol, request.product)
        self.net[key] = self.net.get(key, 0) + SIGN[request.side] * request.quantity
        self._news += 1
        if self.latency_s:
            self.clock.sleep(self.latency_s)
        return Accepted(order_id)

    def cancel(self, order_id: str) -> Outcome:
        """Count it; nothing ever rests here."""
        self.cancels += 1
        return Accepted(order_id)

    def orders(self) -> Sequence[Order]:
        """Read the order book."""
        return list(self.book)

    def trades(self) -> Sequence[Trade]:
        """Read the trades."""
        return list(self.done)

    def positions(self) -> Sequence[NetPosition]:
        """Read the net list."""
        return [NetPosition(key, quantity) for key, quantity in self.net.items()]

    def instrument(self, key: InstrumentKey) -> Instrument | None:
        """List every instrument as a plain share."""
        return Instrument(key.exchange, key.symbol)

    def quotes(self, keys: Sequence[InstrumentKey]) -> dict[InstrumentKey, Quote]:
        """Know no prices: they come from the feed."""
        return {}

    def updates(self) -> int:
        """Say how many orders changed since the last call."""
        news, self._news = self._news, 0
        return news
