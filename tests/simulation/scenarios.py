"""Worlds that are made for one thing: slices that must be chased, an order that the journal lost, a flood of actions.

They are worlds like the others, with the same invariants; each adds what must hold of the one thing.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import ClassVar

from attrs import define, evolve, field

from rulekit.errors import UsageError
from rulekit.execution.actions import CLOSING_KINDS, PROTECT
from rulekit.execution.settings import ExecutionSettings
from rulekit.model.decision import EXIT
from rulekit.model.instrument import Instrument
from rulekit.model.orders import CANCELLED
from tests.simulation.exchange import Sent
from tests.simulation.invariants import ViolationError
from tests.simulation.memory import MemoryDisk
from tests.simulation.mix import HARSH, MILD, NONE, Mix, mix_of
from tests.simulation.nameless import Nameless
from tests.simulation.witness import ENDS, Witness
from tests.simulation.world import World

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
    adopted: int = 0

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


SCENARIOS: dict[str, type[World]] = {
    "slices": Sliced,
    "stops": Grown,
    "adopt": Lost,
    "flood": Flood,
    "large flood": LargeFlood,
    "nameless": Nameless,
}
"""By the name that the command line takes."""
