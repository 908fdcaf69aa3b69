"""A day with an account whose quotes are its prices: that of a plug-in, or one behind OpenAlgo; its orders are real."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from attrs import evolve

from rulekit.broker.openalgo import OpenAlgoBroker
from rulekit.broker.openalgo_settings import QUARANTINE_S
from rulekit.errors import ReadFailedError, UsageError
from rulekit.execution.journal import Journal
from rulekit.execution.journal_place import Place
from rulekit.execution.journal_rehearsal import rehearsal_of
from rulekit.execution.lease import never
from rulekit.execution.port import Broker
from rulekit.execution.settings import ExecutionSettings
from rulekit.market.ticks import Tick
from rulekit.model.clock import WallClock
from rulekit.model.events import Emit
from rulekit.model.instant import SECOND, Instant
from rulekit.model.instrument import InstrumentKey
from rulekit.plugins.facts import declared
from rulekit.plugins.loading import one_line
from rulekit.runtime.accounts import PLUGGED
from rulekit.runtime.live import Alarm, LiveDay, adjust_by, assembled, leave_square_off
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings

POLL_S = 1.0
"""Seconds between two readings of quotes."""
_PORT = ("place", "cancel", "orders", "trades", "positions", "instrument", "quotes", "updates")


class PolledFeed:
    """Prices that are asked of the broker, so often; a reading that fails is tried again the next time."""

    def __init__(self, broker: Broker, clock: WallClock, poll_s: float = POLL_S) -> None:
        self.closes: dict[InstrumentKey, float] = {}
        self._broker = broker
        self._clock = clock
        self._every = round(poll_s * SECOND)
        self._keys: list[InstrumentKey] = []
        self._next: Instant = 0
        self._seq = 0

    def watch(self, keys: set[InstrumentKey]) -> None:
        """Ask for these from now on."""
        self._keys = sorted(keys)

    def take(self, seconds: float) -> list[Tick]:
        """Return the quotes if it is time for them; otherwise wait at most so many seconds of the clock."""
        now = self._clock.now()
        if now < self._next or not self._keys:
            self._clock.sleep(seconds)
            return []
        self._next = now + self._every
        try:
            quotes = self._broker.quotes(self._keys)
        except ReadFailedError:
            return []  # prices grow stale by themselves, which is told
        found = []
        for key, quote in quotes.items():
            found.append(Tick(self._seq, key.exchange, key.symbol, quote.at, quote.price, None, quote.bid, quote.ask))
            self._seq += 1
        return found


def connected(name: str, settings: Settings, clock: WallClock) -> Broker:
    """Connect to an account through its plug-in.

    Raises:
        UsageError: the plug-in cannot be used, or what it connects to is no broker.
    """
    found = declared(name, PLUGGED)
    assert found is not None
    who, help = f"the broker `{name}` of the plug-in `{found.entry.package}`", "`rulekit plugins` says more"
    if found.trouble:
        raise UsageError(f"{who} cannot be used: {found.trouble}", help)
    try:
        broker = found.value.connect(dict(settings.plugins.options.get(name, {})), clock)
    except ReadFailedError:
        raise
    except Exception as error:
        raise UsageError(f"{who} could not connect: {one_line(error)}", "see its page") from None
    missing = [each for each in _PORT if not callable(getattr(broker, each, None))]
    missing += [each for each in ("name", "account") if not isinstance(getattr(broker, each, None), str)]
    if missing:
        raise UsageError(f"{who} lacks `{missing[0]}` of the broker port", help)
    account: Broker = broker
    return account


@contextmanager
def open_plugged_day(
    name: str,
    policies: Sequence[Policy],
    place: Place,
    *,
    settings: Settings,
    clock: WallClock | None,
    emit: Emit,
    dry_run: bool = False,
    waits: Callable[[], bool] = never,
) -> Iterator[LiveDay]:
    """Open everything for a day with an account of a plug-in, and close it again; the arguments are `open_kite_day`'s.

    Raises:
        UsageError: the plug-in cannot be used.
    """
    timer = clock or WallClock()
    broker = connected(name, settings, timer)
    with open_polled_day(
        broker, policies, place, settings=settings, clock=timer, emit=emit, dry_run=dry_run, waits=waits
    ) as day:  # fmt: skip
        yield day


@contextmanager
def open_openalgo_day(
    policies: Sequence[Policy],
    place: Place,
    *,
    settings: Settings,
    clock: WallClock | None,
    emit: Emit,
    dry_run: bool = False,
    waits: Callable[[], bool] = never,
) -> Iterator[LiveDay]:
    """Open everything for a day with an account behind OpenAlgo, and close it; the arguments are `open_kite_day`'s.

    Raises:
        UsageError: there is no key, it is refused, or OpenAlgo trades in its sandbox.
        ReadFailedError: it does not answer.
    """
    timer = clock or WallClock()
    settings = evolve(settings, execution=wait_longer(leave_square_off(settings.execution)))
    alarm = Alarm(timer, emit)
    broker = OpenAlgoBroker(
        settings.openalgo, clock=timer, adjust=adjust_by(settings), alert=alarm, read_only=dry_run
    )  # fmt: skip
    with open_polled_day(
        broker, policies, place, settings=settings, clock=timer, emit=emit, dry_run=dry_run, waits=waits,
        poll_s=settings.openalgo.poll_s,
    ) as day:  # fmt: skip
        alarm.manager = day.manager
        yield day


def wait_longer(settings: ExecutionSettings) -> ExecutionSettings:
    """Let an absence prove nothing for as long as OpenAlgo may hold an order back, unless the user said how long."""
    if settings.quarantine_s != ExecutionSettings().quarantine_s:
        return settings
    return evolve(settings, quarantine_s=QUARANTINE_S)


@contextmanager
def open_polled_day(
    broker: Broker,
    policies: Sequence[Policy],
    place: Place,
    *,
    settings: Settings,
    clock: WallClock,
    emit: Emit,
    dry_run: bool = False,
    waits: Callable[[], bool] = never,
    poll_s: float = POLL_S,
) -> Iterator[LiveDay]:
    """Open a day with a broker that is connected already, and close both.

    Args:
        poll_s: seconds between two readings of quotes.
    """
    try:
        if dry_run:
            place = rehearsal_of(place, clock)
        with Journal.open(
            place, account=broker.account, clock=clock, waits=waits, lease_s=settings.journal.lease_s
        ) as journal, assembled(
            policies, broker, journal, PolledFeed(broker, clock, poll_s),
            settings=settings, clock=clock, emit=emit, dry_run=dry_run,
        ) as day:  # fmt: skip
            yield day
    finally:
        close = getattr(broker, "close", None)
        if callable(close):
            close()
