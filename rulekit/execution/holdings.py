"""What is surely held: the smaller of the broker's list and of what our own fills leave, kept between two changes."""

from __future__ import annotations

from collections.abc import Mapping

from rulekit.execution.ledger import Ledger
from rulekit.model.instrument import InstrumentKey, PositionKey


class Holdings:
    """Answers by position and by instrument; worked out anew only after a reading or an entry that moved a position."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._net: Mapping[PositionKey, int] = {}
        self._untraded: Mapping[PositionKey, int] = {}
        self._moves = -1
        self._held: dict[PositionKey, int] = {}
        self._open: tuple[PositionKey, ...] = ()
        self._by_instrument: dict[InstrumentKey, tuple[PositionKey, ...]] = {}
        self._exchanges: frozenset[str] = frozenset()
        self.mark = 0
        """Another number whenever something else is held."""

    def read(self, net: Mapping[PositionKey, int], untraded: Mapping[PositionKey, int]) -> None:
        """Take the broker's net list, and the fills of the order book that its trades do not show yet."""
        self._net, self._untraded = net, untraded
        self._moves = -1
        self._refresh()

    def _refresh(self) -> None:
        if self._moves == self._ledger.moves:
            return
        books = self._ledger.books
        held = {key: quantity for key in {*books, *self._untraded} if (quantity := self._surely(key))}
        # A list that shows again what it showed before changes nothing that rests on it.
        if held != self._held or self._moves >= 0:
            self.mark += 1
        self._held = held
        opened = tuple(key for key in sorted(held) if key in books and books[key].quantity)
        if opened != self._open:
            self._open = opened
            self._index()
        self._moves = self._ledger.moves

    def _index(self) -> None:
        found: dict[InstrumentKey, tuple[PositionKey, ...]] = {}
        for key in self._open:
            found[key.instrument] = (*found.get(key.instrument, ()), key)
        self._by_instrument = found
        self._exchanges = frozenset(key.exchange for key in self._open)

    def _surely(self, key: PositionKey) -> int:
        own = self.own(key)
        shown = self._net.get(key, 0)
        if own * shown <= 0:
            return 0
        return min(own, shown) if own > 0 else max(own, shown)

    def own(self, key: PositionKey) -> int:
        """Return the signed quantity that our fills leave, whatever the list shows."""
        book = self._ledger.books.get(key)
        return (book.quantity if book else 0) + self._untraded.get(key, 0)

    def untraded(self, key: PositionKey) -> int:
        """Return the signed fills that the order book shows and the trades do not."""
        return self._untraded.get(key, 0)

    def shown(self, key: PositionKey) -> int:
        """Return the signed quantity of the broker's net list, 0 where it has no row."""
        return self._net.get(key, 0)

    def shown_rows(self) -> dict[PositionKey, int]:
        """Return all rows of the net list that are not flat."""
        return {key: quantity for key, quantity in self._net.items() if quantity}

    def held(self, key: PositionKey) -> int:
        """Return the signed quantity that is surely held."""
        self._refresh()
        return self._held.get(key, 0)

    def open(self) -> tuple[PositionKey, ...]:
        """Return the positions that are held, in a steady order."""
        self._refresh()
        return self._open

    def on(self, instrument: InstrumentKey) -> tuple[PositionKey, ...]:
        """Return those of one instrument."""
        self._refresh()
        return self._by_instrument.get(instrument, ())

    def exchanges(self) -> frozenset[str]:
        """Return where they are traded."""
        self._refresh()
        return self._exchanges

    def instruments(self) -> Mapping[InstrumentKey, tuple[PositionKey, ...]]:
        """Return all of them by instrument."""
        self._refresh()
        return self._by_instrument
