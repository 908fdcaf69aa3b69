"""A small broker whose answers are scripted, and a desk that ties it to an executor over a real journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from rulekit.errors import ReadFailedError
from rulekit.execution.executor import Decided, Executor
from rulekit.execution.journal import Journal
from rulekit.execution.journal_place import ServerPlace
from rulekit.execution.journal_rehearsal import rehearsal_of
from rulekit.execution.lease import LEASE_S
from rulekit.execution.route import Route
from rulekit.execution.settings import ExecutionSettings, StopSettings
from rulekit.model.clock import SimulatedClock
from rulekit.model.decision import BOOK, EXIT, IMMEDIATE, NEXT_CYCLE, STOP, Action, Decision
from rulekit.model.events import Event
from rulekit.model.instant import DAY, SECOND, Instant, parse_instant, time_of_day
from rulekit.model.instrument import Instrument, InstrumentKey, PositionKey
from rulekit.model.orders import (
    BUY,
    CANCELLED,
    COMPLETE,
    OPEN,
    REJECTED,
    SELL,
    SIGN,
    TRIGGER_PENDING,
    Accepted,
    NotSent,
    Order,
    OrderRequest,
    Outcome,
    Quote,
    Refused,
    StopRequest,
    Trade,
    Uncertain,
)
from rulekit.model.position import NetPosition, TrackedPosition
from rulekit.model.snapshot import SessionTimes

START = parse_instant("2026-11-20T10:00:00+05:30")
KOTAK = InstrumentKey("NSE", "KOTAKBANK")


class Crash(BaseException):
    """The process dies here."""


@define
class Failpoints:
    """Dies at the n-th point that is passed; 0 never."""

    at: int = 0
    passed: int = 0
    names: list[str] = field(factory=list)

    def __call__(self, name: str) -> None:
        self.passed += 1
        self.names.append(name)
        if self.passed == self.at:
            raise Crash(name)


class FailingJournal(Journal):
    """A real journal with a point of death before and after each commit."""

    points: Failpoints = Failpoints()

    def flush(self) -> None:
        if self.waiting:
            self.points("before commit")
            super().flush()
            self.points("after commit")


@define
class ScriptedBroker:
    """Fills at once unless a fate says otherwise; fates are used up in the order of the requests.

    fill, rest, part:N, reject, reject:REASON, refuse, refuse:REASON, refuse for good, not sent, lost before,
    lost after, late:SECONDS.
    """

    clock: SimulatedClock
    name: str = "scripted"
    account: str = "paper"
    fates: list[str] = field(factory=list)
    fate_of: Callable[[OrderRequest, int], str] | None = None
    prices: dict[InstrumentKey, float] = field(factory=dict)
    listed: dict[InstrumentKey, Instrument] = field(factory=dict)
    book: list[Order] = field(factory=list)
    by_hand: list[Order] = field(factory=list)
    done: list[Trade] = field(factory=list)
    overnight: dict[PositionKey, tuple[int, float]] = field(factory=dict)
    requests: list[OrderRequest] = field(factory=list)
    cancelled: list[str] = field(factory=list)
    posts: list[Instant] = field(factory=list)
    pending: list[tuple[Instant, OrderRequest, str]] = field(factory=list)
    failing: int = 0
    lag_s: float = 0.0
    old_book: list[Order] | None = None
    points: Failpoints = field(factory=Failpoints)
    log: list[str] = field(factory=list)
    ignore_cancel: bool = False
    stop_fates: list[str] = field(factory=list)
    stops: list[StopRequest] = field(factory=list)
    changes: list[tuple[str, int, float]] = field(factory=list)
    late_stops: list[tuple[Instant, StopRequest]] = field(factory=list)
    late_changes: list[tuple[Instant, str, int, float]] = field(factory=list)

    # --- the port -----------------------------------------------------------------------------------------------

    def place(self, request: OrderRequest) -> Outcome:
        self.points("before place")
        self.log.append("place")
        outcome = self._place(request)
        self.points("after place")
        return outcome

    def _place(self, request: OrderRequest) -> Outcome:
        number = len(self.requests)
        fate = self.fate_of(request, number) if self.fate_of else (self.fates.pop(0) if self.fates else "fill")
        if fate == "not sent":
            return NotSent("no connection")
        self.requests.append(request)
        self.posts.append(self.clock.now())
        if fate == "refuse":
            return Refused("margin is short")
        if fate == "limit":
            return Refused("too many requests", limited=True)
        if fate.startswith("refuse:"):
            return Refused(fate[7:])
        if fate == "refuse for good":
            return Refused("the symbol is banned", again=False)
        if fate == "lost before":
            return Uncertain("read timed out")
        if fate.startswith("late:"):
            self.pending.append((self.clock.now() + round(float(fate[5:]) * SECOND), request, "fill"))
            return Uncertain("read timed out")
        order_id = self._accept(request, "fill" if fate == "lost after" else fate)
        return Uncertain("connection reset") if fate == "lost after" else Accepted(order_id)

    def _accept(self, request: OrderRequest, fate: str) -> str:
        order_id = f"O{len(self.book) + 1:04d}"
        order = Order(
            order_id, request.tag, request.exchange, request.symbol, request.product, request.side, request.quantity,
            0, "OPEN", placed=self.clock.now(),
        )  # fmt: skip
        self.book.append(order)
        if fate.startswith("reject"):
            self._change(order_id, status=REJECTED, message=fate[7:] or "the exchange does not take it")
        elif fate == "fill":
            self.fill(order_id, request.quantity)
        elif fate.startswith("part:"):
            self.fill(order_id, min(request.quantity, int(fate[5:])))
        return order_id

    def cancel(self, order_id: str) -> Outcome:
        self.points("before cancel")
        self.posts.append(self.clock.now())
        self.cancelled.append(order_id)
        order = self.order(order_id)
        if not order.ended and not self.ignore_cancel:
            self._change(order_id, status=CANCELLED)
        self.points("after cancel")
        return Accepted(order_id)

    def place_stop(self, request: StopRequest) -> Outcome:
        """Fates: stand, refuse, reject, not sent, lost before, lost after, late:SECONDS."""
        self.points("before place")
        fate = self.stop_fates.pop(0) if self.stop_fates else "stand"
        if fate == "not sent":
            return NotSent("no connection")
        self.posts.append(self.clock.now())
        self.stops.append(request)
        if fate == "refuse":
            return Refused("the product takes no stops")
        if fate == "lost before":
            return Uncertain("read timed out")
        if fate.startswith("late:"):
            self.late_stops.append((self.clock.now() + round(float(fate[5:]) * SECOND), request))
            return Uncertain("read timed out")
        order_id = self._stand(request)
        if fate == "reject":
            self._change(order_id, status=REJECTED, message="trigger price beyond the last price")
        self.points("after place")
        return Uncertain("connection reset") if fate == "lost after" else Accepted(order_id)

    def _stand(self, request: StopRequest) -> str:
        order_id = f"O{len(self.book) + 1:04d}"
        order = Order(
            order_id, request.tag, request.exchange, request.symbol, request.product, request.side, request.quantity,
            0, TRIGGER_PENDING, placed=self.clock.now(), trigger=request.trigger,
        )  # fmt: skip
        self.book.append(order)
        return order_id

    def change_stop(self, order_id: str, request: StopRequest) -> Outcome:
        """Fates: change, refuse change, ignore, lost before, lost after, late:SECONDS."""
        self.points("before change")
        fate = self.stop_fates.pop(0) if self.stop_fates else "change"
        self.posts.append(self.clock.now())
        self.changes.append((order_id, request.quantity, request.trigger))
        if fate == "refuse change":
            return Refused("it is being processed")
        if self.order(order_id).ended:
            return Refused("it has ended")
        if fate.startswith("late:"):
            due = self.clock.now() + round(float(fate[5:]) * SECOND)
            self.late_changes.append((due, order_id, request.quantity, request.trigger))
            return Uncertain("read timed out")
        if fate in ("change", "lost after"):
            self._change(order_id, quantity=request.quantity, trigger=request.trigger)
        self.points("after change")
        return Uncertain("connection reset") if fate.startswith("lost") else Accepted(order_id)

    def trigger(self, order_id: str, fill: int | None = None) -> None:
        """Let the price come to a stop order."""
        order = self.order(order_id)
        self._change(order_id, status=OPEN)
        quantity = order.quantity - order.filled if fill is None else fill
        if quantity:
            self.fill(order_id, quantity)

    def standing(self) -> list[Order]:
        """Stop orders that may still fill."""
        tags = {request.tag for request in self.stops}
        return [order for order in self.book if order.tag in tags and not order.ended]

    def orders(self) -> Sequence[Order]:
        self._reading("orders")
        return [*self.by_hand, *(self.book if self.old_book is None else self.old_book)]

    def positions(self) -> Sequence[NetPosition]:
        self._reading("positions")
        horizon = self.clock.now() - round(self.lag_s * SECOND)
        rows: dict[PositionKey, int] = {key: quantity for key, (quantity, _) in self.overnight.items()}
        for trade in self.done:
            if trade.at <= horizon:
                key = PositionKey(self.account, trade.exchange, trade.symbol, trade.product)
                rows[key] = rows.get(key, 0) + SIGN[trade.side] * trade.quantity
        return [
            NetPosition(
                key,
                quantity,
                self.overnight.get(key, (0, float("nan")))[1],
                overnight=self.overnight.get(key, (0, 0.0))[0],
            )
            for key, quantity in rows.items()
        ]

    def trades(self) -> Sequence[Trade]:
        self._reading("trades")
        return list(self.done)

    def _reading(self, what: str) -> None:
        self.points(f"read {what}")
        self.log.append(what)
        if self.failing:
            self.failing -= 1
            raise ReadFailedError("504 gateway time-out")

    def instrument(self, key: InstrumentKey) -> Instrument | None:
        return self.listed.get(key)

    def quotes(self, keys: Sequence[InstrumentKey]) -> dict[InstrumentKey, Quote]:
        return {key: Quote(self.prices[key], self.clock.now()) for key in keys if key in self.prices}

    def updates(self) -> int:
        return 0

    # --- the world ----------------------------------------------------------------------------------------------

    def order(self, order_id: str) -> Order:
        return next(order for order in self.book if order.order_id == order_id)

    def _change(self, order_id: str, **changes: Any) -> None:
        self.book = [evolve(order, **changes) if order.order_id == order_id else order for order in self.book]

    def fill(self, order_id: str, quantity: int, price: float | None = None) -> None:
        order = self.order(order_id)
        key = InstrumentKey(order.exchange, order.symbol)
        at_price = price if price is not None else self.prices.get(key, 10_000.0)
        filled = order.filled + quantity
        status = COMPLETE if filled == order.quantity else order.status
        self._change(order_id, filled=filled, status=status)
        self.trade(key, order.product, order.side, quantity, at_price, order_id)

    def trade(
        self, key: InstrumentKey, product: str, side: str, quantity: int, price: float, order_id: str = ""
    ) -> None:
        number = len(self.done) + 1
        if not order_id:
            order_id = f"F{number:04d}"
            self.by_hand.append(
                Order(order_id, "", *key, product, side, quantity, quantity, COMPLETE, placed=self.clock.now())
            )
        self.done.append(
            Trade(
                f"T{number:04d}",
                order_id,
                key.exchange,
                key.symbol,
                product,
                side,
                quantity,
                price,
                self.clock.now(),
            )
        )

    def tick(self) -> None:
        """Let late orders arrive."""
        due = [item for item in self.pending if item[0] <= self.clock.now()]
        self.pending = [item for item in self.pending if item[0] > self.clock.now()]
        for _, request, fate in due:
            self._accept(request, fate)
        for late in [one for one in self.late_stops if one[0] <= self.clock.now()]:
            self.late_stops.remove(late)
            self._stand(late[1])
        for change in [one for one in self.late_changes if one[0] <= self.clock.now()]:
            self.late_changes.remove(change)
            _, order_id, quantity, trigger = change
            if not self.order(order_id).ended:
                self._change(order_id, quantity=quantity, trigger=trigger)

    def net(self, key: PositionKey) -> int:
        return self.overnight.get(key, (0, 0.0))[0] + sum(
            SIGN[trade.side] * trade.quantity
            for trade in self.done
            if (trade.exchange, trade.symbol, trade.product) == key[1:]
        )


def session(exchange: str, now: Instant) -> SessionTimes | None:
    """From 09:15 to 15:30 on every day."""
    from rulekit.model.instant import day_of

    midnight = now - time_of_day(now)
    minute = 60 * SECOND
    return SessionTimes(midnight + (9 * 60 + 15) * minute, midnight + (15 * 60 + 30) * minute, day_of(now))


@define
class Desk:
    """A clock, a broker, a journal and an executor, that can die and come back."""

    folder: Path
    settings: ExecutionSettings = field(factory=ExecutionSettings)
    clock: SimulatedClock = field(factory=lambda: SimulatedClock(START))
    points: Failpoints = field(factory=Failpoints)
    route: Route | None = None
    stops: StopSettings | None = None
    dry_run: bool = False
    place: ServerPlace | None = None
    account: str = "paper"
    lease_s: float = LEASE_S
    repeat_s: float = 0.0
    broker: ScriptedBroker = field(init=False)
    journal: Journal = field(init=False)
    executor: Executor = field(init=False)
    events: list[Event] = field(factory=list)
    cuts: int = 0

    def __attrs_post_init__(self) -> None:
        self.broker = ScriptedBroker(self.clock)
        self.broker.points = self.points
        self.broker.account = self.account

    @property
    def path(self) -> Path:
        return self.folder / "day.journal"

    def start(self) -> Desk:
        """Open the journal and start an executor."""
        path = rehearsal_of(self.path, self.clock) if self.dry_run else self.path
        self.journal = FailingJournal.open(
            self.place or path, account=self.account, clock=self.clock, durable=False, identity="TEST", wait_s=0.0,
            lease_s=self.lease_s,
        )  # fmt: skip
        assert isinstance(self.journal, FailingJournal)
        self.journal.points = self.points
        self.executor = Executor(
            broker=self.broker,
            journal=self.journal,
            clock=self.clock,
            settings=self.settings,
            emit=self.events.append,
            session=session,
            route=self.route,
            dry_run=self.dry_run,
            stops=self.stops,
            repeat_alerts_s=self.repeat_s,
        )
        self.executor.start()
        return self

    def die(self) -> None:
        """Let the process die: nothing is flushed."""
        if hasattr(self, "journal"):
            self.journal.abandon()

    def restart(self) -> Desk:
        """Die and come back."""
        self.die()
        return self.start()

    def hold(self, symbol: str = "KOTAKBANK", quantity: int = 100, price: float = 169_000.0) -> PositionKey:
        """Enter a position by the trader's own trade, negative for a short."""
        key = InstrumentKey("NSE", symbol)
        self.broker.prices.setdefault(key, price)
        self.broker.trade(key, "MIS", BUY if quantity > 0 else SELL, abs(quantity), price)
        return PositionKey(self.account, "NSE", symbol, "MIS")

    def position(self, key: PositionKey) -> TrackedPosition:
        return next(position for position in self.executor.positions() if position.key == key)

    def decided(self, key: PositionKey, *actions: Action, digest: str = "s") -> Decided:
        return Decided(
            self.position(key), Decision(key.symbol, actions), self.broker.prices[key.instrument], "p", digest
        )

    def commit(self, key: PositionKey, *actions: Action, checkpoint: dict[str, Any] | None = None) -> None:
        self.executor.commit([self.decided(key, *actions)], checkpoint)

    def pass_time(self, seconds: float = 1.0) -> None:
        """Let time pass and look at the book again."""
        self.clock.sleep(seconds)
        self.broker.tick()
        self.executor.sync()
        self.executor.drain()

    def come_to_rest(self, seconds: float = 600.0, step: float = 1.0) -> None:
        """Let time pass until every action has an end."""
        for _ in range(int(seconds / step)):
            if not self.executor.pending_management_actions:
                return
            self.pass_time(step)

    def rows(self) -> list[dict[str, Any]]:
        """The history as the command line prints it."""
        from rulekit.execution.history import history

        return history(self.journal.entries())

    def row(self, rule: str) -> dict[str, Any]:
        return next(row for row in reversed(self.rows()) if row["rule"] == rule)

    def names(self) -> list[str]:
        return [event.name for event in self.events]

    def alerts(self) -> list[str]:
        return [event.data["text"] for event in self.events if event.name == "alert"]


