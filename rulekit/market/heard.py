"""What a line would have heard of whole days of prices, as arrays: the prices within sessions, and their bars."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import nan
from typing import Any

from attrs import frozen

from rulekit.market.bars import SILENCE


@frozen(eq=False)
class Prices:
    """The prices of some whole days of one instrument as arrays of NumPy, in order, none of them late or repeated.

    Args:
        at: instants. price: in smallest units. volume: of the day so far, NaN where the feed has none.
        bid, ask: NaN unknown; None where nothing is quoted.
    """

    at: Any
    price: Any
    volume: Any
    bid: Any = None
    ask: Any = None


@frozen(eq=False)
class Heard:
    """What was heard within sessions: prices, and the bars that they make.

    Args:
        day: of each price, counted from 0. bar: of each price, counted over all days.
        firsts: the first price of each day that has one. traded, value: volume and price × volume of the day so far.
        opening, begins: of each bar its first price, and the first bar of its day.
        amounts, values, squares: of each complete slot its volume, price × volume, squared change.
        complete, start: of each bar how many slots of its day were complete when it began, and where those stand.
    """

    at: Any
    price: Any
    day: Any
    firsts: Any
    traded: Any
    value: Any
    bar: Any
    opening: Any
    begins: Any
    amounts: Any
    values: Any
    squares: Any
    complete: Any
    start: Any

    @classmethod
    def of(cls, prices: Prices, places: Any, days: Any, opens: Any, length: int) -> Heard:
        """Go through the prices at these places."""
        import numpy as np

        at, price, volume, day = (column[places] for column in (prices.at, prices.price, prices.volume, days))
        count = len(at)
        turned_day = np.r_[True, day[1:] != day[:-1]][:count]
        firsts = np.flatnonzero(turned_day)
        since = np.r_[0, at[:-1]][:count]
        since[firsts] = opens[day[firsts]]
        silent = at - since > SILENCE
        is_known, traded, value = _traded(price, volume, firsts, silent)
        slot = (at - opens[day]) // length
        turned = turned_day | np.r_[True, slot[1:] != slot[:-1]][:count]
        opening = np.flatnonzero(turned)
        bar = np.cumsum(turned) - 1
        begins = np.maximum.accumulate(np.where(turned_day[opening], np.arange(len(opening)), 0))
        slots = _Slots.of(opening, slot[opening], begins, price, silent, is_known, traded, value)
        return cls(
            at, price, day, firsts, traded, value, bar, opening, begins, slots.amounts, slots.values, slots.squares,
            slot[opening] - slot[opening][begins], slots.start,
        )  # fmt: skip

    def by_day(self, column: Any, accumulate: Callable[..., Any]) -> Any:
        """Accumulate a column anew on each day."""
        return by_part(column, self.firsts, accumulate)


def by_part(column: Any, firsts: Any, accumulate: Callable[..., Any]) -> Any:
    """Accumulate a column anew from each of these places on, one after the other."""
    import numpy as np

    found = np.empty_like(column)
    for first, behind in pairwise([*firsts, len(column)]):
        accumulate(column[first:behind], out=found[first:behind])
    return found


def _traded(price: Any, volume: Any, firsts: Any, silent: Any) -> tuple[Any, Any, Any]:
    """Return whether a volume was heard on the day, what was traded so far, and price × volume of that."""
    import numpy as np

    top = by_part(volume, firsts, np.fmax.accumulate)  # what was traded on a day never falls
    before = np.r_[nan, top[:-1]][: len(top)]
    before[firsts] = nan
    grown = (volume > before) & ~silent
    step = np.where(grown, volume - before, 0.0)
    cumsum = np.add.accumulate
    return top == top, by_part(step, firsts, cumsum), by_part(np.where(grown, price * step, 0.0), firsts, cumsum)


@frozen(eq=False)
class _Slots:
    """The complete slots of all days, one day's after the other's; `start` tells where the day of each bar begins."""

    amounts: Any
    values: Any
    squares: Any
    start: Any

    @classmethod
    def of(
        cls, opening: Any, slot: Any, begins: Any, price: Any, silent: Any, is_known: Any, traded: Any, value: Any
    ) -> _Slots:
        """Complete each bar that another one of its day follows, with the slots without a price behind it."""
        import numpy as np

        number = np.arange(len(opening))
        # a bar is completed by the first price of the next one
        done = np.flatnonzero(begins[1:] == begins[:-1]) if len(opening) else number
        following = opening[done + 1] if len(done) else done
        last = following - 1
        hole = np.add.reduceat(silent, opening)[done] > 0 if len(done) else np.zeros(0, bool)
        hole |= silent[following]
        is_first = begins[done] == done
        base = np.where(is_first, -1, opening[done] - 1)
        spans = slot[done + 1] - slot[done] if len(done) else done
        ends = np.cumsum(spans)
        places = ends - spans
        empty = np.where(silent[following] | ~is_known[last], nan, 0.0)

        def filled(of_bars: Any, of_gaps: Any) -> Any:
            found = np.repeat(of_gaps, spans)
            found[places] = of_bars
            return found

        def grown(column: Any) -> Any:
            known = is_known[last] & ~hole
            return np.where(known, column[last] - np.where(base < 0, 0.0, column[base]), nan)

        before = price[opening[done] - 1]
        change = (price[last] - before) * 100.0 / before
        squares = np.where(is_first | hole, nan, change * change)
        start = np.zeros(len(opening), "int64")
        if len(done):
            # the first slot of a day: as many as were completed on the days before
            completed = np.zeros(len(opening), "int64")
            completed[done + 1] = spans
            start = (np.cumsum(completed))[begins]
        return cls(
            filled(grown(traded), empty),
            filled(grown(value), empty),
            filled(squares, np.where(silent[following], nan, 0.0)),
            start,
        )
