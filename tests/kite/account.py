"""An account at the localhost Kite whose prices a test moves, and a day of rulekit before it in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rulekit.execution.history import history
from rulekit.execution.journal import read_journal
from rulekit.execution.journal_schema import Entry
from rulekit.execution.settings import ExecutionSettings, StopSettings
from rulekit.kite_server.server import KiteServer
from rulekit.kite_server.settings import ServerSettings
from rulekit.model.clock import WallClock
from rulekit.model.events import Event
from rulekit.runtime.live import LiveDay, open_kite_day
from rulekit.runtime.policy import Policy
from rulekit.settings import EngineSettings, Settings
from tests.kite.bench import settings_for, until

START = "2026-11-20T10:00:00+05:30"
POLICY = """\
policy "Live"
HALF: book 50% at 10% profit
OUT: exit at 20% profit
UP: move stop to break-even at 5% profit
"""


class Account:
    """A server whose clock runs five times as fast, with positions, and a day of rulekit in a thread before it."""

    def __init__(
        self, folder: Path, *, speed: float = 5.0, start: str = START, feed: Any = None, **server: Any
    ) -> None:
        self.folder = folder
        self.speed = speed
        values = {"margin_check": "off"} | server
        self.server = KiteServer(ServerSettings(**values), start=start, speed=speed, feed=feed).start()
        self.events: list[Event] = []
        self.journal = folder / "day.journal"
        self.told_at_begin: list[list[str]] = []
        self._day: LiveDay | None = None

    def price(self, symbol: str, rupees: float) -> None:
        self.server.push_price("NSE", symbol, rupees)

    def buy(self, symbol: str, quantity: int, rupees: float) -> None:
        self.price(symbol, rupees)
        self.server.trade_by_hand("NSE", symbol, "BUY", quantity)
        until(lambda: self.held(symbol) == quantity)

    def held(self, symbol: str, product: str = "MIS") -> int:
        return self.server.true_positions().get(("NSE", symbol, product), 0)

    def keep_priced(self, symbol: str, rupees: float, what: Any, seconds: float = 10.0) -> None:
        """Let the symbol trade at a price, over and over until something is true; an old one decides nothing."""
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, [*self.names(), self.events[-1]]
            self.price(symbol, rupees)
            time.sleep(0.03)

    @contextmanager
    def day(
        self,
        policy: str = POLICY,
        *,
        dry_run: bool = False,
        quarantine_s: float = 5.0,
        stops: bool = False,
        **kite: Any,
    ) -> Iterator[LiveDay]:
        settings = Settings(
            stops=StopSettings(at_broker=stops),
            engine=EngineSettings(cycle_s=2.0),
            execution=ExecutionSettings(quarantine_s=quarantine_s),
            kite=settings_for(self.server, self.folder, **kite),
        )
        clock = WallClock(self.server.clock.now(), self.speed)
        with open_kite_day(
            [Policy.from_text(policy)], self.journal, settings=settings, clock=clock, emit=self.events.append,
            dry_run=dry_run,
        ) as day:  # fmt: skip
            self._day = day
            day.begun = lambda: self.told_at_begin.append(self.names())
            thread = threading.Thread(target=day.run)
            thread.start()
            try:
                yield day
            finally:
                day.stop()
                thread.join(10)
                assert not thread.is_alive(), "it stops within ten seconds"

    def names(self) -> list[str]:
        return [event.name for event in self.events]

    def pending(self) -> list[dict[str, Any]]:
        """Return what the running day has not brought to an end."""
        return [] if self._day is None else [{"id": found, "end": None} for found in self._day.left_open()]

    def entries(self) -> list[Entry]:
        return list(read_journal(self.journal))

    def history(self) -> list[dict[str, Any]]:
        return history(self.entries())

    def two_stops(self, symbol: str) -> list[tuple[str, str]]:
        """Return the pairs of our stop orders in a symbol that were in the true book at the same time."""
        with self.server.desk.lock:
            orders = list(self.server.desk.oms.orders.values())
        spans = [
            (order.snapshots[0][0], order.snapshots[-1][0] if order.ended else 1 << 62, order.order_id)
            for order in orders
            if order.ticket.tag and order.ticket.order_type == "SL" and order.ticket.listing.symbol == symbol
        ]
        return [
            (one, other)
            for number, (_, end, one) in enumerate(spans)
            for begin, _, other in spans[number + 1 :]
            if begin < end
        ]

    def is_exact(self) -> None:
        """Hold the journal against the true book: an order for each attempt, no tag twice, fills to the share."""
        ours = [order for order in self.server.true_orders() if order["tag"]]
        tags = [order["tag"] for order in ours]
        rows = self.history()
        attempts = {attempt["tag"]: attempt for row in rows for attempt in row["attempts"]}
        assert len(set(tags)) == len(tags)
        assert set(tags) <= set(attempts)
        filled = {order["tag"]: order["filled_quantity"] for order in ours}
        for row in rows:
            truly = sum(filled.get(attempt["tag"], 0) for attempt in row["attempts"])
            # What was on its way when the day was stopped is read at the next start.
            assert row["filled"] == truly or (row["end"] is None and row["filled"] < truly), row
            assert row["quantity"] is None or row["filled"] <= row["quantity"]
