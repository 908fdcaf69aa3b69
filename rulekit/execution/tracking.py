"""Position tracking: own book from the trades, compared with the broker's net list at each reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from attrs import evolve

from rulekit.execution.actions import QUANTITY_KINDS, ActionRecord
from rulekit.execution.book_figures import BookFigures
from rulekit.execution.books import CLOSED, OPENED, Book
from rulekit.execution.chronicle import Chronicle, in_rupees
from rulekit.execution.holdings import Holdings
from rulekit.execution.ledger import FORGOTTEN, TRADE, WATCHED, trade_token
from rulekit.execution.port import Broker
from rulekit.execution.reading import Reading
from rulekit.execution.switch import HALTED, MISMATCH, REDUCING
from rulekit.model.decision import ADD, BOOK, Memory, RuleMemory
from rulekit.model.instant import DAY, SECOND, Instant, day_number
from rulekit.model.instrument import Instrument, InstrumentKey, PositionKey
from rulekit.model.orders import BUY, SELL, SIGN, Quote
from rulekit.model.position import NetPosition, TrackedPosition
from rulekit.model.prices import UNKNOWN

KEPT_PRICES = 7 * DAY
"""How long the last price of what is not held is remembered."""


class Tracker:
    """Keeps the tracked positions. What is held is the smaller of what the list shows and what our fills leave."""

    def __init__(self, chronicle: Chronicle, broker: Broker) -> None:
        self._chronicle = chronicle
        self._broker = broker
        self.holdings = Holdings(chronicle.ledger)
        self._differs: dict[PositionKey, tuple[tuple[int, int], Instant]] = {}
        self._read_day = chronicle.ledger.position_day
        self._by_instrument: dict[InstrumentKey, list[Book]] = {}
        self._watched_dirty: set[PositionKey] = set()
        self._positions: tuple[TrackedPosition, ...] | None = None
        self._built: dict[PositionKey, TrackedPosition] = {}
        self.quotes: dict[InstrumentKey, Quote] = {}
        self.closes: dict[InstrumentKey, float] = {}
        self._instruments: dict[InstrumentKey, Instrument] = {}
        self.figures = BookFigures(chronicle.ledger, self.holdings, self.instrument, self.quotes)
        self._built_at = (-1, -1)
        self._index()

    # --- what the broker shows ----------------------------------------------------------------------------------

    def update(self, reading: Reading) -> None:
        """Fold new trades in, then compare own book with the net list."""
        if self._read_day != day_number(reading.started):
            self._instruments.clear()  # the new day's list may say other lots and freeze quantities
            self._carry_over(reading)
        self._fold(reading)
        net = {key: row.quantity for key, row in reading.net().items()}
        self.holdings.read(net, reading.untraded(self._chronicle.journal.account))
        self._compare(reading)
        self._tell_changes()
        if self._read_day != day_number(reading.started):
            self._let_go(reading)
        self._read_day = day_number(reading.started)
        self._index()
        self.freshen()

    def _let_go(self, reading: Reading) -> None:
        """Forget flat books of which nothing may come, and prices of what has not been traded for days.

        Contracts expire and others come each week; the journal says what is forgotten, so that a restart does too.
        """
        ledger = self._chronicle.ledger
        busy = {*reading.net(), *self._differs, *(action.key for action in ledger.open.values())}
        busy |= reading.untraded(self._chronicle.journal.account).keys()
        over = [
            key for key, book in ledger.books.items() if not book.quantity and not book.traded_today and key not in busy
        ]
        if over:
            self._chronicle.note(FORGOTTEN, {"positions": [list(key) for key in sorted(over)]})
            self._watched_dirty.difference_update(over)
        kept = {key.instrument for key in ledger.books}
        oldest = reading.started - KEPT_PRICES
        for key in [key for key, quote in self.quotes.items() if key not in kept and quote.at < oldest]:
            del self.quotes[key]
            self.closes.pop(key, None)

    def _carry_over(self, reading: Reading) -> None:
        """Start a day from what the broker says was held overnight, where that says anything."""
        for key, row in reading.net().items():
            book = self._chronicle.ledger.books.get(key)
            if row.overnight and (book.quantity if book else 0) != row.overnight and not (book and book.traded_today):
                self._chronicle.adopt(key, row.overnight, row.average)

    def _fold(self, reading: Reading) -> None:
        traded = self._chronicle.ledger.traded
        fresh = [trade for trade in reading.trades if trade_token(trade) not in traded]
        for trade in sorted(fresh, key=lambda trade: (trade.at, trade.trade_id)):
            key = PositionKey(self._chronicle.journal.account, trade.exchange, trade.symbol, trade.product)
            body = {
                "trade": trade.trade_id,
                "order": trade.order_id,
                "key": list(key),
                "side": trade.side,
                "quantity": trade.quantity,
                "price": trade.price,
                "at": trade.at,
            }
            self._chronicle.note(TRADE, body)

    def _compare(self, reading: Reading) -> None:
        rows = reading.net()
        books = self._chronicle.ledger.books
        keys = [*rows, *(key for key, book in books.items() if book.quantity and key not in rows)]
        for key in self._differs.keys() - set(keys):
            del self._differs[key]  # flat by both: a later difference of the same figures begins anew
        for key in keys:
            shown = rows[key].quantity if key in rows else 0
            own = self.own(key)
            if shown == own:
                self._differs.pop(key, None)
                continue
            self._judge_difference(key, rows.get(key) or NetPosition(key, 0, UNKNOWN, UNKNOWN), own, reading)

    def _judge_difference(self, key: PositionKey, row: NetPosition, own: int, reading: Reading) -> None:
        """Decide whether a difference is a lag of the list, or is to be believed."""
        shown, now = row.quantity, reading.started
        book = self._chronicle.ledger.books.get(key)
        first_sight = book is None or (not book.quantity and not book.traded_today)
        overnight = self._read_day != day_number(now)
        since = self._differs.get(key)
        if since is None or since[0] != (shown, own):
            # A later fill that lags by the same quantity is another difference: its time begins with it.
            self._differs[key] = since = ((shown, own), now)
        patient = now - since[1] < self._chronicle.settings.position_lag_s * SECOND
        came_back = book is not None and not book.quantity and shown == book.vanished != 0
        explained = first_sight or overnight or came_back
        believed = self._beyond_lag(key, row, own, reading) if explained else shown
        if patient and (not explained or believed == own):
            return
        self._differs.pop(key, None)
        self._chronicle.adopt(key, believed - self.holdings.untraded(key), row.average)
        if not first_sight:
            self._chronicle.tell("mismatch_found", key.symbol, ours=own, broker=shown, explained=explained)
        if not explained:
            why = f"{key.symbol} {key.product}: own book says {own}, the broker shows {shown}, and no trade explains it"
            if not believed:
                why += "; no stop of it is watched until the broker shows it again"
            self._chronicle.alert(why, symbol=key.symbol, level="critical")
            self._chronicle.switch(REDUCING, why, cause=MISMATCH)

    def _beyond_lag(self, key: PositionKey, row: NetPosition, own: int, reading: Reading) -> int:
        """Return what is held if a list seen for the first time today only lags the last trades, else its own figure.

        Own book, or the night's quantity with today's trades, is right where the latest trades make up the difference.
        """
        oldest = reading.started - round(self._chronicle.settings.position_lag_s * SECOND)
        today = day_number(reading.started)
        traded = [
            (trade.at, SIGN[trade.side] * trade.quantity)
            for trade in reading.trades
            if (trade.exchange, trade.symbol, trade.product) == key[1:] and day_number(trade.at) == today
        ]
        not_shown_yet = set(accumulate(signed for at, signed in sorted(traded, reverse=True) if at > oldest))
        if (untraded := self.holdings.untraded(key)) and not not_shown_yet:
            not_shown_yet = {untraded}
        expected = row.overnight + sum(signed for _, signed in traded) + untraded
        return next((held for held in (own, expected) if held - row.quantity in not_shown_yet), row.quantity)

    def _tell_changes(self) -> None:
        ledger = self._chronicle.ledger
        changes, ledger.changes = ledger.changes, []
        for key, change in changes:
            book, scale = ledger.books[key], self.instrument(key.instrument).scale
            entry, strategy = in_rupees(change.entry, scale), book.strategy
            data: dict[str, Any]
            if change.event == OPENED:
                side = BUY if book.quantity > 0 else SELL
                data = {"side": side, "quantity": change.quantity, "entry": entry}
            elif change.event == CLOSED:
                multiplier = self.instrument(key.instrument).multiplier
                data = {"profit": round(change.profit * multiplier / scale, 2)}
            else:
                data = {"remaining": change.quantity, "total": change.quantity, "entry": entry}
            self._chronicle.tell(change.event, key.symbol, strategy, **data)

    # --- what is held -------------------------------------------------------------------------------------------

    def shown(self, key: PositionKey) -> int:
        """Return the signed quantity of the broker's net list, 0 where it has no row."""
        return self.holdings.shown(key)

    def own(self, key: PositionKey) -> int:
        """Return the signed quantity that our fills leave."""
        return self.holdings.own(key)

    def is_doubted(self, key: PositionKey) -> bool:
        """Tell whether the list differs from own book, and not yet for so long that it is believed."""
        return key in self._differs

    def held(self, key: PositionKey) -> int:
        """Return the signed quantity that is surely held: the smaller of the list and of what our fills leave."""
        return self.holdings.held(key)

    def shown_rows(self) -> dict[PositionKey, int]:
        """Return all rows of the net list that are not flat."""
        return self.holdings.shown_rows()

    def instrument(self, key: InstrumentKey) -> Instrument:
        """Return the day's instrument; one that the broker does not list gets plain equity defaults."""
        found = self._instruments.get(key)
        if found is None:
            found = self._instruments[key] = self._broker.instrument(key) or Instrument(key.exchange, key.symbol)
        return found

    # --- what is watched ----------------------------------------------------------------------------------------

    def _index(self) -> None:
        index: dict[InstrumentKey, list[Book]] = {}
        for book in self._chronicle.ledger.books.values():
            if book.quantity:
                index.setdefault(book.key.instrument, []).append(book)
        self._by_instrument = index

    def observe(self, key: InstrumentKey, quote: Quote) -> None:
        """Take a price: best and worst since entry, and the last close when a new day begins."""
        if not math.isfinite(quote.price) or quote.price <= 0:
            return
        before = self.quotes.get(key)
        if before is not None and day_number(before.at) < day_number(quote.at):
            self.closes[key] = before.price
        self.quotes[key] = quote
        self.figures.hear(key)
        for book in self._by_instrument.get(key, ()):
            if book.opened is not None and quote.at < book.opened:
                continue
            extremes = (book.best, book.worst)
            book.see(quote.price)
            if (book.best, book.worst) != extremes:
                self._touch(book.key)

    def _touch(self, key: PositionKey) -> None:
        self._watched_dirty.add(key)
        self._built.pop(key, None)
        self._positions = None

    def remember(self, key: PositionKey, memory: Memory) -> None:
        """Keep what the engine says the rules remember: since when they hold, and the best price since."""
        book = self._chronicle.ledger.books.get(key)
        if book is None or not book.quantity:
            return
        kept = {
            rule: RuleMemory(since=one.since, best=one.best, marks=one.marks)
            for rule, one in memory.items()
            if one.since is not None or math.isfinite(one.best) or one.marks
        }
        if kept != book.memory:
            book.memory = kept
            self._touch(key)

    def set_initial_stop(
        self,
        key: PositionKey,
        stop: float,
        strategy: str = "",
        target: float = UNKNOWN,
        opened: Instant | None = None,
    ) -> bool:
        """Give the running episode its first stop, target, strategy and opening, once; False if nothing was taken."""
        book = self._chronicle.ledger.books.get(key)
        if book is None or not book.quantity:
            return False
        taken = False
        if math.isfinite(stop) and not math.isfinite(book.initial_stop):
            book.initial_stop = stop
            if book.tightens(stop):
                book.stop = stop
            taken = True
        if math.isfinite(target) and not math.isfinite(book.target):
            book.target, taken = target, True
        if strategy and not book.strategy:
            book.strategy, taken = strategy, True
        if opened is not None and book.opened is None:
            book.opened, taken = opened, True
        if taken:
            self._touch(key)
        return taken

    def journal_watched(self) -> None:
        """Note stops, extremes and memories that changed since they were last noted."""
        books = self._chronicle.ledger.books
        dirty = [books[key].watched() for key in sorted(self._watched_dirty) if books[key].quantity]
        self._watched_dirty.clear()
        if dirty:
            self._chronicle.note(WATCHED, {"positions": dirty})

    # --- what others see ----------------------------------------------------------------------------------------

    def stale(self) -> None:
        """Let the positions be built afresh: an action changed."""
        self._built.clear()
        self._built_at = self._mark()
        self._positions = None

    def freshen(self) -> None:
        """Let the positions be built afresh if anything happened since they last were."""
        if self._built_at != self._mark():
            self.stale()

    def _mark(self) -> tuple[int, int]:
        """Return what differs when an action, the trading state or what is held differs."""
        self.holdings.open()
        return self._chronicle.ledger.applied, self.holdings.mark

    def positions(self) -> Sequence[TrackedPosition]:
        """Return the open positions with all that is remembered of them, in a steady order."""
        if self._positions is None:
            self._positions = tuple(self._position(key) for key in self.holdings.open())
        return self._positions

    def positions_on(self, instrument: InstrumentKey) -> Sequence[TrackedPosition]:
        """Return those of one instrument; the others are not looked at."""
        return [self._position(key) for key in self.holdings.on(instrument)]

    def _position(self, key: PositionKey) -> TrackedPosition:
        built = self._built.get(key)
        if built is None:
            built = self._built[key] = self._tracked(self._chronicle.ledger.books[key])
        return built

    def _tracked(self, book: Book) -> TrackedPosition:
        ledger = self._chronicle.ledger
        actions = [action for action in ledger.of_episode(book.episode) if action.kind in QUANTITY_KINDS]
        memory, firings = self._memory(book, actions)
        instrument = book.key.instrument
        frozen = ledger.is_frozen(instrument)
        on_its_way = any(self._moves(action, book) for action in ledger.open_on(instrument))
        return TrackedPosition(
            key=book.key,
            side=book.side,
            quantity=abs(self.held(book.key)),
            entry=book.entry,
            opened=book.opened,
            episode=book.episode,
            original=book.original,
            stop=book.stop,
            initial_stop=book.initial_stop,
            target=book.target,
            best=book.best,
            worst=book.worst,
            booked=sum(action.kind == BOOK and action.filled > 0 for action in actions),
            added=sum(action.kind == ADD and action.filled > 0 for action in actions),
            realised=book.realised,
            strategy=book.strategy,
            in_flight=on_its_way or frozen or ledger.mode.name == HALTED,
            frozen=frozen,
            memory=memory,
            firings=firings,
        )

    def _moves(self, action: ActionRecord, book: Book) -> bool:
        """Tell whether an open action on a book's instrument keeps its rules from deciding.

        What waits for an old list to catch up with another product does not: that may take a minute.
        """
        if action.kind not in QUANTITY_KINDS:
            return False
        return action.key == book.key or action.live is not None or not self.is_doubted(action.key)

    def _memory(self, book: Book, actions: list[ActionRecord]) -> tuple[dict[str, RuleMemory], dict[str, int]]:
        """Return what the rules remember with their counted firings, and how many actions of each there are."""
        fired: dict[str, tuple[int, Instant]] = {}
        firings: dict[str, int] = {}
        for rule, tally in self._chronicle.ledger.tallies.get(book.episode, {}).items():
            firings[rule] = tally.firings
            if tally.fired:
                fired[rule] = (tally.fired, tally.fired_at)
        for action in actions:
            if action.counts:
                count, last = fired.get(action.rule, (0, 0))
                fired[action.rule] = (count + 1, max(last, action.decided))
        memory: dict[str, RuleMemory] = dict(book.memory)
        for rule, (count, last) in fired.items():
            known = book.memory.get(rule)
            memory[rule] = evolve(known, fired=count, fired_at=last) if known else RuleMemory(count, last)
        return memory, firings

    def is_blocked(self, instrument: InstrumentKey) -> bool:
        """Tell whether so many closing orders in a row were refused that nothing more is sent for the instrument."""
        refused = self._chronicle.ledger.refused(instrument, closing=True)
        return refused >= self._chronicle.settings.refusals_in_a_row

    def day_profit(self) -> float:
        """Return the day's realised and the open profit of all books in rupees, where prices are known."""
        return self.figures.day_profit()

    def book_figures(self) -> dict[str, float | None]:
        """Return the figures of the whole book by their names in the language; None is unknown."""
        return self.figures.all()
