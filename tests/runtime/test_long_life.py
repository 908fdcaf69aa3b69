"""A process that lives for weeks holds no more on its last day than on any other."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from rulekit.broker.paper import PaperBroker
from rulekit.execution import dispatch
from rulekit.execution.history import history
from rulekit.execution.journal import Journal, read_journal
from rulekit.execution.ledger import Ledger
from rulekit.execution.seals import text_of_state
from rulekit.market.market import Market
from rulekit.market.ticks import Tick
from rulekit.model.calendar import Calendar
from rulekit.model.clock import SimulatedClock
from rulekit.model.instant import MINUTE, SECOND, Instant, parse_instant
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.runtime.reachable import lengths

FIRST = date(2026, 2, 2)
POLICY = """\
policy "Weeks"
UP: tighten stop to 2% from price when profit is above 1%
HALF: book 50% at 2% profit
LOW: exit when vwap is below ₹1
OUT: exit at 3% profit
"""
PRICES = (100.0, 101.5, 102.5, 102.5, 103.5, 103.5)
"""Rupees at each look of a session: a stop is moved, half is booked, the rest goes out."""
SESSIONS = 27
"""A third of them is longer than trades and the tags of ended orders are remembered."""


def listed(key: InstrumentKey) -> Instrument:
    return Instrument(*key, tick=5.0, lot=1)


class Weeks:
    """An account that trades another contract each day, and one share that is always the same, by one policy."""

    def __init__(self, folder: Path) -> None:
        self.calendar = Calendar()
        self.clock = SimulatedClock(parse_instant(f"{FIRST}T08:00:00+05:30"))
        self.folder = folder
        self.journal_path = folder / "weeks.journal"
        self.seq = 0
        self.open()

    def open(self) -> None:
        """Begin the process, or another one on the same journal."""
        self.journal = Journal.open(self.journal_path, account="paper", clock=self.clock, durable=False)
        self.broker = PaperBroker(
            self.folder / "weeks.paper", clock=self.clock, instruments=listed, calendar=self.calendar
        )
        policy = Policy.from_text(POLICY)
        self.market = Market({*policy.market_facts, "vwap"}, calendar=self.calendar)
        self.manager = Manager(
            policy, broker=self.broker, journal=self.journal, clock=self.clock, settings=Settings(),
            market=self.market, calendar=self.calendar, emit=lambda event: None,
        )  # fmt: skip
        self.manager.start()

    def sessions(self) -> Iterator[date]:
        day = FIRST
        while True:
            if self.calendar.session("NFO", day) is not None:
                yield day
            day += timedelta(days=1)

    def live(self, day: date, *keys: InstrumentKey) -> None:
        """Live through a session: what is given (else a contract of the day and a share) is bought and sold."""
        opens = parse_instant(f"{day}T10:00:00+05:30")
        self._look(opens - 10 * MINUTE)
        keys = keys or (InstrumentKey("NFO", f"NIFTY{day:%y%m%d}CE"), InstrumentKey("NSE", "SHARE"))
        for step, price in enumerate(PRICES):
            now = opens + step * MINUTE
            self.clock.move_to(now)
            for key in keys:
                self._hear(key, now, price * 100)
            if step == 0:
                for key in keys:
                    product = "NRML" if key.exchange == "NFO" else "MIS"
                    reference = f"{day} {key.symbol}"
                    self.broker.enter(*key, product, 1, 10, 10_000.0, now, reference=reference)
            self._look(now + SECOND)
            self._look(now + 3 * SECOND)
        self._look(parse_instant(f"{day}T18:00:00+05:30"))

    def _hear(self, key: InstrumentKey, now: Instant, price: float) -> None:
        tick = Tick(self.seq, *key, now, price, float(self.seq))
        self.seq += 1
        self.broker.on_tick(tick)
        self.manager.on_tick(tick)

    def _look(self, now: Instant) -> None:
        self.clock.move_to(now)
        self.broker.advance(now)
        self.manager.cycle()

    def close(self) -> None:
        self.manager.close()
        self.journal.close()
        self.broker.close()


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Weeks, list[Counter[str]], list[Counter[str]]]]:
    """What the program and the broker on paper held after each session of the later two thirds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "TAKEN_KEPT", 40)  # what a host reads back is bounded; here the bound is reached
        life = Weeks(tmp_path_factory.mktemp("weeks"))
    program, broker = [], []
    for number, day in zip(range(SESSIONS), life.sessions(), strict=False):
        life.live(day)
        if number >= SESSIONS // 3:
            program.append(lengths(life.manager, without=(life.broker, life.calendar)))
            broker.append(lengths(life.broker, without=(life.calendar,)))
    yield life, program, broker
    life.close()


