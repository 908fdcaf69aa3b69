"""The embedded broker: an account on paper, honest in the manner of a real one.

It has no idempotency key and no reduce-only; a market order is a limit order near the last price that may rest, fill in
parts or be rejected; an error answer does not mean that nothing was placed; and what it shows may lag the truth.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from rulekit.broker import paper_faults as faults
from rulekit.broker.paper_book import Book, order_id_of
from rulekit.broker.paper_checks import Throttle, refusal
from rulekit.broker.paper_exchange import PaperExchange
from rulekit.broker.paper_fills import touch_of
from rulekit.broker.paper_orders import PaperOrder
from rulekit.broker.paper_settings import PaperSettings
from rulekit.broker.paper_store import PaperBookError, PaperStore
from rulekit.errors import InputError, ReadFailedError
from rulekit.market.numbers import scale_of
from rulekit.market.ticks import Tick
from rulekit.model import calendar
from rulekit.model.clock import Clock
from rulekit.model.instant import DAY, SECOND, Instant, day_number, day_of, time_of_day
from rulekit.model.instant import at as instant_at
from rulekit.model.instrument import Instrument, InstrumentKey, PositionKey
from rulekit.model.orders import (
    BUY,
    SELL,
    TERMINAL,
    Accepted,
    NotSent,
    Order,
    OrderRequest,
    Outcome,
    Quote,
    Refused,
    Trade,
    Uncertain,
)
from rulekit.model.position import LONG, NetPosition

Instruments = Mapping[InstrumentKey, Instrument] | Callable[[InstrumentKey], Instrument | None]
_SIDES: dict[object, str] = {BUY: BUY, SELL: SELL, LONG: BUY, -LONG: SELL}
_Shown = TypeVar("_Shown", Order, Trade, NetPosition)


class PaperBroker:
    """One account on paper, behind the broker port.

    Args:
        path: of its own book, or None to keep it in memory. The book survives the death of the process.
        clock: asked for the time of requests and readings.
        instruments: the day's list. What a mapping does not hold gets the plain defaults of an equity; what a
            function answers with None is not listed.
        settings: costs, delays and faults.
        account: whose book it is.
        calendar: sessions, square-off times.
    """

    name = "paper"

    def __init__(
        self,
        path: Path | None = None,
        *,
        clock: Clock,
        instruments: Instruments | None = None,
        settings: PaperSettings | None = None,
        account: str = "paper",
        calendar: calendar.Calendar | None = None,
    ) -> None:
        self.account = account
        self.settings = settings if settings is not None else PaperSettings()
        self._clock = clock
        self._lookup = _lookup(instruments)
        self._store = None if path is None else PaperStore(path, account)
        self._book = Book(self._store)
        self._exchange = PaperExchange(
            self._book, self.settings, calendar if calendar is not None else _default_calendar(), self._lookup
        )
        self._throttle = Throttle()
        self._latency = round(self.settings.latency_ms * 1000)
        self._readings: tuple[Instant, int] = (0, 0)
        self._shown: dict[str, tuple[tuple[int, int], Sequence[object]]] = {}
        # A book that is ahead of the clock has news to tell when their time comes.
        self._news = sorted(trade.at for trade in self._book.trades if trade.at > clock.now())
        self._seen_version = self._book.version
        self._day = -1

    # --- time and prices -------------------------------------------------------------------------------------

    def on_tick(self, tick: Tick) -> None:
        """Take a price from the feed; ticks that were heard before may come again and change nothing.

        Raises:
            PaperBookError: the book's file cannot be written.
        """
        self._exchange.hear(tick)
        self._settle(tick.at)

    def advance(self, now: Instant) -> None:
        """Let happen what is due until an instant without a new price."""
        self._exchange.advance(now)
        self._settle(now)

    def _settle(self, now: Instant) -> None:
        """Write changes to the file; if that fails, the book stands as the file does."""
        if self._book.changed:
            self._write(now)

    def _write(self, now: Instant) -> None:
        try:
            self._book.flush()
        except PaperBookError:
            self._exchange.reschedule()
            self._seen_version = self._book.version
            raise
        self._note_news(now)

    def _note_news(self, now: Instant) -> None:
        """Count what changed since the last time."""
        for _ in range(self._book.version - self._seen_version):
            heapq.heappush(self._news, now)
        self._seen_version = self._book.version

    # --- the port --------------------------------------------------------------------------------------------

    def place(self, request: OrderRequest) -> Outcome:
        """Send one order, once."""
        now = self._clock.now()
        try:
            self.advance(now)
            refused = self._refusal(request, now)
            if refused is not None:
                return refused
            return self._place(request, now)
        except PaperBookError as error:
            return NotSent(error.message)

    def _refusal(self, request: OrderRequest, now: Instant) -> Refused | None:
        """Return why a request is refused at once."""
        throttled = self._throttle.take(now) if self.settings.throttle else None
        if throttled is not None:
            return throttled
        instrument = self._lookup(request.instrument)
        if instrument is None:
            return Refused(f"{request.exchange}:{request.symbol} is not listed", again=False)
        wrong = refusal(request, instrument)
        if wrong is not None:
            return wrong
        closed = self._exchange.closed(request.exchange, now)
        if closed is not None:
            return Refused(closed)
        if self._exchange.squared_off(request.exchange, request.product, now):
            return Refused("product MIS is not taken after its square-off", again=False)
        if request.instrument not in self._book.prices:
            return Refused(f"no price of {request.symbol} has been heard yet")
        return None

    def _place(self, request: OrderRequest, now: Instant) -> Outcome:
        """Draw the request's fate and let it happen."""
        key = request.instrument
        instrument = self._lookup(key)
        assert instrument is not None, "refused before"
        ordinal = self._book.next_request(key)
        fate = faults.fate_of(self.settings, key, ordinal, request.quantity, instrument.lot)
        order = None
        if fate.answer in (faults.ACCEPTED, faults.LOST_AFTER, faults.LATE):
            order = self._order(request, ordinal, fate, now + fate.delay)
            self._exchange.register(order)
        self._write(now)
        if order is not None and fate.answer == faults.ACCEPTED:
            return Accepted(order.order_id)
        return _ANSWERS[fate.answer]

    def _order(self, request: OrderRequest, ordinal: int, fate: faults.Fate, placed: Instant) -> PaperOrder:
        number = self._book.next_number()
        return PaperOrder(
            number=number,
            order_id=order_id_of(number, placed),
            tag=request.tag,
            exchange=request.exchange,
            symbol=request.symbol,
            product=request.product,
            side=request.side,
            quantity=request.quantity,
            protection=request.protection,
            ordinal=ordinal,
            placed=placed,
            live=placed + self._latency,
            rejected=fate.rejected,
            rest_ticks=fate.rest_ticks,
            parts=fate.parts,
        )

    def cancel(self, order_id: str) -> Outcome:
        """Ask for an order's cancellation; fills may still come before it works."""
        now = self._clock.now()
        try:
            self.advance(now)
            if self.settings.throttle and (throttled := self._throttle.take(now)) is not None:
                return throttled
            order = self._book.orders.get(order_id)
            shown = order.shown(now) if order is not None else None
            if order is None or shown is None:
                return Refused(f"there is no order `{order_id}`", again=False)
            if shown.status in TERMINAL:
                return Refused(f"order `{order_id}` is {shown.status} and cannot be cancelled", again=False)
            chance = faults.draw(self.settings.seed, order_id, "cancel", now)
            if chance < self.settings.cancel_lost / 2:
                return Uncertain("the connection broke before the cancel request was answered")
            if not order.ended:
                self._exchange.request_cancel(order, now)
            self._settle(now)
        except PaperBookError as error:
            return NotSent(error.message)
        if chance < self.settings.cancel_lost:
            return Uncertain("no answer to the cancel request came in time")
        return Accepted(order_id)

    def orders(self) -> Sequence[Order]:
        """Read today's order book as it is shown now."""
        now = self._read("orders")
        return self._cached("orders", now, self._orders_at)

    def trades(self) -> Sequence[Trade]:
        """Read today's trades."""
        now = self._read("trades")
        return self._cached("trades", now, self._trades_at)

    def positions(self) -> Sequence[NetPosition]:
        """Read the net positions, as they were `position_lag_s` ago."""
        now = self._read("positions")
        shown = now - round(self.settings.position_lag_s * SECOND)
        return self._cached("positions", shown, self._positions_at)

    def instrument(self, key: InstrumentKey) -> Instrument | None:
        """Look up an instrument of the day."""
        return self._lookup(key)

    def quotes(self, keys: Sequence[InstrumentKey]) -> dict[InstrumentKey, Quote]:
        """Read last prices with the bid and ask that orders meet."""
        self._read("quotes")
        found = {}
        for key in keys:
            last, instrument = self._book.prices.get(key), self._lookup(key)
            if last is not None and instrument is not None:
                bid, ask = (touch_of(last.price, self.settings.spread, instrument.tick, side) for side in (SELL, BUY))
                found[InstrumentKey(*key)] = Quote(last.price, last.at, bid, ask)
        return found

    def updates(self) -> int:
        """Return how many order updates have come since the last call."""
        now = self._clock.now()
        count = 0
        while self._news and self._news[0] <= now:
            heapq.heappop(self._news)
            count += 1
        return count

    # --- entries from outside --------------------------------------------------------------------------------

    def enter(
        self,
        exchange: str,
        symbol: str,
        product: str,
        side: str | int,
        quantity: int,
        price: float,
        at: Instant,
        *,
        reference: str,
        tag: str = "",
    ) -> bool:
        """Book a trade that someone else made: a positions file's, or the trader's own.

        Args:
            side: `BUY` or `SELL`, or 1 (long) or -1 (short).
            price: in smallest units.
            at: when it was made; it is shown from then on.
            reference: names the entry; one that was made before is not made again.
            tag: of its order; foreign orders have none.

        Returns:
            Whether it was entered now.

        Raises:
            InputError: the entry cannot be: no such side, a quantity or price that is not above 0.
        """
        word = _SIDES.get(side)
        if word is None or quantity <= 0 or not price > 0:
            raise InputError(
                f"`{side} {quantity} {symbol}` at {price} cannot be entered",
                "a trade has a side (BUY or SELL), a quantity and a price above 0",
            )
        if self._book.has_entry(reference):
            return False
        now = max(self._clock.now(), at)
        self._exchange.advance(self._clock.now())
        order = self._exchange.foreign((exchange, symbol, product), word, quantity, at, tag)
        self._exchange.enter(order, price, now)
        self._book.enter(reference, order)
        self._settle(now)
        return True

    def ahead(self) -> list[Order]:
        """Return the orders that the book holds from after the clock's time; not part of the port.

        After a restart there may be some: what was sent in the last moments before it.
        """
        now = self._clock.now()
        shown = [order.shown(_FOREVER) for order in self._book.orders.values() if order.placed > now]
        return [order for order in shown if order is not None]

    # --- the truth, for oracles ------------------------------------------------------------------------------

    def true_orders(self) -> list[Order]:
        """Return every order there ever was, as it truly stands; not part of the port."""
        return [found for order in self._book.whole().orders.values() if (found := order.shown(_FOREVER)) is not None]

    def true_trades(self) -> list[Trade]:
        """Return every trade there ever was, in the order of booking; not part of the port."""
        return list(self._book.whole().trades)

    def true_positions(self) -> dict[PositionKey, int]:
        """Return what is truly held now, signed; flat ones are left out. Not part of the port."""
        return {
            PositionKey(self.account, *owner): ledger.quantity
            for owner, ledger in self._book.ledgers.items()
            if ledger.quantity
        }

    def close(self) -> None:
        """Let the book's file go; everything is in it already."""
        if self._store is not None:
            self._store.close()

    # --- views -----------------------------------------------------------------------------------------------

    def _read(self, what: str) -> Instant:
        """Begin a reading: bring the book up to now, and let the reading fail if it is drawn so."""
        now = self._clock.now()
        self.advance(now)
        if self._day != day_number(now):
            self._day = day_number(now)
            self._book.forget(now - time_of_day(now) - DAY)
        moment, count = self._readings
        self._readings = (now, count + 1 if moment == now else 0)
        if self.settings.read_fail and faults.draw(self.settings.seed, what, *self._readings) < self.settings.read_fail:
            raise ReadFailedError(f"reading the {what} failed", "it is read again in the next cycle")
        return now

    def _cached(
        self, what: str, now: Instant, make: Callable[[Instant], tuple[Sequence[_Shown], bool]]
    ) -> Sequence[_Shown]:
        """Return a view, made anew only if the book or the day changed, or some of it was still to come."""
        mark = (self._book.version, day_number(now))
        found = self._shown.get(what)
        if found is not None and found[0] == mark:
            return found[1]  # type: ignore[return-value]
        rows, settled = make(now)
        if settled:
            self._shown[what] = (mark, rows)
        else:
            self._shown.pop(what, None)
        return rows

    def _orders_at(self, now: Instant) -> tuple[Sequence[Order], bool]:
        """Return today's orders as of an instant, and whether time alone can no longer change them."""
        rows, settled = [], True
        for order in self._book.orders_of_day.get(day_number(now), ()):
            settled = settled and order.changed <= now
            row = order.shown(now)
            if row is not None:
                rows.append(row)
        return tuple(rows), settled

    def _trades_at(self, now: Instant) -> tuple[Sequence[Trade], bool]:
        today = self._book.trades_of_day.get(day_number(now), [])
        past = tuple(trade for trade in today if trade.at <= now)
        return past, len(past) == len(today)

    def _positions_at(self, now: Instant) -> tuple[Sequence[NetPosition], bool]:
        """Return the net rows as of an instant; flat ones only on the day on which they became so.

        They carry no last price: at a broker it is old by up to a minute, and quotes are asked for it.
        """
        morning = instant_at(day_of(now), 0) - 1
        rows, settled = [], True
        for owner, ledger in sorted(self._book.ledgers.items()):
            assert ledger.last is not None, "a ledger begins with a trade"
            last_trade = ledger.last.at
            settled = settled and last_trade <= now
            quantity = ledger.quantity_at(now)
            if not quantity and not (morning < last_trade and ledger.began_by(now)):
                continue
            rows.append(
                NetPosition(
                    key=PositionKey(self.account, *owner),
                    quantity=quantity,
                    average=ledger.average_at(now),
                    overnight=ledger.quantity_at(morning),
                )
            )
        return tuple(rows), settled


_FOREVER: Instant = 1 << 62
_ANSWERS: dict[str, Outcome] = {
    faults.REFUSED: Refused("refused by the order system, try again"),
    faults.NOT_SENT: NotSent("no connection could be made"),
    faults.LOST_BEFORE: Uncertain("no answer came in time"),
    faults.LOST_AFTER: Uncertain("no answer came in time"),
    faults.LATE: Uncertain("order request timed out, check the order book and confirm before placing again"),
}
"""What the caller hears when a request does not simply succeed; lost before and after sound the same."""


def _lookup(instruments: Instruments | None) -> Callable[[InstrumentKey], Instrument | None]:
    """Make one way to look instruments up."""
    if callable(instruments):
        return instruments
    listed: dict[InstrumentKey, Instrument] = dict(instruments or {})

    def find(key: InstrumentKey) -> Instrument | None:
        found = listed.get(key)
        if found is None:
            found = listed[key] = Instrument(key[0], key[1], scale=scale_of(key[0]))
        return found

    return find


def _default_calendar() -> calendar.Calendar:
    return calendar.default()
