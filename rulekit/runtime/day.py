"""Runs a manager over a feed of prices: the same loop at full speed under a simulated clock and paced by a real one.

Everything that happens is a function of the feed, the journal and the broker's book, so a run that was killed goes on
from its last journaled place and comes to the same end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from rulekit.broker.paper import PaperBroker
from rulekit.market.ticks import Tick
from rulekit.model.clock import SimulatedClock, WallClock
from rulekit.model.instant import SECOND, Instant, day_number
from rulekit.runtime.entries import Entry, carried_over
from rulekit.runtime.manager import Manager

_LONGEST_NAP_S = 0.2
"""A real clock is waited for in naps of this length, so that a request to stop is seen soon."""
_QUIET_S = 1800.0
"""How long after the last price the run goes on looking after orders that have not ended."""

Progress = Callable[[Tick], None]
TicksAfter = Callable[[int], Iterable[Tick]]
"""Gives the ticks that a run needs which was stopped behind a number, those that warm the indicators up included."""


class Day:
    """One run over a feed, from its first price (or the journal's last place) to its end.

    Args:
        entries: positions that stand or will be entered, in the order in which they are opened.
        cycle_s: seconds between two looks at all positions.
        start: prices before it are history: heard, and not decided upon.
        persist_s: seconds after which the place in the feed and the best prices are journaled though nothing happened.
        progress: told every tick; None for nobody.
    """

    def __init__(
        self,
        manager: Manager,
        broker: PaperBroker,
        ticks: Iterable[Tick] | TicksAfter,
        clock: SimulatedClock | WallClock,
        entries: Sequence[Entry] = (),
        *,
        cycle_s: float = 10.0,
        persist_s: float = 600.0,
        start: Instant = 0,
        progress: Progress | None = None,
    ) -> None:
        self._manager = manager
        self._broker = broker
        self._ticks = ticks
        self._clock = clock
        self._entries = list(entries)
        self._cycle = round(cycle_s * SECOND)
        self._persist = round(persist_s * SECOND)
        self._start = start
        self.progress = progress
        self._seq = -1
        self._feed = ""
        self._stopping = False
        self._next_persist = 0
        self.between: Callable[[Manager], None] | None = None
        """Called between two cycles, where policies may be exchanged; None for nobody."""

    def _checkpoint(self) -> Mapping[str, Any]:
        """Name the place that a restarted run goes on from: the moment, and the number within this feed."""
        return {"seq": self._seq, "now": self._clock.now(), "feed": self._feed}

    def stop(self) -> None:
        """Ask the run to end after what it is doing now; safe to call from a signal handler."""
        self._stopping = self._manager.attendance.is_ending = True

    @property
    def manager(self) -> Manager:
        """What decides and sends."""
        return self._manager

    def left_open(self) -> list[str]:
        """Name the actions that have not reached an end."""
        return [str(row["id"]) for row in self._manager.pending_management_actions]

    def run(self) -> None:
        """Start (or go on) and run to the end of the feed, or until `stop`."""
        manager, clock = self._manager, self._clock
        resume_from = int(manager.executor.checkpoint.get("now", 0))
        ticks = self._ticks_from(manager.executor.checkpoint)
        resume_after = self._seq
        manager.executor.mark(self._checkpoint())
        started = False
        next_cycle: Instant = 0
        for tick in ticks:
            if self._stopping:
                break
            if not started:
                # In the same feed the number tells what was decided upon; in any other one the time does.
                if tick.seq <= resume_after or (resume_after < 0 and tick.at < resume_from) or tick.at < self._start:
                    self._warm_up(tick)
                    continue
                self._reach(resume_from or tick.at)
                self._start_up()
                started = True
                next_cycle = self._grid(clock.now())
            next_cycle = self._cycles_until(tick.at, next_cycle)
            if self._stopping:
                break
            self._reach(tick.at)
            self._enter_until(clock.now())
            self._broker.on_tick(tick)
            manager.executor.mark(self._checkpoint())
            manager.on_tick(tick)
            self._seq = tick.seq
            if self.progress is not None:
                self.progress(tick)
        if not started:
            self._start_up()
        if not self._stopping:
            self._come_to_rest()
        manager.executor.mark(self._checkpoint())
        manager.note_place(self._checkpoint())

    def _ticks_from(self, place: Mapping[str, Any]) -> Iterable[Tick]:
        """Return the ticks that a run from a journal's place needs; a feed is known by its first tick.

        The next day's file begins its numbers afresh, so the place within another feed says nothing about this one.
        """
        whole: Iterator[Tick] = iter(self._ticks(-1) if callable(self._ticks) else self._ticks)
        first = next(whole, None)
        if first is None:
            return ()
        self._feed = f"{first.exchange}:{first.symbol} {first.at}"
        self._seq = int(place.get("seq", -1)) if place.get("feed") == self._feed else -1
        if callable(self._ticks) and self._seq >= 0:
            return self._ticks(self._seq)
        return chain((first,), whole)

    # --- time ------------------------------------------------------------------------------------------------

    def _grid(self, instant: Instant) -> Instant:
        """Return the first moment of a cycle at or after an instant; the same for every run."""
        return -(-instant // self._cycle) * self._cycle

    def _reach(self, instant: Instant) -> None:
        """Let the clock come to an instant: at once under a simulated clock, by waiting under a real one."""
        if isinstance(self._clock, SimulatedClock):
            self._clock.move_to(instant)
            return
        while not self._stopping and (left := (instant - self._clock.now()) / SECOND) > 0:
            self._manager.publish()
            self._clock.sleep(min(left, _LONGEST_NAP_S * self._clock.speed))

    def _cycles_until(self, until: Instant, next_cycle: Instant) -> Instant:
        """Run every cycle and every look that the executor asked for before `until`; return the next cycle's moment."""
        while not self._stopping:
            if next_cycle <= until and not self._manager.any_session_open(next_cycle):
                next_cycle = self._grid(max(until, next_cycle + 1))
            opened = self._entries[0].opened if self._entries else None
            due = self._manager.next_due()
            moments = [moment for moment in (next_cycle, due, opened) if moment is not None]
            moment = max(min(moments), self._clock.now())
            if moment > until or (moment == until and moment not in (next_cycle, due, opened)):
                break
            self._reach(moment)
            self._broker.advance(self._clock.now())
            self._enter_until(self._clock.now())
            self._manager.executor.mark(self._checkpoint())
            if moment >= next_cycle:
                if self.between is not None:
                    self.between(self._manager)
                self._manager.cycle()
                next_cycle = self._grid(moment + 1)
                self._persist_now_and_then(moment)
            else:
                self._manager.tend()
        return next_cycle

    def _persist_now_and_then(self, now: Instant) -> None:
        """Journal the place in the feed, though nothing happened."""
        if now >= self._next_persist:
            if self._next_persist:
                self._manager.note_place(self._checkpoint())
            self._next_persist = now + self._persist

    def _come_to_rest(self) -> None:
        """After the last price: look after what is on its way until nothing waits, for a bounded time."""
        last = self._clock.now() + round(_QUIET_S * SECOND)
        while not self._stopping and (due := self._manager.next_due()) is not None and due <= last:
            self._reach(max(due, self._clock.now() + SECOND // 10))
            self._broker.advance(self._clock.now())
            self._manager.executor.mark(self._checkpoint())
            self._manager.tend()

    # --- prices and entries ----------------------------------------------------------------------------------

    def _warm_up(self, tick: Tick) -> None:
        """Let the indicators and the broker hear a price that was decided upon already, or that is history."""
        self._manager.hear(tick)
        self._broker.on_tick(tick)
        if self.progress is not None:
            self.progress(tick)

    def _start_up(self) -> None:
        """Recover; what stands already is in the broker's book before the first reading of it."""
        standing = self._enter(self._clock.now())
        # The clock goes back to the journal's last moment, the book does not: what it knows beyond is a witness, too.
        self._manager.executor.hear_witness(self._broker.ahead())
        self._manager.start()
        self._give_stops(standing)

    def _enter_until(self, now: Instant) -> None:
        """Enter the positions whose time has come, and give each its stop."""
        if self._entries and self._entries[0].opened <= now:
            due = self._enter(now)
            self._manager.sync()
            self._give_stops(due)

    def _enter(self, now: Instant) -> list[Entry]:
        """Book the entries whose time has come at the broker; one that was booked before a restart stays as it is."""
        due = []
        while self._entries and self._entries[0].opened <= now:
            due.append(self._entries.pop(0))
        for entry in due:
            self._broker.enter(
                exchange=entry.instrument.exchange,
                symbol=entry.instrument.symbol,
                product=entry.product,
                side=entry.side,
                quantity=entry.quantity,
                price=entry.entry,
                at=entry.opened,
                reference=entry.reference,
            )
        return due

    def _give_stops(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._manager.give_stop(entry)
        today = day_number(self._clock.now())
        for entry in carried_over(one for one in entries if day_number(one.opened) < today):
            self._manager.give_past(entry)
