"""A day with an account at Zerodha: its positions, live prices, and orders that are real."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from attrs import evolve

from rulekit.broker.kite import KiteBroker
from rulekit.broker.kite_feed import KiteFeed
from rulekit.broker.kite_ticker import Ticker
from rulekit.errors import ReadFailedError
from rulekit.execution.journal import Journal
from rulekit.execution.journal_place import Place
from rulekit.execution.journal_rehearsal import rehearsal_of
from rulekit.execution.lease import never
from rulekit.execution.port import Broker
from rulekit.execution.settings import SQUARE_OFF_MINUTES, ExecutionSettings
from rulekit.market.market import Market
from rulekit.market.plugged import PluggedFacts
from rulekit.market.ticks import Tick
from rulekit.model.clock import WallClock
from rulekit.model.events import Emit, Event, told
from rulekit.model.instant import SECOND, Instant, day_of
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.prices import to_units
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from rulekit.settings import InstrumentSettings, Settings

_NAP_S = 0.2
"""Waits are no longer than this, in real seconds, so that a request to stop is seen soon."""
_PERSIST_S = 60.0
_QUIET_S = 600.0
"""How long after the close the run goes on looking after orders that have not ended."""
_TRIES = 5
"""How often the account is asked for at the start; a broker that is busy in the morning answers later."""
SQUARE_OFF_MARGIN = 2
"""Minutes before the broker's own square-off from which intraday products are left to it: two exits would race."""


class LiveFeed(Protocol):
    """Prices as they come. `closes` are those of the session before, in smallest units, where they are known."""

    closes: dict[InstrumentKey, float]

    def watch(self, keys: set[InstrumentKey]) -> None:
        """Hear these instruments from now on."""
        ...

    def take(self, seconds: float) -> Sequence[Tick]:
        """Return what came since the last call; wait at most so many seconds of the clock for it."""
        ...


class LiveDay:
    """One run over live prices, until the exchanges have closed or somebody stops it.

    Args:
        manager: decides and sends.
        broker: the account.
        feed: live prices.
        clock: the only source of time.
        market: hears yesterday's closes.
        cycle_s: seconds between two looks at all positions.
    """

    def __init__(
        self,
        manager: Manager,
        broker: Broker,
        feed: LiveFeed,
        clock: WallClock,
        market: Market,
        session_ends: Callable[[str, Instant], Instant | None],
        *,
        cycle_s: float,
    ) -> None:
        self._manager = manager
        self._broker = broker
        self._feed = feed
        self._clock = clock
        self._market = market
        self._session_ends = session_ends
        self._cycle = round(cycle_s * SECOND)
        self._closes_given: set[InstrumentKey] = set()
        self._stopping = False
        self._due: Instant | None = None
        self.begun: Callable[[], None] | None = None
        """Called once what a dead process left behind is recovered; None for nobody."""
        self.progress: Callable[[Tick], None] | None = None
        """Told every tick; None for nobody."""
        self.between: Callable[[Manager], None] | None = None
        """Called between two cycles, where policies may be exchanged; None for nobody."""

    def stop(self) -> None:
        """Ask the run to end: an order on its way is finished, a reading is not; safe to call from a signal handler."""
        self._stopping = self._manager.attendance.is_ending = True
        hurry = getattr(self._broker, "hurry", None)
        if callable(hurry):
            hurry()

    @property
    def manager(self) -> Manager:
        """What decides and sends."""
        return self._manager

    def left_open(self) -> list[str]:
        """Name the actions that have not reached an end."""
        return [str(row["id"]) for row in self._manager.pending_management_actions]

    def run(self) -> None:
        """Recover what a dead process left behind, then look and decide until the day is over or `stop` is called."""
        self._manager.start()
        if self.begun is not None:
            self.begun()
        self._plan()
        next_cycle = self._clock.now()
        next_persist = next_cycle + round(_PERSIST_S * SECOND)
        while not self._stopping:
            self._hear(self._feed.take(self._nap(next_cycle)))
            self._manager.publish()
            now = self._clock.now()
            if self._stopping:
                break
            if now >= next_cycle:
                if self.between is not None:
                    self.between(self._manager)
                self._manager.cycle()
                next_cycle = self._clock.now() + self._cycle
                self._plan()
            elif (self._due is not None and now >= self._due) or self._broker.updates():
                self._manager.tend()
                self._plan()
            if now >= next_persist:
                self._manager.note_place()
                next_persist = now + round(_PERSIST_S * SECOND)
            if self._is_over(now):
                break
        self._manager.note_place()

    def _nap(self, next_cycle: Instant) -> float:
        """Return how long to wait for prices, in the clock's seconds."""
        now = self._clock.now()
        soonest = min(moment for moment in (next_cycle, self._due) if moment is not None)
        return max(0.0, min(_NAP_S * self._clock.speed, (soonest - now) / SECOND))

    def _hear(self, ticks: Sequence[Tick]) -> None:
        for tick in ticks:
            if self._stopping:
                return
            self._give_close(tick)
            self._manager.on_tick(tick)
            if self.progress is not None:
                self.progress(tick)
        if ticks:
            self._plan()

    def _give_close(self, tick: Tick) -> None:
        """Let the market know yesterday's close before it is asked for it."""
        close = self._feed.closes.get(tick.key)
        if close is not None and tick.key not in self._closes_given:
            self._closes_given.add(tick.key)
            self._market.previous_close(tick.key, day_of(tick.at), close)

    def _plan(self) -> None:
        """Hear what is held, and note when the executor wants to be looked at; an earlier wish stays."""
        held = set(self._manager.executor.holdings.instruments())
        self._feed.watch(held | self._market.heard_beside(held))
        due = self._manager.next_due()
        passed = self._due is None or self._due <= self._clock.now()
        self._due = due if passed or due is None else min(self._due or due, due)

    def _is_over(self, now: Instant) -> bool:
        """Tell whether every exchange that matters has closed for the day, and nothing is left to look after."""
        held = self._manager.executor.holdings.exchanges() or {"NSE"}
        ends = [end for exchange in held if (end := self._session_ends(exchange, now)) is not None]
        last = max(ends, default=now)
        if now < last:
            return False
        return self._manager.next_due() is None or now >= last + round(_QUIET_S * SECOND)


