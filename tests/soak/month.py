"""A month of an account in one process: every session of the calendar, its nights, and what a long life must not cost.

    python -m tests.soak.month --sessions 22

The real engine, executor, journal and paper broker under a simulated clock from 12 January 2026: the holidays of the
15th and the 26th, the expiry of the 27th, the Budget session of Sunday 1 February; the night's looks, the token that
dies at 06:00 and is renewed at 08:45; one day's loss that holds the engine back and one halt that exits everything,
both lifted by a person in the next morning. Printed after each session: the process's memory. At the end: its slope,
the journal's size, the time of a restart, and what has no end.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from attrs import evolve

from rulekit.broker.paper import PaperBroker
from rulekit.errors import ReadFailedError
from rulekit.execution.history import history, pending
from rulekit.execution.journal import Journal, read_journal
from rulekit.execution.settings import ExecutionSettings
from rulekit.market.market import Market
from rulekit.market.ticks import Tick
from rulekit.model.calendar import Calendar
from rulekit.model.clock import SimulatedClock
from rulekit.model.events import Event
from rulekit.model.instant import MINUTE, SECOND, Instant, day_of, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import Order, Trade
from rulekit.model.position import NetPosition
from rulekit.model.prices import to_units
from rulekit.runtime.entries import Entry
from rulekit.runtime.manager import Manager
from rulekit.runtime.paper import for_bars
from rulekit.runtime.policy import Policy
from rulekit.settings import InstrumentSettings, Settings
from rulekit.settings.sections import InstrumentsSettings
from tests.runtime.oracle import violations

POLICY = """\
policy "Month"
MORE: add 25% at 0.6% profit
HALF: book 50% at 1% profit
UP: tighten stop to 1.2% from price when profit is above 0.3%
OUT: exit at 2% profit
CUT: exit at 1.5% loss
LAST: exit on expiry day at 15:00
OLD: exit after 4 days
"""
FIRST_DAY = date(2026, 1, 12)
EXPIRY = date(2026, 1, 27)
SHARES = tuple(f"SHARE{number}" for number in range(8))
FUTURE = InstrumentKey("NFO", "NIFTY26JANFUT")
TOKEN_DIES, TOKEN_COMES = 6 * 60, 8 * 60 + 45
"""Minutes of the day between which no reading succeeds."""
NIGHTLY_LOOK = 10 * MINUTE
LOSS_ON, HALT_ON = 5, 12
"""Sessions with the loss and with the halt."""


class TokenedBroker(PaperBroker):
    """The paper broker, with readings that are refused from six in the morning until the token is renewed."""

    refused = 0

    def orders(self) -> Sequence[Order]:
        """Read the orders, if the token lives."""
        self._check_token()
        return super().orders()

    def positions(self) -> Sequence[NetPosition]:
        """Read the positions, if the token lives."""
        self._check_token()
        return super().positions()

    def trades(self) -> Sequence[Trade]:
        """Read the trades, if the token lives."""
        self._check_token()
        return super().trades()

    def _check_token(self) -> None:
        minute = _minute(self._clock.now())
        if TOKEN_DIES <= minute < TOKEN_COMES:
            self.refused += 1
            raise ReadFailedError("the token is no longer valid", "log in again")


def _midnight(day: date) -> Instant:
    return parse_instant(f"{day}T00:00:00+05:30")


def _minute(now: Instant) -> int:
    return (now - _midnight(day_of(now))) // MINUTE


class Month:
    """The account, its prices, and what is counted over its life."""

    def __init__(self, folder: Path, seed: int = 1, step_s: int = 20) -> None:
        self.step = step_s * SECOND
        self.draw = random.Random(f"month {seed}")
        self.clock = SimulatedClock(_midnight(FIRST_DAY))
        self.calendar = Calendar()
        self.events: Counter[str] = Counter()
        symbols = {FUTURE.symbol: InstrumentSettings(lot=65, expiry=EXPIRY, kind="future")}
        settings = Settings(
            execution=ExecutionSettings(day_loss_limit=60_000.0), instruments=InstrumentsSettings(symbols=symbols)
        )
        self.settings = for_bars(settings, 60.0)
        self.settings = evolve(
            self.settings, paper=evolve(self.settings.paper, partial=0.05, rest=0.05, lost_after=0.01, read_fail=0.002)
        )
        self.journal = Journal.open(folder / "month.journal", account="paper", clock=self.clock, durable=False)
        self.broker = TokenedBroker(
            folder / "month.paper", clock=self.clock, instruments=self.settings.instruments.lookup,
            settings=self.settings.paper, calendar=self.calendar,
        )  # fmt: skip
        policy = Policy.from_text(POLICY)
        self.manager = Manager(
            policy, broker=self.broker, journal=self.journal, clock=self.clock, settings=self.settings,
            market=Market(set(policy.market_facts), calendar=self.calendar), calendar=self.calendar, emit=self._hear,
        )  # fmt: skip
        self.last = {InstrumentKey("NSE", name): 400.0 + 150 * number for number, name in enumerate(SHARES)}
        self.last[FUTURE] = 25_000.0
        self.heard = 0
        self.entered = 0
        self.manager.start()

    def _hear(self, event: Event) -> None:
        self.events[event.name] += 1

    def sessions(self) -> Iterator[date]:
        """Return the days on which the exchange opens, by the calendar."""
        day = FIRST_DAY
        while True:
            if self.calendar.session("NSE", day) is not None:
                yield day
            day += timedelta(days=1)

    def _go(self, until: Instant, step: Instant) -> None:
        """Look at the account every so often, and whenever the executor asks for it."""
        while (now := self.clock.now()) < until:
            due = self.manager.next_due()
            self.clock.move_to(min(until, now + step, max(due, now + SECOND // 5) if due is not None else until))
            self.broker.advance(self.clock.now())
            if due is not None and self.clock.now() >= due:
                self.manager.tend()
            else:
                self.manager.cycle()

    def night(self, until: Instant) -> None:
        """Idle until a moment, as a process that nobody stops."""
        self._go(until, NIGHTLY_LOOK)

    def session(self, number: int, day: date) -> None:
        """Live through one session: a resume in the morning, entries, prices, and what goes wrong on this day."""
        times = self.calendar.session("NSE", day)
        assert times is not None
        self.night(times.opens)
        if self.manager.executor.mode != "active":
            self.manager.executor.resume("RESUME")
        falls = -0.0009 if number == LOSS_ON else 0.0
        while (now := self.clock.now()) < times.closes:
            if (now - times.opens) % MINUTE < self.step:
                self._hear_prices(now, falls)
                self._enter(now, day)
            if number == HALT_ON and self.manager.executor.mode == "active" and now > times.opens + 90 * MINUTE:
                self.manager.executor.halt("the owner wants out", exit_everything=True)
            self._go(min(times.closes, now + self.step), self.step)
        # In the first minutes after the close the sealing catches up, and what rests is ended by the exchange.
        self.night(times.closes + 30 * MINUTE)

    def _hear_prices(self, now: Instant, falls: float) -> None:
        for key, last in self.last.items():
            if key == FUTURE and day_of(now) > EXPIRY:
                continue
            self.last[key] = last = last * (1 + self.draw.gauss(falls, 0.0012))
            tick = Tick(self.heard, *key, now, to_units(f"{round(last * 20) / 20:.2f}"), float(self.heard))
            self.heard += 1
            self.broker.on_tick(tick)
            self.manager.on_tick(tick)

    def _enter(self, now: Instant, day: date) -> None:
        """Let the owner enter where nothing is held, until an hour before the close."""
        if _minute(now) >= 14 * 60 + 15 or self.manager.executor.mode != "active" or _minute(now) % 10:
            return
        held = {position.key.instrument for position in self.manager.executor.positions()}
        for number, (key, last) in enumerate(self.last.items()):
            if key in held or (key == FUTURE and day > EXPIRY):
                continue
            product = "NRML" if key == FUTURE else ("MIS", "CNC")[number % 2]
            side = -1 if product == "MIS" and self.draw.random() < 0.5 else 1
            price = to_units(f"{round(last * 20) / 20:.2f}")
            self.entered += 1
            entry = Entry(
                self.entered, key, product, side, 130 if key == FUTURE else 200, price, now,
                round(price * (1 - 0.02 * side) / 5) * 5.0,
            )  # fmt: skip
            self.broker.enter(
                key.exchange, key.symbol, product, side, entry.quantity, price, now, reference=f"{self.entered}"
            )
            self.manager.sync()
            self.manager.give_stop(entry)

    def close(self) -> None:
        """End in good order."""
        self.manager.close()
        self.journal.close()
        self.broker.close()


def resident() -> int:
    """Return the bytes of memory that the process holds now (Linux), or 0."""
    gc.collect()
    statm = Path("/proc/self/statm")
    return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def slope(values: Sequence[float]) -> float:
    """Return the growth per step of the line through values by least squares."""
    n = len(values)
    mean_x, mean_y = (n - 1) / 2, sum(values) / n
    over = sum((x - mean_x) ** 2 for x in range(n))
    return sum((x - mean_x) * (y - mean_y) for x, y in enumerate(values)) / over if over else 0.0


def main() -> int:
    """Live through the month; return 0 only if nothing broke and nothing was left open."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=22)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step", type=int, default=20, help="seconds between two looks in a session")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        return _live(Path(name), given.sessions, given.seed, given.step)


