"""Worlds that are made for one thing: slices that must be chased, an order that the journal lost, a flood of actions.

They are worlds like the others, with the same invariants; each adds what must hold of the one thing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from attrs import define, evolve, field

from rulekit.errors import UsageError
from rulekit.execution.actions import CLOSING_KINDS, PROTECT
from rulekit.execution.settings import ExecutionSettings
from rulekit.model.clock import SimulatedClock
from rulekit.model.decision import EXIT
from rulekit.model.events import Event
from rulekit.model.instant import SECOND, Instant, time_of_day
from rulekit.model.instrument import Instrument, PositionKey
from rulekit.model.orders import BUY, CANCELLED, OPEN, REJECTED, SELL, SIGN, Order, OrderRequest, Outcome, StopRequest
from rulekit.model.position import NetPosition
from tests.simulation import answers
from tests.simulation.duties import LEAVES
from tests.simulation.exchange import Sent
from tests.simulation.invariants import ViolationError
from tests.simulation.memory import MemoryDisk
from tests.simulation.mix import HARSH, MILD, NONE, Mix, mix_of
from tests.simulation.nameless import Nameless
from tests.simulation.stop_orders import StopExchange
from tests.simulation.witness import ENDS, Witness
from tests.simulation.world import JumpingClock, World

SLICED = """\
policy "Sliced"
HALF: book half at 0.1% profit
"Half again": book half at 0.1% loss
OUT: exit after 2 minutes
"""
GROWN = """\
policy "Grown"
MORE: add 100% of the original at 0.05% profit every 1 minutes up to 4 times
LESS: book 60% at 0.05% loss every 1 minutes up to 6 times
"""
LOST = """\
policy "Lost"
FIRST: book 50% at 0.1% profit
SECOND: book 50% at 0.1% loss
MORE: add 25% at 0.3% profit
"""
DRIP = """\
policy "Drip"
DRIP: book 1 share every 1 seconds up to 1000 times
TRAIL: trail stop 5%
"""
CRASHES = {"crash": 0.004, "crash at a request": 0.03, "crash in recovery": 0.02}
MARKET = {"rests": 0.6, "partial": 0.4, "partial, then cancelled": 0.1, "cancel too late": 0.3, "cancel lost": 0.1}
ANSWERS = {"reply lost": 0.05, "accepted late": 0.05, "positions lag": 0.3, "stale book": 0.1}


@define
class Directed(World):
    """A world whose policy and faults are given, not drawn; its journal is in memory."""

    shares: ClassVar[dict[str, float]] = {**MARKET}
    harsh: ClassVar[dict[str, float]] = {**CRASHES, **ANSWERS}
    text: ClassVar[str] = SLICED

    def __attrs_post_init__(self) -> None:
        World.__attrs_post_init__(self)
        self.policy, self.stops_at_broker = self.text, False
        self.level = HARSH if self.level == HARSH else MILD
        self.mix.calm(False)  # with no faults at all there is nothing to see

    def _mixed(self) -> Mix:
        drawn = mix_of(self.draw, MILD if self.level == NONE else self.level)
        shares = dict.fromkeys(drawn.shares, 0.0) | self.shares | (self.harsh if self.level == HARSH else {})
        return evolve(drawn, shares=shares, on_disk=False, on_server=False)

    def run(self) -> World:
        """Live through it, then check what must hold of the one thing."""
        World.run(self)
        self.check()
        return self

    def check(self) -> None:
        """Check what this world is for."""


@define
class Sliced(Directed):
    """Positions of many freeze quantities, closed in a market that leaves orders resting or fills a part of them."""

    def populate(self) -> None:
        """Hold much of what has a small freeze quantity."""
        for instrument in (Instrument("NSE", "INFY", freeze=40), Instrument("NFO", "NIFTY26NOVFUT", lot=25, freeze=75)):
            self.exchange.listed[instrument.key] = instrument
            self.exchange.prices[instrument.key] = self.draw.randrange(2_000, 60_000) * 5.0
            self._enter(instrument)

    def _enter(self, instrument: Instrument) -> None:
        lots = self.draw.choice((90, 130, 240)) if instrument.lot == 1 else self.draw.choice((7, 12))
        side = self.draw.choice((1, -1))
        self.exchange.trade_by_hand(instrument.key, "MIS", side * lots * instrument.lot, "an entry")

    def check(self) -> None:
        """Check that no action chases beyond its bound, and that one was sliced at all."""
        bound, most = len(self.limits.protection_steps), 0
        for action in self.durable.actions.values():
            if action.kind not in CLOSING_KINDS:
                continue
            tags = {attempt.tag for attempt in action.attempts}
            orders = {sent.order_id for sent in self.exchange.sent if sent.request.tag in tags}
            # One that filled before its cancellation came was not left behind.
            chased = {
                one
                for one in orders & self.invariants.cancelled.keys()
                if self.exchange.orders_true[one].filled < self.exchange.orders_true[one].quantity
            }
            most = max(most, len(orders))
            if len(chased) > bound:
                raise ViolationError(2, f"{action.rule} was chased {len(chased)} times, {bound} are allowed")
        if most < 2:
            raise ViolationError(0, "nothing was sliced or chased in a world made for that")


@define
class Grown(Directed):
    """Positions with stops at the broker that grow and shrink, while changes of the stops get no answer."""

    shares: ClassVar[dict[str, float]] = {"change lost": 0.6, "partial": 0.2}
    harsh: ClassVar[dict[str, float]] = {**CRASHES, "stale book": 0.1, "reply lost": 0.05}
    text: ClassVar[str] = GROWN

    def populate(self) -> None:
        """Hold what can be added to."""
        self.stops_at_broker = True
        self.limits = ExecutionSettings()
        World.populate(self)


@define
class Lost(Directed):
    """The end of the journal is lost with an order in it; a person takes the order in, and the engine goes on."""

    shares: ClassVar[dict[str, float]] = {"partial": 0.2, "rests": 0.3, "positions lag": 0.3}
    harsh: ClassVar[dict[str, float]] = {**CRASHES, "read fails": 0.1, "stale book": 0.1}
    text: ClassVar[str] = LOST

    def populate(self) -> None:
        """Hold something under budgets so wide that it does not matter that requests are forgotten with the journal."""
        self.limits = ExecutionSettings()
        World.populate(self)

    def step(self) -> None:
        """Go on as always, and lose the end of the journal once there is an order in it."""
        World.step(self)
        if not self.adopted and (sent := self._last_of_ours()) is not None:
            self._lose(sent)

    def _last_of_ours(self) -> Sent | None:
        """Return the last request, if it came to an order and nothing else of ours is open."""
        if not self.exchange.sent or not (sent := self.exchange.sent[-1]).order_id:
            return None
        others = [order for order in self.exchange.resting() if order.order_id != sent.order_id]
        if self.crash_at and not self.exchange.orders_true[sent.order_id].ended:
            return None  # it would go on filling while the process lies dead
        action, _ = self.durable.tags[sent.request.tag]
        return sent if not others and not sent.doubtful and action.kind != PROTECT else None

    def _lose(self, sent: Sent) -> None:
        action, _ = self.durable.tags[sent.request.tag]
        first = action.attempts[0].tag == sent.request.tag
        kinds = ("decided", "sending") if first and self.draw.random() < 0.5 else ("sending",)
        entries = self.durable.entries
        cut = next(
            place
            for place, entry in enumerate(entries)
            if entry.subject == action.id
            and entry.kind in kinds
            and (entry.kind == "decided" or entry.token == sent.request.tag)
        )
        self.tell(f"the end of the journal is lost, with order {sent.order_id} of {action.rule}")
        self.mix.calm()
        self.die()
        assert isinstance(self.disk, MemoryDisk)
        server = self.disk.server
        del server.rows[cut:]
        server.tokens = {row[4] for row in server.rows if row[4] is not None}
        self.durable = Witness()
        self.durable.take(entries[:cut])
        self.invariants.stops.clear()  # what was tracked since is lost with it
        self.begin()
        self._adopt(sent)
        self.mix.calm(False)

    def _adopt(self, sent: Sent) -> None:
        """Be the person who is alerted: look at both sides, have the order ended, take in all of them, and resume."""
        requests = len(self.exchange.sent)
        self.guarded(self._running.tend)
        if self._running.executor.mode != "halted":
            raise ViolationError(1, f"the journal lost {sent.request.tag}, and nobody noticed")
        if not self.exchange.orders_true[sent.order_id].ended:
            self._refused(sent.order_id)
            self.exchange._end(sent.order_id, CANCELLED)
            self.tell(f"the trader cancels {sent.order_id}")
            self._running.tend()
        if len(self.exchange.sent) > requests:
            raise ViolationError(10, "something is sent while an order is unknown")
        while lost := [
            one.order_id for one in self.exchange.sent if one.order_id and one.request.tag not in self.durable.tags
        ]:
            self.tell(f"a person adopts {lost[0]}")
            try:
                self.guarded(partial(self._running.executor.adopt, lost[0], "ADOPT"))
            except UsageError:
                raise ViolationError(1, f"{lost[0]} was adopted, and the journal does not know its tag") from None
            self.adopted += 1
        while self._running.executor.mode == "halted":
            self.guarded(self._resume)

    def _refused(self, order_id: str) -> None:
        """Ask for too much: an order that may still fill cannot be taken in."""
        try:
            self._running.executor.adopt(order_id, "ADOPT")
        except UsageError:
            return
        raise ViolationError(1, f"{order_id} may still fill, and was taken in as settled")

    def check(self) -> None:
        """Check that nothing that was taken in has been done once more: no rule here fires twice in an episode."""
        filled: Counter[tuple[str, str]] = Counter()
        decided: Counter[tuple[str, str]] = Counter()
        for action in self.durable.actions.values():
            if action.kind == EXIT:
                continue  # what an exit left is rightly exited again
            name = action.episode, action.rule
            filled[name] += action.filled
            decided[name] = max(decided[name], action.quantity or 0)
        again = [name for name, count in filled.items() if count > decided[name]]
        if again:
            raise ViolationError(2, f"{again[0]} was done twice")


@define
class Flood(Directed):
    """One policy that wants something of every position at every look: the budgets bound it, and all of it ends."""

    shares: ClassVar[dict[str, float]] = {"partial": 0.1, "refused": 0.02}
    harsh: ClassVar[dict[str, float]] = {"reply lost": 0.01, "crash": 0.0005}
    text: ClassVar[str] = DRIP
    wanted: int = 400
    seen: dict[str, int] = field(factory=Counter)

    def populate(self) -> None:
        """Hold as many positions as it takes."""
        self.limits = ExecutionSettings(per_second=10, per_minute=400)
        for number in range(20):
            instrument = Instrument("NSE", f"SHARE{number:02}")
            self.exchange.listed[instrument.key] = instrument
            self.exchange.prices[instrument.key] = self.draw.randrange(2_000, 60_000) * 5.0
            self.exchange.trade_by_hand(instrument.key, "MIS", 5_000, "an entry")

    def run(self) -> World:
        """Let prices rise until there are as many actions as are wanted, then let everything come to rest."""
        try:
            self.populate()
            self.begin()
            while len(self.durable.actions) < self.wanted:
                self.surge()
            self.policy = 'policy "Quiet"\nNONE: exit at 90% loss\n'
            self.guarded(self._reload_quietly)
            self.calm_down()
            self.check()
            return self
        finally:
            if self.journal is not None:
                self.journal.abandon()
            self.disk.remove()

    def _reload_quietly(self) -> None:
        from tests.simulation.world import compiled

        self._running.reload(compiled(self.policy))

    def surge(self) -> None:
        """Let a second pass in which every price rises."""
        self._wait(1.0)
        for key, price in self.exchange.prices.items():
            self.exchange.prices[key] = round(price * 1.0005 / 5) * 5.0 + 5.0
        self.exchange.prices_moved()
        self.guarded(self._running.cycle)
        self.invariants.step()
        self._bounded()

    def _bounded(self) -> None:
        """Check that what waits and what is remembered do not grow with what was done."""
        ledger = self._running.executor._ledger
        positions = len(self.exchange.listed)
        if len(ledger.open) > 2 * positions:
            raise ViolationError(1, f"{len(ledger.open)} actions of {positions} positions are open")
        light = sum(action.kind not in CLOSING_KINDS for action in ledger.actions.values())
        if light > 2 * positions:
            raise ViolationError(1, f"{light} moves of stops are kept in memory")

    def check(self) -> None:
        """Check that every action has ended, and that the flood was one."""
        states = Counter(action.state for action in self.durable.actions.values())
        if set(states) - ENDS:
            raise ViolationError(1, f"not all ended: {states}")
        rules = Counter(action.rule for action in self.durable.actions.values())
        if len(rules) < 2 or min(rules.values()) < self.wanted // 10:
            raise ViolationError(0, f"this was no flood: {rules}")


@define
class LargeFlood(Flood):
    """The same with 10,000 actions."""

    wanted: int = 10_000


class OwnClock(JumpingClock):
    """The clock of a machine, so far ahead of the broker's; both run alike."""

    def __init__(self, true: JumpingClock) -> None:
        super().__init__(true.now())
        self.true, self.ahead = true, 0

    def now(self) -> Instant:
        """Return what the machine takes for the current instant."""
        return self.true.now() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Let true time pass."""
        self.true.sleep(seconds)

    def move_to(self, instant: Instant) -> None:
        """Let true time pass until the machine's clock says so."""
        self.true.move_to(instant - self.ahead)


