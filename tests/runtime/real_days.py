"""Policies, prices and entries for runs over real days: the seven sentences, scaled to what a day moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rulekit.market.feed import Feed, open_feed
from rulekit.market.ticks import Tick
from rulekit.model.instant import MINUTE, at, day_of
from rulekit.model.position import LONG, SHORT
from rulekit.runtime.entries import Entry

SEVEN_SCALED = """\
policy "Intraday, scaled"
applies to NSE equity, product MIS

set first target to 0.6%

define strong momentum as momentum over 15 minutes is at least 0.1%
define high volume     as volume is at least 1.5 times normal
define high volatility as volatility is at least 1.5 times normal

PARTIAL_PROFIT_BOOKING_50%: book 50% at first target profit after 30 minutes
PARTIAL_PROFIT_BOOKING_75%: book 75% at 1% profit
POSITION_SCALING_MOMENTUM:  add 25% at 0.2% profit when strong momentum and high volume
STOP_LOSS_ADJUSTMENT:       move stop to break-even + 0.08% at 0.4% profit
TIME_BASED_TIGHTENING:      tighten stop to 0.9% from price after 2 hours
VOLATILITY_ADJUSTMENT:      tighten stop to 0.8% from price when high volatility
"Square off":               exit at 15:15
"""

_ENTER_AT = 9 * 60 + 25


def morning_entries(feed: Feed, *, days: int | None = None) -> list[Entry]:
    """Enter every symbol each morning at the price of that minute, long and short by turns, a stop 1.2% away."""
    found: dict[tuple[str, str], Entry] = {}
    for tick in feed.ticks():
        day = day_of(tick.at)
        when = at(day, _ENTER_AT * MINUTE)
        key = (tick.symbol, str(day))
        if tick.at < when or key in found:
            continue
        number = len(found)
        side = LONG if (number + day.toordinal()) % 2 else SHORT
        found[key] = Entry(
            row=number + 2,
            instrument=tick.key,
            product="MIS",
            side=side,
            quantity=100 + 7 * number,
            entry=tick.price,
            opened=tick.at,
            stop=round(tick.price * (1 - side * 0.012) / 5) * 5.0,
        )
    entries = sorted(found.values(), key=lambda entry: entry.opened)
    if days is not None:
        keep = sorted({day_of(entry.opened) for entry in entries})[:days]
        entries = [entry for entry in entries if day_of(entry.opened) in keep]
    return entries


def thinned(data: Path, path: Path, *, every: int, day: str = "") -> Feed:
    """Write each symbol's every so-manieth tick of the real days, or of one of them, and open what was written.

    The engine does the same work at each price: a thinner day goes through the same minutes, thresholds and hours at
    less cost. At full rate go the three bad days, the market's facts and the longer runs of `tests.soak`.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(data / "nse_ticks.parquet")
    if day:
        table = table.filter(pc.equal(pc.strftime(table["ts"], format="%Y-%m-%d"), day))
    symbols = np.asarray(table["symbol"])
    kept = np.zeros(len(symbols), dtype=bool)
    for symbol in np.unique(symbols):
        kept[np.flatnonzero(symbols == symbol)[::every]] = True
    pq.write_table(table.filter(pa.array(kept)), path)
    return open_feed(path)


def ticks_of_day(feed: Feed, day: str) -> Iterator[Tick]:
    """Go through one day's ticks."""
    return (tick for tick in feed.ticks() if str(day_of(tick.at)) == day)


def write_policy(folder: Path, text: str = SEVEN_SCALED) -> Path:
    """Write a policy into a folder."""
    path = folder / "scaled.policy"
    path.write_text(text, encoding="utf-8")
    return path
