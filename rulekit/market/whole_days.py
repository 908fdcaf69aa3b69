"""Facts of whole days at once, in columns: the same floats as a line that hears one price after another, much sooner.

Every sum is taken in the order in which a line takes it, so what is decided on these facts is what is decided live.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import nan
from typing import Any

from attrs import define, frozen

from rulekit.market.averages import LEAST, Average
from rulekit.market.heard import Heard, Prices, by_part
from rulekit.market.line import EARLIER_VOLATILITY, EARLIER_VOLUME, REFERENCE_AGE
from rulekit.market.numbers import scale_of
from rulekit.market.requests import FactRequest
from rulekit.model.calendar import Calendar, HorizonError
from rulekit.model.instant import DAY, day_of

INDIA_US = 19_800_000_000


@define
class WholeDays:
    """Makes the facts of one instrument, some days after the others.

    Args:
        bar: length of a bar in microseconds.
    """

    exchange: str
    bar: int
    calendar: Calendar
    _session_price: float = nan
    _session_day: int = 0

    def facts(self, prices: Prices, requests: Sequence[FactRequest]) -> list[Any]:
        """Return a column a fact, in natural units, NaN where it is unknown; the days follow those of the last call."""
        import numpy as np

        days = (prices.at + INDIA_US) // DAY
        firsts = np.flatnonzero(np.r_[True, days[1:] != days[:-1]])
        opens, closes, before = self._turned(prices, firsts)
        lengths = np.diff(np.r_[firsts, len(days)])
        inside = (np.repeat(opens, lengths) <= prices.at) & (prices.at < np.repeat(closes, lengths))
        day_of_each = np.repeat(np.arange(len(firsts)), lengths)
        with np.errstate(divide="ignore", invalid="ignore"):
            heard = Heard.of(prices, np.flatnonzero(inside), day_of_each, opens, self.bar)
        place = np.cumsum(inside) - 1  # the last price that was heard; none of an earlier day's
        known = place >= 0
        known[known] = heard.day[place[known]] == day_of_each[known]
        about = _About(self, prices, heard, np.where(known, place, -1), inside, np.repeat(before, lengths))
        with np.errstate(divide="ignore", invalid="ignore"):  # what comes of an unknown number is unknown
            return [_FACTS[request.name](about, request) for request in requests]

    def _turned(self, prices: Prices, firsts: Any) -> tuple[Any, Any, Any]:
        """Return of each day when it opens and closes, and the close of the session before, if that one was heard."""
        import numpy as np

        opens, closes, previous = [], [], []
        for first, behind in pairwise([*firsts, len(prices.at)]):
            day = day_of(int(prices.at[first]))
            session = self.calendar.session(self.exchange, day)
            begin, end = (session.opens, session.closes) if session else (0, 0)
            try:
                before = self.calendar.previous_session(self.exchange, day).day.toordinal()
            except HorizonError:
                before = -1
            opens.append(begin)
            closes.append(end)
            previous.append(self._session_price if self._session_day == before else nan)
            if session:
                some = prices.at[first:behind]
                last = first + int(np.searchsorted(some, end)) - 1
                heard = last >= first and prices.at[last] >= begin
                self._session_day, self._session_price = day.toordinal(), float(prices.price[last]) if heard else nan
        return np.array(opens, "int64"), np.array(closes, "int64"), np.array(previous, "float64")


@frozen(eq=False)
class _About:
    """What the facts of a call are made of.

    Args:
        place: for each price the last one that was heard on its day, or -1. before: the close of the session before.
    """

    days: WholeDays
    prices: Prices
    heard: Heard
    place: Any
    inside: Any
    before: Any

    @property
    def scale(self) -> int:
        """Smallest units in a rupee."""
        return scale_of(self.days.exchange)

    def at_prices(self, of_heard: Any) -> Any:
        """Spread what is known after each price that was heard over all prices."""
        import numpy as np

        return np.where(self.place >= 0, of_heard[self.place], nan) if len(of_heard) else np.full(len(self.place), nan)

    def at_bars(self, of_bars: Any) -> Any:
        """Spread what is known when each bar begins over all prices."""
        return self.at_prices(of_bars[self.heard.bar])


def _percent(price: Any, reference: Any) -> Any:
    import numpy as np

    return np.where(reference > 0, (price - reference) * 100.0 / reference, nan)


def _momentum(about: _About, request: FactRequest) -> Any:
    import numpy as np

    heard = about.heard
    then = heard.at - request.in_time(about.days.bar)
    index = np.searchsorted(heard.at, then, side="right") - 1
    reached = index >= 0
    reached[reached] = heard.day[index[reached]] == heard.day[reached]
    fresh = reached & (then - heard.at[index] <= REFERENCE_AGE)
    return np.where(about.inside, about.at_prices(_percent(heard.price, np.where(fresh, heard.price[index], nan))), nan)


def _change(about: _About, request: FactRequest) -> Any:
    if request.in_time(about.days.bar):
        return _momentum(about, request)
    return _percent(about.prices.price, about.before)


def _spread(about: _About, request: FactRequest) -> Any:
    import numpy as np

    bid, ask, price = about.prices.bid, about.prices.ask, about.prices.price
    if bid is None or ask is None:
        return np.full(len(price), nan)
    return np.where((ask >= bid) & (bid > 0), (ask - bid) * 100.0 / price, nan)


def _vwap(about: _About, request: FactRequest) -> Any:
    import numpy as np

    heard, window = about.heard, request.in_bars(about.days.bar)
    if not window:
        return about.at_prices(np.where(heard.traded > 0, heard.value / heard.traded, nan)) / about.scale
    found = np.full(len(heard.opening), nan)
    enough = np.flatnonzero(heard.complete >= window)
    ends = heard.start[enough] + heard.complete[enough]
    volume = _added(heard.amounts, ends - window, window)
    found[enough] = np.where(volume > 0, _added(heard.values, ends - window, window) / volume, nan)
    return about.at_bars(found) / about.scale


def _added(column: Any, starts: Any, count: int) -> Any:
    """Add so many numbers from each place on, one after the other."""
    import numpy as np

    total = np.zeros(len(starts))
    for step in range(count):
        total += column[starts + step]
    return total


def _relative(about: _About, amounts: Any, skipped: int, window: int, least: int) -> Any:
    """Do what `Relative` does at every bar; so many slots of each day are left out at its beginning."""
    import numpy as np

    heard = about.heard
    known = amounts == amounts
    first_slots = np.unique(heard.start[heard.complete > 0])  # of the days that have complete slots
    usual = by_part(np.where(known, amounts, 0.0), first_slots, np.add.accumulate)
    counts = np.cumsum(known)
    found = np.full(len(heard.opening), nan)
    enough = np.flatnonzero(heard.complete - skipped > window)
    starts = heard.start[enough]
    recent = starts + heard.complete[enough] - window
    count = counts[recent - 1] - np.where(starts > 0, counts[starts - 1], 0)
    total = usual[recent - 1]
    ratio = _added(amounts, recent, window) * count / (total * window)
    found[enough] = np.where((count >= least * window) & (total > 0), ratio, nan)
    return found


def _volume(about: _About, request: FactRequest) -> Any:
    window = request.in_bars(about.days.bar)
    return about.at_bars(_relative(about, about.heard.amounts, 0, window, EARLIER_VOLUME))


def _volatility(about: _About, request: FactRequest) -> Any:
    import numpy as np

    window = request.in_bars(about.days.bar)
    return about.at_bars(np.sqrt(_relative(about, about.heard.squares, 1, window, EARLIER_VOLATILITY)))


@frozen(eq=False)
class _Day:
    """The prices of one day's bars."""

    opens: list[float]
    highs: list[float]
    lows: list[float]
    closes: list[float]


