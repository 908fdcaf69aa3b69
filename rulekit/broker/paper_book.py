"""The paper broker's book: orders, trades, positions and last prices in memory, each change noted for the file."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import NamedTuple

from rulekit.broker.paper_ledger import Ledger
from rulekit.broker.paper_orders import PaperOrder, Step
from rulekit.broker.paper_store import Change, PaperBookError, PaperStore, Row
from rulekit.model.instant import Instant, day_number, moment_of
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import Trade
from rulekit.model.prices import UNKNOWN


class LastPrice(NamedTuple):
    """The last price of an instrument: `seq` tells ticks of one instant apart."""

    price: float
    at: Instant
    seq: int


_COLUMNS = (
    "number", "order_id", "tag", "exchange", "symbol", "product", "side", "quantity", "protection", "ordinal", "placed",
    "live", "limit", "foreign", "rejected", "rest_ticks", "parts",
)  # fmt: skip
"""The fields of an order, in the order of the file's columns."""
_FIELDS = attrgetter(*_COLUMNS)
Owner = tuple[str, str, str]
"""Exchange, symbol and product: one position."""


class Book:
    """The truth. It is read from the file once, and written to it with `flush`."""

    def __init__(self, store: PaperStore | None) -> None:
        self._store = store
        self._changes: list[Change] = []
        self.version = 0
        self.load()

    def load(self) -> None:
        """Forget what is in memory and read the file."""
        self._changes.clear()
        self.orders: dict[str, PaperOrder] = {}
        self.open: dict[InstrumentKey, list[PaperOrder]] = {}
        self.trades: list[Trade] = []
        self.ledgers: dict[Owner, Ledger] = {}
        self.prices: dict[tuple[str, str], LastPrice] = {}
        self.requests: dict[InstrumentKey, int] = {}
        self.entries: set[str] = set()
        self.order_count = self.trade_count = 0
        self.orders_of_day: dict[int, list[PaperOrder]] = {}
        self.trades_of_day: dict[int, list[Trade]] = {}
        self.version += 1
        if self._store is not None:
            self._read(self._store)

    def _read(self, store: PaperStore) -> None:
        by_number: dict[int, PaperOrder] = {}
        for row in store.read("orders"):
            order = _order_of(row)
            by_number[order.number] = order
            self._list(order)
        for number, at, status, message in store.read("steps"):
            by_number[number].steps.append(Step(at, status, message))
        for trade, number, quantity, price, at, booked in store.read("trades"):
            self._take(by_number[number], _trade(trade, by_number[number], quantity, price, at), booked)
        for order in self.orders.values():
            if not order.ended:
                self.open.setdefault(order.key, []).append(order)
        for exchange, symbol, count in store.read("requests"):
            self.requests[InstrumentKey(exchange, symbol)] = count
        for exchange, symbol, price, at, seq in store.read("prices"):
            self.prices[exchange, symbol] = LastPrice(price, at, seq)
        self.entries.update(reference for reference, _ in store.read("entries"))

    # --- changes ---------------------------------------------------------------------------------------------

    def next_request(self, key: InstrumentKey) -> int:
        """Count a request for an instrument; returns its ordinal, from 1."""
        if key not in self.requests and self._store is not None:
            self.requests[key] = self._store.request_count(*key)
        ordinal = self.requests[key] = self.requests.get(key, 0) + 1
        self._changes.append(("requests", (*key, ordinal)))
        return ordinal

    def next_number(self) -> int:
        """Return the number of the next order."""
        return self.order_count + 1

    def add(self, order: PaperOrder) -> None:
        """Register an order."""
        self._list(order)
        self.open.setdefault(order.key, []).append(order)
        self._changes.append(("order", _row_of(order)))
        self.keep_price(order.key)
        self.version += 1

    def step(self, order: PaperOrder, at: Instant, status: str, message: str = "") -> None:
        """Write a change of status down; an order that has ended leaves the open ones."""
        order.steps.append(Step(at, status, message))
        self._changes.append(("step", (order.number, at, status, message)))
        if order.ended:
            self.open[order.key].remove(order)
        self.version += 1

    def set_limit(self, order: PaperOrder, limit: float) -> None:
        """Fix the limit of an order that waited for a first price."""
        order.limit = limit
        self._changes.append(("limit", (limit, order.number)))

    def fill(self, order: PaperOrder, quantity: int, price: float, at: Instant, booked: Instant) -> None:
        """Book a trade; an order that is filled wholly ends."""
        number = self.trade_count + 1
        trade = _trade(number, order, quantity, price, at)
        self._changes.append(("trade", (number, order.number, quantity, price, at, booked)))
        self._take(order, trade, booked)
        self.version += 1
        if order.complete(at):
            self._changes.append(("step", (order.number, at, order.steps[-1].status, "")))
            self.open[order.key].remove(order)

    def enter(self, reference: str, order: PaperOrder) -> None:
        """Remember that an entry was made."""
        self.entries.add(reference)
        self._changes.append(("entry", (reference, order.number)))

    def keep_price(self, key: tuple[str, str]) -> None:
        """Note the last price of an instrument for the file."""
        last = self.prices.get(key)
        if last is not None and self._store is not None:
            self._changes.append(("price", (*key, *last)))

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return bool(self._changes)

    def flush(self) -> None:
        """Write what changed in one transaction, with the last prices that open orders depend on.

        Raises:
            PaperBookError: it could not be written; the book then stands as the file does.
        """
        if not self._changes:
            return
        if self._store is not None:
            for key, orders in self.open.items():
                if orders:
                    self.keep_price(key)
            try:
                self._store.write(self._changes)
            except PaperBookError:
                heard = self.prices
                self.load()
                self.prices.update(heard)
                raise
        self._changes.clear()

    # --- looking ---------------------------------------------------------------------------------------------

    def open_orders(self) -> list[PaperOrder]:
        """Return the orders that have not ended, oldest first."""
        return sorted((order for orders in self.open.values() for order in orders), key=lambda order: order.number)

    def price_for(self, owner: Owner) -> float:
        """Return the last price of a position's instrument; before one was heard, that of its last trade."""
        last = self.prices.get(owner[:2])
        if last is not None:
            return last.price
        ledger = self.ledgers.get(owner)
        return ledger.last.price if ledger and ledger.last else UNKNOWN

    def has_entry(self, reference: str) -> bool:
        """Tell whether an entry was made, today or ever."""
        return reference in self.entries or (self._store is not None and self._store.has_entry(reference))

    def whole(self) -> Book:
        """Return a book with every order and trade there ever was."""
        return self if self._store is None else Book(self._store)

    # --- letting go ------------------------------------------------------------------------------------------

    def forget(self, midnight: Instant) -> None:
        """Let go of what ended before the day that began then, as brokers do; the file has all of it.

        A book without a file keeps everything.
        """
        if self._store is None:
            return
        day = day_number(midnight)
        self.orders = {name: order for name, order in self.orders.items() if _matters(order, day)}
        self.orders_of_day = {
            on: [order for order in orders if _matters(order, day)] for on, orders in self.orders_of_day.items()
        }
        self.orders_of_day = {on: orders for on, orders in self.orders_of_day.items() if orders}
        self.trades_of_day = {on: trades for on, trades in self.trades_of_day.items() if on >= day}
        self.trades = [trade for trade in self.trades if day_number(trade.at) >= day]
        self.ledgers = {owner: ledger for owner, ledger in self.ledgers.items() if ledger.forget(midnight)}
        self.open = {key: orders for key, orders in self.open.items() if orders}
        self.entries.clear()
        self.requests.clear()
        kept = {owner[:2] for owner in self.ledgers} | set(self.open)
        self.prices = {key: last for key, last in self.prices.items() if key in kept or last.at >= midnight}

    # --- keeping ---------------------------------------------------------------------------------------------

    def _list(self, order: PaperOrder) -> None:
        self.order_count += 1
        self.orders[order.order_id] = order
        self.orders_of_day.setdefault(day_number(order.placed), []).append(order)

    def _take(self, order: PaperOrder, trade: Trade, booked: Instant) -> None:
        order.trades.append(trade)
        self.trade_count += 1
        self.trades.append(trade)
        self.trades_of_day.setdefault(day_number(trade.at), []).append(trade)
        owner = (order.exchange, order.symbol, order.product)
        self.ledgers.setdefault(owner, Ledger()).book(trade, booked)


