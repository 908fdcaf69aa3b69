"""A scene to look at: an engine in a thread over a scripted broker, with much going on at one time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from rulekit.execution.settings import ExecutionSettings
from rulekit.model.clock import SimulatedClock, WallClock
from rulekit.model.instant import parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import BUY, SELL
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.execution.scripted import ScriptedBroker

TEN = parse_instant("2026-11-20T10:00:00+05:30")
SCENE_ALERT = "the margin is nearly used up"
NASTY = "<img src=x onerror=alert(1)>"
POLICY = """policy "Scene <script>alert(1)</script>"
applies to NSE equity

"Half <b>of it</b>": book 50% at 5% profit
"Out":    exit at 3% loss
"Even":   move stop to entry at 4% profit
"Old":    exit after 3 hours
"Crowd":  exit if volume is above 5 times normal
"""
HELD = (("INFY", 40, 1500.0), ("TCS", -25, 3200.0), ("WIPRO", 120, 240.0), ("ITC", 300, 460.0))
PRICES = {"INFY": 1521.35, "TCS": 3188.0, "WIPRO": 239.1, "ITC": 461.05}


def _set(broker: ScriptedBroker, **prices: float) -> None:
    for symbol, price in prices.items():
        broker.prices[InstrumentKey("NSE", symbol)] = round(price * 100, 2)


@contextmanager
def scene(folder: Path) -> Iterator[Path]:
    """Run it; gives the journal, in which WIPRO has an order of unknown fate and an alert is open."""
    clock = WallClock(TEN)
    broker = ScriptedBroker(cast(SimulatedClock, clock))
    for symbol, quantity, price in HELD:
        key = InstrumentKey("NSE", symbol)
        broker.trade(key, "MIS", BUY if quantity > 0 else SELL, abs(quantity), price * 100)
    _set(broker, **PRICES)
    journal = folder / "scene.journal"
    settings = Settings(execution=ExecutionSettings(quarantine_s=3600.0))  # however slow who looks is
    manager = Manager(
        Policy.from_text(POLICY, "scene.policy"), broker=broker, journal=journal, clock=clock, settings=settings
    )
    manager.start()
    manager.cycle()
    broker.fates = ["lost before"]
    _set(broker, WIPRO=252.5)
    manager.cycle()
    manager.executor.overhear(f"{SCENE_ALERT} {NASTY}", level="critical")
    manager.cycle()
    stop = threading.Event()

    def run() -> None:
        beat = 0
        while not stop.is_set():
            beat += 1
            _set(broker, INFY=PRICES["INFY"] + (beat % 9) * 0.4)
            if beat % 5 == 0:
                manager.cycle()
            manager.publish()
            stop.wait(0.1)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield journal
    finally:
        stop.set()
        thread.join()
        manager.close()
