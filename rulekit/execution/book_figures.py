"""The day's profit and the exposure of the whole book: a price touches only the positions of its instrument."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from rulekit.execution.books import Book
from rulekit.execution.holdings import Holdings
from rulekit.execution.ledger import Ledger
from rulekit.model.book import DAY_PROFIT, EXPOSURE, OPEN_POSITIONS
from rulekit.model.instrument import Instrument, InstrumentKey, PositionKey
from rulekit.model.orders import Quote
from rulekit.model.prices import UNKNOWN


class BookFigures:
    """Keeps what each position adds to the figures, and sums exactly, so that the order of things plays no part.

    Args:
        instrument: the day's instrument, for its multiplier and scale.
        quotes: last prices; the same mapping as long as this lives.
    """

    def __init__(
        self,
        ledger: Ledger,
        holdings: Holdings,
        instrument: Callable[[InstrumentKey], Instrument],
        quotes: Mapping[InstrumentKey, Quote],
    ) -> None:
        self._ledger = ledger
        self._holdings = holdings
        self._instrument = instrument
        self._quotes = quotes
        self._mark: tuple[int, int, int] | None = None
        self._profits: dict[PositionKey, float] = {}
        self._exposures: dict[PositionKey, float] = {}
        self._blind: set[PositionKey] = set()
        self._on: dict[InstrumentKey, list[Book]] = {}
        self._heard: set[InstrumentKey] = set()

    def hear(self, instrument: InstrumentKey) -> None:
        """Take note that an instrument has another price."""
        if instrument in self._on:
            self._heard.add(instrument)

    def _refresh(self) -> None:
        ledger = self._ledger
        opened = self._holdings.open()
        mark = (ledger.moves, ledger.day, self._holdings.mark)
        if mark != self._mark:
            self._mark = mark
            self._profits.clear()
            self._exposures.clear()
            self._blind.clear()
            self._on.clear()
            for book in ledger.books.values():
                self._profits[book.key] = self._profit(book)
                if book.quantity:
                    self._on.setdefault(book.key.instrument, []).append(book)
            for key in opened:
                self._expose(ledger.books[key])
        else:
            for instrument in self._heard:
                for book in self._on.get(instrument, ()):
                    self._profits[book.key] = self._profit(book)
                    if book.key in self._exposures:
                        self._expose(book)
        self._heard.clear()

    def _profit(self, book: Book) -> float:
        """Return the day's realised and the open profit of one position, the latter where its price is known."""
        instrument = self._instrument(book.key.instrument)
        amount = book.day_realised
        quote = self._quotes.get(book.key.instrument)
        if book.quantity and quote is not None and math.isfinite(book.entry):
            amount += (quote.price - book.entry) * book.quantity
        return amount * instrument.multiplier / instrument.scale

    def _expose(self, book: Book) -> None:
        quote = self._quotes.get(book.key.instrument)
        price = UNKNOWN if quote is None else quote.price
        instrument = self._instrument(book.key.instrument)
        self._exposures[book.key] = abs(book.quantity) * price * instrument.multiplier / instrument.scale
        if quote is None or not math.isfinite(book.entry):
            self._blind.add(book.key)
        else:
            self._blind.discard(book.key)

    def day_profit(self) -> float:
        """Return the day's realised and the open profit of all books in rupees, where prices are known."""
        self._refresh()
        return math.fsum(self._profits.values())

    def all(self) -> dict[str, float | None]:
        """Return the day's profit, exposure and number of positions of the whole book, amounts in rupees.

        The last price counts however old it is: a guard of the book must not go blind because one share is not traded.
        What rests on a price or an entry that was never known is None.
        """
        self._refresh()
        exposure = math.fsum(self._exposures.values())
        return {
            DAY_PROFIT: None if self._blind else math.fsum(self._profits.values()),
            OPEN_POSITIONS: float(len(self._exposures)),
            EXPOSURE: exposure if math.isfinite(exposure) else None,
        }