def _matters(order: PaperOrder, day: int) -> bool:
    """Tell whether anything may still happen to an order, or it is of this day or later."""
    return not order.ended or day_number(order.placed) >= day or day_number(order.changed) >= day


def order_id_of(number: int, at: Instant) -> str:
    """Make an order's number, dated as the broker's are."""
    return f"{moment_of(at):%y%m%d}{number:09d}"


def _trade(number: int, order: PaperOrder, quantity: int, price: float, at: Instant) -> Trade:
    return Trade(
        trade_id=f"{number:08d}",
        order_id=order.order_id,
        exchange=order.exchange,
        symbol=order.symbol,
        product=order.product,
        side=order.side,
        quantity=quantity,
        price=price,
        at=at,
    )


def _row_of(order: PaperOrder) -> Row:
    values = dict(zip(_COLUMNS, _FIELDS(order), strict=True))
    values["limit"] = None if math.isnan(order.limit) else order.limit
    values["parts"] = " ".join(map(str, order.parts))
    return tuple(values.values())


def _order_of(row: Row) -> PaperOrder:
    values = dict(zip(_COLUMNS, row, strict=True))
    if values["limit"] is None:
        values["limit"] = UNKNOWN
    values["parts"] = tuple(map(int, values["parts"].split()))
    return PaperOrder(**values | {name: bool(values[name]) for name in ("foreign", "rejected")})