@define
class OtherClock(Directed):
    """The machine's clock is set while no process runs, or the next process runs on a machine whose clock differs."""

    shares: ClassVar[dict[str, float]] = {"accepted late": 0.15, "never arrived": 0.05, "rests": 0.3, "resume": 0.3}
    harsh: ClassVar[dict[str, float]] = {**CRASHES, "crash at a request": 0.15, "too many requests": 0.1}
    clocks: OwnClock = field(init=False)
    set_times: int = 0

    def __attrs_post_init__(self) -> None:
        Directed.__attrs_post_init__(self)
        self.clocks = OwnClock(self.clock)
        self.disk.clock = self.clocks
        self.exchange.stamps = self.clocks

    @property
    def own_clock(self) -> SimulatedClock:
        """The clock of the machine."""
        return self.clocks

    def populate(self) -> None:
        """Hold something under wide budgets: what is left of a minute, only one clock for both lives could tell."""
        self.limits = ExecutionSettings()
        World.populate(self)

    def restart(self) -> None:
        """Come back, half of the time after the clock was set."""
        if self.draw.random() < 0.5:
            self.clocks.ahead = round(self.draw.choice((-300.0, -180.0, -100.0, 0.0, 100.0, 180.0, 300.0)) * SECOND)
            self.set_times += 1
            self.tell(f"the machine's clock is {self.clocks.ahead / SECOND:g} s ahead")
        World.restart(self)

    def step(self) -> None:
        """Go on as always, and die while something is on its way."""
        World.step(self)
        if self.exchange.resting() and not self.crash_at and self.draw.random() < 0.2:
            self.tell("the process dies between two looks")
            self.restart()


