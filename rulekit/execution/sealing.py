"""Seals the state now and then, and reads old entries again, when nothing waits to be sent.

What is sealed is folded from the rows as they are read back from the disk, never taken from the memory that decides:
that one holds prices and memories which no entry tells yet.
"""

from __future__ import annotations

from itertools import islice

from rulekit.errors import JournalAwayError, JournalError
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.journal_chain import changed, checked, entry_of
from rulekit.execution.journal_schema import FIRST, Row
from rulekit.execution.journal_seals import Seal, to_drop
from rulekit.execution.journal_store import TakesSeals
from rulekit.execution.ledger import Ledger
from rulekit.execution.seals import SHAPE, ledger_from, text_of_state
from rulekit.execution.switch import DAMAGED_JOURNAL, REDUCING
from rulekit.model.instant import SECOND, Instant

EVERY = 5000
"""Entries from one seal to the next; a restart reads so many at most, beside those of a busy hour."""
AT_CLOSE = 250
"""Entries that are worth a seal when the journal is closed."""
AT_MOST = 20_000
"""Entries that are still followed then: a process that is told to end has seconds."""
SLICE = 400
"""Entries that are read in one go: some thousandths of a second."""
PAUSE = SECOND // 10


class Sealing:
    """Follows the journal at a distance. Nothing here is on the way of an order."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        journal = chronicle.journal
        self._sealed = self._seq = journal.seal.seq if journal.seal else 0
        self._digest = journal.seal.digest if journal.seal else FIRST
        self._at: Instant = journal.seal.at if journal.seal else 0
        self._shadow: Ledger | None = None
        self._old, self._old_end, self._old_digest = 0, self._sealed, FIRST
        self._next: Instant = 0
        self._failed = not isinstance(journal.store, TakesSeals)
        journal.before_close = self.finish
        self._start_from = journal.seal
        if journal.seal is None and journal.last_seq >= EVERY:
            self._seal_at_once()

    def _seal_at_once(self) -> None:
        """Keep what a start from all entries gave: nobody shall wait for that again, nor the end of this process."""
        chronicle = self._chronicle
        if self._failed or chronicle.journal.waiting or chronicle.ledger.applied != chronicle.journal.last_seq:
            return
        for row in chronicle.journal.store.rows(chronicle.journal.last_seq - 1):
            self._seq, self._at, self._digest = row[0], row[1], row[6]
        self._shadow = chronicle.ledger
        self._start_from = self._try_to_seal()
        self._shadow = None

    def is_due(self, now: Instant) -> bool:
        """Tell whether there is something to do, and a while has passed since it was last done."""
        if self._failed or abs(now - self._next) < PAUSE:
            return False
        return self._is_behind or self._old < self._old_end

    @property
    def _is_behind(self) -> bool:
        return self._chronicle.journal.last_seq - self._sealed >= EVERY

    def tend(self, now: Instant) -> None:
        """Do a slice of what there is to do: follow the newest entries first, then read old ones again."""
        self._next = now
        try:
            if self._is_behind:
                self._follow(SLICE)
            else:
                self._read_again()
        except JournalAwayError:
            raise  # nothing is known to be damaged
        except JournalError as error:
            self._found(error)
        if self._seq - self._sealed >= EVERY and not self._failed:
            self._try_to_seal()

    def finish(self) -> None:
        """Seal what there is before the journal is closed, if it is worth it; a failure costs a slower start."""
        journal = self._chronicle.journal
        if self._failed or journal.last_seq - self._sealed < AT_CLOSE or journal.last_seq - self._seq > AT_MOST:
            return
        try:
            self._follow(None)
        except JournalError:
            self._failed = True
        else:
            self._try_to_seal()

    def _follow(self, count: int | None) -> None:
        """Fold the next entries, as they stand on the disk."""
        if self._shadow is None:
            self._shadow = ledger_from(self._start_from, ())
        for row in self._slice(self._seq, self._digest, count):
            self._shadow.apply(entry_of(row))
            self._seq, self._digest, self._at = row[0], row[6], row[1]
        self._shadow.changes.clear()

    def _slice(self, after: int, digest: bytes, count: int | None) -> list[Row]:
        store = self._chronicle.journal.store
        return list(checked(islice(store.rows(after), count), store.name, digest, after))

    def _try_to_seal(self) -> Seal | None:
        """Keep the state, and return it; where that fails the next start is slower, and the next entry tells why."""
        assert self._shadow is not None
        store = self._chronicle.journal.store
        assert isinstance(store, TakesSeals)
        seal = Seal.of(self._seq, self._at, self._digest, SHAPE, text_of_state(self._shadow))
        try:
            store.write_seal(seal, to_drop([(seal.seq, seal.at), *store.seals()]))
        except JournalAwayError:
            return None  # it is tried again with what follows
        except JournalError:
            self._failed = True
        self._sealed = self._seq
        return seal

    def _read_again(self) -> None:
        """Check the entries before the seal that the program was started from: nothing rests on them any more."""
        rows = self._slice(self._old, self._old_digest, min(SLICE, self._old_end - self._old))
        if not rows:
            raise changed(self._chronicle.journal.store.name, self._old + 1)
        self._old, self._old_digest = rows[-1][0], rows[-1][6]

    def _found(self, error: JournalError) -> None:
        """Say that old entries are damaged: a disk that changes what was written is not one to build on."""
        self._failed = True
        why = f"{error.message}; what is known now does not rest on it, and only what makes positions smaller is sent"
        self._chronicle.switch(REDUCING, why, cause=DAMAGED_JOURNAL)
        self._chronicle.alert(why, level="critical", cause=DAMAGED_JOURNAL)
        self._chronicle.flush()
