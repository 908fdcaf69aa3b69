"""One seed's world: its clock, prices, broker, disk and faults, and the real engine living and dying in it."""

from __future__ import annotations

import tempfile
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from attrs import define, field

from rulekit.errors import JournalError, PolicyError, RulekitError, UnreadableFileError
from rulekit.execution.journal import Journal
from rulekit.execution.lease import LEASE_S
from rulekit.execution.settings import ExecutionSettings, StopSettings
from rulekit.execution.signal import RegularSignal
from rulekit.execution.switch import ACTIVE, HALTED
from rulekit.model.clock import SimulatedClock
from rulekit.model.events import Event
from rulekit.model.instant import MINUTE, SECOND, Instant, iso, parse_instant, time_of_day
from rulekit.model.instrument import Instrument, InstrumentKey, PositionKey
from rulekit.model.orders import BUY, OPPOSITE, SELL, Quote
from rulekit.model.position import TrackedPosition
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.simulation.disk import CrashError, Disk
from tests.simulation.invariants import Invariants, ViolationError
from tests.simulation.memory import MemoryDisk, MemoryStore
from tests.simulation.mix import MILD, NONE, Mix, mix_of
from tests.simulation.policies import BOOKS
from tests.simulation.stop_orders import StopExchange
from tests.simulation.witness import Witness

SYMBOLS = (
    Instrument("NSE", "KOTAKBANK"),
    Instrument("NSE", "TATASTEEL"),
    Instrument("NSE", "INFY", freeze=40),
    Instrument("NFO", "NIFTY26NOVFUT", lot=25, freeze=75),
)
STARTS = ("10:00", "10:00", "09:16", "12:30", "15:08")
LATE_STARTS = ("15:12", "15:14", "15:15", "15:17")
"""Of worlds in which the broker squares off at 15:20, while exits of ours may be on their way."""
STOPS_AT_BROKER = 0.4
"""The share of worlds in which tracked stops stand at the broker."""
LAST_MOVES = {"NSE": (15 * 60 + 15) * MINUTE, "NFO": (15 * 60 + 15) * MINUTE}
BROKEN = Path(__file__).with_name("broken.policy")
_COMPILED: dict[str, Policy] = {}


class JumpingClock(SimulatedClock):
    """A simulated clock whose wall time may be set by somebody."""

    jumped_s = 0.0

    def drift(self) -> float:
        """Return by how many seconds wall time has jumped."""
        return self.jumped_s


def compiled(text: str) -> Policy:
    """Compile a policy once for all worlds."""
    if text not in _COMPILED:
        _COMPILED[text] = Policy.from_text(text)
    return _COMPILED[text]


