"""A desk for hosts that live on bars: facts made of them as in a replay, a look at each close, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from attrs import define, frozen

from rulekit.errors import InputError
from rulekit.market.bar_path import STEPS
from rulekit.market.market import Market, is_market_fact
from rulekit.market.numbers import scale_of
from rulekit.market.ticks import Tick
from rulekit.model.calendar import EXCHANGES, Calendar
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import EXIT, STOP_REACHED, TARGET_REACHED, Action, Decision
from rulekit.model.instant import SECOND, Instant, day_number, day_of
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import PAISE, to_units
from rulekit.runtime.desk import Desk
from rulekit.runtime.position import Moment, Position, Rupees, moment
from rulekit.runtime.sources import PolicySource

NOTHING = (None,) * STEPS


class Bar(NamedTuple):
    """One bar, stamped at its start; prices as a host has them, `volume` of the bar alone."""

    symbol: str
    start: Moment
    open: Rupees
    high: Rupees
    low: Rupees
    close: Rupees
    volume: float | None = None


@define
class Held:
    """A position as an adapter keeps it for a framework that shows its own otherwise."""

    symbol: str
    quantity: int = 0
    entry: Rupees = 0
    opened: Moment | None = None
    stop: Rupees | None = None
    exchange: str = "NSE"
    product: str = "MIS"
    strategy: str = ""
    lot: int = 1
    tick: Rupees = "0.05"
    scale: int = PAISE


@frozen
class Done:
    """One action at the bar whose close decided it, or in which a stop or target took the position out.

    Args:
        at: the start of the bar. stop: the new stop or target in rupees, None for an order.
    """

    at: Instant
    symbol: str
    rule: str
    kind: str
    quantity: int | None
    stop: float | None


class BarDesk(Desk):
    """A desk whose looks are the closes of bars.

    Facts of the market that the policy reads are made of the bars heard, on India's exchanges; others, and those of
    other markets, are given with each look.

    Args:
        policy: as for a desk.
        bar_s: seconds from the start of a bar to its end.
        exchange: of the symbols.
        scale: smallest units in one of the currency.
        hosts_stops: the host's own orders take a position out at its stop and target; the desk only tells where they
            stand, and notes that they were reached. Otherwise the desk tests them in each bar.
        more: as for a desk.
    """

    def __init__(
        self,
        policy: PolicySource,
        *,
        bar_s: float = 60.0,
        exchange: str = "NSE",
        scale: int = PAISE,
        hosts_stops: bool = True,
        calendar: Calendar | None = None,
        **more: Any,
    ) -> None:
        super().__init__(policy, calendar=calendar, **more)
        self.length = round(bar_s * SECOND)
        self.exchange, self.scale, self.hosts_stops = exchange, scale, hosts_stops
        self.done: list[Done] = []
        """Every action, oldest first."""
        self._calendar = calendar or default_calendar()
        length = self.length
        self._offsets = (length // 3, 2 * length // 3, length - min(SECOND, length // 10))
        self._days_volume: dict[str, tuple[int, float]] = {}
        self._ends: dict[int, Instant] = {}
        wanted = {phrase for one in self.policies for phrase in one.market_facts if is_market_fact(phrase)}
        listed = exchange in EXCHANGES
        self._market = Market(wanted, bar_s=bar_s, calendar=self._calendar) if wanted and listed else None

    def hear(self, bar: Bar) -> None:
        """Take a bar for the facts of the market; `at_close` does it by itself."""
        market = self._market
        if market is None:
            return
        start, scale = _start(bar), self.scale
        opens, high, low, close = (to_units(price, scale) for price in bar[2:6])
        day, before = self._days_volume.get(bar.symbol, (-1, 0.0))
        before = before if day == day_number(start) else 0.0
        volume = bar.volume or 0.0
        self._days_volume[bar.symbol] = (day_number(start), before + volume)
        ends = (high, low) if close < opens else (low, high)
        traded: tuple[float | None, ...] = NOTHING
        if bar.volume is not None:
            traded = (before, before + volume / 3.0, before + volume * 2.0 / 3.0, before + volume)
        exchange, symbol, second, third_at, last = self.exchange, bar.symbol, *self._offsets
        market.update(Tick(0, exchange, symbol, start, opens, traded[0]))
        market.update(Tick(1, exchange, symbol, start + second, ends[0], traded[1]))
        market.update(Tick(2, exchange, symbol, start + third_at, ends[1], traded[2]))
        market.update(Tick(3, exchange, symbol, start + last, close, traded[3]))

    def at_close(
        self, position: Position, bar: Bar, facts: Mapping[str, float | None] | None = None, *, heard: bool = False
    ) -> Decision:
        """Decide at the close of a bar.

        Args:
            facts: what the bars do not tell, by the names of the language.
            heard: the bar was taken by `hear` already.
        """
        if not heard:
            self.hear(bar)
        start = _start(bar)
        if self._market is not None:
            known = self._market.facts(InstrumentKey(self.exchange, bar.symbol))
            facts = {**known, **facts} if facts else known
        if not position.quantity and self.hosts_stops:
            self._note_what_the_host_closed(position, bar, start)
        decision = self.look(
            position, price=bar.close, now=self._end_of(start), facts=facts,
            open=None if self.hosts_stops else bar.open, high=bar.high, low=bar.low,
        )  # fmt: skip
        if decision.actions:
            self.done += [done_at(start, decision.symbol, action) for action in decision.actions]
        return decision

    def took_out(self, position: Position, rule: str, bar: Instant) -> None:
        """Note that the host's own stop or target took a position out.

        Args:
            rule: `stop` or `target`. bar: the start of the bar in which it happened.
        """
        episode = self._episodes.find(position)
        if episode is not None:
            self.done.append(Done(bar, position.symbol, rule, EXIT, episode.quantity, None))

    def _note_what_the_host_closed(self, position: Position, bar: Bar, start: Instant) -> None:
        """Note a stop or target of the host's that took a position out in this bar."""
        episode = self._episodes.find(position)
        if episode is None or (episode.waiting is not None and episode.waiting.action.kind == EXIT):
            return
        opens, high, low = (to_units(price, self.scale) for price in bar[2:5])
        level = episode.reached(opens, high, low)
        if level == level:
            name = STOP_REACHED if level * episode.side <= episode.stop * episode.side else TARGET_REACHED
            self.done.append(Done(start, bar.symbol, name, EXIT, episode.quantity, None))

    def _end_of(self, start: Instant) -> Instant:
        """Return the end of a bar; of a session's last one a second before the close, as in a replay."""
        day = day_number(start)
        if day not in self._ends:
            session = self._calendar.session(self.exchange, day_of(start)) if self.exchange in EXCHANGES else None
            self._ends[day] = session.closes if session is not None else 0
        end, closes = start + self.length, self._ends[day]
        return closes - SECOND if end >= closes > start else end


def bars_of_day(path: Path, symbol: str, day: date) -> list[Bar]:
    """Read the bars of one symbol and day from a Parquet file with the columns that a replay reads.

    Raises:
        InputError: there are none.
    """
    from rulekit.replay.bars import read_bars

    found = []
    for series in read_bars(path).series.values():
        if series.key.symbol != symbol:
            continue
        table, scale = series.table, scale_of(series.key.exchange)
        columns = [table[name].to_pylist() for name in ("at", "open", "high", "low", "close", "volume")]
        for at, *prices, volume in zip(*columns, strict=True):
            if day_of(at) == day:
                found.append(Bar(symbol, at, *(price / scale for price in prices), volume))  # type: ignore[call-arg]
    if not found:
        raise InputError(f"`{path}` has no bars of {symbol} on {day}", "give another symbol or day")
    return found


def done_at(start: Instant, symbol: str, action: Action) -> Done:
    """Return an action as a row of the table."""
    price = action.stop_price
    return Done(start, symbol, action.rule, action.kind, action.quantity, None if price is None else float(price))


def _start(bar: Bar) -> Instant:
    if type(bar.start) is int:
        return bar.start
    start = moment(bar.start)
    assert start is not None
    return start