@contextmanager
def open_kite_day(
    policies: Sequence[Policy],
    place: Place,
    *,
    settings: Settings,
    clock: WallClock | None,
    emit: Emit,
    dry_run: bool = False,
    waits: Callable[[], bool] = never,
) -> Iterator[LiveDay]:
    """Open everything for a day with the account, and close it again.

    Args:
        clock: the only source of time; the wall clock if left out.
        dry_run: read the live account, decide, and send nothing.
        waits: asked while another process holds the account: whether to go on waiting for it.

    Raises:
        UsageError: there is no key or token.
        ReadFailedError: the broker does not answer, or refuses the token.
    """
    timer = clock or WallClock()
    settings = evolve(settings, execution=leave_square_off(settings.execution))

    alarm = Alarm(timer, emit)
    broker = _broker(settings, timer, alarm, dry_run)
    try:
        if dry_run:
            place = rehearsal_of(place, timer)
        # Whoever waits for its turn holds no line to the broker's prices, of which an account has three.
        with Journal.open(
            place, account=broker.account, clock=timer, waits=waits, lease_s=settings.journal.lease_s,
            tell=lambda text: emit(told(text, timer.now())),
        ) as journal:  # fmt: skip
            ticker = Ticker(settings.kite, lambda: broker.tokens.current, clock=timer)
            broker.wake_ups = ticker.handover.updates
            ticker.open()
            try:
                with assembled(
                    policies, broker, journal, KiteFeed(broker, ticker, clock=timer),
                    settings=settings, clock=timer, emit=emit, dry_run=dry_run,
                ) as day:  # fmt: skip
                    alarm.manager = day.manager
                    yield day
            finally:
                ticker.close()
    finally:
        broker.close()


class Alarm:
    """Takes what a broker has to tell a person: into the journal once a manager keeps one, until then into the log."""

    def __init__(self, clock: WallClock, emit: Emit) -> None:
        self._clock = clock
        self._emit = emit
        self.manager: Manager | None = None

    def __call__(self, text: str) -> None:
        """Take it."""
        if self.manager is not None:  # the journal keeps it until somebody has seen it
            self.manager.executor.overhear(text)
        else:
            data = {"text": text, "level": "critical", "cause": "broker"}
            self._emit(Event("alert", self._clock.now(), data=data))


@contextmanager
def assembled(
    policies: Sequence[Policy],
    broker: Broker,
    journal: Journal,
    feed: LiveFeed,
    *,
    settings: Settings,
    clock: WallClock,
    emit: Emit,
    dry_run: bool,
) -> Iterator[LiveDay]:
    """Put a day together over a broker, a journal and live prices that are open."""
    calendar = settings.calendar.calendar()
    market = Market(
        {phrase for policy in policies for phrase in policy.market_facts}, calendar=calendar,
        plugged=PluggedFacts(settings.plugins),
    )  # fmt: skip
    manager = Manager(
        policies, broker=broker, journal=journal, clock=clock, settings=settings, market=market,
        calendar=calendar, emit=emit, dry_run=dry_run,
    )  # fmt: skip

    def session_ends(exchange: str, now: Instant) -> Instant | None:
        session = calendar.session(exchange, day_of(now))
        return None if session is None else session.closes

    try:
        yield LiveDay(manager, broker, feed, clock, market, session_ends, cycle_s=settings.engine.cycle_s)
    finally:
        market.close()


def _broker(settings: Settings, clock: WallClock, alert: Callable[[str], None], read_only: bool) -> KiteBroker:
    """Reach the account; a broker that does not answer is asked again a few times, a refused token is not."""
    for left in reversed(range(_TRIES)):
        try:
            return KiteBroker(
                settings.kite, clock=clock, adjust=adjust_by(settings), alert=alert, read_only=read_only
            )  # fmt: skip
        except ReadFailedError:
            if not left:
                raise
            clock.sleep(1.0)
    raise AssertionError("the last try returns or raises")


def leave_square_off(settings: ExecutionSettings) -> ExecutionSettings:
    """Stop exits of intraday products a little before the broker's own square-off, unless the user said when."""
    if settings.square_off_minutes != SQUARE_OFF_MINUTES:
        return settings
    earlier = {exchange: minutes + SQUARE_OFF_MARGIN for exchange, minutes in SQUARE_OFF_MINUTES.items()}
    return evolve(settings, square_off_minutes=earlier)


def adjust_by(settings: Settings) -> Callable[[Instrument], Instrument]:
    """Return a function that lets the user's entry of an instrument go before the day's list."""
    entries = settings.instruments.symbols

    def adjust(instrument: Instrument) -> Instrument:
        own = entries.get(f"{instrument.exchange}:{instrument.symbol}") or entries.get(instrument.symbol)
        return instrument if own is None else evolve(instrument, **_said(own, instrument.scale))

    return adjust


def _said(own: InstrumentSettings, scale: int) -> dict[str, Any]:
    said: dict[str, Any] = {
        "lot": own.lot,
        "tick": None if own.tick is None else to_units(own.tick, scale),
        "multiplier": None if own.multiplier == 1.0 else own.multiplier,
        "freeze": own.freeze,
        "expiry": own.expiry,
        "kind": own.kind,
    }
    return {name: value for name, value in said.items() if value is not None}