def _live(folder: Path, sessions: int, seed: int, step_s: int) -> int:
    began, month, memory = time.monotonic(), Month(folder, seed, step_s), []
    for number, day in zip(range(1, sessions + 1), month.sessions(), strict=False):
        month.session(number, day)
        memory.append(resident())
        ledger = month.manager.executor._ledger
        print(
            f"{number:3} {day:%a %d %b}: {memory[-1] / 1e6:7.2f} MB, {month.journal.last_seq:7} rows, "
            f"{len(ledger.actions):4} actions in memory, {len(ledger.open)} open, {month.manager.executor.mode}, "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
    orders, trades = month.broker.true_orders(), month.broker.true_trades()
    refused = month.broker.refused
    month.close()
    return _report(folder, month, memory, orders, trades, refused)


def _report(
    folder: Path, month: Month, memory: list[int], orders: list[Order], trades: list[Trade], refused: int
) -> int:
    path = folder / "month.journal"
    size = path.stat().st_size
    began = time.perf_counter()
    journal = Journal.open(path, account="paper", clock=month.clock, create=False)
    manager = Manager(Policy.from_text(POLICY), broker=month.broker, journal=journal, clock=month.clock)
    restart = time.perf_counter() - began
    mode = manager.executor.mode
    journal.close()
    entries = read_journal(path)
    rows, open_ends = history(entries), pending(entries)
    broken = violations(rows, orders, trades, all_ended=False)
    with sqlite3.connect(path) as database:
        kinds = dict(database.execute("SELECT kind, count(*) FROM entry GROUP BY kind"))
    print(f"{len(rows)} actions, {len(orders)} orders, {month.entered} entries, rows by kind {kinds}")
    print(f"ends {dict(Counter((row['kind'], str(row['end'])) for row in rows))}")
    print(f"{refused} readings refused for the token; events {dict(month.events.most_common(14))}")
    settled, later = memory[4:] or memory, memory[len(memory) // 2 :]
    print(
        f"memory {memory[0] / 1e6:.1f} MB after the first session, {memory[-1] / 1e6:.1f} MB after the last; "
        f"from the fifth on {slope(settled) / 1e3:+.1f} KB a session, in the second half {slope(later) / 1e3:+.1f}"
    )
    print(
        f"journal {size / 1e6:.2f} MB, {size / max(1, len(rows)):.0f} bytes an action, {size / len(entries):.0f} a row"
    )
    print(f"restart in {restart:.3f} s in the state {mode}; {len(open_ends)} actions without an end")
    for text in broken:
        print(f"  WRONG {text}")
    for row in open_ends:
        print(f"  OPEN {row}")
    return bool(broken or open_ends)


if __name__ == "__main__":
    raise SystemExit(main())