class Hiding(StopExchange):
    """Leaves orders and rows of positions out of its lists for minutes."""

    calm = False

    def hide(self) -> None:
        """Begin with nothing hidden."""
        self.hidden: dict[str, Instant] = {}
        self.swallowed: set[str] = set()
        self.without: dict[PositionKey, tuple[Instant, Instant]] = {}

    def has_lacked(self, symbol: str, seconds: float) -> bool:
        """Tell whether a symbol's row was missing until a moment ago, and for so long."""
        now, least = self.clock.now() - 20 * SECOND, round(seconds * SECOND)
        return any(
            key.symbol == symbol and until > now and self.clock.now() - since >= least
            for key, (since, until) in self.without.items()
        )

    def _take(self, request: OrderRequest | StopRequest, seen: Sent | None) -> str:
        if seen is not None and self.draw.random() < 0.02:
            return self._swallow(request, seen)
        order_id = StopExchange._take(self, request, seen)
        if seen is not None and self.draw.random() < 0.15:
            self.hidden[order_id] = self.soon(30, 400)
        return order_id

    def _swallow(self, request: OrderRequest | StopRequest, seen: Sent) -> str:
        """Give it a number, and let it go: it is never shown, and never fills."""
        seen.order_id = order_id = f"{len(self.orders_true) + 1:06d}"
        order = Order(
            order_id, request.tag, *request.instrument, request.product, request.side, request.quantity, 0, REJECTED,
            placed=self.now(),
        )  # fmt: skip
        self.swallowed.add(order_id)
        self._note(order)
        return order_id

    def orders(self) -> Sequence[Order]:
        """Show the book without what is hidden."""
        now = self.clock.now()
        shown = [order for order in StopExchange.orders(self) if order.order_id not in self.swallowed]
        return shown if self.calm else [order for order in shown if self.hidden.get(order.order_id, 0) <= now]

    def positions(self) -> Sequence[NetPosition]:
        """Show the net list without some of its rows."""
        now, rows = self.clock.now(), StopExchange.positions(self)
        for row in rows:
            if self.without.get(row.key, (0, 0))[1] < now - 120 * SECOND and self.draw.random() < 0.02:
                self.without[row.key] = now, self.soon(20, 200)
        if self.calm:
            return rows
        shown = [row for row in rows if self.without.get(row.key, (0, 0))[1] <= now]
        self._rows = {row.key: row.quantity for row in shown}
        return shown


