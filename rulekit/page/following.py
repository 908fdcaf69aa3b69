"""Follows a journal as it grows: reads what is new, adds it up, and says in a sentence when it cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define

from rulekit.errors import JournalError, RulekitError
from rulekit.execution.journal import is_held, open_shelf
from rulekit.execution.journal_chain import checked, entry_of
from rulekit.execution.journal_place import Place
from rulekit.execution.journal_schema import FIRST, Entry
from rulekit.execution.journal_sqlite import HELD
from rulekit.execution.ledger import ACKNOWLEDGED, ACTED, ACTION_DECIDED, ALARM, MODE, POLICIES, Ledger
from rulekit.execution.recent import PathLedger
from rulekit.execution.seals import collector_at_rest, latest_seal, take_state, why_whole

if TYPE_CHECKING:
    from rulekit.execution.journal_store import LongShelf

PAST = 1500
"""Entries before a kept state that are told again for the log."""
_TOLD_ALONE = frozenset((ACTION_DECIDED, MODE, ALARM, ACKNOWLEDGED, ACTED, POLICIES))
"""Kinds of entries that need none before them."""

Hear = Callable[[Entry, Ledger], None]
"""Hears of an entry before it is folded in; with it the ledger as it was."""


@define
class Follower:
    """Reads one journal again and again; the journal is only ever read, and nothing is held between two readings.

    Args:
        place: of the journal.
        begun: hears that it is read from a kept state or from its beginning.
        before: hears each entry before it is folded in. after: hears it when it has been.
    """

    place: Place
    begun: Callable[[], None]
    before: Hear
    after: Hear
    ledger: Ledger | None = None
    seq: int = 0
    trouble: str = ""
    """Why the journal could not be read the last time, in a sentence; empty if it could."""
    help: str = ""
    note: str = ""
    """What takes its time."""
    started: int = 0
    """How often it has been read from its beginning or its last kept state."""
    _digest: bytes = FIRST
    _again: bool = False
    _marks: tuple[object, ...] = ()

    def may_have_grown(self) -> bool:
        """Tell whether the files changed since the last reading; of a database nobody can know but by reading it."""
        return self._look() != self._marks

    def poll(self) -> bool:
        """Read what is new; tell whether anything is, or whether it could be read where before it could not.

        A journal that cannot be read leaves what is known as it was.
        """
        marks = self._look()
        before = (self.seq, self.started, self.trouble)
        try:
            self._read()
        except RulekitError as error:
            self.trouble, self.help = _told(error)
        else:
            self.trouble = self.help = ""
            self._marks = marks
        return (self.seq, self.started, self.trouble) != before

    def is_running(self) -> bool:
        """Tell whether an engine holds the journal; where that cannot be found out, none does."""
        try:
            return is_held(self.place)
        except RulekitError:
            return False

    def _look(self) -> tuple[object, ...]:
        if not isinstance(self.place, Path):
            return ()
        return tuple(map(_mark, (self.place, Path(f"{self.place}-wal"))))

    def _read(self) -> None:
        with open_shelf(self.place) as shelf:
            if self.ledger is None or self._again or shelf.last_seq() < self.seq:
                self._begin(shelf)
                return
            try:
                self._fold(shelf, self.ledger)
            except JournalError:
                # Another journal may have been put in its place: what is there now decides.
                self._begin(shelf)

    def _begin(self, shelf: LongShelf) -> None:
        """Read from the last state that was kept, or from the beginning; what was known stays until that is done."""
        known = self.ledger, self.seq, self._digest
        ledger = Ledger()
        self.seq, self._digest, self._again = 0, FIRST, True
        seal = latest_seal(shelf)
        if seal is not None:
            take_state(ledger, seal.text)
            self.seq, self._digest = seal.seq, seal.digest
            self.begun()
            self._retell(shelf, seal.seq)
        else:
            self.begun()
            self.note = why_whole(shelf, shelf.last_seq())
        try:
            with collector_at_rest():
                self._fold(shelf, ledger)
        except BaseException:
            self.ledger, self.seq, self._digest = known
            raise
        finally:
            self.note = ""
        self.ledger, self._again = ledger, False
        self.started += 1

    def _retell(self, shelf: LongShelf, until: int) -> None:
        """Let the last entries before a kept state be heard, as far as they can be told without those before them."""
        first, digest = max(0, until - PAST), FIRST
        if first:
            digest = next(iter(shelf.rows(first - 1)))[6]
        ledger = PathLedger()
        for row in checked(shelf.rows(first), shelf.name, digest, first):
            entry = entry_of(row)
            if entry.kind in _TOLD_ALONE or entry.subject in ledger.actions:
                self.before(entry, ledger)
                ledger.apply(entry)
                self.after(entry, ledger)
            if entry.seq == until:
                break

    def _fold(self, shelf: LongShelf, ledger: Ledger) -> None:
        for row in checked(shelf.rows(self.seq), shelf.name, self._digest, self.seq):
            entry = entry_of(row)
            self.before(entry, ledger)
            ledger.apply(entry)
            self.after(entry, ledger)
            ledger.changes.clear()
            self.seq, self._digest = row[0], row[6]


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _told(error: RulekitError) -> tuple[str, str]:
    """Say it to somebody who only looks: they need not stop anything."""
    if error.message.startswith(HELD):
        return "another program has locked the journal for the moment", "it is read again by itself when that is over"
    return error.message, error.help
