"""A few made-up minutes of one share, run on paper at full speed."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from pathlib import Path

from rulekit.market.ticks import Tick
from rulekit.model.events import Event
from rulekit.model.instant import MINUTE, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.plugins.settings import PluginSettings
from rulekit.runtime.entries import Entry
from rulekit.runtime.paper import paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings

DAY = "2026-11-20T"
OPENED = parse_instant(f"{DAY}09:16:00+05:30")


def ticks(minutes: int, fall: float = 0.0) -> Iterator[Tick]:
    """Yield four prices a minute from 09:15 on; in the last quarter they have fallen by so many paise."""
    opens = parse_instant(f"{DAY}09:15:00+05:30")
    for place in range(minutes * 4):
        price = 10_000.0 + 5 * (place % 7) - (fall if place > minutes * 3 else 0.0)
        yield Tick(place, "NSE", "INFY", opens + place * MINUTE // 4, price, float(place * 10))


def day(policy: str, journal: Path, plugins: PluginSettings, *, fall: float = 0.0) -> list[Event]:
    """Run twelve minutes with a long position of ten shares; return what happened."""
    entry = Entry(
        row=1, instrument=InstrumentKey("NSE", "INFY"), product="MIS", side=1, quantity=10, entry=10_000.0,
        opened=OPENED, stop=nan,
    )  # fmt: skip
    events: list[Event] = []
    with paper_day(
        [Policy.from_text(policy)], ticks(12, fall), OPENED - MINUTE, [entry], journal,
        settings=Settings(plugins=plugins), fast=True, emit=events.append, durable=False,
    ) as running:  # fmt: skip
        running.run()
    return events