@define
class World:
    """A world. `run` lives through it and raises `ViolationError` where an invariant breaks."""

    seed: int
    level: str = MILD
    crash_at: frozenset[int] = frozenset()
    draw: Random = field(init=False)
    mix: Mix = field(init=False)
    clock: JumpingClock = field(init=False)
    exchange: StopExchange = field(init=False)
    disk: Disk | MemoryDisk = field(init=False)
    invariants: Invariants = field(init=False)
    manager: Manager | None = None
    journal: Journal | None = None
    story: list[str] = field(factory=list)
    given_up: set[str] = field(factory=set)
    settled_by_hand: set[str] = field(factory=set)
    passed: int = 0
    started: Instant = 0
    recovering: bool = False
    policy: str = ""
    limits: ExecutionSettings = field(factory=ExecutionSettings)
    lives: int = 0
    stops_at_broker: bool = False
    ghost: bool = False
    adopted: int = 0
    durable: Witness = field(factory=Witness)
    broker: ClassVar[type[StopExchange]] = StopExchange
    _facts: dict[str, float | None] = field(factory=dict)
    _regular: int = 0
    _unwritten: set[str] = field(factory=set)

    def __attrs_post_init__(self) -> None:
        self.draw = Random(f"world {self.seed}")
        self.mix = self._mixed()
        if self.level == NONE:
            self.mix.calm()
        starts = LATE_STARTS if self.mix.shares["square-off"] else STARTS
        self.clock = JumpingClock(parse_instant(f"2026-11-20T{self.draw.choice(starts)}:00+05:30"))
        self.started = self.clock.now()
        self.invariants = Invariants(self)
        self.exchange = self.broker(
            self.clock, self.mix, Random(self.draw.random()), self.point, self.tell, self.invariants
        )
        self.stops_at_broker = self.draw.random() < STOPS_AT_BROKER
        chance = Random(self.draw.random())
        if self.mix.on_disk:
            folder = Path(tempfile.mkdtemp(prefix="simulation"))
            self.disk = Disk(folder, self.clock, self.mix, chance, self.point)
        else:
            self.disk = MemoryDisk(self.clock, self.mix, self.point, self.mix.on_server, chance)
        self.policy = self.draw.choice(BOOKS)
        per_second, per_minute = self.draw.choice(((10, 400), (10, 400), (2, 400), (3, 20), (4, 8)))
        self.limits = ExecutionSettings(per_second=per_second, per_minute=per_minute)

    def _mixed(self) -> Mix:
        return mix_of(self.draw, self.level)

    # --- the story ------------------------------------------------------------------------------------------

    def tell(self, text: str) -> None:
        """Write a line of the story."""
        self.story.append(f"{iso(self.clock.now())[11:23]}  {text}")

    def _hear(self, event: Event) -> None:
        text = str(event.data.get("text", ""))
        if event.name == "alert" and ("no stop stands" in text or "in a row were refused" in text):
            self.given_up.add(event.symbol)
        if event.name == "action_superseded":
            self.invariants.superseded(event)
        if event.name not in ("cycle_evaluated", "price_stale", "rule_unknown", "rule_skipped", "action_executing"):
            words = " ".join(f"{name}={value}" for name, value in event.data.items() if name != "why")
            self.tell(f"  {event.name} {event.symbol} {words}")

    def point(self, name: str) -> None:
        """Pass a point at which a process may die."""
        self.passed += 1
        fault = "crash in recovery" if self.recovering else "crash"
        if name.startswith("request") and not self.recovering:
            fault = "crash at a request"
        if self.passed in self.crash_at or self.mix.strikes(fault):
            self.tell(f"the process dies: {name}")
            raise CrashError(name)
        if name.endswith("commit") and not self.recovering and not self.ghost and self.mix.strikes("taken over"):
            self._taken_over()

    # --- processes ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start a process: it opens the journal, recovers, and may die at that, again and again."""
        for _ in range(50):
            self.clock.jumped_s = 0.0  # a process knows of no jump before it
            try:
                self.recovering = True
                self._open()
                assert self.manager is not None
                self.manager.start()
                return
            except CrashError:
                self.die()
            except JournalError as error:
                self.tell(f"the disk: {error.message}")
                self.die()
            finally:
                self.recovering = False
            self._wait(self.draw.uniform(0, 20))
        raise ViolationError(0, "it cannot be started any more")

    def _open(self, harm: str = "") -> None:
        self.journal = journal = self.disk.open()
        before = self.durable.entries
        if harm or not before or journal.last_seq != len(before):
            found = list(journal.entries())
            if found[: len(before)] != before and not (harm == "old copy" and found == before[: len(found)]):
                raise ViolationError(
                    1, f"the journal holds other entries after {harm or 'a death'}, and nobody noticed"
                )
            self.durable = Witness()
            self.durable.take(found)
        self._note_what_was_sent()
        journal.written = self.durable.take
        self.manager = Manager(
            compiled(self.policy),
            broker=self.exchange,
            journal=self.journal,
            clock=self.own_clock,
            settings=Settings(execution=self.limits, stops=StopSettings(at_broker=self.stops_at_broker)),
            facts=lambda position: self._known_facts(),
            emit=self._hear,
        )
        self.manager.attendance.try_s = 0.0  # nobody is helped by waiting in real seconds for a server that is drawn

    @property
    def own_clock(self) -> SimulatedClock:
        """The clock of the machine that the process runs on; the broker's own by default."""
        return self.clock

    def _known_facts(self) -> dict[str, float | None]:
        return {name: None if self.mix.strikes("facts unknown") else value for name, value in self._facts.items()}

    def _taken_over(self) -> None:
        """Stop the process between two instructions for longer than its lease, while another machine goes on for it."""
        self.tell("the process is stopped, and another machine takes the account over")
        self.clock.sleep(LEASE_S + self.draw.uniform(0.1, 30))
        self.exchange.advance()
        # Whoever is stopped is left alone by everything else until it goes on, and finds out by itself.
        self.manager = self.journal = None
        self.begin()
        if self.draw.random() < 0.7:
            self.guarded(self._look)
        self.tell("the stopped process goes on")
        self.ghost = True

    def die(self) -> None:
        """Let the process die: what was not written is gone."""
        if self.journal is not None:
            with self.disk.as_a_kill_leaves_it():
                self.journal.abandon()
            self.lives += 1
        self.manager = self.journal = None

    def _note_what_was_sent(self) -> None:
        """Take for unknown what a process sent before it could write down the answer, as the journal now has it."""
        for sent in self.exchange.sent:
            known = self.durable.tags.get(sent.request.tag)
            if known is not None and known[1].state == "sending":
                sent.doubtful = True

    def restart(self) -> None:
        """Die, leave the disk to the world for a while, and come back."""
        self.die()
        self._wait(self.draw.choice((0, 1, 5, 30, 150)))
        if self.mix.strikes("policy changed"):
            self.policy = self.draw.choice(BOOKS)
            self.tell("the policy is another one")
        if self.mix.strikes("stops switched"):
            self.stops_at_broker = not self.stops_at_broker
            self.tell(f"stops stand at the broker: {self.stops_at_broker}")
        if isinstance(self.disk, Disk):
            self._harm(self.disk)
        if self.mix.strikes("wrong account"):
            self._start_for_another()
        self.begin()

    def _start_for_another(self) -> None:
        """Start with the account of somebody else: the journal refuses it."""
        try:
            self.disk.open("somebody else").abandon()
        except JournalError:
            return
        raise ViolationError(9, "a journal was opened for another account")

    def _harm(self, disk: Disk) -> None:
        kept = disk.keep_copy()
        for how in ("log cut", "bit flipped", "bit flipped", "bit flipped", "old copy"):
            if self.mix.strikes(how):
                self._damaged(disk, how)
                disk.put_back(kept)
        disk.forget(kept)

    def _damaged(self, disk: Disk, how: str) -> None:
        """Start on a damaged disk: it is found and said, or nothing was lost; nothing wrong is sent either way."""
        if how == "old copy" and self.old_copy is not None:
            disk.put_back(self.old_copy)
        elif how == "old copy" or not disk.damage(how):
            return
        self.tell(f"the disk is harmed: {how}")
        known, dead = self.durable, self.exchange.token_dead_until
        self.mix.calm()
        self.exchange.token_dead_until = 0  # what is lost is found by reading the book, and nothing is sent without it
        try:
            self._open(how)
            assert self.manager is not None
            self.manager.start()
            sent = [one for one in self.exchange.sent if one.shown]
            lost = [one.request.tag for one in sent if one.request.tag not in self.durable.tags]
            if lost and self.manager.executor.mode != "halted":
                raise ViolationError(1, f"the journal lost {lost} by {how}, and nobody noticed")
        except JournalError as error:
            self.tell(f"  found: {error.message}")
        finally:
            self.durable, self.exchange.token_dead_until = known, dead
            if self.journal is not None:
                self.journal.abandon()
            self.manager = self.journal = None
            self.mix.calm(self.level == NONE)

    old_copy: Path | None = None

    # --- time -----------------------------------------------------------------------------------------------

    def _wait(self, seconds: float, *, asleep: bool = False) -> None:
        self.clock.sleep(seconds)
        if self.journal is not None and isinstance(self.journal.store, MemoryStore) and not asleep:
            self.journal.store.renew()
        self.exchange.advance()
        if self.mix.shares["square-off"] and self.exchange.square_off():
            self.mix.count_one("square-off")

    def _move_prices(self) -> None:
        for key, price in self.exchange.prices.items():
            step = self.draw.gauss(0, 0.003) + (self.draw.gauss(0, 0.02) if self.mix.strikes("gap") else 0.0)
            self.exchange.prices[key] = max(5.0, round(price * (1 + step) / 5) * 5.0)
        self.exchange.prices_moved()
        self._facts = {
            "momentum": self.draw.gauss(0, 0.2),
            "volume": self.draw.uniform(0, 3),
            "volatility": self.draw.uniform(0, 3),
        }

    def guarded(self, what: Any) -> None:
        """Let the process do something; it may die of it."""
        try:
            what()
        except CrashError:
            if not self.ghost:
                self.restart()
        except JournalError as error:
            self.tell(f"the disk: {error.message}")
            if not self.ghost:
                self.restart()
        finally:
            self.ghost = False

    # --- the run --------------------------------------------------------------------------------------------

    def populate(self) -> None:
        """Draw the instruments, and what the trader holds of them."""
        for instrument in self.draw.sample(SYMBOLS, self.draw.randrange(1, 4)):
            self.exchange.listed[instrument.key] = instrument
            self.exchange.prices[instrument.key] = self.draw.randrange(2_000, 60_000) * 5.0
            self._enter(instrument)

    def _enter(self, instrument: Instrument) -> None:
        lots = self.draw.choice((1, 2, 4, 10, 100)) if instrument.lot == 1 else self.draw.choice((1, 4, 8))
        side = self.draw.choice((1, -1))
        product = "MIS" if self.draw.random() < 0.9 else "NRML" if instrument.exchange == "NFO" else "CNC"
        quantity = side * lots * instrument.lot
        if product == "CNC":
            quantity = abs(quantity)
        self.exchange.trade_by_hand(instrument.key, product, quantity, "an entry")

    def run(self) -> World:
        """Live through the seed: faults, then calm, in which everything comes to rest."""
        try:
            self.populate()
            self.begin()
            self.guarded(self._give_stops)
            for _ in range(self.draw.randrange(25, 65)):
                self.step()
            self.calm_down()
            return self
        finally:
            if self.journal is not None:
                self.journal.abandon()
            self.disk.remove()

    def _give_stops(self) -> None:
        assert self.manager is not None
        for position in self.manager.executor.positions():
            if self.draw.random() < 0.7:
                price = self.exchange.prices[position.key.instrument]
                away = self.draw.choice((0.002, 0.004, 0.008))
                stop = round(price * (1 - position.side * away) / 5) * 5.0
                self.manager.executor.set_initial_stop(position.key, stop)

    def step(self) -> None:
        """Let some seconds pass, let the world do something, and let the engine look."""
        manager = self.manager
        assert manager is not None
        due = manager.next_due()
        seconds = self.draw.choice((1, 2, 3, 5, 10, 15))
        if due is not None and self.draw.random() < 0.8:
            seconds = min(seconds, max(0.2, (due - self.own_clock.now()) / SECOND))
        asleep = self.mix.strikes("pause")
        if asleep:
            seconds += self.draw.uniform(20, 200)
        if self.mix.strikes("clock jumps"):
            self.clock.jumped_s = self.draw.choice((-3600.0, 3600.0, -86400.0, 86400.0, 4.0, 0.4))
        self._wait(seconds, asleep=asleep)
        self._move_prices()
        self._world_acts()
        if self.draw.random() < 0.2:
            self.guarded(self._give_stops)
        self.guarded(self._look)
        self.invariants.step()
        if self.draw.random() < 0.02:
            self._restart_in_peace()

    def _restart_in_peace(self) -> None:
        """Restart between two steps, without faults and without time passing: everything is as it was."""
        rows = self._running.pending_management_actions
        if self.crash_at or any((row["kind"], row["state"]) != ("protect", "accepted") for row in rows):
            return  # readings count as evidence, and a restart takes some; what is unknown may switch the state again
        if self.exchange.token_dead_until > self.clock.now():
            return  # nothing can be read, so a start knows no position yet
        self.mix.calm()
        self._running.sync()
        before = remembered(self._running)
        self.die()
        self.begin()
        self._running.sync()
        if (after := remembered(self._running)) != before:
            raise ViolationError(8, f"{before} became {after}")
        self.mix.calm(self.level == NONE)

    def _look(self) -> None:
        assert self.manager is not None
        if self.draw.random() >= 0.7:
            self.manager.tend()
            return
        running = {policy.digest for policy in self.manager.policies} | self._unwritten
        known = len(self.durable.actions)
        self.manager.cycle()
        # What is decided while the journal's server is away becomes durable later, maybe after an exchange.
        self._unwritten = running if self.journal is not None and self.journal.is_away else set()
        for action in islice(self.durable.actions.values(), known, None):
            if not self.ghost and action.digest and action.digest not in running:
                raise ViolationError(8, f"{action.rule} was decided by a policy that does not run")

    def _world_acts(self) -> None:
        strikes = self.mix.strikes
        if self.draw.random() < 0.2:
            self._enter_anew()
        if strikes("foreign trades"):
            self._trade_by_hand()
        if strikes("second process"):
            self._second_process()
        if strikes("token dead"):
            self.exchange.token_dead_until = self.clock.now() + MINUTE
        if strikes("reload"):
            self.guarded(self._reload)
        if strikes("reload of a broken file"):
            self.guarded(self._reload_broken)
        if strikes("flood"):
            for _ in range(100):
                self.guarded(self._entry_of_the_host)
        if strikes("regular signals"):
            self.guarded(self._entry_of_the_host)
        if strikes("halt"):
            self.guarded(lambda: self._running.executor.halt("the trader says so"))
        if strikes("halt and exit"):
            self.guarded(lambda: self._running.executor.halt("the trader wants out", exit_everything=True))
        if self._running.executor.mode != ACTIVE and strikes("resume"):
            self.guarded(self._resume)
        if isinstance(self.disk, Disk) and self.draw.random() < 0.05:
            if self.old_copy is not None:
                self.disk.forget(self.old_copy)
            self.old_copy = self.disk.keep_copy()
        if strikes("settle"):
            self.guarded(self._settle_by_hand)

    @property
    def _running(self) -> Manager:
        assert self.manager is not None
        return self.manager

    def _trade_by_hand(self) -> None:
        held = [(key, quantity) for key, quantity in self.exchange.net().items() if quantity]
        if held:
            key, quantity = self.draw.choice(held)
            part = self.draw.choice((-1.0, -0.5, 0.5))
            lot = self.exchange.listed[key.instrument].lot
            amount = int(quantity * part / lot) * lot
            if amount and not self.exchange.squared_off:
                self.exchange.trade_by_hand(key.instrument, key.product, amount)

    def _enter_anew(self) -> None:
        """Let the trader hold something again, so that there is always something to manage."""
        instrument = self.draw.choice(list(self.exchange.listed.values()))
        held = {key.instrument for key, quantity in self.exchange.net().items() if quantity}
        if instrument.key not in held and not self.exchange.squared_off:
            self._enter(instrument)

    def _second_process(self) -> None:
        try:
            other = self.disk.open()
        except JournalError:
            return
        except CrashError:
            return
        other.abandon()
        raise ViolationError(9, "a second process opened the journal")

    def _reload(self) -> None:
        """Exchange the policy under the running engine."""
        self.policy = self.draw.choice(BOOKS)
        self.tell("the policy is exchanged")
        self._running.reload(compiled(self.policy))

    def _reload_broken(self) -> None:
        """Offer a file with errors: what runs goes on."""
        before = self._running.policies
        self.tell("a broken policy is offered")
        try:
            self._running.reload(str(BROKEN))
        except (PolicyError, UnreadableFileError):
            if self._running.policies == before:
                return
        raise ViolationError(8, "a broken policy was taken")

    def _entry_of_the_host(self) -> None:
        self._regular += 1
        instrument = self.draw.choice(list(self.exchange.listed.values()))
        key = PositionKey(self.exchange.account, instrument.exchange, instrument.symbol, "MIS")
        side = self.draw.choice((BUY, SELL))
        price = self.exchange.prices[instrument.key]
        signal = RegularSignal(f"HOST{self._regular}", key, side, instrument.lot, price, at=self.clock.now())
        self._running.executor.submit_regular(signal)

    def _resume(self) -> None:
        self.clock.jumped_s = 0.0
        self._running.executor.resume("RESUME")

    def _settle_by_hand(self) -> None:
        """Let a careful person settle an order by the true book, which only a person can ask for."""
        for row in self._running.pending_management_actions:
            if row["state"] not in ("unknown", "parked"):
                continue
            tag = row["attempts"][-1]["tag"]
            sent = next((one for one in self.exchange.sent if one.request.tag == tag), None)
            if sent is None or self.clock.now() < sent.at + 100 * SECOND:
                continue
            order = self.exchange.orders_true.get(sent.order_id)
            if order is not None and order in self.exchange.open_orders():
                continue
            self.settled_by_hand.add(tag)
            if order is None:
                self._running.executor.settle(row["id"], "not placed")
            else:
                self._running.executor.settle(row["id"], "filled", filled=order.filled)
            return

    # --- calm -----------------------------------------------------------------------------------------------

    def calm_down(self) -> None:
        """Switch the faults off: everything must come to rest by itself, a person only resumes."""
        self.tell("from here on there are no faults")
        self.mix.calm()
        self.exchange.fill_the_widest(self.limits.protection_steps[-1])
        if self._running.executor.mode != ACTIVE and self._running.executor.mode == "reducing":
            self.guarded(self._resume)
        for _ in range(3):
            self._until_nothing_is_under_way()
            for seconds in (40, 40, 40, 5):
                self._rest_a_while(seconds)
            if not self._is_under_way():
                break  # else the first looks have found what the faults had hidden
        self._wait(5)
        self.guarded(self._running.sync)
        self.invariants.rest(self.durable)

    def _until_nothing_is_under_way(self) -> None:
        for _ in range(120):
            self._rest_a_while(5)
            self.invariants.step()
            if not self._is_under_way():
                return

    def _is_under_way(self) -> bool:
        return bool(self.exchange.resting()) or any(
            row["state"] != "parked" and (row["kind"], row["state"]) != ("protect", "accepted")
            for row in self._running.pending_management_actions
        )

    def _rest_a_while(self, seconds: float) -> None:
        """Let time pass at prices that stand still and are known."""
        self._wait(seconds)
        for key, price in self.exchange.prices.items():
            self._running.executor.observe(key, Quote(price, self.own_clock.now()))
        self.guarded(self._running.tend)

    def may_move_stops(self, position: TrackedPosition) -> bool:
        """Tell whether stop orders may be moved now: the engine acts, and the broker will not square off soon."""
        close = time_of_day(self.clock.now()) >= LAST_MOVES[position.key.exchange]
        return self._running.executor.mode != HALTED and not close and not self._is_beyond(position)

    def should_stand(self, position: TrackedPosition) -> bool:
        """Tell whether a position should have a stop order, by what a person would expect."""
        freeze = self.exchange.listed[position.key.instrument].freeze
        fits = freeze is None or position.quantity <= freeze
        known = position.stop == position.stop and not position.frozen
        if position.key.product == "CNC" and position.side < 0:
            return False  # a sale of holdings has nothing to protect
        return known and fits and position.key.symbol not in self.given_up and self.may_move_stops(position)

    def _is_beyond(self, position: TrackedPosition) -> bool:
        price = self.exchange.prices[position.key.instrument]
        return (price - position.stop) * position.side <= 0

    @property
    def hours(self) -> float:
        """How much simulated time passed."""
        return (self.clock.now() - self.started) / (60 * MINUTE)


def remembered(manager: Manager) -> dict[str, Any]:
    """Return what a restart must not change; extremes and trails are kept with the next commit, as is documented."""
    found: dict[str, Any] = {"mode": manager.executor.mode}
    for one in manager.executor.positions():
        memory = {rule: (kept.fired, kept.fired_at) for rule, kept in one.memory.items() if kept.fired}
        found[one.key.symbol + one.key.product] = (
            one.side, one.quantity, one.entry, one.opened, one.episode, one.original, repr(one.stop), one.booked,
            one.added, one.realised, one.in_flight, one.frozen, memory, one.firings,
        )  # fmt: skip
    rows = manager.pending_management_actions
    found["pending"] = [(row["id"], row["state"], row["filled"]) for row in rows]
    return found


__all__ = ["OPPOSITE", "InstrumentKey", "RulekitError", "World"]
