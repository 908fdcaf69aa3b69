"""A paper broker on the bench: a clock and prices that a test moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rulekit.broker.paper import PaperBroker
from rulekit.broker.paper_settings import PaperSettings
from rulekit.market.ticks import Tick
from rulekit.model.clock import SimulatedClock
from rulekit.model.instant import Instant, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import Order, OrderRequest, Outcome

START = parse_instant("2026-11-20T10:00:00+05:30")
PRICE = 150_000.0
KEY = InstrumentKey("NSE", "INFY")


class PaperBench:
    """One paper broker with `KEY` heard at `PRICE`."""

    def __init__(
        self, path: Path | None = None, *, start: Instant = START, broker: dict[str, Any] | None = None, **settings: Any
    ) -> None:
        self.key = KEY
        self.clock = SimulatedClock(start)
        self.settings = PaperSettings(**settings)
        self.path = path
        self.options = broker or {}
        self.seq = 0
        self.last = PRICE
        self.open()
        self.move(PRICE)

    def open(self) -> None:
        self.broker = PaperBroker(self.path, clock=self.clock, settings=self.settings, **self.options)

    def reopen(self) -> None:
        """Let go of the broker without a word, and open its book again."""
        self.broker.close()
        self.open()

    def move(self, price: float, key: InstrumentKey = KEY) -> None:
        self.last = price if key == KEY else self.last
        self.broker.on_tick(Tick(self.seq, *key, self.clock.now(), price))
        self.seq += 1

    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.broker.on_tick(Tick(self.seq, *KEY, self.clock.now(), self.last))
        self.seq += 1

    def pass_time(self, seconds: float) -> None:
        """Let time pass without a price."""
        self.clock.sleep(seconds)
        self.broker.advance(self.clock.now())

    def place(self, tag: str = "T1", side: str = "BUY", quantity: int = 10, **more: Any) -> Outcome:
        values = {"protection": 1.0, "product": "MIS", "exchange": KEY.exchange, "symbol": KEY.symbol} | more
        return self.broker.place(OrderRequest(tag=tag, side=side, quantity=quantity, **values))

    def only(self) -> Order:
        (order,) = self.broker.orders()
        return order

    def trade_by_hand(self, side: str, quantity: int) -> None:
        self.broker.enter(
            *KEY, "MIS", side, quantity, self.last, self.clock.now(), reference=f"by hand {self.clock.now()}"
        )

    def break_reading(self) -> None:
        from attrs import evolve

        self.broker.settings = evolve(self.settings, read_fail=1.0)