def exit_all(quantity: int = 100, rule: str = "Square off", side: str = SELL, lane: str = IMMEDIATE) -> Action:
    return Action(rule, EXIT, side, quantity, None, lane, "it is time")


def book(quantity: int = 50, rule: str = "First target", side: str = SELL) -> Action:
    return Action(rule, BOOK, side, quantity, None, IMMEDIATE, "profit", {"profit": 18.5, "age": 45.2, "percent": 50})


def add(quantity: int = 25, rule: str = "Scale", side: str = BUY) -> Action:
    return Action(rule, "add", side, quantity, None, IMMEDIATE, "momentum")


def stop(price: float, rule: str = "Break-even") -> Action:
    return Action(rule, STOP, None, None, price, NEXT_CYCLE, "protect")


def next_morning(desk: Desk) -> None:
    """Move to ten o'clock of the next day; the broker's lists are the day's."""
    held = {
        PositionKey("paper", trade.exchange, trade.symbol, trade.product): trade.price for trade in desk.broker.done
    }
    keep = {key: (desk.broker.net(key), price) for key, price in held.items()}
    desk.broker.overnight = {key: value for key, value in keep.items() if value[0]}
    desk.broker.book, desk.broker.by_hand, desk.broker.done = [], [], []
    desk.clock.move_to(desk.clock.now() - time_of_day(desk.clock.now()) + DAY + 10 * 3600 * SECOND)