@define
class Unlisted(Directed):
    """Orders that have numbers, and rows of positions, are missing in the lists for minutes."""

    shares: ClassVar[dict[str, float]] = {"never arrived": 0.05, "rests": 0.2, "resume": 0.3, "settle": 0.02}
    harsh: ClassVar[dict[str, float]] = {**CRASHES, "accepted late": 0.1, "positions lag": 0.3}
    broker: ClassVar[type[StopExchange]] = Hiding

    def populate(self) -> None:
        """Begin with nothing hidden."""
        self.exchange.hide()
        World.populate(self)

    def _hear(self, event: Event) -> None:
        """Hear of everything but of what is dropped because a row was missing for so long that it was believed."""
        patience = self.limits.position_lag_s
        if event.name != "action_superseded" or not self.exchange.has_lacked(event.symbol, patience):
            World._hear(self, event)

    def _restart_in_peace(self) -> None:
        """Restart while nothing is missing: a start that sees a row for the first time knows nothing of it."""
        self.exchange.calm = True
        World._restart_in_peace(self)
        self.exchange.calm = False

    def calm_down(self) -> None:
        """Show everything from here on."""
        self.exchange.calm = True
        World.calm_down(self)

    def _rest_a_while(self, seconds: float) -> None:
        """Let time pass, and let a person look after what is parked: a list that lacks an order ends no other."""
        World._rest_a_while(self, seconds)
        if any(row["state"] == "parked" for row in self._running.pending_management_actions):
            self.guarded(self._settle_by_hand)


