"""The executor: one thread that reads the book, writes decisions down, and sends what may be sent.

Everything that decides here is a pure part of its own; this is the shell that ties them to journal, clock and broker.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from rulekit.errors import UsageError
from rulekit.execution import actions as states
from rulekit.execution.actions import CLOSING_KINDS, ActionRecord
from rulekit.execution.alarms import Repeats
from rulekit.execution.book_orders import BookOrdering, DecidedBook
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.commands import Commands
from rulekit.execution.deciding import Decided
from rulekit.execution.dispatch import Dispatcher
from rulekit.execution.flattening import Flattening
from rulekit.execution.gauges import Gauges
from rulekit.execution.held_broker import HeldRoute, while_held
from rulekit.execution.history import pending_row
from rulekit.execution.holdings import Holdings
from rulekit.execution.intents import Intents
from rulekit.execution.journal import Journal
from rulekit.execution.journal_rehearsal import check_kind
from rulekit.execution.lanes import URGENT
from rulekit.execution.ledger import CHECKPOINT, LOOKED, Ledger
from rulekit.execution.names import Names
from rulekit.execution.policy_notes import Noted, PolicyNotes
from rulekit.execution.port import Broker, HoldsStops, is_nameless
from rulekit.execution.reading import Reader, Reading
from rulekit.execution.residuals import Residuals
from rulekit.execution.route import BrokerRoute, Route
from rulekit.execution.sealing import Sealing
from rulekit.execution.settings import ExecutionSettings, StopSettings
from rulekit.execution.settling import Settler
from rulekit.execution.signal import RegularSignal
from rulekit.execution.standing import Standing
from rulekit.execution.tracking import Tracker
from rulekit.execution.watches import Watches
from rulekit.model.book import BookOrders
from rulekit.model.clock import Clock
from rulekit.model.decision import Memory
from rulekit.model.events import Emit, Event
from rulekit.model.instant import SECOND, Instant, day_number, iso
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.meters import Figures, Meters
from rulekit.model.orders import Order, Quote
from rulekit.model.position import TrackedPosition
from rulekit.model.prices import UNKNOWN
from rulekit.model.snapshot import SessionTimes

__all__ = ["Decided", "Executor", "RegularSignal"]


ROOM_LOOK_S = 0.2
"""How soon to look again while an exit waits for a standing stop to get out of its way."""


def _silent(event: Event) -> None:
    """Tell nobody."""


def _holder_of_stops(broker: Broker, route: Route | None) -> HoldsStops:
    """Return the broker as one that takes stop orders."""
    if route is not None and route.external:
        raise UsageError(
            "stops cannot stand at the broker while a host's own engine sends the orders",
            "set `at_broker = false` under [stops], or leave the route out",
        )
    if not isinstance(broker, HoldsStops):
        raise UsageError(
            f"the broker `{broker.name}` takes no stop orders: its stops are watched by this program alone",
            "trade the account with --broker kite, or leave --stops-at-broker out and `at_broker` under [stops] false",
        )
    return broker


class Executor:
    """Turns decisions into orders for one account.

    Args:
        broker: the account behind the port.
        journal: open for writing; it belongs to the caller, who closes it.
        clock: the only source of time.
        settings: waits, budgets, caps.
        emit: where events go; it must not raise.
        session: the session of an exchange that an instant falls into or that is next to it, None if closed.
        route: where signals go instead of the broker's port.
        dry_run: do everything but send.
        stops: whether stop orders stand at the broker.
        repeat_alerts_s: seconds after which a critical alert is told again that nobody has acknowledged; 0 for never.
        meters: where this engine shows itself; its own by default.

    Raises:
        UsageError: stop orders are to stand at a broker that does not take them, or behind a host's own engine.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        journal: Journal,
        clock: Clock,
        settings: ExecutionSettings | None = None,
        emit: Emit = _silent,
        session: Callable[[str, Instant], SessionTimes | None],
        route: Route | None = None,
        dry_run: bool = False,
        stops: StopSettings | None = None,
        repeat_alerts_s: float = 0.0,
        meters: Meters | None = None,
    ) -> None:
        settings = settings or ExecutionSettings()
        stops = stops or StopSettings()
        broker = while_held(broker, journal)
        if route is not None and journal.store.leased:
            route = HeldRoute(route, journal)
        self._clock = clock
        self._settings = settings
        self._chronicle = Chronicle(journal, clock, settings, emit, meters)
        self._tracker = Tracker(self._chronicle, broker)
        self._dispatcher = Dispatcher(self._chronicle, self._tracker, route or BrokerRoute(broker), session, dry_run)
        self._dispatcher.resting_elsewhere = self._resting_elsewhere
        self._intents = Intents(self._chronicle, self._tracker, self._dispatcher)
        self._names = Names(self._chronicle) if is_nameless(broker) else None
        self._settler = Settler(self._chronicle, partial(self._dispatcher.after_refusal, again=True), self._names)
        self._commands = Commands(self._chronicle, self._settler)
        self._residuals = Residuals(self._chronicle, self._tracker, broker, session)
        self._flattening = Flattening(self._chronicle, self._tracker, broker, self._dispatcher.forbids_flattening)
        self._book = BookOrdering(self._chronicle, self._dispatcher.taken)
        self._policies = PolicyNotes(self._chronicle)
        self._watches = Watches(self._chronicle, self._tracker, session)
        self._reader = Reader(broker, self._chronicle, None if self._names is None else self._names.name)
        self._gauges = Gauges(self._chronicle, self._tracker, self._reader, session)
        holder = _holder_of_stops(broker, route) if stops.at_broker and not dry_run else None
        self._standing = Standing(
            self._chronicle, self._tracker, holder, broker.cancel, stops, session, self._is_urgent, silent=dry_run
        )
        self._dispatcher.in_the_way = self._standing.is_in_the_way
        self._dispatcher.stop_rejected = self._standing.rejected
        self._asked_at: Instant = 0
        self._day = -1
        self._external = bool(route and route.external)
        self._repeats = Repeats(repeat_alerts_s)
        self._overheard: deque[tuple[str, str, str]] = deque()
        self._mark: Mapping[str, Any] | None = None
        check_kind(self._chronicle, dry_run)
        self._chronicle.before_flush = self._carry_place
        self._sealing = Sealing(self._chronicle)

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Settle what a dead process left behind, as far as a first reading allows, and say what is still open.

        Raises:
            JournalError: the journal cannot be written.
        """
        self._settler.take_over(self._ledger.written_at)
        for remark in self._chronicle.journal.remarks:
            self._chronicle.alert(remark)
        for action in list(self._ledger.open.values()):
            if action.state == states.SENDING:
                self._settler.left_sending(action)
        self._chronicle.flush()
        before = len(self._ledger.open)
        self.sync()
        still = len(self._ledger.open)
        self._chronicle.tell("recovered", settled=max(0, before - still), open=still)
        self._chronicle.flush()

    def hear_witness(self, orders: Sequence[Order]) -> None:
        """Compare the journal with orders that a broker knows of beyond its book of now: an unknown one halts."""
        self._settler.check_tags(orders)
        self._chronicle.flush()

    # --- reading ------------------------------------------------------------------------------------------------

    def sync(self) -> Sequence[TrackedPosition]:
        """Read orders, positions and trades, in this order, and bring everything up to date.

        A failed reading changes nothing. Returns the open positions.
        """
        self.meters.begin()
        self._take_requests()
        self._tell_what_waits()
        reading = self._reader.take()
        if reading is None:
            self._chronicle.flush()
            self._gauges.publish()
            return self._tracker.positions()
        self._dispatcher.looks += 1
        if self._day != day_number(reading.started):
            self._begin_day(reading)
        self._tracker.update(reading)
        self._settler.settle(reading)
        self._standing.look(reading)
        self._tracker.freshen()
        self._watches.look(reading.started)
        self._commands.end_what_waits()
        self._flattening.tend(reading, reading.started)
        self._chronicle.flush()
        return self._tracker.positions()

    def _begin_day(self, reading: Reading) -> None:
        """Let go of what was about the orders, actions and stops of the days before and is over."""
        self._day = day_number(reading.started)
        self._settler.let_go(reading)
        for part in (self._dispatcher, self._residuals, self._standing):
            part.let_go()

    def positions(self) -> Sequence[TrackedPosition]:
        """Return the open positions as they were last known."""
        return self._tracker.positions()

    def positions_on(self, key: InstrumentKey) -> Sequence[TrackedPosition]:
        """Return the open positions of one instrument; the others are not looked at."""
        return self._tracker.positions_on(key)

    @property
    def holdings(self) -> Holdings:
        """What is held, by position, instrument and exchange."""
        return self._tracker.holdings

    def observe(self, key: InstrumentKey, quote: Quote) -> None:
        """Take a price for the best and worst since entry; kept in memory until the next commit."""
        self._tracker.observe(key, quote)

    def remember(self, key: PositionKey, memory: Memory) -> None:
        """Keep the rules' memories as the engine returned them; durable with the next commit."""
        self._tracker.remember(key, memory)

    def set_initial_stop(
        self,
        key: PositionKey,
        stop: float,
        strategy: str = "",
        target: float = UNKNOWN,
        opened: Instant | None = None,
    ) -> bool:
        """Give the running episode what no trade tells, once; durable at once. False if nothing was taken.

        Args:
            key: of the position.
            stop: its first stop in smallest units, target likewise; NaN says nothing.
            strategy: whose it is.
            target: an exit when the price reaches it.
            opened: since when it is held; taken only where the account's trades do not say it.
        """
        taken = self._tracker.set_initial_stop(key, stop, strategy, target, opened)
        if taken:
            # Nobody but the caller knows it: a process that dies now must not have forgotten a stop.
            self._tracker.journal_watched()
            self._chronicle.announce()
        return taken

    def flush(self) -> None:
        """Make durable what waits, and tell of it; `sync` and all that decides or sends do so by themselves.

        Raises:
            JournalError: it could not be written.
        """
        self._chronicle.flush()

    def mark(self, checkpoint: Mapping[str, Any]) -> None:
        """Say where the feed stands: every commit from now on carries it; nothing is written for its sake alone."""
        self._mark = checkpoint

    def _carry_place(self) -> None:
        """Add what is watched to a commit, and the feed's place with it: a restart must find both of one moment."""
        if self._mark is not None:
            self._tracker.journal_watched()
            if self._mark != self._ledger.checkpoint:
                self._chronicle.note(CHECKPOINT, dict(self._mark))
        elif not self._ledger.checkpoint_used:
            self._tracker.journal_watched()

    # --- deciding -----------------------------------------------------------------------------------------------

    def commit(
        self,
        decided: Sequence[Decided],
        checkpoint: Mapping[str, Any] | None = None,
        *,
        checkpoint_now: bool = False,
    ) -> None:
        """Write all decisions of a cycle in one flushed transaction, together with the first request, and send.

        Args:
            decided: what was decided, with what it was decided on.
            checkpoint: where the feed stands, as in `mark`, for this commit only.
            checkpoint_now: write the checkpoint and what is watched even when nothing was decided.

        Raises:
            JournalError: nothing could be written, so nothing was sent.
        """
        now = self._clock.now()
        if decided and not self._reader.is_fresh(now):
            self.sync()
        fresh = [(one, action) for one in decided for action in self._intents.news_of(one)]
        if not fresh and not checkpoint_now:
            return
        # Before the stops move: on the way back, too, an episode's first stop comes first.
        self._tracker.journal_watched()
        for one in {id(one): one for one, _ in fresh}.values():
            if one.record is not None:
                self._chronicle.note(LOOKED, one.record())
        wrote = sum(self._intents.write(one, action, now) for one, action in fresh)
        if checkpoint is not None and (wrote or checkpoint_now) and checkpoint != self._ledger.checkpoint:
            self._chronicle.note(CHECKPOINT, dict(checkpoint))
        self._tracker.stale()
        self._dispatch(now)
        self._chronicle.flush()

    def looked(self, look: Mapping[str, Any]) -> None:
        """Note a look of which nothing need have come; durable with the next commit."""
        self._chronicle.note(LOOKED, look)

    # --- the whole book -----------------------------------------------------------------------------------------

    def book_figures(self) -> dict[str, float | None]:
        """Return the day's profit, exposure and number of positions by their names in the language; None is unknown."""
        return self._tracker.book_figures()

    def book_memory(self) -> Memory:
        """Return what the rules for the whole book remember of this day."""
        return self._book.memory(self._clock.now())

    def book_orders(self) -> BookOrders:
        """Return what rules for the whole book have ordered and what still stands."""
        return self._book.standing(self._clock.now())

    def order_book(self, decided: Sequence[DecidedBook]) -> int:
        """Write down what was decided about the whole book, with all that follows at once, in one flushed transaction.

        Returns how many orders are new: a firing that the journal holds already inserts nothing.

        Raises:
            JournalError: nothing could be written, so nothing is ordered.
        """
        new = self._book.order(decided, self._clock.now())
        if new:
            self._tracker.stale()
        self._chronicle.flush()
        return new

    def finish_exits(self, held: Sequence[str], left_alone: Sequence[str]) -> None:
        """End the orders to exit everything once nothing that is managed is held.

        Args:
            held: symbols of what is managed and still held. left_alone: of what no policy manages.
        """
        waits = {action.key.symbol for action in self._ledger.open.values() if action.kind in CLOSING_KINDS}
        self._book.finish_exits(self._clock.now(), sorted({*held, *waits}), left_alone)
        self._chronicle.flush()

    def submit_regular(self, request: RegularSignal) -> None:
        """Take a host's own entry into the queue: rate-limited, never ahead of management."""
        self._intents.take_regular(request)
        self._tracker.stale()
        self._chronicle.flush()

    # --- policies -----------------------------------------------------------------------------------------------

    def record_policies(self, policies: Sequence[Noted]) -> None:
        """Write down which policies decide from now on; durable with the next commit, before any decision of theirs."""
        self._policies.record(policies)

    @property
    def guarded(self) -> Collection[str]:
        """Episodes that no policy is for any longer, whose tracked stops and targets are still watched."""
        return self._policies.guarded

    def guard(self, key: PositionKey, episode: str) -> None:
        """Keep watching the stop and target of an episode that no policy is for; durable with the next commit."""
        self._policies.guard(key, episode)

    # --- sending ------------------------------------------------------------------------------------------------

    def drain(self) -> None:
        """Look after everything on its way and send what may be sent now."""
        now = self._clock.now()
        if abs(now - self._asked_at) >= SECOND // 2:
            self._take_requests()
        reading = self._reader.latest
        if reading is not None and self._flattening.ordered and not self._ledger.open:
            self._flattening.tend(reading, now)
        if self._ledger.open or self._ledger.late:
            self._residuals.tend(now)
            self._dispatch(now)
        self._standing.tend(now, fresh=self._reader.is_fresh(now))
        self._chronicle.flush()
        if self._sealing.is_due(now) and not self._dispatcher.queue():
            self._sealing.tend(now)
        meters = self._chronicle.meters
        if meters.watch is not None and meters.moment >= meters.due:
            self._gauges.publish()

    def _is_urgent(self) -> bool:
        return any(action.lane in URGENT for action in self._dispatcher.queue())

    def _dispatch(self, now: Instant) -> None:
        if self._standing.makes_room:
            # The broker takes a moment: an order update or the next look, very soon, shows that there is room.
            self._standing.tend(now, fresh=False)
        tried: set[str] = set()
        while (action := self._dispatcher.next_action(now := self._clock.now(), tried)) is not None:
            # Requests take time: each is made on a reading that is young when its own turn comes.
            if not self._reader.is_fresh(now):
                self.sync()
                if not self._reader.is_fresh(now):
                    return
                # The reading may have ended it, or found what stands before it.
                if self._dispatcher.next_action(now, tried) is not action:
                    continue
            tried.add(action.id)
            quantity = self._dispatcher.prepare(action, now)
            if quantity:
                self._dispatcher.send(action, quantity, now)
            self._tracker.stale()

    def _resting_elsewhere(self, action: ActionRecord) -> int:
        """Sum the open orders on an action's side that may have been placed for it, and bear no tag that says so.

        A host's own engine places such orders, and so does a broker that gives no tags back.
        """
        reading = self._reader.latest
        if reading is None:
            return 0
        if self._names is not None:
            return self._names.resting(action, reading)
        if not self._external or not action.attempts:
            return 0
        return reading.resting(action.key, action.side, action.attempts[0].sent, self._ledger.tags)

    def next_due(self) -> Instant | None:
        """Return when `sync` and `drain` must run again at the latest, None if nothing waits."""
        if not self._ledger.open and not self._ledger.late and not self._flattening.ordered:
            return None
        now = self._clock.now()
        look = now + round((ROOM_LOOK_S if self._standing.makes_room else self._settings.look_s) * SECOND)
        on_its_way = any(
            self._standing.is_busy(action) if action.kind == states.PROTECT else action.live is not None
            for action in self._ledger.open.values()
        )
        dues = [self._residuals.next_due(now), self._dispatcher.next_due(now)]
        dues.append(look if on_its_way or self._flattening.ordered else None)
        return min((due for due in dues if due is not None), default=None)

    # --- what a person orders -----------------------------------------------------------------------------------

    def halt(self, reason: str, *, exit_everything: bool = False) -> None:
        """Stop sending: what waits is cancelled, what rests is cancelled at the broker; latched and idempotent.

        Args:
            reason: in a person's words, kept in the journal.
            exit_everything: close every position by the broker's own quantities, after the cancellations.
        """
        self._commands.halt(reason, exit_everything)
        self._tracker.stale()
        self._chronicle.flush()
        self.drain()

    def resume(self, confirmation: str) -> None:
        """Act again after a halt.

        Raises:
            UsageError: the confirmation is not the word RESUME.
        """
        self._commands.resume(confirmation)
        self._tracker.stale()
        self._chronicle.flush()

    def settle(self, action_id: str, found: str, *, filled: int | None = None) -> None:
        """Record what became of an unknown order.

        Args:
            action_id: the action's id.
            found: `filled` or `not placed`.
            filled: how much was filled, for `filled`.

        Raises:
            UsageError: there is nothing to settle, or the figure cannot be.
        """
        if (found, filled is None) not in (("filled", False), ("not placed", True)):
            raise UsageError(f"`{found}` with {filled} says nothing", "give `filled` with a figure, or `not placed`")
        self._commands.settle(action_id, filled)
        self._tracker.stale()
        self._chronicle.flush()

    def adopt(self, order_id: str, confirmation: str) -> None:
        """Take an order of ours that the journal does not know into it, as settled evidence.

        Args:
            order_id: the broker's number of it.
            confirmation: the word ADOPT, typed by a person.

        Raises:
            UsageError: it is not confirmed, there is no such order, or it may still fill.
        """
        self._commands.adopt(order_id, confirmation)
        self._tracker.stale()
        self._chronicle.flush()

    def acknowledge(self, alarm: str, by: str) -> None:
        """Record that a person has seen an open alert; `all` means each of them.

        Raises:
            UsageError: there is no such open alert.
        """
        self._commands.acknowledge(alarm, by)
        self._chronicle.flush()

    def overhear(self, text: str, *, level: str = "critical", cause: str = "broker") -> None:
        """Take an alert from outside, from any thread; it is kept and told at the next look."""
        self._overheard.append((text, level, cause))

    def _tell_what_waits(self) -> None:
        """Tell what was overheard, and once more what nobody has acknowledged."""
        while self._overheard:
            text, level, cause = self._overheard.popleft()
            self._chronicle.alert(text, level=level, cause=cause)
        for alarm in self._repeats.due(self._ledger.alarms.open, self._clock.now()):
            data = {"text": alarm.text, "level": alarm.level, "cause": alarm.cause, "alarm": alarm.id}
            self._chronicle.tell("alert_repeated", alarm.symbol, action=alarm.action, since=iso(alarm.at), **data)

    def _take_requests(self) -> None:
        """Apply what other processes asked for."""
        self._asked_at = self._clock.now()
        if self._commands.take_requests():
            self._tracker.stale()

    # --- what others see ----------------------------------------------------------------------------------------

    @property
    def _ledger(self) -> Ledger:
        return self._chronicle.ledger

    @property
    def meters(self) -> Meters:
        """What this engine shows of itself; any thread may read it."""
        return self._chronicle.meters

    def publish(self, *, at_once: bool = False) -> None:
        """Show where the account stands, if somebody watches; to be called by the engine's own thread."""
        self.meters.begin()
        self._gauges.publish(at_once=at_once)

    def figures(self) -> Figures:
        """Return where the account stands now; to be called by the engine's own thread."""
        return self._gauges.figures()

    @property
    def checkpoint(self) -> Mapping[str, Any]:
        """The last checkpoint that was written, empty if there was none."""
        return self._ledger.checkpoint

    @property
    def mode(self) -> str:
        """The trading state: active, reducing or halted."""
        return self._ledger.mode.name

    @property
    def management_actions_taken(self) -> list[dict[str, Any]]:
        """What was sent or applied since the start, oldest first; of very many the last 1,000."""
        return list(self._dispatcher.taken)

    @property
    def pending_management_actions(self) -> list[dict[str, Any]]:
        """What has not reached an end, first to be served first."""
        return [pending_row(action) for action in self._ledger.open.values()]

    @property
    def budgets_left(self) -> dict[str, int]:
        """How many requests the broker's budgets still allow, the reserve included."""
        return self._chronicle.budgets.left(self._clock.now())
