"""The live engine of one account: reads the book, decides on each position, writes the intents down, sends them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any

from rulekit.engine.book import under_orders
from rulekit.engine.decide import decide
from rulekit.errors import ReadFailedError, UsageError
from rulekit.execution.executor import Decided, Executor
from rulekit.execution.journal import Journal
from rulekit.execution.journal_place import Place
from rulekit.execution.port import Broker
from rulekit.execution.route import Route
from rulekit.execution.switch import HALTED
from rulekit.market.market import Market
from rulekit.market.ticks import Tick
from rulekit.metrics.health import Watched
from rulekit.model.book import NO_ORDERS, BookOrders
from rulekit.model.calendar import Calendar
from rulekit.model.clock import Clock, WallClock, bare_stopwatch
from rulekit.model.decision import EXIT, WHOLE_BOOK, Decision
from rulekit.model.events import Emit, Event
from rulekit.model.instant import DAY, SECOND, Instant, day_number, day_of
from rulekit.model.instrument import Instrument, InstrumentKey, PositionKey
from rulekit.model.meters import Meters
from rulekit.model.orders import Quote
from rulekit.model.position import TrackedPosition
from rulekit.model.prices import known
from rulekit.model.snapshot import Snapshot
from rulekit.runtime.away import Attendance
from rulekit.runtime.entries import Entry
from rulekit.runtime.host_facts import HostFacts
from rulekit.runtime.looks import digest_of, digest_of_book, look_at_position
from rulekit.runtime.policy import Policy
from rulekit.runtime.reloading import Choice, PolicyChange, changes, guard
from rulekit.runtime.showing import Showing
from rulekit.runtime.snapshots import Facts, FactSource, Snapshots
from rulekit.runtime.sources import PolicySource, policies_of
from rulekit.runtime.subscriptions import Subscriber, Subscriptions
from rulekit.runtime.whole_book import BookFactSource, WholeBookLook, refuse_one_name_for_two
from rulekit.settings import Settings
from rulekit.settings.sections import RECORD_ALL

if TYPE_CHECKING:
    from rulekit.runtime.policy_watch import PolicyWatch

UNJUDGED = "cannot be judged: "
"""How the engine begins the sentence about a rule that is unknown."""

SILENT_DAYS = 7
"""An instrument without a price for so many days is forgotten; no weekend with its holidays is as long."""


def _silent(event: Event) -> None:
    """Tell nobody."""


class Manager:
    """Manages the open positions of one account by one or more policies.

    Args:
        policy: a policy, the path of one or of a folder, or several in the order in which they are tried.
        broker: the account, behind the broker port.
        journal: a journal, or where it is kept (a file, `postgresql://user@host/database`); made if there is none.
        clock: the only source of time; the wall clock by default.
        settings: as from `rulekit.toml`.
        calendar: sessions and trading days; those of the settings by default.
        market: indicators fed by `on_tick`; without one, prices are asked of the broker's quotes.
        facts: what a host knows of the market for a position, in natural units, by the language's names.
        book_facts: what a host knows of the whole book (`margin used`), in rupees, by the language's names.
        route: where signals go instead of the broker's port (a host's own trade engine).
        emit: where events go; `subscribe` tells more of those who want to know.
        hot: take changes of the policy files, between two cycles; one with errors is told of, and what runs stays.
        dry_run: do everything but send. What is written then goes to a journal that no real run believes: to the path
            if nothing is there, else to a copy beside it that ends in `.dry`.
    """

    def __init__(
        self,
        policy: PolicySource,
        *,
        broker: Broker,
        journal: Journal | str | Place,
        clock: Clock | None = None,
        settings: Settings | None = None,
        calendar: Calendar | None = None,
        market: Market | None = None,
        facts: FactSource | None = None,
        book_facts: BookFactSource | None = None,
        route: Route | None = None,
        emit: Emit = _silent,
        dry_run: bool = False,
        hot: bool = False,
    ) -> None:
        self.policies = policies_of(policy)
        self._subscriptions = emit = Subscriptions(emit)
        refuse_one_name_for_two(self.policies)
        self.broker = broker
        self.clock: Clock = clock or WallClock()
        self.settings = settings or Settings()
        self.market = market
        self._own_journal = not isinstance(journal, Journal)
        self.journal = (
            journal
            if isinstance(journal, Journal)
            else Journal.open(
                _place_of(journal, self.clock, dry_run),
                account=broker.account,
                clock=self.clock,
                lease_s=self.settings.journal.lease_s,
            )
        )
        self._calendar = calendar or self.settings.calendar.calendar()
        self._snapshots = Snapshots(self._calendar, self.settings.execution.stale_s)
        self._facts = facts
        self._host_facts = HostFacts(lambda text: self._say("alert", text=text, level="critical"))
        self._emit: Emit = emit
        self._watch = _watch(policy, self.policies, self.clock) if hot else None
        self._instruments: dict[InstrumentKey, Instrument] = {}
        self._choice = Choice()
        self._records_all = self.settings.journal.record == RECORD_ALL
        # Hosts may call from more than one thread (the async twins do); one thing happens at a time.
        self._turn = RLock()
        self._quotes: dict[InstrumentKey, Quote] = {}
        self._told: set[tuple[str, ...]] = set()
        self._stale: set[PositionKey] = set()
        self._day = -1
        self._book_facts = None if book_facts is None else partial(self._host_facts.of, "book_facts", book_facts)
        try:
            self.executor = Executor(
                broker=broker,
                journal=self.journal,
                clock=self.clock,
                settings=self.settings.execution,
                emit=emit,
                session=self._snapshots.session,
                route=route,
                dry_run=dry_run,
                stops=self.settings.stops,
                repeat_alerts_s=self.settings.alerts.repeat_s,
            )
        except BaseException:
            if self._own_journal:
                self.journal.abandon()
            raise
        self._book = WholeBookLook(self.policies, self.executor, self._book_facts, self._records_all)
        self._showing = Showing(self.journal, self.clock, self.executor.figures, self._quote)
        self.attendance = Attendance(self.journal, self.executor.flush, self.clock, emit)

    # --- life ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Recover: settle what a dead process left behind, read the book; nothing is decided yet."""
        with self._turn:
            self._record_policies()
            self.executor.start()
            warning = self._calendar.warning(day_of(self.clock.now()))
            if warning:
                self._say("alert", text=warning, level="warning")
            if self._watch is not None:
                self._watch.start()

    async def astart(self) -> None:
        """Do `start` in a worker thread."""
        await asyncio.to_thread(self.start)

    def close(self) -> None:
        """Flush and give the journal back, if this manager opened it."""
        if self._watch is not None:
            self._watch.stop()
        with self._turn:
            self._showing.close()
            if self._own_journal:
                self.journal.close()

    async def aclose(self) -> None:
        """Do `close` in a worker thread."""
        await asyncio.to_thread(self.close)

    def __enter__(self) -> Manager:
        self.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def subscribe(self, what: str, subscriber: Subscriber) -> Callable[[], None]:
        """Have a function or a coroutine function told of events; return what ends it.

        A function is called in the thread that decides, so it should be quick and not call the manager back; a
        coroutine runs on the event loop that runs now. One that raises is told no more, and an alert says why.

        Args:
            what: `decided`, `sent`, `filled`, `refused`, `unknown`, `stop moved`, `halted`, `everything`, or the name
                of an event of `rulekit.model.events`.

        Raises:
            UsageError: there is nothing of that name, or a coroutine is given where no event loop runs.
        """
        return self._subscriptions.add(what, subscriber)

    # --- policies --------------------------------------------------------------------------------------------

    def reload(self, policy: PolicySource) -> tuple[PolicyChange, ...]:
        """Exchange the policies between two cycles; with an error in the new ones the running ones stay.

        What rules remember is kept by their labels, and each position stays with what its policy has become. A position
        that no policy is for any longer keeps its tracked stop and target: they are watched until it is flat.

        Args:
            policy: all policies that are to run from now on, as for a new manager.

        Returns:
            The policies that differ, each before and after; empty if none does.

        Raises:
            PolicyError: one of them has errors. UnreadableFileError: a file cannot be read.
            UsageError: there is none, or two of them give different rules for the whole book one name.
        """
        fresh = policies_of(policy)
        if not fresh:
            raise UsageError("no policy is left", "to stop acting, write `rulekit halt`")
        refuse_one_name_for_two(fresh)
        with self._turn:
            found = changes(self.policies, fresh)
            if not found and [one.path for one in fresh] == [one.path for one in self.policies]:
                return ()
            self._choice.exchange(self.policies, fresh)
            self.policies = fresh
            self._book = WholeBookLook(fresh, self.executor, self._book_facts, self._records_all)
            if self.market is not None:
                self.market.want({phrase for one in fresh for phrase in one.market_facts})
            self._record_policies()
            for change in found:
                self._tell_change(change)
            return found

    def _record_policies(self) -> None:
        """Write down which policies decide from now on, so that every decision can be made again from the journal."""
        self.executor.record_policies(
            [(one.path, one.title, one.digest, one.text, one.orders) for one in self.policies]
        )

    def tell(self, name: str, **data: Any) -> None:
        """Put an event of `rulekit.model.events` that is about no position into the log."""
        self._say(name, **data)

    def _tell_change(self, change: PolicyChange) -> None:
        old, new = (one.digest if one is not None else "" for one in (change.old, change.new))
        self._say("policy_reloaded", path=change.path, digest=new, was=old, difference=change.text())

    # --- the cycle -------------------------------------------------------------------------------------------

    def cycle(self) -> list[Decision]:
        """Look at every position once: sync, decide, write down, send. Returns the decisions.

        While the journal's server is away nothing is looked at, and there are none.
        """
        with self._turn:
            if self._watch is not None:
                self._watch.look(self)
            return self.attendance.during(self._cycle, [])

    def _cycle(self) -> list[Decision]:
        now, began = self.clock.now(), self.meters.begin()
        positions = self.executor.sync()
        if self._day != day_number(now):
            self._begin_day(day_number(now), positions)
        if self.market is None and positions:
            self._ask_for_quotes(positions)
            positions = self.executor.positions()
        elif self._book.has_rules:
            # A share that has not traded since the start would leave the day's profit unknown.
            self._ask_for_quotes([one for one in positions if self._never_heard(one)])
        for trouble in self.market.troubles() if self.market is not None else ():
            self.executor.overhear(trouble, level="warning", cause="plug-in")
        decisions = self._decide(positions, now)
        exits = sum(action.kind == EXIT for decision in decisions for action in decision.actions)
        self._say("cycle_evaluated", positions=len(positions), exits=exits)
        self._show()
        self.meters.took(self.meters.cycle, began)
        return decisions

    def _begin_day(self, day: int, positions: Sequence[TrackedPosition]) -> None:
        """Let go of what was about episodes that are over, and of yesterday's lots and ticks."""
        self._day = day
        running = {(position.key, position.episode) for position in positions}
        self._choice.keep_only(running)
        marks = {(str(key), episode) for key, episode in running}
        self._told = {mark for mark in self._told if mark[:2] in marks}
        self._instruments.clear()
        self._stale &= {position.key for position in positions}
        held = {position.key.instrument for position in positions}
        self._quotes = {key: quote for key, quote in self._quotes.items() if key in held}
        if self.market is not None:
            self.market.forget(self.clock.now() - SILENT_DAYS * DAY)

    async def acycle(self) -> list[Decision]:
        """Do `cycle` in a worker thread, for a host with an event loop."""
        return await asyncio.to_thread(self.cycle)

    def _ask_for_quotes(self, positions: Sequence[TrackedPosition]) -> None:
        """Ask the broker for last prices; where that fails, the old ones grow stale by themselves."""
        if not positions:
            return
        try:
            quotes = self.broker.quotes(sorted({position.key.instrument for position in positions}))
        except ReadFailedError:
            return
        for key, quote in quotes.items():
            self.executor.observe(key, quote)
            self._quotes[key] = quote

    def _never_heard(self, position: TrackedPosition) -> bool:
        return self.market is not None and self.market.quote(position.key.instrument) is None

    def sync(self) -> Sequence[TrackedPosition]:
        """Read the broker's book and bring the tracked positions up to date."""
        self.attendance.during(self.executor.sync, None)
        return self.executor.positions()

    def on_tick(self, tick: Tick) -> None:
        """Take a price, and look at once at the positions that hold this instrument.

        A tick that comes late (older than the last one heard) moves nothing.
        """
        with self._turn:
            if self.attendance.is_away and not self.attendance.answers():
                self._overhear(tick)
            else:
                self.attendance.during(partial(self._take, tick), None)

    def _overhear(self, tick: Tick) -> None:
        """Take a price while nothing can be decided: the indicators go on, and so do best and worst."""
        self.hear(tick)
        key = InstrumentKey(tick.exchange, tick.symbol)
        quote = self.market.quote(key) if self.market is not None and self.executor.holdings.on(key) else None
        if quote is not None:
            self.executor.observe(key, quote)

    def _take(self, tick: Tick) -> None:
        """Hear a price, and decide on the positions that hold its instrument."""
        assert self.market is not None, "ticks need a market to keep them"
        watch = self.meters.watch
        began = 0.0 if watch is None else watch()
        if not self.market.update(tick):
            return
        if self.broker.updates():
            self.executor.sync()
        key = InstrumentKey(tick.exchange, tick.symbol)
        if self.executor.holdings.on(key):
            quote = self.market.quote(key)
            assert quote is not None
            self.executor.observe(key, quote)
            now = self.clock.now()
            if self._snapshots.is_open(key.exchange, now):
                self._decide(self.executor.positions_on(key), now, began)
        self._showing.tend(self.policies)

    def hear(self, tick: Tick) -> None:
        """Take a price without deciding on it: history, or what was decided upon before a restart."""
        if self.market is not None:
            self.market.update(tick)

    def tend(self) -> None:
        """Look after what is on its way, without deciding anything."""
        with self._turn:
            self.attendance.during(self._tend, None)

    def _tend(self) -> None:
        self.executor.sync()
        self.executor.drain()

    def note_place(self, checkpoint: Mapping[str, Any] | None = None) -> None:
        """Journal what is watched, and the place in the feed, though nothing happened."""
        with self._turn:
            self.attendance.during(partial(self.executor.commit, (), checkpoint, checkpoint_now=True), None)

    def give_stop(self, entry: Entry) -> None:
        """Tell the episode that an entry began of its first stop and its strategy; later episodes are left alone."""
        key = entry.key(self.broker.account)
        for position in self.executor.positions():
            if position.key == key and position.opened == entry.opened:
                self.executor.set_initial_stop(key, entry.stop, strategy=entry.strategy)

    def give_past(self, entry: Entry) -> None:
        """Tell a position that was carried overnight, so that no trade says when it was opened, how it began."""
        key = entry.key(self.broker.account)
        for position in self.executor.positions():
            if position.key == key and position.opened is None and position.side == entry.side:
                self.executor.set_initial_stop(key, entry.stop, strategy=entry.strategy, opened=entry.opened)

    def any_session_open(self, instant: Instant) -> bool:
        """Tell whether an exchange trades on which something is held (NSE where nothing is)."""
        exchanges = self.executor.holdings.exchanges() or {"NSE"}
        return any(self._snapshots.is_open(exchange, instant) for exchange in exchanges)

    def next_due(self) -> Instant | None:
        """Return when the executor must be looked at again at the latest, None if nothing waits."""
        return self.executor.next_due()

    @property
    def meters(self) -> Meters:
        """What this engine shows of itself; any thread may read it."""
        return self.executor.meters

    def watch(self) -> Watched:
        """Begin to time and to publish as `[metrics]` says; return what a page or a scraper reads."""
        with self._turn:
            self.meters.per_instrument = self.settings.metrics.per_instrument
            self.meters.watch = bare_stopwatch()
            self.publish(at_once=True)
            return Watched(self.meters, self.clock.now)

    def _show(self) -> None:
        """Let who looks beside the journal see what changed; at first everything."""
        self._showing.tend(self.policies)
        if self._showing.begun:
            self._showing.begun = False
            for position in self.executor.positions():
                snapshot = self.snapshot(position, self.clock.now())
                policy = self._policy_for(position, snapshot)
                digest = "" if policy is None else policy.digest
                self._showing.saw(position, snapshot, position.memory, digest)

    def publish(self, *, at_once: bool = False) -> None:
        """Show where the account stands, if somebody watches and it is not a moment since the last time."""
        self._show()
        self.meters.policies = tuple((policy.title, policy.digest) for policy in self.policies)
        self.executor.publish(at_once=at_once)

    @property
    def management_actions_taken(self) -> list[dict[str, Any]]:
        """Every action that was sent or applied, oldest first."""
        return self.executor.management_actions_taken

    @property
    def pending_management_actions(self) -> list[dict[str, Any]]:
        """Every action that has not reached an end."""
        return self.executor.pending_management_actions

    # --- inside ----------------------------------------------------------------------------------------------

    def _decide(self, positions: Iterable[TrackedPosition], now: Instant, heard: float | None = None) -> list[Decision]:
        """Decide on each position, write what was decided in one go, and send what may be sent.

        Args:
            heard: when the price came that is the reason for this look, by the meters' watch.
        """
        meters = self.meters
        began = meters.begin() if heard is None else heard
        decisions, decided = [], []
        orders, new = self._look_at_book(now)
        self._showing.takes = self._showing.watched and (heard is not None or self.market is None)
        shared = self._shared_facts()
        for position in self.executor.positions() if new else positions:
            outcome = self._decide_one(position, now, orders, shared)
            if outcome is None:
                continue
            decision, found = outcome
            decisions.append(decision)
            if found is not None:
                decided.append(found)
        meters.took(meters.decision, began)
        if decided:
            meters.flushed = 0.0
            self.executor.commit(decided)
            if heard is not None and meters.flushed:
                meters.tick_to_intent.add(meters.flushed - heard)
        self.executor.drain()
        if orders.exit_rule:
            self._finish_exits(now)
        return decisions

    def _look_at_book(self, now: Instant) -> tuple[BookOrders, bool]:
        """Decide on the whole book, if a policy has rules for it; return what stands, and whether any of it is new."""
        if not self._book.has_rules:
            return NO_ORDERS, False
        new = 0
        if self.any_session_open(now):
            exchange = min(self.executor.holdings.exchanges(), default="NSE")
            decisions, new = self._book.decide(now, self._snapshots.session(exchange, now), digest_of_book)
            for decision in decisions:
                self._tell_book(decision, now)
        return self._book.standing(), bool(new)

    def _finish_exits(self, now: Instant) -> None:
        """Tell the executor what is still held, of what is managed and of what is not."""
        managed: dict[bool, list[str]] = {True: [], False: []}
        shared = self._shared_facts()
        for position in self.executor.positions():
            policy = self._policy_for(position, self.snapshot(position, now, shared))
            managed[policy is not None].append(position.key.symbol)
        self.executor.finish_exits(managed[True], managed[False])

    def _decide_one(
        self, position: TrackedPosition, now: Instant, orders: BookOrders, shared: Facts
    ) -> tuple[Decision, Decided | None] | None:
        """Decide on one position; None where no policy covers it or its exchange is closed."""
        key = position.key
        if not self._snapshots.is_open(key.exchange, now):
            return None
        snapshot = self.snapshot(position, now, shared)
        policy = self._policy_for(position, snapshot)
        if policy is None:
            if self._showing.takes:
                self._showing.saw(position, snapshot, position.memory, "")
            return None
        decision = decide(policy.compiled, snapshot, position.memory)
        if self._showing.takes:
            self._showing.saw(position, snapshot, decision.memory, policy.digest)
        if orders:
            decision = under_orders(policy.compiled, decision, snapshot, orders)
        if decision.memory:
            self.executor.remember(key, decision.memory)
        self._tell(position, snapshot, decision)
        if not decision.actions and not self._records_all:
            return decision, None
        digest = digest_of(snapshot)
        record = partial(look_at_position, policy.digest, digest, snapshot, position.memory, orders, decision)
        if self._records_all:
            self.executor.looked(record())
            if not decision.actions:
                return decision, None
        return decision, Decided(
            position=position,
            decision=decision,
            price=snapshot.price,
            policy_digest=policy.digest,
            snapshot_digest=digest,
            record=None if self._records_all else record,
        )

    def _shared_facts(self) -> Facts:
        """Return what is the same for every position of one look: the figures of the whole book."""
        figures = self._book.facts() if self._book.is_asked else {}
        return {**figures, "open positions": float(len(self.executor.holdings.open()))}

    def snapshot(self, position: TrackedPosition, now: Instant, shared: Facts | None = None) -> Snapshot:
        """Return what a decision about this position may look at now.

        Args:
            shared: what is the same for every position of this look, where the caller has it already.
        """
        shared = self._shared_facts() if shared is None else shared
        key = position.key
        instrument = self._instrument(key.instrument)
        quote = self._quote(key.instrument)
        stale = self._snapshots.is_stale(quote, now)
        self._tell_stale(position, quote, stale, now)
        facts: dict[str, float | None] = {**shared, **self._of_host(position)}
        if self.market is not None and not stale:
            facts.update(self.market.facts(key.instrument))
        facts["open positions"] = shared["open positions"]
        return self._snapshots.build(position, instrument, quote, facts, now)

    def _of_host(self, position: TrackedPosition) -> Facts:
        return {} if self._facts is None else self._host_facts.of("facts", partial(self._facts, position))

    def _quote(self, key: InstrumentKey) -> Quote | None:
        return self.market.quote(key) if self.market else self._quotes.get(key)

    def _policy_for(self, position: TrackedPosition, snapshot: Snapshot) -> Policy | None:
        """Return the first policy whose `applies to` covers the position; the choice holds for the episode."""
        executor = self.executor
        found = self._choice.of((position.key, position.episode), snapshot, self.policies, executor.guarded)
        if found is guard() and position.episode not in executor.guarded:
            executor.guard(position.key, position.episode)
        return found

    def _instrument(self, key: InstrumentKey) -> Instrument:
        """Return the day's instrument; one that the broker does not list gets the plain equity defaults."""
        if key not in self._instruments:
            self._instruments[key] = self.broker.instrument(key) or Instrument(key.exchange, key.symbol)
        return self._instruments[key]

    def _tell(self, position: TrackedPosition, snapshot: Snapshot, decision: Decision) -> None:
        """Report, once an episode each, rules that could not be judged and candidates that came to nothing.

        A price that is missing has its own event, so the rules that wait for it are not told one by one.
        """
        if decision.unknown and known(snapshot.price):
            for rule in decision.unknown:
                if self._is_news(position, "rule_unknown", rule):
                    why = next(item.why for item in decision.not_yet if item.rule == rule)
                    self._say("rule_unknown", position, rule=rule, why=why.removeprefix(UNJUDGED))
        for rule in decision.skipped:
            if self._is_news(position, "rule_skipped", rule):
                because = next(item.because for item in decision.passed_over if item.rule == rule)
                if self.executor.mode == HALTED:
                    because = "the engine is halted"  # the engine of rules knows only that no order may be decided
                self._say("rule_skipped", position, rule=rule, because=because)

    def _tell_book(self, decision: Decision, now: Instant) -> None:
        """Say once a day that a rule for the whole book cannot be judged."""
        for rule in decision.unknown:
            mark = (WHOLE_BOOK, str(day_of(now)), "rule_unknown", rule)
            if mark not in self._told:
                self._told.add(mark)
                why = next(item.why for item in decision.not_yet if item.rule == rule)
                data = {"rule": rule, "why": why.removeprefix(UNJUDGED)}
                self._emit(Event("rule_unknown", now, WHOLE_BOOK, self.title, data=data))

    def _tell_stale(self, position: TrackedPosition, quote: Quote | None, stale: bool, now: Instant) -> None:
        """Say once that a price has gone stale, and again after it was fresh in between."""
        if not stale:
            self._stale.discard(position.key)
        elif position.key not in self._stale:
            self._stale.add(position.key)
            seconds = None if quote is None else round((now - quote.at) / SECOND, 1)
            self._say("price_stale", position, seconds=seconds)

    def _is_news(self, position: TrackedPosition, name: str, rule: str) -> bool:
        """Tell whether this was not yet told of this rule in this episode."""
        mark = (str(position.key), position.episode, name, rule)
        news = mark not in self._told
        self._told.add(mark)
        return news

    def _say(self, name: str, position: TrackedPosition | None = None, **data: Any) -> None:
        strategy = (position.strategy if position else "") or self.title
        event = Event(name, self.clock.now(), position.key.symbol if position else "", strategy, data=data)
        self._showing.heard(event)
        self._emit(event)

    @property
    def title(self) -> str:
        """The name under which this manager logs: the policy's title."""
        return next((one.title for one in self.policies if one.title), None) or "Rulekit"


def _watch(source: PolicySource, running: Sequence[Policy], clock: Clock) -> PolicyWatch:
    from rulekit.runtime.policy_watch import watch_of

    return watch_of(source, running, clock)


def _place_of(place: Place | str, clock: Clock, dry_run: bool) -> Place | str:
    if not dry_run:
        return place
    from rulekit.execution.journal_rehearsal import rehearsal_of

    return rehearsal_of(place, clock)
