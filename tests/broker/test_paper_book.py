"""The book on disk: any restart gives the same book, kill -9 loses nothing, and a bad file is answered in words."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.broker.paper import PaperBroker
from rulekit.broker.paper_settings import PaperSettings
from rulekit.errors import UnreadableFileError
from rulekit.market.ticks import Tick
from rulekit.model.clock import SimulatedClock
from rulekit.model.instant import SECOND
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import SIGN, NotSent, OrderRequest
from tests.broker.bench import KEY, PRICE, START, PaperBench

FAULTS: dict[str, Any] = {
    "refuse": 0.1, "lost_before": 0.1, "lost_after": 0.1, "late": 0.2, "late_max_s": 20.0, "reject": 0.1,
    "partial": 0.5, "rest": 0.3, "rest_ticks": 2, "seed": 5,
}  # fmt: skip
SYMBOLS = ("INFY", "SBIN")


class Script:
    """A day written down in advance: one step a tick, the same for every run that follows it."""

    def __init__(self, steps: list[tuple[str, int, int, int]]) -> None:
        self.ticks = [
            Tick(seq, "NSE", SYMBOLS[which], START + seq * SECOND, 100_000.0 + 5.0 * move)
            for seq, (_, which, move, _) in enumerate(steps)
        ]
        self.steps = steps

    def run(self, broker: PaperBroker, clock: SimulatedClock, first: int, last: int) -> None:
        """Follow the steps from `first` until before `last`; prices before `first` are only heard."""
        for tick in self.ticks[:first]:
            broker.on_tick(tick)
        for seq in range(first, last):
            self.step(broker, clock, seq)

    def step(self, broker: PaperBroker, clock: SimulatedClock, seq: int) -> None:
        """Follow one step."""
        what, which, _, size = self.steps[seq]
        clock.move_to(self.ticks[seq].at)
        broker.on_tick(self.ticks[seq])
        if what in ("BUY", "SELL"):
            broker.place(OrderRequest(f"T{seq}", "NSE", SYMBOLS[which], "MIS", what, size))
        elif what == "cancel":
            for order in broker.true_orders()[-3:]:
                broker.cancel(order.order_id)
        elif what == "enter":
            broker.enter("NSE", SYMBOLS[which], "MIS", 1, size, 100_000.0, clock.now(), reference=str(seq))
        elif what == "read":
            broker.orders()
            broker.positions()


def truth(broker: PaperBroker) -> str:
    return repr((broker.true_orders(), broker.true_trades(), broker.true_positions()))


def shown(broker: PaperBroker) -> str:
    return repr((broker.orders(), broker.trades(), broker.positions()))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["BUY", "SELL", "cancel", "read", "enter", "", "", "", ""]),
        st.integers(0, 1),
        st.integers(-8, 8),
        st.integers(1, 30),
    ),
    min_size=5,
    max_size=60,
)


@settings(max_examples=80)
@given(STEPS, st.lists(st.integers(0, 60), max_size=4), st.integers(0, 10))
def test_a_restart_at_any_moment_gives_the_same_book(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int, int]], deaths: list[int], back: int
) -> None:
    """The process dies after some steps; the file is opened as it was left, and older prices come again."""
    script, folder = Script(steps), tmp_path_factory.mktemp("book")
    clock = SimulatedClock(START)
    whole = PaperBroker(None, clock=clock, settings=PaperSettings(**FAULTS))
    script.run(whole, clock, 0, len(steps))

    done = 0
    for life, death in enumerate([*sorted(min(death, len(steps)) for death in deaths), len(steps)]):
        clock = SimulatedClock(START)
        broker = PaperBroker(folder / f"{life}.book", clock=clock, settings=PaperSettings(**FAULTS))
        for tick in script.ticks[: max(0, done - back)]:
            broker.on_tick(tick)
        clock.move_to(script.ticks[max(0, done - 1)].at)
        script.run(broker, clock, done, death)
        done = death
        # A dead process leaves its file and the log beside it as they are; nothing is closed before they are copied.
        for suffix in ("", "-wal"):
            left = folder / f"{life}.book{suffix}"
            if left.exists():
                shutil.copy(left, folder / f"{life + 1}.book{suffix}")
        if life == len(deaths):
            assert truth(broker) == truth(whole)
            assert shown(broker) == shown(whole)
        broker.close()


@settings(max_examples=60)
@given(STEPS, st.integers(0, 59))
def test_a_book_that_is_ahead_of_the_clock_shows_what_had_happened_by_then(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int, int]], moment: int
) -> None:
    """A run that is killed goes on from its last journaled place; the broker must look as it looked there."""
    script, clock, path = Script(steps), SimulatedClock(START), tmp_path_factory.mktemp("book") / "book"
    first = PaperBroker(path, clock=clock, settings=PaperSettings(**FAULTS))
    seen = []
    for seq in range(len(steps)):
        script.step(first, clock, seq)
        seen.append(shown(first))
    first.close()
    moment = min(moment, len(steps) - 1)
    clock = SimulatedClock(script.ticks[moment].at)
    again = PaperBroker(path, clock=clock, settings=PaperSettings(**FAULTS))
    for seq in range(moment, len(steps)):
        clock.move_to(script.ticks[seq].at)
        again.on_tick(script.ticks[seq])
        assert shown(again) == seen[seq]
    again.close()


@settings(max_examples=80)
@given(STEPS)
def test_nothing_is_made_or_lost(steps: list[tuple[str, int, int, int]]) -> None:
    """Positions are the sum of trades, orders fill at most their quantity, within their limit, and money adds up."""
    script, clock = Script(steps), SimulatedClock(START)
    broker = PaperBroker(None, clock=clock, settings=PaperSettings(**FAULTS))
    script.run(broker, clock, 0, len(steps))
    broker.advance(START + 24 * 3600 * SECOND)
    orders = {order.order_id: order for order in broker.true_orders()}
    filled: Counter[str] = Counter()
    net: Counter[tuple[str, str]] = Counter()
    for trade in broker.true_trades():
        order = orders[trade.order_id]
        assert (trade.side, trade.symbol) == (order.side, order.symbol)
        assert trade.quantity > 0
        assert order.placed <= trade.at
        assert trade.price % 5 == 0 or not order.tag
        filled[trade.order_id] += trade.quantity
        net[trade.symbol, trade.side] += trade.quantity
    for order in orders.values():
        assert order.ended
        assert filled[order.order_id] == order.filled <= order.quantity
        assert (order.status == "COMPLETE") == (order.filled == order.quantity)
        if order.filled:
            mine = [trade for trade in broker.true_trades() if trade.order_id == order.order_id]
            assert order.average * order.filled == pytest.approx(sum(trade.price * trade.quantity for trade in mine))
    # The broker squared everything off, so what was bought was sold.
    assert broker.true_positions() == {}
    assert all(net[symbol, "BUY"] == net[symbol, "SELL"] for symbol in SYMBOLS)


@settings(max_examples=40)
@given(STEPS)
def test_what_is_shown_never_goes_back(steps: list[tuple[str, int, int, int]]) -> None:
    script, clock = Script(steps), SimulatedClock(START)
    broker = PaperBroker(None, clock=clock, settings=PaperSettings(**FAULTS, position_lag_s=3))
    before: dict[str, Any] = {}
    trades: set[str] = set()
    for seq in range(len(steps)):
        script.step(broker, clock, seq)
        now = {order.order_id: order for order in broker.orders()}
        assert set(before) <= set(now)
        for order_id, order in before.items():
            assert now[order_id].filled >= order.filled
            assert not order.ended or repr(now[order_id]) == repr(order)
        seen = {trade.trade_id for trade in broker.trades()}
        assert trades <= seen
        assert sum(order.filled for order in now.values()) == sum(trade.quantity for trade in broker.trades())
        before, trades = now, seen
        lagged = Counter[str]()
        for trade in broker.true_trades():
            if trade.at <= clock.now() - 3 * SECOND:
                lagged[trade.symbol] += SIGN[trade.side] * trade.quantity
        assert {row.key.symbol: row.quantity for row in broker.positions() if row.quantity} == {
            symbol: quantity for symbol, quantity in lagged.items() if quantity
        }


def test_the_same_seed_gives_the_same_day(shared_data: Path) -> None:
    from rulekit.market.feed import open_feed

    feed = open_feed(shared_data / "nse_ticks_dirty.parquet")
    ticks = list(feed)

    def day(seed: int, prefix: str) -> list[tuple[Any, ...]]:
        clock = SimulatedClock(feed.first)
        broker = PaperBroker(None, clock=clock, settings=PaperSettings(**FAULTS | {"seed": seed}))
        for tick in ticks:
            clock.move_to(tick.at)
            broker.on_tick(tick)
            if tick.seq % 500 == 0:
                side = "BUY" if tick.seq % 1000 else "SELL"
                broker.place(OrderRequest(f"{prefix}{tick.seq}", *tick.key, "MIS", side, 10))
        return [(trade.symbol, trade.side, trade.quantity, trade.price, trade.at) for trade in broker.true_trades()]

    one = day(1, "A")
    assert len(one) > 50
    assert one == day(1, "B")
    assert one != day(2, "A")


# --- a process that is killed -------------------------------------------------------------------------------------


def test_kill_nine_loses_nothing_that_was_answered(tmp_path: Path, project: Path) -> None:
    """A child places orders and says what it was answered; whatever it was killed in, the book agrees."""
    book = tmp_path / "book"
    child = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.broker.bench import PaperBench\n"
        "bench = PaperBench(Path(sys.argv[1]), hours=False)\n"
        "for number in range(10**6):\n"
        "    bench.wait(0.2)\n"
        "    outcome = bench.place(f'{sys.argv[2]}N{number}', 'BUY')\n"
        "    print(outcome.order_id, flush=True)\n"
    )
    answered: list[str] = []
    for life in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", child, str(book), f"L{life}"], cwd=project, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(0.03 * (life + 1))
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        rest, _ = process.communicate()
        answered += [first.strip(), *(line for line in rest.split("\n")[:-1] if line)]
    broker = PaperBroker(book, clock=SimulatedClock(START), settings=PaperSettings(hours=False))
    orders = broker.true_orders()
    known = [order.order_id for order in orders]
    assert len(answered) > 40
    assert set(answered) <= set(known)
    assert len(known) <= len(answered) + 4  # at most the one in flight at each death was taken and not answered
    assert len(set(known)) == len(known)
    assert len({order.tag for order in orders}) == len(orders)
    assert sum(broker.true_positions().values()) == sum(order.filled for order in orders)
    broker.close()


# --- files --------------------------------------------------------------------------------------------------------


def test_a_full_disk_places_nothing_and_loses_nothing(tmp_path: Path) -> None:
    bench = PaperBench(tmp_path / "book")
    bench.place("T0")
    bench.wait(1)
    store = bench.broker._store
    assert store is not None
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    answers = []
    sbin = InstrumentKey("NSE", "SBIN")
    bench.move(50_000.0, sbin)
    for number in range(200):
        bench.clock.sleep(0.01)
        answers.append(bench.place(f"F{number}"))
    full = [answer for answer in answers if isinstance(answer, NotSent)]
    assert full
    assert "cannot be written" in full[0].reason
    taken = len(answers) - len(full)
    assert len(bench.broker.orders()) == 1 + taken
    assert sbin in bench.broker.quotes([sbin])  # what was heard is not forgotten with the write
    store._db.execute("PRAGMA max_page_count = 1000000")
    bench.wait(1)
    assert sum(bench.broker.true_positions().values()) == 10 * (1 + taken)
    bench.reopen()
    assert sum(bench.broker.true_positions().values()) == 10 * (1 + taken)


def test_a_limit_that_was_taken_from_a_later_price_survives(tmp_path: Path) -> None:
    bench = PaperBench(tmp_path / "book", rest=1, rest_ticks=1)
    bench.pass_time(300)
    bench.place()
    bench.wait(1)
    assert bench.only().status == "OPEN"
    bench.reopen()
    bench.move(PRICE - 10)
    assert bench.only().filled == 10
    assert bench.broker.trades()[0].price == PRICE - 5
    bench.broker.close()


def test_files_that_are_no_paper_book_are_answered(tmp_path: Path) -> None:
    def refuse(path: Path, says: str, account: str = "paper") -> None:
        with pytest.raises(UnreadableFileError, match=says):
            PaperBroker(path, clock=SimulatedClock(START), account=account)

    text = tmp_path / "text"
    text.write_text("symbol,price\n" * 100, encoding="utf-8")
    refuse(text, "not a paper broker's book")
    other = tmp_path / "other"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE mine (a)")
    db.close()
    refuse(other, "is not a paper broker's book")
    book = tmp_path / "book"
    PaperBroker(book, clock=SimulatedClock(START)).close()
    refuse(book, "account `paper`, not of `mine`", account="mine")
    with sqlite3.connect(book) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    refuse(book, "version 99")
    refuse(tmp_path / "no" / "folder", "cannot be opened")


def test_two_processes_cannot_use_one_book(tmp_path: Path, project: Path) -> None:
    broker = PaperBroker(tmp_path / "book", clock=SimulatedClock(START))
    child = (
        "import sys; from pathlib import Path; from tests.broker.bench import *\n"
        "PaperBroker(Path(sys.argv[1]), clock=SimulatedClock(START))"
    )
    found = subprocess.run(
        [sys.executable, "-c", child, str(tmp_path / "book")], cwd=project, capture_output=True, text=True, check=False
    )
    assert "another process is using the paper broker's book" in found.stderr
    broker.close()
    again = PaperBroker(tmp_path / "book", clock=SimulatedClock(START))
    assert again.quotes([KEY]) == {}
    again.close()
