"""The exchange behind the paper broker: what happens to orders as time passes and prices come.

Everything is a function of the book and the ticks: when it is looked at changes nothing, so a book that was left at any
instant and fed the same ticks again comes to the same end.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable

from rulekit.broker.paper_book import Book, LastPrice, Owner, order_id_of
from rulekit.broker.paper_faults import draw
from rulekit.broker.paper_fills import automatic_protection, limit_of, missed_limit, slipped, touch_of, within
from rulekit.broker.paper_orders import CANCELLING, OPEN, PaperOrder
from rulekit.broker.paper_settings import PaperSettings
from rulekit.market.ticks import Tick
from rulekit.model.calendar import Calendar, HorizonError
from rulekit.model.instant import DAY, SECOND, Instant, at, day_of
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.orders import BUY, CANCELLED, REJECTED, SELL
from rulekit.model.prices import UNKNOWN, known

MIS = "MIS"
_LIVE, _CANCEL, _SQUARE_OFF, _CLOSE = range(4)
"""What can be due, in the order in which it happens at one instant."""

Lookup = Callable[[InstrumentKey], Instrument | None]


class PaperExchange:
    """Moves the book on with time and prices."""

    def __init__(self, book: Book, settings: PaperSettings, calendar: Calendar, instrument: Lookup) -> None:
        self._book = book
        self._settings = settings
        self._calendar = calendar
        self._instrument = instrument
        self._latency = round(settings.latency_ms * 1000)
        self._price_age = round(settings.price_age_s * SECOND)
        self._due: list[tuple[Instant, int, str]] = []
        self._handlers: dict[int, Callable[[Instant, str], None]] = {
            _LIVE: self._arrive,
            _CANCEL: self._end_cancelled,
            _SQUARE_OFF: self._square_off,
            _CLOSE: self._close,
        }
        self.reschedule()

    def reschedule(self) -> None:
        """Find out from the book what is still due."""
        self._due.clear()
        for order in self._book.open_orders():
            self._schedule(order)
            for step in order.steps:
                if step.status == CANCELLING:
                    heapq.heappush(self._due, (step.at + self._latency, _CANCEL, order.order_id))
        for owner, ledger in self._book.ledgers.items():
            if ledger.quantity:
                self._schedule_square_off(owner, ledger.booked)

    # --- from outside ----------------------------------------------------------------------------------------

    def register(self, order: PaperOrder) -> None:
        """Take an order in; its limit follows from the price of this moment, if there is one."""
        last = self._fresh(order.key, order.placed)
        if last is not None:
            order.limit = self._limit(order, last.price)
        self._book.add(order)
        self._schedule(order)

    def request_cancel(self, order: PaperOrder, now: Instant) -> None:
        """Begin to cancel an order; fills may still come first."""
        if order.steps and order.steps[-1].status == CANCELLING:
            return
        self._book.step(order, now, CANCELLING)
        heapq.heappush(self._due, (now + self._latency, _CANCEL, order.order_id))

    def enter(self, order: PaperOrder, price: float, now: Instant) -> None:
        """Book someone's own trade as it was made."""
        self._book.add(order)
        self._fill(order, order.quantity, price, order.placed, now)

    def advance(self, now: Instant) -> None:
        """Let everything happen that was due until an instant, at the prices known so far."""
        while self._due and self._due[0][0] <= now:
            moment, kind, what = heapq.heappop(self._due)
            self._handlers[kind](moment, what)

    def hear(self, tick: Tick) -> None:
        """Take a price, after all that was due before it; one that is late or was heard before changes nothing."""
        key = (tick.exchange, tick.symbol)
        if self._due and self._due[0][0] <= tick.at:
            self.advance(tick.at)
        last = self._book.prices.get(key)
        if last is not None and (tick.at < last.at or (tick.at == last.at and tick.seq <= last.seq)):
            return
        self._book.prices[key] = LastPrice(tick.price, tick.at, tick.seq)
        orders = self._book.open.get(InstrumentKey(*key))
        if orders:
            for order in tuple(orders):
                if order.live <= tick.at:
                    self._match(order, tick.price, tick.at)
                else:
                    self._book.keep_price(key)  # it will meet this price when it arrives, also after a restart

    def closed(self, exchange: str, now: Instant) -> str | None:
        """Return why the exchange takes no order now, None if it does."""
        if not self._settings.hours:
            return None
        try:
            is_open = self._calendar.open_at(exchange, now)
        except HorizonError as error:
            return error.message
        return None if is_open else f"{exchange} is closed at this time"

    def squared_off(self, exchange: str, product: str, now: Instant) -> bool:
        """Tell whether it is too late for this product today."""
        moment = self._square_off_time(exchange, now) if product == MIS else None
        return moment is not None and now >= moment

    # --- what becomes due ------------------------------------------------------------------------------------

    def _schedule(self, order: PaperOrder) -> None:
        heapq.heappush(self._due, (order.live, _LIVE, order.order_id))
        heapq.heappush(self._due, (self._close_time(order), _CLOSE, order.exchange))

    def _schedule_square_off(self, owner: Owner, since: Instant) -> None:
        exchange, _, product = owner
        moment = self._square_off_time(exchange, since) if product == MIS else None
        if moment is not None:
            heapq.heappush(self._due, (max(moment, since), _SQUARE_OFF, exchange))

    def _square_off_time(self, exchange: str, instant: Instant) -> Instant | None:
        if not self._settings.square_off:
            return None
        try:
            return self._calendar.square_off(exchange, day_of(instant))
        except HorizonError:
            return None

    def _close_time(self, order: PaperOrder) -> Instant:
        """Return when a day order ends at the latest: the close, or the end of a day without a session."""
        day = day_of(order.placed)
        try:
            session = self._calendar.session(order.exchange, day) if self._settings.hours else None
        except HorizonError:
            session = None
        if session is not None and order.placed < session.closes:
            return session.closes
        return at(day, DAY) - 1

    def _arrive(self, now: Instant, order_id: str) -> None:
        """Let an order reach the exchange: it is rejected, fills at the last price, rests, or waits for a price."""
        order = self._book.orders[order_id]
        if order.ended or order.trades or order.rests:
            return
        problem = self._objection(order, now)
        if problem is not None:
            self._book.step(order, now, REJECTED, problem)
            return
        last = self._fresh(order.key, now)
        if last is not None:
            self._match(order, last.price, now)

    def _objection(self, order: PaperOrder, now: Instant) -> str | None:
        """Return why the exchange or the risk check rejects an order that was accepted."""
        if order.rejected:
            return "rejected by the risk check"
        if (problem := self.closed(order.exchange, now)) is not None:
            return problem
        if self.squared_off(order.exchange, order.product, now):
            return "product MIS is not taken after its square-off"
        instrument = self._instrument(order.key)
        if instrument is None or math.isnan(order.limit):
            return None
        outside = (known(instrument.upper) and order.limit > (instrument.upper or 0)) or (
            known(instrument.lower) and order.limit < (instrument.lower or 0)
        )
        return "price with its protection is outside the circuit limits" if outside else None

    def _end_cancelled(self, now: Instant, order_id: str) -> None:
        order = self._book.orders[order_id]
        if not order.ended:
            self._book.step(order, now, CANCELLED, "cancelled by request")

    def _close(self, now: Instant, exchange: str) -> None:
        """End the day's orders."""
        for order in self._book.open_orders():
            if order.exchange == exchange and self._close_time(order) <= now:
                self._book.step(order, now, CANCELLED, "day order, not filled by the close")

    def _square_off(self, now: Instant, exchange: str) -> None:
        """Cancel what is open in product MIS and close what is held, at the last price, whatever its age."""
        for order in self._book.open_orders():
            if (order.exchange, order.product) == (exchange, MIS) and order.placed <= now:
                self._book.step(order, now, CANCELLED, "cancelled for the square-off")
        for owner, ledger in sorted(self._book.ledgers.items()):
            if (owner[0], owner[2]) == (exchange, MIS) and ledger.quantity:
                order = self.foreign(owner, SELL if ledger.quantity > 0 else BUY, abs(ledger.quantity), now)
                self._book.add(order)
                self._fill(order, order.quantity, self._market_price(order, self._book.price_for(owner)), now, now)

    def foreign(self, owner: Owner, side: str, quantity: int, moment: Instant, tag: str = "") -> PaperOrder:
        """Make an order that is not ours."""
        number = self._book.next_number()
        exchange, symbol, product = owner
        return PaperOrder(
            number=number,
            order_id=order_id_of(number, moment),
            tag=tag,
            exchange=exchange,
            symbol=symbol,
            product=product,
            side=side,
            quantity=quantity,
            protection=None,
            ordinal=0,
            placed=moment,
            live=moment,
            foreign=True,
            parts=(quantity,),
        )

    # --- prices ----------------------------------------------------------------------------------------------

    def _fresh(self, key: InstrumentKey, now: Instant) -> LastPrice | None:
        """Return the last price unless it is too old to fill anything."""
        last = self._book.prices.get(key)
        return last if last is not None and now - last.at <= self._price_age else None

    def _tick_of(self, order: PaperOrder) -> float:
        instrument = self._instrument(order.key)
        return instrument.tick if instrument is not None else 5.0

    def _limit(self, order: PaperOrder, price: float) -> float:
        """Return the order's worst price: its protection from the last price, or just out of reach if it has run."""
        instrument = self._instrument(order.key)
        tick = self._tick_of(order)
        if order.rest_ticks:
            return missed_limit(price, order.rest_ticks, tick, order.side)
        percent = order.protection
        if percent is None:
            kind, scale = (instrument.kind, instrument.scale) if instrument else ("", 100)
            percent = automatic_protection(kind, price / scale)
        return limit_of(price, percent, tick, order.side)

    def _match(self, order: PaperOrder, price: float, now: Instant) -> None:
        """Fill the next part of an order if the price lies within its limit; if it never did, let it rest."""
        if math.isnan(order.limit):
            self._book.set_limit(order, self._limit(order, price))
        touch = touch_of(price, self._settings.spread, self._tick_of(order), order.side)
        if not within(touch, order.limit, order.side):
            if not order.rests and not order.trades:
                self._book.step(order, now, OPEN)
            return
        # What rests is filled by those who come to it, at its own price; what takes pays the touch and more.
        fill = order.limit if order.rests else self._market_price(order, price)
        self._fill(order, order.parts[len(order.trades)], fill, now, now)

    def _market_price(self, order: PaperOrder, price: float) -> float:
        """Return what a market order pays: half the spread, and slippage as it is drawn."""
        tick = self._tick_of(order)
        touch = touch_of(price, self._settings.spread, tick, order.side)
        chance = draw(self._settings.seed, *order.key, order.ordinal, "slippage", len(order.trades))
        ticks = int(chance * (self._settings.slippage + 1))
        return slipped(touch, ticks, tick, order.limit if order.limit == order.limit else UNKNOWN, order.side)

    def _fill(self, order: PaperOrder, quantity: int, price: float, moment: Instant, booked: Instant) -> None:
        """Book a trade; a position in product MIS will be squared off."""
        self._book.fill(order, quantity, price, moment, booked)
        self._schedule_square_off((order.exchange, order.symbol, order.product), booked)