def _average(about: _About, request: FactRequest) -> Any:
    """Let the average take in one bar after another, day by day."""
    import numpy as np

    heard, count = about.heard, request.in_bars(about.days.bar)
    found = np.full(len(heard.opening), nan)
    if count >= LEAST[request.name] and len(heard.opening):
        ends = np.r_[heard.opening[1:], len(heard.price)]
        opens, closes = heard.price[heard.opening], heard.price[ends - 1]
        highs, lows = (each.reduceat(heard.price, heard.opening) for each in (np.maximum, np.minimum))
        firsts = np.unique(heard.begins)
        for first, behind in pairwise([*firsts, len(ends)]):
            day = _Day(*(column[first:behind].tolist() for column in (opens, highs, lows, closes)))
            average = Average(request.name, count)
            for complete in range(behind - first):
                found[first + complete] = average.value(day, complete)
    return about.at_bars(found) if request.name == "rsi" else about.at_bars(found) / about.scale


def _day_extreme(name: str) -> _Fact:
    def fact(about: _About, request: FactRequest) -> Any:
        import numpy as np

        accumulate = getattr(np, name).accumulate
        return about.at_prices(about.heard.by_day(about.heard.price, accumulate)) / about.scale

    return fact


def _day_open(about: _About, request: FactRequest) -> Any:
    import numpy as np

    heard = about.heard
    lengths = np.diff(np.r_[heard.firsts, len(heard.price)])
    return about.at_prices(np.repeat(heard.price[heard.firsts], lengths)) / about.scale


_Fact = Callable[[_About, FactRequest], Any]
_FACTS: dict[str, _Fact] = {
    "momentum": _momentum,
    "change": _change,
    "spread": _spread,
    "vwap": _vwap,
    "volume": _volume,
    "volatility": _volatility,
    "day high": _day_extreme("maximum"),
    "day low": _day_extreme("minimum"),
    "day open": _day_open,
    "previous close": lambda about, request: about.before / about.scale,
    **dict.fromkeys(LEAST, _average),
}
"""How each fact of the market is made; those of plug-ins are made elsewhere."""