def grown(held: list[Counter[str]]) -> dict[str, tuple[int, int]]:
    """Return what holds more in the end than at the most in the middle third of the sessions."""
    middle = held[: len(held) // 2]
    most = {path: max(each[path] for each in middle) for path in held[-1]}
    return {path: (most[path], length) for path, length in held[-1].items() if length > most[path]}


def test_every_session_acted(weeks: tuple[Weeks, list[Counter[str]], list[Counter[str]]]) -> None:
    rows = history(read_journal(weeks[0].journal_path))
    times = {"UP": 4 * SESSIONS, "HALF": 2 * SESSIONS, "OUT": 2 * SESSIONS}
    assert Counter(row["rule"] for row in rows) == times, rows[:6]
    assert {row["end"] for row in rows} <= {"filled", "applied"}


def test_the_program_holds_no_more_than_weeks_before(
    weeks: tuple[Weeks, list[Counter[str]], list[Counter[str]]],
) -> None:
    assert grown(weeks[1]) == {}


def test_the_broker_on_paper_holds_no_more_than_weeks_before(
    weeks: tuple[Weeks, list[Counter[str]], list[Counter[str]]],
) -> None:
    assert grown(weeks[2]) == {}


@pytest.mark.parametrize("restarts", [False, True])
def test_a_contract_that_comes_back_after_it_was_forgotten_is_managed_as_a_new_one(
    tmp_path: Path, restarts: bool
) -> None:
    """Its episodes must not bear the names of those before, or its exits would count as decided long ago."""
    life, again = Weeks(tmp_path), InstrumentKey("NFO", "AGAIN")
    days = life.sessions()
    life.live(next(days), again)
    for _ in range(3):
        life.live(next(days))
    ledger = life.manager.executor._ledger
    assert "AGAIN" not in {key.symbol for key in (*ledger.books, *ledger.scales)}
    if restarts:
        life.close()
        life.open()
    life.live(next(days), again)
    rows = [row for row in history(read_journal(life.journal_path)) if row["symbol"] == "AGAIN"]
    assert Counter(row["rule"] for row in rows) == {"UP": 4, "HALF": 2, "OUT": 2}
    assert {row["end"] for row in rows} <= {"filled", "applied"}
    life.close()


def test_a_restart_knows_what_the_long_life_knew(tmp_path: Path) -> None:
    life = Weeks(tmp_path)
    for _, day in zip(range(5), life.sessions(), strict=False):
        life.live(day)
    known = text_of_state(life.manager.executor._ledger)
    assert json.loads(known) == json.loads(text_of_state(Ledger(read_journal(life.journal_path))))
    life.close()


def shown(broker: PaperBroker) -> str:
    return repr((broker.orders(), broker.trades(), broker.positions()))


def true(broker: PaperBroker) -> str:
    return repr((broker.true_orders(), broker.true_trades(), broker.true_positions()))


def test_the_paper_book_shows_the_same_whether_it_forgot_or_was_opened_anew(tmp_path: Path) -> None:
    life = Weeks(tmp_path)
    held = InstrumentKey("NFO", "HELD")
    for number, day in zip(range(6), life.sessions(), strict=False):
        life.live(day)
        life.broker.enter(*held, "NRML", 1, 5, 9_000.0 + number, life.clock.now(), reference=f"held {number}")
    before, truth = shown(life.broker), true(life.broker)
    assert len(life.broker.true_orders()) > len(life.broker.orders()) + 10, "the file has what was forgotten"
    assert not life.broker.enter(*held, "NRML", 1, 5, 9_000.0, life.clock.now(), reference="held 0"), "not twice"
    life.close()
    life.open()
    assert (shown(life.broker), true(life.broker)) == (before, truth)
    (row,) = [row for row in life.broker.positions() if row.key.symbol == "HELD"]
    assert (row.quantity, row.overnight, row.average) == (30, 25, 9_002.5)
    life.close()