class Crowded(StopExchange):
    """Holds orders of the trader's own, some of which no cancellation ends."""

    def settle_down(self) -> None:
        """Begin with none."""
        self.stubborn: set[str] = set()

    def rest_by_hand(self, key: PositionKey, quantity: int, *, stubborn: bool) -> None:
        """Let the trader place an order that rests: a signed quantity."""
        order_id = f"{len(self.orders_true) + 1:06d}"
        side = BUY if quantity > 0 else SELL
        self.tell(f"the trader's own order {order_id} rests: {side} {abs(quantity)} {key.symbol}")
        self._note(Order(order_id, "", *key[1:], side, abs(quantity), 0, OPEN, placed=self.now()))
        if stubborn:
            self.stubborn.add(order_id)

    def _cancel(self, order_id: str) -> Outcome:
        return answers.too_late() if order_id in self.stubborn else StopExchange._cancel(self, order_id)


@define
class Strangers(Directed):
    """Everything is exited while the trader's own orders rest, some of which cannot be cancelled."""

    shares: ClassVar[dict[str, float]] = {"halt and exit": 0.05, "resume": 0.1, "rests": 0.2}
    harsh: ClassVar[dict[str, float]] = {**CRASHES, **ANSWERS}
    broker: ClassVar[type[StopExchange]] = Crowded

    def populate(self) -> None:
        """Begin with no orders of the trader."""
        self.exchange.settle_down()
        World.populate(self)

    def _world_acts(self) -> None:
        World._world_acts(self)
        held = [(key, quantity) for key, quantity in self.exchange.net().items() if quantity]
        if held and self.draw.random() < 0.1:
            key, quantity = self.draw.choice(held)
            lot = self.exchange.listed[key.instrument].lot
            amount = self.draw.choice((-1.0, -0.5, 1.0)) * quantity
            amount = int(amount / lot) * lot
            if amount and not [order for order in self.exchange.open_orders() if not order.tag]:
                self.exchange.rest_by_hand(key, amount, stubborn=self.draw.random() < 0.5)

    def calm_down(self) -> None:
        """Exit everything at the end: what is left is what the trader's own orders may still close."""
        World.calm_down(self)
        self.guarded(lambda: self._running.executor.halt("out at the end", exit_everything=True))
        posts = len(self.exchange.posts)
        for _ in range(90):
            self._rest_a_while(2)
        for key, quantity in self.exchange.net().items():
            left = sum(
                order.quantity - order.filled
                for order in self.exchange.open_orders()
                if (order.exchange, order.symbol, order.product) == key[1:] and SIGN[order.side] * quantity < 0
            )
            squared_off = key.product == "MIS" and time_of_day(self.clock.now()) >= LEAVES[key.exchange]
            if abs(quantity) > left and not squared_off and not (key.product == "CNC" and quantity < 0):
                raise ViolationError(10, f"{quantity} {key.symbol} are held 180 s after everything is to be exited")
        if len(self.exchange.posts) > posts + 60:
            raise ViolationError(7, f"{len(self.exchange.posts) - posts} requests to exit everything")


SCENARIOS: dict[str, type[World]] = {
    "slices": Sliced,
    "stops": Grown,
    "adopt": Lost,
    "flood": Flood,
    "large flood": LargeFlood,
    "nameless": Nameless,
    "other clock": OtherClock,
    "unlisted": Unlisted,
    "strangers": Strangers,
}
"""By the name that the command line takes."""
