"""Stop orders that stand at the simulated broker: they come late, change late or never, and trigger when they like."""

from __future__ import annotations

import math
from functools import partial

from attrs import define, evolve, field

from rulekit.broker.kite_outcomes import CHANGE
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.orders import (
    CANCELLED,
    OPEN,
    REJECTED,
    SELL,
    TRIGGER_PENDING,
    Order,
    OrderRequest,
    Outcome,
    StopRequest,
)
from tests.simulation import answers
from tests.simulation.exchange import LATEST_S, RECEIVED, Exchange, Sent, _over, _plain


@define
class StopExchange(Exchange):
    """The broker of worlds in which stops may stand at it."""

    stop_ids: set[str] = field(factory=set)

    def place_stop(self, request: StopRequest) -> Outcome:
        """Take a stop order, and answer as the seed says."""
        return self.place(request)

    def _take(self, request: OrderRequest | StopRequest, seen: Sent | None) -> str:
        if not isinstance(request, StopRequest):
            return Exchange._take(self, request, seen)
        order_id = f"{len(self.orders_true) + 1:06d}"
        if seen is not None:
            seen.order_id = order_id
        self.stop_ids.add(order_id)
        self._note(
            Order(
                order_id, request.tag, request.exchange, request.symbol, request.product, request.side,
                request.quantity, 0, RECEIVED, placed=self.now(), trigger=request.trigger,
            )
        )  # fmt: skip
        start = self.soon(1, 90) if self.mix.strikes("frozen on its way") else self.soon(0.05, 1.5)
        self.at(start, partial(self._stand, order_id))
        return order_id

    def _stand(self, order_id: str) -> None:
        """Let the exchange have a stop order: it stands, or the price has come to it already."""
        order = self.orders_true[order_id]
        if _over(order):
            return
        if self.squared_off or self._reached(order) or self.mix.strikes("rejected"):
            self._note(evolve(order, status=REJECTED, message="the trigger is on the wrong side of the last price"))
        else:
            self._note(evolve(order, status=TRIGGER_PENDING))

    def _reached(self, order: Order) -> bool:
        price = self.prices[InstrumentKey(order.exchange, order.symbol)]
        return price <= order.trigger if order.side == SELL else price >= order.trigger

    def prices_moved(self) -> None:
        """Trigger what the prices have come to."""
        for order_id in self.stop_ids:
            order = self.orders_true[order_id]
            if order.status == TRIGGER_PENDING and self._reached(order):
                self.at(self.soon(0.01, 0.8), partial(self._trigger, order_id))

    def _trigger(self, order_id: str) -> None:
        order = self.orders_true[order_id]
        if order.status == TRIGGER_PENDING:
            self.tell(f"the stop {order_id} is triggered: {order.side} {order.quantity - order.filled} {order.symbol}")
            self._note(evolve(order, status=OPEN))
            self._live(order_id)

    def change_stop(self, order_id: str, request: StopRequest) -> Outcome:
        """Take a change of quantity and trigger: it may come late, never, or when the order has been triggered."""
        self.points("request: before change")
        self.checks.change(order_id, request)
        self.posts.append((self.clock.now(), "change"))
        answer = self._change(order_id, request)
        self.tell(f"change {order_id} to {request.quantity} at {request.trigger}: {_plain(answer)}")
        self.points("request: after change")
        return answer

    def _change(self, order_id: str, request: StopRequest) -> Outcome:
        order, strikes = self.orders_true.get(order_id), self.mix.strikes
        if order is None or order.status != TRIGGER_PENDING or strikes("change refused"):
            return answers.not_changed()
        if strikes("triggered meanwhile"):
            self._trigger(order_id)
        apply = partial(self._apply, order_id, request.quantity, request.trigger)
        if strikes("change lost"):
            if self.draw.random() < 0.7:
                self.at(self.soon(0.05, LATEST_S), apply)
            return answers.classified(self.draw.choice(answers.LOST), CHANGE)
        self.at(self.soon(0.05, 3), apply)
        return answers.classified(partial(answers.plain, order_id), CHANGE)

    def _apply(self, order_id: str, quantity: int, trigger: float) -> None:
        order = self.orders_true[order_id]
        if order.status != TRIGGER_PENDING or quantity <= order.filled:
            return
        self._note(evolve(order, quantity=quantity, trigger=trigger))
        if self._reached(self.orders_true[order_id]):
            self._trigger(order_id)

    def _cancel(self, order_id: str) -> Outcome:
        order = self.orders_true.get(order_id)
        if order is not None and order.status == TRIGGER_PENDING:
            if self.mix.strikes("triggered meanwhile"):
                self._trigger(order_id)
            elif self.mix.strikes("cancel lost"):
                if self.draw.random() < 0.5:
                    self._end(order_id, CANCELLED)
                return answers.classified(self.draw.choice(answers.LOST), answers.CANCEL)
            else:
                self.at(self.soon(0.05, 1), partial(self._end, order_id, CANCELLED))
                return answers.classified(partial(answers.plain, order_id), answers.CANCEL)
        return Exchange._cancel(self, order_id)

    def standing(self, key: PositionKey) -> list[Order]:
        """Return the stop orders of a position that may still fill."""
        return [
            order
            for order_id in sorted(self.stop_ids)
            if not _over(order := self.orders_true[order_id])
            and (order.exchange, order.symbol, order.product) == key[1:]
        ]

    def resting(self) -> list[Order]:
        """Return what may still fill of ours, but for stop orders that wait for their price."""
        return [
            order
            for order in self.open_orders()
            if order.tag and not (order.order_id in self.stop_ids and order.status == TRIGGER_PENDING)
        ]

    def is_stop(self, order_id: str) -> bool:
        """Tell whether an order is a stop order."""
        return order_id in self.stop_ids


def same_trigger(order: Order, stop: float, tick: float) -> bool:
    """Tell whether a stop order stands at a tracked stop, but for the tick."""
    return math.isfinite(stop) and abs(order.trigger - stop) < tick
