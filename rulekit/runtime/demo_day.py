"""A made-up trading day for `rulekit demo`: six positions whose prices are drawn so that every rule has its moment.

Nothing in it comes from a market. The same seed gives the same day, tick for tick.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from attrs import frozen

from rulekit.market.ticks import Tick
from rulekit.model.instant import MINUTE, SECOND, Instant, at
from rulekit.model.instrument import InstrumentKey
from rulekit.model.position import LONG, SHORT
from rulekit.model.prices import UNKNOWN, to_units
from rulekit.runtime.entries import Entry

DAY = date(2026, 11, 20)
OPENS = 9 * 60 + 15
CLOSES = 15 * 60 + 30
STEP_S = 5
TICK_UNITS = 5


@frozen
class Story:
    """One stock of the day.

    Args:
        path: (minute of the day, percent from the entry price) that the price goes through.
        wild: minutes from which and until which it moves four times as much as usual.
        busy: minutes from which and until which it trades three times as much as usual.
        entered: minute of the day at which the position stands.
    """

    symbol: str
    side: int
    quantity: int
    entry: str
    stop: str
    path: tuple[tuple[int, float], ...]
    wild: tuple[int, int] = (0, 0)
    busy: tuple[int, int] = (0, 0)
    entered: int = OPENS
    noise: float = 0.02


def _clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


_T = _clock

STORIES = (
    # A runner: first the half, later most of the rest, and the stop moved past break-even in between.
    Story(
        "KOTAKBANK", LONG, 100, "1690", "1640",
        ((OPENS, 0.0), (_T("09:40"), 11.0), (_T("10:00"), 18.5), (_T("11:30"), 20.0), (_T("12:10"), 26.0),
         (_T("12:40"), 24.0), (CLOSES, 24.4)),
    ),
    # Strong and busy at five percent: scaled; then it tires, and the tightened stop takes it out.
    Story(
        "TATASTEEL", LONG, 93, "156.00", "150.00",
        ((OPENS, 0.0), (_T("10:20"), 2.0), (_T("10:32"), 6.0), (_T("11:10"), 7.0), (_T("12:30"), 6.5),
         (_T("13:30"), 5.5), (CLOSES, 4.0)),
        busy=(_T("10:20"), _T("10:45")),
    ),
    # Wild after noon: the stop is pulled up to two percent from the price.
    Story(
        "WIPRO", LONG, 200, "240.00", "230.00",
        ((OPENS, 0.0), (_T("12:00"), 2.5), (_T("13:00"), 3.0), (_T("14:00"), 4.4), (CLOSES, 3.6)),
        wild=(_T("10:30"), _T("10:50")),
    ),
    # A short that works: the same sentences, mirrored.
    Story(
        "INFY", SHORT, 80, "1500.00", "1545.00",
        ((OPENS, 0.0), (_T("10:30"), -8.0), (_T("11:00"), -16.0), (_T("13:00"), -14.0), (CLOSES, -15.0)),
    ),
    # Does nothing all day: tightened after two hours, out at 15:15.
    Story(
        "ITC", LONG, 400, "460.00", "450.00",
        ((OPENS, 0.0), (_T("12:00"), 0.4), (CLOSES, 0.9)),
        noise=0.01,
    ),
    # Goes wrong at once: the stop that came with the position takes it out.
    Story(
        "SBIN", LONG, 150, "820.00", "803.60",
        ((OPENS, 0.0), (_T("09:50"), -0.8), (_T("10:15"), -2.6), (_T("11:00"), -4.0), (CLOSES, -5.0)),
    ),
)  # fmt: skip


def entries() -> list[Entry]:
    """Return the six positions of the day."""
    return [
        Entry(
            row=number,
            instrument=InstrumentKey("NSE", story.symbol),
            product="MIS",
            side=story.side,
            quantity=story.quantity,
            entry=to_units(story.entry),
            opened=_instant(story.entered),
            stop=to_units(story.stop),
        )
        for number, story in enumerate(STORIES, start=2)
    ]


def ticks(seed: int = 1) -> Iterator[Tick]:
    """Go through the day's prices in the order of time, numbered from 0."""
    streams = [_ticks_of(story, index, seed) for index, story in enumerate(STORIES)]
    for number, (moment, _, symbol, price, volume) in enumerate(heapq.merge(*streams)):
        yield Tick(number, "NSE", symbol, moment, price, volume, UNKNOWN, UNKNOWN)


COUNT = len(STORIES) * (CLOSES - OPENS) * 60 // STEP_S
"""How many ticks the day has."""


def _ticks_of(story: Story, index: int, seed: int) -> Iterator[tuple[Instant, int, str, float, float]]:
    """Draw one stock's ticks: the story's path, with noise that returns to it."""
    draw = random.Random(f"{seed} {story.symbol}")  # noqa: S311 - made-up prices, no secret
    entry = to_units(story.entry)
    drift = 0.0
    volume = 0.0
    for second in range(OPENS * 60, CLOSES * 60, STEP_S):
        minute = second / 60
        wild = story.wild[0] <= minute < story.wild[1]
        busy = story.busy[0] <= minute < story.busy[1]
        drift = 0.9 * drift + draw.gauss(0.0, story.noise * (8 if wild else 1))
        percent = _between(story.path, minute) + drift
        price = max(TICK_UNITS, round(entry * (1 + percent / 100) / TICK_UNITS) * TICK_UNITS)
        volume += draw.randint(50, 150) * (3 if busy else 1)
        yield _instant(0) + second * SECOND + index * SECOND // 10, index, story.symbol, float(price), volume


def _between(path: tuple[tuple[int, float], ...], minute: float) -> float:
    """Interpolate the path in a straight line."""
    for (left, low), (right, high) in pairwise(path):
        if minute <= right:
            return low + (high - low) * max(0.0, minute - left) / (right - left)
    return path[-1][1]


def _instant(minute: int) -> Instant:
    return at(DAY, minute * MINUTE)
