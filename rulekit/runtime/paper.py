"""Puts a day together: policies, prices from a file, the paper broker, the journal and the manager."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve

from rulekit.broker.paper import PaperBroker
from rulekit.errors import InputError
from rulekit.execution.journal import Journal
from rulekit.execution.journal_place import Place, ServerPlace
from rulekit.execution.journal_rehearsal import rehearsal_of
from rulekit.execution.lease import never
from rulekit.market.feed import Feed, open_feed
from rulekit.market.market import Market
from rulekit.market.plugged import PluggedFacts
from rulekit.market.ticks import Tick
from rulekit.model.clock import SimulatedClock, WallClock
from rulekit.model.events import Emit, told
from rulekit.model.instant import Instant, iso
from rulekit.runtime.accounts import PAPER
from rulekit.runtime.day import Day, TicksAfter
from rulekit.runtime.entries import Entry
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings

_FAST_PERSIST_S = 600.0
_PACED_PERSIST_S = 60.0


def book_beside(journal: Place) -> Path:
    """Return where the paper broker of a journal keeps its book: beside its file, or in this folder."""
    if isinstance(journal, ServerPlace):
        return Path(f"{journal.account}.paper")
    return journal.with_name(journal.name + ".paper")


def for_bars(settings: Settings, bar_s: float) -> Settings:
    """Let a price be as old as a bar is long: between the prices of a bar there are none."""
    return evolve(
        settings,
        execution=evolve(settings.execution, stale_s=max(settings.execution.stale_s, bar_s)),
        paper=evolve(settings.paper, price_age_s=max(settings.paper.price_age_s, bar_s)),
    )


@contextmanager
def open_paper_day(
    policies: Sequence[Policy],
    feed_path: Path,
    entries: Sequence[Entry],
    place: Place,
    *,
    settings: Settings,
    fast: bool,
    clock: WallClock | None,
    emit: Emit,
    dry_run: bool = False,
    waits: Callable[[], bool] = never,
) -> Iterator[tuple[Day, Feed]]:
    """Open everything for a day over a price file, and close it again.

    Args:
        fast: run under a simulated clock as fast as it goes; otherwise paced by `clock`, or from the first price
            in real time.
        waits: asked while another process holds the journal: whether to go on waiting for it.
    """
    feed = open_feed(feed_path)
    if feed.bar_s is not None:
        settings = for_bars(settings, feed.bar_s)
    with paper_day(
        policies, lambda after: feed.ticks(feed.warm_up_from(after)), feed.first, entries, place,
        settings=settings, fast=fast, clock=clock, emit=emit, dry_run=dry_run, last=feed.last, waits=waits,
    ) as day:  # fmt: skip
        yield day, feed


@contextmanager
def paper_day(
    policies: Sequence[Policy],
    ticks: Iterable[Tick] | TicksAfter,
    first: Instant,
    entries: Sequence[Entry],
    place: Place,
    *,
    settings: Settings,
    fast: bool,
    emit: Emit,
    clock: WallClock | None = None,
    dry_run: bool = False,
    last: Instant | None = None,
    durable: bool = True,
    waits: Callable[[], bool] = never,
) -> Iterator[Day]:
    """Open everything for a day over given ticks, of which `first` is the first's time; close it again.

    Args:
        ticks: all of them, or a function that gives those that a run needs which was stopped behind a number.
        durable: flush the journal to the disk at each commit; only simulations do without.
    """
    start = first if clock is None else max(first, clock.now())
    timer: SimulatedClock | WallClock = (
        SimulatedClock(start) if fast else WallClock(start, clock.speed if clock else 1.0)
    )
    if last is not None and start > last and isinstance(place, Path) and not place.exists():
        raise InputError(
            f"the prices end at {iso(last)}, before the clock's start at {iso(start)}",
            "start the clock within the prices, or leave --clock out",
        )
    calendar = settings.calendar.calendar()
    if dry_run:
        place = rehearsal_of(place, timer)
    if isinstance(place, ServerPlace) and place.account is None:
        place = place.of(PAPER)
    account = PAPER if isinstance(place, Path) else str(place.account)
    journal = Journal.open(
        place, account=account, clock=timer, durable=durable, waits=waits, lease_s=settings.journal.lease_s,
        tell=lambda text: emit(told(text, timer.now())),
    )  # fmt: skip
    try:
        broker = PaperBroker(
            book_beside(place), clock=timer, instruments=settings.instruments.lookup, settings=settings.paper,
            calendar=calendar, account=account,
        )  # fmt: skip
        try:
            market = Market(
                {phrase for policy in policies for phrase in policy.market_facts}, calendar=calendar,
                plugged=PluggedFacts(settings.plugins, waits=fast),
            )  # fmt: skip
            manager = Manager(
                policies, broker=broker, journal=journal, clock=timer, settings=settings,
                market=market,
                calendar=calendar,
                emit=emit, dry_run=dry_run,
            )  # fmt: skip
            resumed = int(manager.executor.checkpoint.get("now", 0))
            # A restarted run goes on from the moment that its journal recorded, whatever the clock was told.
            timer.move_to(resumed)
            yield Day(
                manager, broker, ticks, timer, entries,
                cycle_s=settings.engine.cycle_s,
                persist_s=_FAST_PERSIST_S if fast else _PACED_PERSIST_S,
                start=start,
            )  # fmt: skip
            market.close()
        finally:
            broker.close()
    finally:
        journal.close()
