"""Facts that plug-ins compute of the day's bars, beside the cycle: asked when a bar is complete, read when known."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from math import nan
from typing import NamedTuple

from attrs import define

from rulekit.market.bars import Bars
from rulekit.market.requests import FactRequest
from rulekit.model.instant import Instant
from rulekit.model.instrument import InstrumentKey
from rulekit.plugins.computing import Computing, Outcome, Question
from rulekit.plugins.day_bars import DayBars
from rulekit.plugins.facts import Declared, declared
from rulekit.plugins.settings import PluginSettings

OLDEST_UNDERLYING = 2
"""A price of the underlying counts for so many bars; then it is unknown."""


class Kept(NamedTuple):
    """The bars of a day as they are now, whatever comes after: copies are cheap, what is made of them is not."""

    origin: Instant
    length: int
    complete: int
    slots: list[int]
    opens: list[float]
    highs: list[float]
    lows: list[float]
    closes: list[float]
    volumes: list[float]


def kept(bars: Bars) -> Kept:
    """Copy the bars of a day."""
    columns = (bars.slots, bars.opens, bars.highs, bars.lows, bars.closes, bars.volumes)
    return Kept(bars.origin, bars.length, bars.complete, *(column.copy() for column in columns))  # type: ignore[arg-type]


def day_bars(
    key: InstrumentKey, bars: Bars | Kept, scale: float, underlying: Bars | Kept | None, underlying_scale: float
) -> DayBars:
    """Return the complete bars of a day as plug-ins get them.

    Args:
        scale: smallest units in a rupee of the instrument, and of its underlying.
    """
    count = bars.complete
    slots = bars.slots[:count]
    first = slots[0] if slots else 0
    ends = [bars.origin + (slot + 1) * bars.length for slot in slots]

    def rupees(prices: Sequence[float]) -> list[float]:
        return [price / scale for price in prices[:count]]

    return DayBars(
        key.exchange,
        key.symbol,
        at=ends,
        open=rupees(bars.opens),
        high=rupees(bars.highs),
        low=rupees(bars.lows),
        close=rupees(bars.closes),
        volume=[bars.volumes[slot - first] for slot in slots],
        underlying=_beside(ends, underlying, underlying_scale, bars.length),
        length=bars.length,
    )


def _beside(ends: Sequence[int], other: Bars | Kept | None, scale: float, length: int) -> list[float]:
    """Return the last price of another instrument at each end of a bar, NaN where it is too old."""
    if other is None or not other.slots:
        return [nan] * len(ends)
    theirs = [other.origin + (slot + 1) * other.length for slot in other.slots]
    found = []
    for end in ends:
        place = bisect_right(theirs, end) - 1
        fresh = place >= 0 and end - theirs[place] <= OLDEST_UNDERLYING * length
        found.append(other.closes[place] / scale if fresh else nan)
    return found


@define
class _State:
    """What is known of one fact of one instrument: the value after a number of bars of a day, and what was asked."""

    origin: int = -1
    asked: int = 0
    known: int = 0
    value: float = nan
    question: Question | None = None


class PluggedFacts:
    """The facts of plug-ins for all instruments of one market.

    Args:
        waits: wait for every answer, which is bounded: for runs whose clock stands still meanwhile. Otherwise a value
            counts until the next bar is complete, and for as long as that bar's value may take to be computed.
    """

    def __init__(self, settings: PluginSettings | None = None, *, waits: bool = False) -> None:
        self._computing = Computing(settings)
        self._waits = waits
        self._states: dict[tuple[InstrumentKey, FactRequest], _State] = {}
        self._told: set[str] = set()
        self._troubles: list[str] = []

    def value(
        self, key: InstrumentKey, request: FactRequest, bars: Bars, scale: float, underlying: tuple[Bars, float] | None
    ) -> float:
        """Return a fact after the last complete bar of the day in natural units; NaN while it is unknown."""
        state = self._states.get((key, request))
        if state is None:
            state = self._states[key, request] = _State()
        if state.origin != bars.origin:
            self._states[key, request] = state = _State(bars.origin)
        self._take(state, key, request)
        count = bars.complete
        if count != state.asked and count and state.question is None:
            found = declared(request.name)
            if found is None or found.fact is None:
                return nan
            other, their_scale = underlying or (None, 1.0)
            beside = kept(other) if other is not None and "underlying" in found.fact.needs else None
            day = partial(day_bars, key, kept(bars), scale, beside, their_scale)
            state.asked = count
            window = request.in_bars(bars.length) if found.fact.windowed else 0
            state.question = self._computing.ask_later(found.entry, day, window, 1)
            if self._waits:
                state.question.wait()
            self._take(state, key, request)
        return state.value if state.known >= count - 1 else nan

    def _take(self, state: _State, key: InstrumentKey, request: FactRequest) -> None:
        """Take an answer that has come."""
        outcome = None if state.question is None else state.question.outcome
        if outcome is None:
            return
        state.question = None
        state.known = state.asked
        state.value = outcome.values[-1] if outcome.values else nan
        if outcome.trouble:
            found = declared(request.name)
            assert found is not None
            self._note(found, outcome, f" of {key.exchange}:{key.symbol}")

    def _note(self, found: Declared, outcome: Outcome, where: str) -> None:
        """Keep what went wrong, once for each fact."""
        if found.entry.name not in self._told:
            self._told.add(found.entry.name)
            self._troubles.append(trouble_text(found, outcome, where))

    def troubles(self) -> list[str]:
        """Return what went wrong since this was last asked, each once."""
        found, self._troubles = self._troubles, []
        return found

    def close(self) -> None:
        """End the processes of the plug-ins."""
        self._computing.close()


def trouble_text(found: Declared, outcome: Outcome, where: str = "") -> str:
    """Say what a plug-in did, and what follows from it."""
    package, name = found.entry.package, found.entry.name
    if outcome.ended:
        ended = "which is unknown from now on: it is asked for no more"
        return f"the plug-in `{package}` {outcome.trouble} for `{name}`{where}, {ended}"
    return f"the plug-in `{package}` {outcome.trouble} for `{name}`{where}, which is unknown"
