"""The whole simulated broker without its sockets: the book, the counters, the sessions, the clock, the faults."""

from __future__ import annotations

import hashlib
import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from rulekit.kite_server.answers import Answer, ApiError, Request, failure, refused
from rulekit.kite_server.api import Route, find_route
from rulekit.kite_server.clock import SECOND, ServerClock, moment, next_time
from rulekit.kite_server.day_end import close_exchange, square_off
from rulekit.kite_server.faults import AFTER, BEFORE, LATE, Fault, Faults, Sending, made_up, spoil
from rulekit.kite_server.feed import Print
from rulekit.kite_server.limits import Budgets
from rulekit.kite_server.listing import list_defaults
from rulekit.kite_server.market import Line
from rulekit.kite_server.oms import Oms
from rulekit.kite_server.orders import ENDED, Ticket, TrueOrder
from rulekit.kite_server.schedule import Schedule
from rulekit.kite_server.sessions import DEATH, Sessions
from rulekit.kite_server.settings import CLOSES, ServerSettings

REMEMBERED = 200_000
"""How many requests are kept for a look at them."""
HELD_BACK = 2.0
"""Seconds by which a reordered update is late at most."""


class Desk:
    """Everything that must be asked for under `lock`."""

    def __init__(self, settings: ServerSettings, clock: ServerClock, feed: Sequence[Print] = ()) -> None:
        self.settings, self.clock = settings, clock
        self.view = settings.view
        self.lock = threading.RLock()
        # Each purpose draws for itself, so that one more request does not change every fault after it.
        self.draw, self.shuffle, self._fates, chance = (
            random.Random(f"{settings.seed} {purpose}")  # noqa: S311 - a simulation, no secret
            for purpose in ("names", "order of lists", "updates", "faults")
        )
        self.schedule = Schedule()
        self.oms = Oms(settings, self.schedule, self.draw)
        self.oms.on_update = self._updated
        self.budgets = Budgets(settings.limits)
        self.sessions = Sessions(settings.credentials, self.draw)
        self.faults = Faults(chance)
        self.requests: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self.extra_latency = 0.0
        self._fault: Fault | None = None
        self.touched: Callable[[int], None] = lambda token: None
        self.told: Callable[[dict[str, Any]], None] = lambda row: None
        self.posted: Callable[[dict[str, Any]], None] = lambda row: None
        self.logged_out: Callable[[], None] = lambda: None
        self.rearm: Callable[[], None] = lambda: None
        self._feed, self._next_print = feed, 0
        self._shown_prices: tuple[int, dict[tuple[str, str], int]] | None = None
        self._now = clock.now()
        list_defaults(self.oms.listings, moment(self._now).date())
        for exchange, symbol in dict.fromkeys((row.exchange, row.symbol) for row in feed):
            if self.oms.listings.find(exchange, symbol) is None:
                self.oms.listings.add(exchange, symbol)
        self.sessions.begin(self._now, settings.credentials.access_token)
        self._every_day(DEATH, lambda at: self.expire_token())
        for exchange, time in (settings.square_off or {}).items():
            self._every_day(time, lambda at, exchange=exchange: square_off(self.oms, exchange, at))  # type: ignore[misc]
        for exchange, time in CLOSES.items():
            self._every_day(time, lambda at, exchange=exchange: close_exchange(self.oms, exchange, at))  # type: ignore[misc]

    def _every_day(self, time: str, what: Callable[[int], None]) -> None:
        def run(at: int) -> None:
            what(at)
            self.schedule.add(next_time(at, time), run)

        self.schedule.add(next_time(self._now, time), run)

    # ---- time

    def next_due(self) -> int | None:
        """Return the instant at which something is to happen next."""
        times = [self.schedule.next_due()]
        if self._next_print < len(self._feed):
            times.append(self._feed[self._next_print].at)
        return min((time for time in times if time is not None), default=None)

    def advance(self, most: int = 1 << 60) -> bool:
        """Let everything happen that is due, at most so many things; return whether some are left."""
        with self.lock:
            now = self.clock.now()
            for _ in range(most):
                due = self.schedule.next_due()
                price = self._feed[self._next_print] if self._next_print < len(self._feed) else None
                if price is not None and price.at <= now and (due is None or price.at <= due):
                    self._next_print += 1
                    self._now = max(self._now, price.at)
                    self.hear(price.exchange, price.symbol, price.price, price.at, price.quantity, price.volume)
                elif (found := self.schedule.pop_due(now)) is not None:
                    self._now = max(self._now, found[0])
                    found[1](self._now)
                else:
                    self._now = max(self._now, now)
                    return False
            return True

    def now(self) -> int:
        """Return the instant that the desk has come to."""
        return self._now

    @property
    def feed_left(self) -> int:
        """How many prices of the feed are still to come."""
        return len(self._feed) - self._next_print

    # ---- prices

    def hear(
        self, exchange: str, symbol: str, units: int, at: int, quantity: int = 0, volume: int | None = None
    ) -> None:
        """Hear a price; a share that is not listed yet is listed by it."""
        listing = self.oms.listings.find(exchange, symbol)
        if listing is None:
            if exchange not in {"NSE", "BSE"}:
                raise KeyError(f"{exchange}:{symbol} is not listed; list it first")
            listing = self.oms.listings.add(exchange, symbol)
        self.oms.price(listing, units, at, quantity, volume)
        self.touched(listing.token)

    def line_of(self, token: int) -> Line | None:
        """Find the prices of a token."""
        listing = self.oms.listings.by_token.get(token)
        return None if listing is None else self.oms.lines.get(listing.key)

    def position_prices(self, at: int) -> dict[tuple[str, str], int]:
        """Return the last prices that the list of positions shows; they may be old."""
        age = round(self.view.position_price_age * SECOND)
        fresh = {key: line.last for key, line in self.oms.lines.items()}
        if self._shown_prices is None or at - self._shown_prices[0] >= age:
            self._shown_prices = (at, fresh)
        return {**fresh, **self._shown_prices[1]}

    # ---- requests

    def respond(self, request: Request) -> Sending:
        """Answer a request, or let it go wrong."""
        with self.lock:
            self.advance()
            found = find_route(request)
            if found is None:
                return Sending(failure(404, "GeneralException", "Route not found"))
            route, request = found
            fault = self._fault = self.faults.take(route.name)
            self.requests.append(
                {"at": self._now, "method": request.method, "path": request.path, "route": route.name,
                 "agent": request.headers.get("user-agent", ""), "tag": request.form.get("tag"),
                 "fault": None if fault is None else f"{fault.kind}:{fault.when}"}
            )  # fmt: skip
            try:
                return self._respond(route, request, fault)
            finally:
                self._fault = None
                self.rearm()

    def _respond(self, route: Route, request: Request, fault: Fault | None) -> Sending:
        if fault is None or fault.kind in {"slice", "stuck"}:
            self.extra_latency = fault.delay if fault is not None and fault.kind == "stuck" else 0.0
            return Sending(self.answer(route, request))
        real: Answer | None = None
        if fault.when == AFTER or (fault.when == BEFORE and fault.kind in {"slow", "idle_close"}):
            real = self.answer(route, request)
        elif fault.when == LATE:
            self.schedule.add(self._now + round(fault.delay * SECOND), lambda at: self._take_late(route, request))
        taken = real
        return spoil(fault, lambda: taken if taken is not None else made_up(route.name), request.path)

    def _take_late(self, route: Route, request: Request) -> None:
        self.answer(route, request, counted=False)

    def answer(self, route: Route, request: Request, *, counted: bool = True) -> Answer:
        """Do what a request asks for and write the answer."""
        at = self._now
        try:
            if not route.open:
                if request.headers.get("x-kite-version") != "3":
                    raise refused("Invalid or missing `X-Kite-Version`.", "TokenException", 403)
                self.sessions.check_header(request.headers.get("authorization", ""), at)
            if counted and route.budget != "none":
                count: Callable[[int], None] = getattr(self.budgets, route.budget)
                count(at)
            return route.handle(self, request, at)
        except ApiError as error:
            return failure(error.status, error.error_type, error.message)

    def failing_slice(self, ticket: Ticket) -> int | None:
        """Return which slice of an autoslice fails by itself."""
        fault = self._fault
        if fault is None or fault.kind != "slice":
            return None
        freeze = ticket.listing.freeze or ticket.quantity
        last = (ticket.quantity - 1) // max(ticket.listing.lot, freeze // ticket.listing.lot * ticket.listing.lot)
        return last if fault.index is None else fault.index

    # ---- sessions

    def admits(self, api_key: str, access_token: str) -> bool:
        """Tell whether the ticker lets someone in."""
        with self.lock:
            return self.settings.market_data and self.sessions.knows(api_key, access_token, self.clock.now())

    def expire_token(self) -> None:
        """Let the session die; the ticker's connections fall."""
        self.sessions.end()
        self.logged_out()

    def after_login(self) -> None:
        """Let the connections of the session before fall."""
        self.logged_out()

    # ---- order updates

    def _updated(self, order: TrueOrder, status: str, at: int) -> None:
        row = self.oms.update_row(order, status, at)
        if self.settings.postback_url is not None and order.ticket.placed_by is None:
            text = f"{order.order_id}{row['order_timestamp']}{self.settings.credentials.api_secret}"
            self.posted({**row, "checksum": hashlib.sha256(text.encode()).hexdigest()})
        view, fate = self.view, self._fates
        if fate.random() < view.update_drop:
            return
        copies = 2 if fate.random() < view.update_duplicate else 1
        for _ in range(copies):
            late = view.update_lag
            if fate.random() < view.update_reorder:
                late += fate.uniform(0, HELD_BACK)
            if late:
                self.schedule.add(at + round(late * SECOND), lambda when: self.told(row))
            else:
                self.told(row)

    # ---- the oracle

    def true_orders(self) -> list[dict[str, Any]]:
        """Every order as it truly is, with what is left of it and its steps."""
        rows = []
        for order in self.oms.orders.values():
            rows.append(
                {**order.snapshots[-1][1], "left": 0 if order.status in ENDED else order.left,
                 "placed_at": order.placed_at, "history": [row["status"] for _, row in order.snapshots]}
            )  # fmt: skip
        return rows

    def true_positions(self) -> dict[tuple[str, str, str], int]:
        """Net quantities by exchange, symbol and product."""
        return {key: net for key, net in self.oms.funds.positions(self._now).items() if net}

    def place_by_hand(self, ticket: Ticket) -> str:
        """Trade on another screen: no tag, no request."""
        return self.oms.place(ticket, self._now).order_id
