"""The market as it was heard: last prices and indicators, the same from a file and live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from rulekit.errors import InputError
from rulekit.market.line import Line
from rulekit.market.requests import FactRequest, needs_underlying, read_request
from rulekit.market.ticks import Tick
from rulekit.market.underlying import underlying_of
from rulekit.model import calendar
from rulekit.model.instant import MINUTE, Instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import Quote

if TYPE_CHECKING:
    from rulekit.market.plugged import PluggedFacts


class Market:
    """Listens to ticks and answers with prices and facts.

    Args:
        requests: phrases of the facts that will be wanted (`momentum over 15 minutes`); those that are not facts
            of the market are left to others. Only what is wanted is computed.
        bar_s: length of a bar in seconds.
        calendar: sessions of the exchanges; facts are made of ticks inside them.
        plugged: what computes the facts of plug-ins; made when one is wanted.
    """

    def __init__(
        self,
        requests: Iterable[str] = (),
        *,
        bar_s: float = 60,
        calendar: calendar.Calendar | None = None,
        plugged: PluggedFacts | None = None,
    ) -> None:
        bar = round(bar_s * MINUTE / 60)
        if not 0 < bar <= 24 * 60 * MINUTE:
            raise InputError(f"a bar of `{bar_s}` seconds is not possible", "use 1 second to 1 day, usually 60")
        self._bar = bar
        self._calendar = calendar if calendar is not None else _default_calendar()
        self._plugged = plugged
        self._lines: dict[tuple[str, str], Line] = {}
        self._wanted = _requests(requests)
        self._read: dict[tuple[str, ...], tuple[FactRequest, ...]] = {}
        self._forgotten = (0, 0)  # late and repeated ticks of the lines that were forgotten

    def want(self, requests: Iterable[str]) -> None:
        """Compute these facts too, from the prices of the day that were heard already and those to come."""
        self._wanted = _requests([*(request.phrase for request in self._wanted), *sorted(requests)])

    def update(self, tick: Tick) -> bool:
        """Take in a tick; False if it is older than the last one of its instrument, or repeats it."""
        line = self._lines.get((tick.exchange, tick.symbol))
        if line is None:
            line = self._lines[tick.exchange, tick.symbol] = Line(tick.exchange, self._bar, self._calendar)
        return line.hear(tick)

    def forget(self, before: Instant) -> None:
        """Let go of instruments of which nothing has been heard since an instant: contracts that have expired."""
        for key in [key for key, line in self._lines.items() if line.is_silent_since(before)]:
            line = self._lines.pop(key)
            self._forgotten = (self._forgotten[0] + line.late, self._forgotten[1] + line.repeated)

    def quote(self, key: InstrumentKey) -> Quote | None:
        """Return the last price of an instrument, None if none was heard."""
        line = self._lines.get(key)
        return None if line is None else line.quote

    def facts(self, key: InstrumentKey, wanted: Sequence[str] | None = None) -> dict[str, float]:
        """Return facts by their phrase: rupees for prices, percent, times normal; NaN while unknown.

        Args:
            key: the instrument.
            wanted: phrases, or None for those given at the start. A phrase that is no fact of the market is left out.
        """
        requests = self._wanted if wanted is None else self._requests(tuple(wanted))
        line = self._lines.get(key)
        if line is None:
            return {request.phrase: float("nan") for request in requests}
        return {
            request.phrase: self._of_plugin(key, request, line) if request.plugged else line.fact(request)
            for request in requests
        }

    def _of_plugin(self, key: InstrumentKey, request: FactRequest, line: Line) -> float:
        """Return what a plug-in has computed of an instrument's bars."""
        if self._plugged is None:
            from rulekit.market.plugged import PluggedFacts

            self._plugged = PluggedFacts()
        below = underlying_of(key)
        other = None if below is None else self._lines.get(below)
        beside = None if other is None else (other.bars, other.scale)
        return self._plugged.value(key, request, line.bars, line.scale, beside)

    def heard_beside(self, keys: Iterable[InstrumentKey]) -> set[InstrumentKey]:
        """Return the instruments whose prices facts of these instruments need as well."""
        if not any(needs_underlying(request) for request in self._wanted):
            return set()
        return {below for key in keys if (below := underlying_of(key)) is not None}

    def troubles(self) -> list[str]:
        """Return what went wrong with facts of plug-ins since this was last asked."""
        return [] if self._plugged is None else self._plugged.troubles()

    def close(self) -> None:
        """Let go of the processes of plug-ins, if there are any."""
        if self._plugged is not None:
            self._plugged.close()

    def previous_close(self, key: InstrumentKey, day: date, price: float) -> None:
        """Take the close before a day from elsewhere, in smallest units; it goes before what was heard."""
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(key.exchange, self._bar, self._calendar)
        line.give_previous_close(day.toordinal(), price)

    @property
    def late(self) -> int:
        """How many ticks came behind a newer one of their instrument, and moved nothing."""
        return self._forgotten[0] + sum(line.late for line in self._lines.values())

    @property
    def repeated(self) -> int:
        """How many ticks only repeated the one before."""
        return self._forgotten[1] + sum(line.repeated for line in self._lines.values())

    def _requests(self, phrases: tuple[str, ...]) -> tuple[FactRequest, ...]:
        """Read phrases once."""
        if phrases not in self._read:
            self._read[phrases] = _requests(phrases)
        return self._read[phrases]


def is_market_fact(phrase: str) -> bool:
    """Tell whether a phrase is a fact that the market computes."""
    return read_request(phrase) is not None


def _requests(phrases: Iterable[str]) -> tuple[FactRequest, ...]:
    found = (read_request(phrase) for phrase in dict.fromkeys(phrases))
    return tuple(request for request in found if request is not None)


def _default_calendar() -> calendar.Calendar:
    return calendar.default()
