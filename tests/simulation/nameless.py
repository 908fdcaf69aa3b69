"""Worlds whose broker gives no tags back, in which the trader does by hand just what the engine has sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from attrs import define, evolve, field

from rulekit.model.instant import MINUTE, SECOND
from rulekit.model.orders import CANCELLED, OPEN, SIGN, Order, OrderRequest, StopRequest
from tests.simulation.exchange import Sent
from tests.simulation.invariants import Invariants, ViolationError
from tests.simulation.mix import Mix
from tests.simulation.stop_orders import StopExchange
from tests.simulation.world import World

LIKE_OURS = 0.25
"""How often, in a step with an order of unknown fate, the trader trades the same by hand."""
ANSWERED = 0.2
"""How often, in a step, a person answers what is parked."""


@define
class NamelessExchange(StopExchange):
    """The same broker; its book shows numbers only."""

    nameless: bool = True

    def orders(self) -> Sequence[Order]:
        """Show the book without tags."""
        return [evolve(order, tag="") for order in StopExchange.orders(self)]

    def _evidence(self, tags: set[str]) -> None:
        """A row without a tag tells nothing of a request whose answer was lost."""
        named = {sent.request.tag for sent in self.sent if not sent.doubtful}
        StopExchange._evidence(self, tags & named)

    def rest_by_hand(self, request: OrderRequest | StopRequest) -> None:
        """Let the trader place an order that rests for a while; then it fills, or is cancelled."""
        order_id = f"{len(self.orders_true) + 1:06d}"
        self.tell(f"an order by hand: {request.side} {request.quantity} {request.symbol} rests as {order_id}")
        self._note(
            Order(
                order_id, "", request.exchange, request.symbol, request.product, request.side, request.quantity, 0,
                OPEN, placed=self.now(),
            )
        )  # fmt: skip
        fills = self.draw.random() < 0.5
        self.at(self.soon(1, 200), partial(self._fill, order_id) if fills else partial(self._end, order_id, CANCELLED))


@define
class Nameless(World):
    """A world with such a broker, and a trader who cannot wait."""

    broker: ClassVar[type[StopExchange]] = NamelessExchange
    imitated: set[str] = field(factory=set)
    parked: int = 0

    def __attrs_post_init__(self) -> None:
        World.__attrs_post_init__(self)
        self.stops_at_broker = False
        self.invariants = NamelessInvariants(self)
        self.exchange.checks = self.invariants

    def _mixed(self) -> Mix:
        mix = World._mixed(self)
        # Without tags nobody can say that an order of the book is missing in an older journal.
        return evolve(mix, shares=mix.shares | {"stops switched": 0.0, "old copy": 0.0})

    def _world_acts(self) -> None:
        World._world_acts(self)
        if self.draw.random() < ANSWERED:
            self._answer_all()
        for sent in self.doubtful():
            if self.draw.random() < LIKE_OURS:
                self._imitate(sent)

    def _rest_a_while(self, seconds: float) -> None:
        """Let a person answer the alerts meanwhile: who looks at the broker's own screen knows whose an order is."""
        self._answer_all()
        World._rest_a_while(self, seconds)

    def _answer_all(self) -> None:
        for row in self._running.pending_management_actions:
            if row["state"] == "parked":
                self._answer(row)

    def _answer(self, row: dict[str, Any]) -> None:
        tag = row["attempts"][-1]["tag"]
        sent = next((one for one in self.exchange.sent if one.request.tag == tag), None)
        self.parked += 1
        self.settled_by_hand.add(tag)
        if sent is None or not sent.order_id:
            self.guarded(partial(self._running.executor.settle, row["id"], "not placed"))
            return
        if self.draw.random() < 0.5:
            self.exchange._end(sent.order_id, CANCELLED)
        else:
            # Who says too soon that it has ended lets it rest on for a while.
            self.exchange.at(self.exchange.soon(5, 30), partial(self.exchange._end, sent.order_id, CANCELLED))
        filled = self.exchange.orders_true[sent.order_id].filled
        self.guarded(partial(self._running.executor.settle, row["id"], "filled", filled=filled))

    def doubtful(self) -> list[Sent]:
        """Return the young requests of unknown fate that nobody has imitated yet."""
        young = self.clock.now() - 3 * MINUTE
        return [
            sent
            for sent in self.exchange.sent
            if sent.doubtful and sent.at > young and sent.request.tag not in self.imitated
        ]

    def _imitate(self, sent: Sent) -> None:
        request = sent.request
        if self.exchange.squared_off or not isinstance(self.exchange, NamelessExchange):
            return
        self.imitated.add(request.tag)
        if self.draw.random() < 0.6:
            quantity = SIGN[request.side] * request.quantity
            self.exchange.trade_by_hand(request.instrument, request.product, quantity, "the same by hand")
        else:
            self.exchange.rest_by_hand(request)


@define
class NamelessInvariants(Invariants):
    """The same, and more of invariant 6: nothing is sent while a lost order of ours may still fill."""

    def request(self, request: OrderRequest | StopRequest) -> None:
        """Check a request in the moment in which it reaches the broker."""
        Invariants.request(self, request)
        for sent in self.world.exchange.sent:
            order = self.world.exchange.orders_true.get(sent.order_id)
            if (
                order is not None
                and sent.doubtful
                and sent.request.instrument == request.instrument
                and sent.request.tag not in self.world.settled_by_hand
                and not order.ended
            ):
                age = (self.world.clock.now() - sent.at) / SECOND
                text = f"{request.symbol} is sent while {order.order_id}, lost {age:.0f} s ago, may still fill"
                raise ViolationError(6, text)
