"""One instrument's prices: the last one, today's bars, and the facts that are made of them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from math import nan, sqrt

from rulekit.market.averages import LEAST, Average
from rulekit.market.bars import Bars, windowed_vwap
from rulekit.market.numbers import scale_of
from rulekit.market.relative import Relative
from rulekit.market.requests import FactRequest
from rulekit.market.ticks import Tick
from rulekit.model.calendar import Calendar, HorizonError
from rulekit.model.instant import DAY, SECOND, Instant, at, day_of
from rulekit.model.orders import Quote

REFERENCE_AGE = 90 * SECOND
"""The price `N minutes ago` is the last one before that moment, and no older than this; else it is unknown."""
EARLIER_VOLUME = 6
"""So many windows of the day must lie before the one whose volume is judged."""
EARLIER_VOLATILITY = 2
"""The same for volatility."""


class Line:
    """What is known of one instrument. Facts are of today's session only, so a day heard again gives them again."""

    def __init__(self, exchange: str, bar: int, calendar: Calendar) -> None:
        self.late = 0
        self.repeated = 0
        self._exchange = exchange
        self._bar = bar
        self._calendar = calendar
        self._scale = scale_of(exchange)
        self._last: Tick | None = None
        self._quote: Quote | None = None
        self._day_ends: Instant = 0
        self._opens: Instant = 0
        self._closes: Instant = 0
        self._previous_close = nan
        self._session_price = nan  # last one heard inside a session, and that session's day
        self._session_day = 0
        self._given: dict[int, float] = {}
        self._start(0)

    def _start(self, opens: Instant) -> None:
        """Forget the day's ticks and bars."""
        self._high = self._low = self._open = nan
        self._times = array("q")
        self._prices = array("d")
        self._bars = Bars(opens, self._bar)
        self._averages: dict[FactRequest, Average] = {}
        self._relatives: dict[FactRequest, Relative] = {}
        self._of_bar: dict[FactRequest, float] = {}

    def hear(self, tick: Tick) -> bool:
        """Take in a tick; False if it is late or a repeat, and changes nothing."""
        now, price = tick.at, tick.price
        last = self._last
        if last is not None and now <= last.at:
            if now < last.at:
                self.late += 1
                return False
            if price == last.price and tick.volume == last.volume:
                self.repeated += 1
                return False
        self._last = tick
        self._quote = None
        if now >= self._day_ends:
            self._turn_day(now)
        if self._opens <= now < self._closes:
            if price > self._high:
                self._high = price
            elif price < self._low:
                self._low = price
            elif self._open != self._open:
                self._open = self._high = self._low = price
            self._session_price = price
            self._times.append(now)
            self._prices.append(price)
            if self._bars.hear(now, price, tick.volume) and self._of_bar:
                self._of_bar.clear()
        return True

    def _turn_day(self, now: Instant) -> None:
        """Begin the day of an instant: its session, and the close of the session before if that one was heard."""
        day = day_of(now)
        self._day_ends = at(day, DAY)
        session = self._calendar.session(self._exchange, day)
        self._opens, self._closes = (session.opens, session.closes) if session else (0, 0)
        try:
            before = self._calendar.previous_session(self._exchange, day).day.toordinal()
        except HorizonError:
            before = -1
        heard = self._session_price if self._session_day == before else nan
        self._given = {each: price for each, price in self._given.items() if each >= day.toordinal()}
        self._previous_close = self._given.get(day.toordinal(), heard)
        if session:
            self._session_day, self._session_price = day.toordinal(), nan
        self._start(self._opens)

    def give_previous_close(self, ordinal: int, price: float) -> None:
        """Take the previous close of a day from elsewhere, for a run that did not hear the session before."""
        self._given[ordinal] = price
        if self._day_ends and day_of(self._day_ends - 1).toordinal() == ordinal:
            self._previous_close = price

    def is_silent_since(self, instant: Instant) -> bool:
        """Tell whether the last price that was heard is older."""
        return self._last is not None and self._last.at < instant

    @property
    def quote(self) -> Quote | None:
        """The last price, and when it was made."""
        if self._quote is None and self._last is not None:
            tick = self._last
            self._quote = Quote(tick.price, tick.at, tick.bid, tick.ask)
        return self._quote

    @property
    def bars(self) -> Bars:
        """The bars of the day; they are others on the next one."""
        return self._bars

    @property
    def scale(self) -> float:
        """Smallest units in a rupee."""
        return float(self._scale)

    def fact(self, request: FactRequest) -> float:
        """Return one fact in natural units; NaN while it is unknown."""
        live = _LIVE.get(request.name)
        if live is not None:
            return live(self, request)
        found = self._of_bar.get(request)
        if found is None:
            found = self._of_bar[request] = _OF_BARS[request.name](self, request)
        return found

    def _rupees(self, price: float) -> float:
        return price / self._scale

    def _percent_since(self, reference: float) -> float:
        """Return the change of the last price against a reference, in percent."""
        last = self._last
        if last is None or not reference > 0:
            return nan
        return (last.price - reference) * 100.0 / reference

    def _momentum(self, request: FactRequest) -> float:
        """Change against the price one window ago; unknown outside the session and before the window is full."""
        last = self._last
        if last is None or not self._opens <= last.at < self._closes:
            return nan
        then = last.at - request.in_time(self._bar)
        index = bisect_right(self._times, then) - 1
        if index < 0 or then - self._times[index] > REFERENCE_AGE:
            return nan
        return self._percent_since(self._prices[index])

    def _change(self, request: FactRequest) -> float:
        """Change over the window, or since the previous close where there is none."""
        if request.in_time(self._bar):
            return self._momentum(request)
        return self._percent_since(self._previous_close)

    def _spread(self, request: FactRequest) -> float:
        """Ask less bid, in percent of the last price."""
        last = self._last
        if last is None or not last.ask >= last.bid > 0:
            return nan
        return (last.ask - last.bid) * 100.0 / last.price

    def _vwap(self, request: FactRequest) -> float:
        """Volume-weighted average price of the day, or of the last complete bars."""
        count = request.in_bars(self._bar)
        bars = self._bars
        return self._rupees(windowed_vwap(bars.prices, bars.volumes, count) if count else bars.vwap)

    def _volume(self, request: FactRequest) -> float:
        """Volume of the window as times the usual one of the day."""
        return self._relative(request, EARLIER_VOLUME).value(self._bars.volumes)

    def _volatility(self, request: FactRequest) -> float:
        """Realised volatility of the window as times that of the day before it.

        It is the root of the mean squared change (Andersen and Bollerslev 1998, without annualising).
        """
        return sqrt(self._relative(request, EARLIER_VOLATILITY).value(self._bars.squares))

    def _relative(self, request: FactRequest, least: int) -> Relative:
        """Return the running sums of a fact."""
        found = self._relatives.get(request)
        if found is None:
            found = self._relatives[request] = Relative(request.in_bars(self._bar), least)
        return found

    def _average(self, request: FactRequest) -> float:
        """Return one of talipp's averages over completed bars."""
        count = request.in_bars(self._bar)
        if count < LEAST[request.name]:
            return nan
        average = self._averages.get(request)
        if average is None:
            average = self._averages[request] = Average(request.name, count)
        value = average.value(self._bars, self._bars.complete)
        return value if request.name == "rsi" else self._rupees(value)


_Reading = Callable[[Line, FactRequest], float]
_LIVE: dict[str, _Reading] = {
    "momentum": Line._momentum,
    "change": Line._change,
    "spread": Line._spread,
    "vwap": Line._vwap,
    "day high": lambda line, request: line._rupees(line._high),
    "day low": lambda line, request: line._rupees(line._low),
    "day open": lambda line, request: line._rupees(line._open),
    "previous close": lambda line, request: line._rupees(line._previous_close),
}
"""Facts that every tick may change."""
_OF_BARS: dict[str, _Reading] = {
    "volume": Line._volume,
    "volatility": Line._volatility,
    **dict.fromkeys(LEAST, Line._average),
}
"""Facts that change only when a bar is complete; they are kept until the next one."""
