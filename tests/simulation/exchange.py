"""The broker of a simulated world: a true book that nobody sees, and what it shows of it, late, cut or not at all."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Protocol

from attrs import define, evolve, field

from rulekit.broker.calls import Answer
from rulekit.errors import ReadFailedError
from rulekit.model.clock import SimulatedClock
from rulekit.model.instant import MINUTE, SECOND, Instant, time_of_day
from rulekit.model.instrument import Instrument, InstrumentKey, PositionKey
from rulekit.model.orders import (
    BUY,
    CANCELLED,
    COMPLETE,
    OPEN,
    REJECTED,
    SELL,
    SIGN,
    Accepted,
    Order,
    OrderRequest,
    Outcome,
    Quote,
    StopRequest,
    Trade,
    Uncertain,
)
from rulekit.model.position import NetPosition
from rulekit.model.prices import UNKNOWN
from tests.simulation import answers
from tests.simulation.mix import Mix

SQUARE_OFF = (15 * 60 + 20) * MINUTE
"""The time of day at which the broker closes intraday positions."""
RECEIVED = "PUT ORDER REQ RECEIVED"
QUARANTINE = 120 * SECOND
"""How long an absence from the book proves nothing."""
LATEST_S = 97.0
"""How late an order may arrive: less than the quarantine, as far as anybody has seen."""


class Checks(Protocol):
    """Who looks on."""

    def request(self, request: OrderRequest | StopRequest) -> None:
        """Hear of an order."""

    def change(self, order_id: str, request: StopRequest) -> None:
        """Hear of a change of a stop order."""

    def cancel(self, order_id: str) -> None:
        """Hear of a cancellation."""

    def fill(self, trade: Trade) -> None:
        """Hear of a true fill, before it counts."""


@define
class Sent:
    """One request as the world saw it: when, which order came of it, and whether its answer left that open."""

    request: OrderRequest | StopRequest
    at: Instant
    doubtful: bool = False
    order_id: str = ""
    shown: bool = False
    clean: int = 0


@define
class Exchange:
    """The port over a world. All chance comes from the seed; time only from the clock.

    Args:
        checks: told of each request before it is answered, and of each true fill.
    """

    clock: SimulatedClock
    mix: Mix
    draw: Random
    points: Callable[[str], None]
    tell: Callable[[str], None]
    checks: Checks
    name: str = "simulated"
    account: str = "paper"
    prices: dict[InstrumentKey, float] = field(factory=dict)
    listed: dict[InstrumentKey, Instrument] = field(factory=dict)
    orders_true: dict[str, Order] = field(factory=dict)
    versions: dict[str, list[tuple[Instant, Order]]] = field(factory=dict)
    trades_true: list[Trade] = field(factory=list)
    sent: list[Sent] = field(factory=list)
    posts: list[tuple[Instant, str]] = field(factory=list)
    squared_off: bool = False
    stamps: SimulatedClock | None = None  # by which prices are stamped, where not by its own
    token_dead_until: Instant = 0
    clean_looks: list[Instant] = field(factory=list)
    rows_read: dict[PositionKey, int] = field(factory=dict)
    _rows: dict[PositionKey, int] = field(factory=dict)
    _clean: bool = True
    _events: list[tuple[Instant, int, Callable[[], None]]] = field(factory=list)
    _number: int = 0
    _news: int = 0
    _lag: Instant = 0
    _moment: Instant | None = None

    # --- time -----------------------------------------------------------------------------------------------

    def at(self, when: Instant, what: Callable[[], None]) -> None:
        """Plan something."""
        self._number += 1
        heapq.heappush(self._events, (when, self._number, what))

    def advance(self) -> None:
        """Let everything happen that is due by now."""
        while self._events and self._events[0][0] <= self.clock.now():
            self._moment, _, what = heapq.heappop(self._events)
            what()
            self._moment = None

    def now(self) -> Instant:
        """Return the moment of what happens: that of a planned event, though nobody looked in between."""
        return self.clock.now() if self._moment is None else self._moment

    def soon(self, least: float, most: float) -> Instant:
        """Draw an instant between so many seconds from now."""
        return self.now() + round(self.draw.uniform(least, most) * SECOND)

    # --- requests -------------------------------------------------------------------------------------------

    def place(self, request: OrderRequest | StopRequest) -> Outcome:
        """Take one order, and answer as the seed says."""
        self.points("request: before place")
        if self.mix.strikes("no connection"):
            self.tell(f"{request.side} {request.quantity} {request.symbol} ({request.tag}): no connection")
            return answers.no_connection()
        self.checks.request(request)
        self.posts.append((self.clock.now(), "place"))
        seen = Sent(request, self.clock.now())
        self.sent.append(seen)
        answer = self._answer(request, seen)
        seen.doubtful = answer in answers.DOUBTFUL
        outcome = answers.classified(answer)
        self.tell(f"{request.side} {request.quantity} {request.symbol} ({request.tag}): {_plain(outcome)}")
        self.points("request: after place")
        return outcome

    def _answer(self, request: OrderRequest | StopRequest, seen: Sent) -> Callable[[], Answer]:
        strikes, choice = self.mix.strikes, self.draw.choice
        if strikes("too many requests"):
            return answers.busy
        if self.token_dead_until > self.now() or strikes("token expired"):
            return answers.expired
        if strikes("refused"):
            return choice(answers.REFUSED)
        if strikes("never arrived"):
            return choice(answers.LOST)
        if strikes("accepted late"):
            self.at(self.soon(0.5, LATEST_S), lambda: self._take(request, seen))
            return choice((*answers.LOST, *answers.LYING))
        self._take(request, seen)
        if strikes("a refusal that lies"):
            return choice(answers.LYING)
        if strikes("reply lost"):
            return choice(answers.LOST)
        return partial(answers.plain, seen.order_id)

    def _take(self, request: OrderRequest | StopRequest, seen: Sent | None) -> str:
        """Put an order into the true book, and plan its life."""
        order_id = f"{len(self.orders_true) + 1:06d}"
        if seen is not None:
            seen.order_id = order_id
        frozen = self.mix.strikes("frozen on its way")
        self._note(
            Order(
                order_id, request.tag, request.exchange, request.symbol, request.product, request.side,
                request.quantity, 0, RECEIVED if frozen else "OPEN", placed=self.now(),
            )
        )  # fmt: skip
        start = self.soon(1, 90) if frozen else self.soon(0.05, 1.5)
        self.at(start, lambda: self._live(order_id))
        return order_id

    def _live(self, order_id: str) -> None:
        """Decide, once, how an order goes on: it fills, in parts, rests, is rejected, or ends with a part."""
        order, strikes = self.orders_true[order_id], self.mix.strikes
        if _over(order):
            return
        lot = self.listed[InstrumentKey(order.exchange, order.symbol)].lot
        lots = order.quantity // lot
        if self.squared_off or strikes("rejected"):
            self._note(evolve(order, status=REJECTED, message="RMS: rejected by the exchange"))
        elif lots > 1 and strikes("partial, then cancelled"):
            self._fill(order_id, lot * self.draw.randrange(1, lots))
            self.at(self.soon(0.1, 2), lambda: self._end(order_id, CANCELLED))
        elif lots > 1 and strikes("partial"):
            self._fill(order_id, lot * self.draw.randrange(1, lots))
            self.at(self.soon(0.5, 20), lambda: self._fill(order_id))
        elif strikes("rests"):
            self._note(evolve(order, status="OPEN"))
            if self.draw.random() < 0.5:
                self.at(self.soon(2, 60), lambda: self._fill(order_id))
        else:
            self._fill(order_id)

    def _fill(self, order_id: str, quantity: int | None = None) -> None:
        order = self.orders_true[order_id]
        if _over(order):
            return
        quantity = order.quantity - order.filled if quantity is None else quantity
        filled = order.filled + quantity
        price = self.prices[InstrumentKey(order.exchange, order.symbol)]
        self._trade(order.exchange, order.symbol, order.product, order.side, quantity, price, order_id)
        self._note(evolve(order, filled=filled, status=COMPLETE if filled == order.quantity else "OPEN"))

    def _end(self, order_id: str, status: str) -> None:
        order = self.orders_true[order_id]
        if not _over(order):
            self._note(evolve(order, status=status))

    def cancel(self, order_id: str) -> Outcome:
        """Take a cancellation: it may be lost on either way, and the order may fill before it."""
        self.points("request: before cancel")
        self.checks.cancel(order_id)
        self.posts.append((self.clock.now(), "cancel"))
        outcome = self._cancel(order_id)
        self.tell(f"cancel {order_id}: {_plain(outcome)}")
        self.points("request: after cancel")
        return outcome

    def _cancel(self, order_id: str) -> Outcome:
        order = self.orders_true.get(order_id)
        if order is None or _over(order) or order.status == RECEIVED:
            return answers.too_late()
        if self.mix.strikes("cancel lost"):
            if self.draw.random() < 0.5:
                self._end(order_id, CANCELLED)
            return answers.classified(self.draw.choice(answers.LOST), answers.CANCEL)
        if self.mix.strikes("cancel too late"):
            self._fill(order_id)
        else:
            self.at(self.soon(0.05, 1), lambda: self._end(order_id, CANCELLED))
        return answers.classified(partial(answers.plain, order_id), answers.CANCEL)

    # --- what it shows --------------------------------------------------------------------------------------

    def orders(self) -> Sequence[Order]:
        """Show the book: now, or as it was a while ago, or a part of what was shown before."""
        self._reading("orders")
        self._lag = round(self.draw.uniform(1, 20) * SECOND) if self.mix.strikes("stale book") else 0
        if self._lag:
            shown = [order for order_id in self.versions if (order := self._as_of(order_id)) is not None]
        else:
            shown = list(self.orders_true.values())
        self._clean = not self._lag
        if len(shown) > 1 and self.mix.strikes("cut list"):
            self._clean = False
            shown = shown[: self.draw.randrange(len(shown))]
        self._evidence({order.tag for order in shown})
        return shown

    def _evidence(self, tags: set[str]) -> None:
        """Note what a reader of the book can know by now of the requests that nobody answered."""
        for sent in self.sent:
            sent.shown = sent.shown or sent.request.tag in tags
            if self.clock.now() >= sent.at + QUARANTINE:
                sent.clean += 1

    def _as_of(self, order_id: str) -> Order | None:
        horizon = self.clock.now() - self._lag
        return next((order for at, order in reversed(self.versions[order_id]) if at <= horizon), None)

    def positions(self) -> Sequence[NetPosition]:
        """Show the net list, which may lag."""
        if self.mix.strikes("torn reading"):
            self.clock.sleep(self.draw.uniform(0.1, 3))
            self.advance()
        self._reading("positions")
        lag = round(self.draw.uniform(0, 30) * SECOND) if self.mix.strikes("positions lag") else self._lag
        self._clean = self._clean and not lag
        horizon = self.clock.now() - max(lag, self._lag)
        self._rows = self.net(horizon)
        return [NetPosition(key, quantity) for key, quantity in self._rows.items()]

    def trades(self) -> Sequence[Trade]:
        """Show the trades, as late as the book."""
        self._reading("trades")
        horizon = self.clock.now() - self._lag
        if self._clean:
            self.clean_looks.append(self.clock.now())
        self.rows_read = self._rows  # of a reading that was not cut short
        return [trade for trade in self.trades_true if trade.at <= horizon]

    def _reading(self, what: str) -> None:
        self.points(f"read {what}")
        if self.token_dead_until > self.now():
            raise ReadFailedError("403 incorrect `api_key` or `access_token`")
        if self.mix.strikes("read fails"):
            raise ReadFailedError("504 gateway time-out")

    def instrument(self, key: InstrumentKey) -> Instrument | None:
        """Look an instrument up."""
        return self.listed.get(key)

    def quotes(self, keys: Sequence[InstrumentKey]) -> dict[InstrumentKey, Quote]:
        """Show last prices: old, missing and absurd ones too."""
        self.points("read quotes")
        found = {}
        for key in keys:
            price, at = self.prices[key], (self.stamps or self.clock).now()
            if self.mix.strikes("price missing"):
                continue
            if self.mix.strikes("price stale"):
                at -= round(self.draw.uniform(6, 60) * SECOND)
            if self.mix.strikes("price absurd"):
                price = self.draw.choice((UNKNOWN, 0.0, -5.0, float("inf"), price * 100, price / 100))
            found[key] = Quote(price, at)
        return found

    def updates(self) -> int:
        """Say how many order updates came: some are dropped, some come twice."""
        news, self._news = self._news, 0
        return news

    # --- the true book --------------------------------------------------------------------------------------

    def _note(self, order: Order) -> None:
        self.orders_true[order.order_id] = order
        self.versions.setdefault(order.order_id, []).append((self.now(), order))
        if not self.mix.strikes("updates dropped"):
            self._news += 2 if self.mix.strikes("updates doubled") else 1

    def _trade(
        self, exchange: str, symbol: str, product: str, side: str, quantity: int, price: float, order_id: str
    ) -> None:
        number = len(self.trades_true) + 1
        trade = Trade(f"T{number:06d}", order_id, exchange, symbol, product, side, quantity, price, self.now())
        self.checks.fill(trade)
        self.tell(f"{trade.side} {trade.quantity} {trade.symbol} fills ({trade.order_id})")
        self.trades_true.append(trade)

    def net(self, horizon: Instant | None = None) -> dict[PositionKey, int]:
        """Return the true net quantity of every position, now or as it was."""
        rows: dict[PositionKey, int] = {}
        for trade in self.trades_true:
            if horizon is None or trade.at <= horizon:
                key = PositionKey(self.account, trade.exchange, trade.symbol, trade.product)
                rows[key] = rows.get(key, 0) + SIGN[trade.side] * trade.quantity
        return rows

    def was_flat(self, key: PositionKey, since: Instant) -> bool:
        """Tell whether a position was truly flat, or turned over, at any time since an instant."""
        held, found = 0, False
        for trade in self.trades_true:
            if (trade.exchange, trade.symbol, trade.product) == key[1:]:
                before, held = held, held + SIGN[trade.side] * trade.quantity
                found = found or (trade.at >= since and before * held <= 0)
        return found

    def trade_by_hand(self, key: InstrumentKey, product: str, quantity: int, why: str = "a trade by hand") -> None:
        """Let the trader, or the broker, trade: a signed quantity, filled at once."""
        side = BUY if quantity > 0 else SELL
        order_id = f"{len(self.orders_true) + 1:06d}"
        self.tell(f"{why}: {side} {abs(quantity)} {key.symbol}")
        order = Order(order_id, "", *key, product, side, abs(quantity), abs(quantity), COMPLETE, placed=self.now())
        self._trade(key.exchange, key.symbol, product, side, abs(quantity), self.prices[key], order_id)
        self._note(order)

    def square_off(self) -> bool:
        """Close every intraday position, as the broker does shortly before the close; tell whether it did so now."""
        if self.squared_off or time_of_day(self.clock.now()) < SQUARE_OFF:
            return False
        for order_id in list(self.orders_true):
            self._end(order_id, CANCELLED)
        for key, quantity in self.net().items():
            if quantity:
                self.trade_by_hand(key.instrument, key.product, -quantity, "the broker's square-off")
        self.squared_off = True
        return True

    def fill_the_widest(self, protection: float) -> None:
        """Let the market come to the orders that already rest as wide as they may: nobody else can help them."""
        widest = {sent.order_id for sent in self.sent if (getattr(sent.request, "protection", None) or 0) >= protection}
        for order in self.open_orders():
            if order.order_id in widest and order.status == OPEN:
                self.at(self.soon(1, 60), partial(self._fill, order.order_id))

    def open_orders(self) -> list[Order]:
        """Return what may still fill."""
        return [order for order in self.orders_true.values() if not _over(order)]


def _over(order: Order) -> bool:
    """Tell whether the broker is done with an order, by its own words and not by the program's."""
    return order.status in (COMPLETE, CANCELLED, REJECTED)


def _plain(outcome: Outcome) -> str:
    if isinstance(outcome, Accepted):
        return f"accepted as {outcome.order_id}"
    word = {"Uncertain": "nobody knows", "Refused": "refused", "NotSent": "not sent"}[type(outcome).__name__]
    return f"{word}: {outcome.evidence if isinstance(outcome, Uncertain) else outcome.reason}"
