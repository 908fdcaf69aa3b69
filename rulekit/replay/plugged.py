"""Columns of facts that plug-ins compute: of whole days, before any loop runs, from bars made as they are live."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import nan

from attrs import define, evolve, field

from rulekit.compile.policy import CompiledPolicy
from rulekit.market.bars import Bars as DayOfBars
from rulekit.market.line import Line
from rulekit.market.plugged import day_bars, trouble_text
from rulekit.market.requests import FactRequest, needs_underlying, read_request
from rulekit.market.ticks import Tick
from rulekit.market.underlying import underlying_of
from rulekit.model.calendar import Calendar
from rulekit.model.instant import MINUTE
from rulekit.model.instrument import InstrumentKey
from rulekit.plugins.computing import Computing, Question
from rulekit.plugins.facts import Declared, declared
from rulekit.plugins.settings import PluginSettings
from rulekit.replay.bars import Bars, Series
from rulekit.replay.facts import prices_of
from rulekit.replay.soundness import Note


def with_plugged_facts(
    bars: Bars,
    policies: Sequence[CompiledPolicy],
    given: Iterable[str],
    calendar: Calendar,
    settings: PluginSettings | None = None,
    keys: Collection[InstrumentKey] | None = None,
) -> Bars:
    """Append a column for each fact of a plug-in that a policy reads and nothing else tells.

    The value at a price is that of the last bar which was complete by then. What a plug-in cannot compute is unknown,
    and noted once.

    Args:
        given: names of facts that stay the same all the time.
        keys: the instruments that are decided on; None for all of them.
    """
    slots = {slot.phrase: slot.bare for policy in policies for slot in policy.layout.facts.values()}
    wanted = [
        request
        for phrase, bare in slots.items()
        if not {phrase, bare} & set(given) and (request := read_request(phrase)) is not None and request.plugged
    ]
    if not wanted:
        return bars
    with _computing(settings) as computing:
        columns = _Columns(bars, calendar, computing)
        series = {
            key: columns.appended(one, wanted) if keys is None or key in keys else one
            for key, one in bars.series.items()
        }
    return evolve(bars, series=series, notes=(*bars.notes, *columns.notes))


@contextmanager
def _computing(settings: PluginSettings | None) -> Iterator[Computing]:
    computing = Computing(settings)
    try:
        yield computing
    finally:
        computing.close()


@define
class _Columns:
    """Asks plug-ins about the days of one series after another."""

    bars: Bars
    calendar: Calendar
    computing: Computing
    notes: list[Note] = field(factory=list)
    _told: set[str] = field(factory=set)

    def appended(self, series: Series, wanted: Sequence[FactRequest]) -> Series:
        """Return a series with a column for each fact that it does not have."""
        import pyarrow as pa

        names = series.table.column_names
        missing = [one for one in wanted if not {f"fact {one.phrase}", f"fact {one.name}"} & set(names)]
        if not missing:
            return series
        below = underlying_of(series.key) if any(needs_underlying(one) for one in missing) else None
        other = None if below is None else self.bars.series.get(below)
        self._note_missing(series, missing, other)
        beside = {} if other is None else {day.origin: day for day in self._days(other)[0]}
        days, places = self._days(series)
        table = series.table
        for request in missing:
            values = self._values(series, request, days, beside)
            column = [values[day][count - 1] if count else nan for day, count in places]
            table = table.append_column(f"fact {request.phrase}", pa.array(column, pa.float64()))
        return evolve(series, table=table)

    def _note_missing(self, series: Series, missing: Sequence[FactRequest], other: Series | None) -> None:
        """Say that a fact is unknown all the time because what the instrument is written on is not among the bars."""
        needing = next((request for request in missing if needs_underlying(request)), None)
        below = underlying_of(series.key)
        if needing is None or other is not None or below is None:
            return
        what = f"`{needing.name}` is unknown: it needs the price of {below.exchange}:{below.symbol}"
        where = f"{series.key.exchange}:{series.key.symbol}"
        self.notes.append(Note(where, f"{what}, which is not among the bars", "give the bars of both"))

    def _days(self, series: Series) -> tuple[list[DayOfBars], list[tuple[int, int]]]:
        """Let a line hear a series; return the bars of its days, and of each row the day and how many were complete."""
        exchange, symbol = series.key
        line = Line(exchange, series.length or MINUTE, self.calendar)
        every = 1 if series.is_ticks else 4
        days = [line.bars]
        places: list[tuple[int, int]] = []
        for place, (at, price, volume, bid, ask) in enumerate(prices_of(series)):
            line.hear(Tick(place, exchange, symbol, at, price, volume, bid, ask))
            if line.bars is not days[-1]:
                days.append(line.bars)
            if not place % every:
                places.append((len(days) - 1, line.bars.complete))
        return days, places

    def _values(
        self, series: Series, request: FactRequest, days: Sequence[DayOfBars], beside: dict[int, DayOfBars]
    ) -> list[Sequence[float]]:
        """Return the values of each day, one a complete bar; a day that failed is unknown."""
        found = declared(request.name)
        assert found is not None and found.fact is not None
        scale = Line(series.key.exchange, MINUTE, self.calendar).scale
        window = request.in_bars(series.length or MINUTE) if found.fact.windowed else 0
        asked: list[Question | None] = []
        for day in days:
            bars = day_bars(series.key, day, scale, beside.get(day.origin), scale) if day.complete else None
            asked.append(None if bars is None else self.computing.ask(found.entry, bars, window, last=False))
        return [self._answer(series, found, question) for question in asked]

    def _answer(self, series: Series, found: Declared, question: Question | None) -> Sequence[float]:
        if question is None:
            return ()
        outcome = question.wait()
        if outcome.trouble:
            self._note(series, found, trouble_text(found, outcome), found.entry.name)
            return [nan] * (question.count or 0)
        return outcome.values

    def _note(self, series: Series, found: Declared, what: str, mark: str) -> None:
        if mark not in self._told:
            self._told.add(mark)
            self.notes.append(Note(f"{series.key.exchange}:{series.key.symbol}", what, "`rulekit plugins` says more"))
