"""The journal: rows that are only ever added, flushed before anything is sent, chained one to the next.

What a journal is stands here; where its rows are kept is a store's affair.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from rulekit.errors import JournalError
from rulekit.execution import journal_sqlite
from rulekit.execution.actions import JOURNAL_ID_LENGTH
from rulekit.execution.journal_chain import checked, entry_of
from rulekit.execution.journal_schema import FIRST, VERSION, Entry, Row, body_of, chain, text_of
from rulekit.execution.journal_sqlite import SqliteStore
from rulekit.execution.journal_store import Store
from rulekit.model.clock import Clock, fresh_bytes

OPENED = "opened"


class Journal:
    """A journal open for writing. Entries are added in memory and become durable together with `flush`.

    Args:
        store: where the rows are kept, held for writing by this process.
        path: what requests to this journal's engine lie beside.
        account: whose positions it is about; a journal belongs to one account.
        clock: times the entries.
    """

    def __init__(self, store: Store, path: Path, account: str, clock: Clock) -> None:
        self.store = store
        self.path = path
        self.account = account
        self.id = ""
        self.clock = clock
        self.last_seq = 0
        self.flushes = 0
        self.is_open = True
        self._digest = FIRST
        self._rows: list[Row] = []
        self._failed: JournalError | None = None

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        account: str = "paper",
        clock: Clock,
        create: bool = True,
        wait_s: float = 2.0,
        durable: bool = True,
        max_pages: int | None = None,
        identity: str | None = None,
    ) -> Self:
        """Open a journal for writing, take its lock, and check every row of it.

        Args:
            path: the file; it is created if `create` allows it.
            account: whose positions it is about; a journal belongs to one account.
            clock: times the entries.
            create: whether a missing file is made.
            wait_s: real seconds to wait for the lock of a process that is just ending.
            durable: flush to the disk at each commit; only simulations do without.
            max_pages: a bound on the file's size in pages, as a full disk would set one.
            identity: four letters for a new journal's tags; drawn freshly if left out.

        Raises:
            JournalError: locked, damaged, of another version or account, or not writable.
            UnreadableFileError: there is no such file, or it is a folder.
        """
        path = Path(path)
        store = SqliteStore(path, create=create, wait_s=wait_s, durable=durable, max_pages=max_pages)
        try:
            journal = cls(store, path, account, clock)
            journal._begin(identity)
        except BaseException:
            store.close()
            raise
        return journal

    def _begin(self, identity: str | None) -> None:
        """Write the first entry of a new journal, or check those that stand."""
        if self.store.is_new:
            self.id = identity or b32encode(fresh_bytes(5)).decode()[:JOURNAL_ID_LENGTH]
            self.add(OPENED, {"journal": self.id, "account": self.account, "version": VERSION})
            self.flush()
        else:
            self._verify()
        self.store.bind(self.id, self.last_seq, self._digest)

    def _verify(self) -> None:
        self.store.check()
        for row in checked(self.store.rows(), self.store.name):
            if not self.last_seq:
                self._belongs(body_of(row[5]))
            self.last_seq, self._digest = row[0], row[6]

    def _belongs(self, opening: Mapping[str, Any]) -> None:
        whose = opening.get("account")
        if whose != self.account:
            raise JournalError(
                f"`{self.store.name}` is the journal of the account `{whose}`, not of `{self.account}`",
                "give each account a journal of its own",
            )
        self.id = str(opening["journal"])

    def add(self, kind: str, body: Mapping[str, Any], subject: str = "", token: str | None = None) -> Entry:
        """Put an entry behind the others in memory; `flush` makes it durable."""
        if self._failed:
            raise self._failed
        text = text_of(body)
        seq, at = self.last_seq + 1, self.clock.now()
        self._digest = chain(self._digest, seq, at, kind, subject, token, text)
        self.last_seq = seq
        self._rows.append((seq, at, kind, subject, token, text, self._digest))
        # What a restart reads is what the program goes on with: the same text, the same values.
        return Entry(seq, at, kind, subject, token, body_of(text))

    @property
    def waiting(self) -> int:
        """Return how many entries are not durable yet."""
        return len(self._rows)

    def flush(self) -> None:
        """Make all waiting entries durable together.

        Raises:
            JournalError: it could not be done; what was acknowledged before is kept, nothing else is accepted.
        """
        if self._failed:
            raise self._failed
        if not self._rows:
            return
        if not self.is_open:
            raise JournalError(f"`{self.store.name}` is closed")
        try:
            self.store.append(self._rows)
        except JournalError as error:
            self._failed = error
            raise
        self.flushes += 1
        self._rows.clear()

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Read the durable entries behind a number, oldest first."""
        return (entry_of(row) for row in self.store.rows(after))

    def close(self) -> None:
        """Flush, and let go of the store; closing twice does nothing."""
        if not self.is_open:
            return
        try:
            if not self._failed:
                self.flush()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the store without flushing, as the death of the process would."""
        self.is_open = False
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_held(path: Path | str) -> bool:
    """Tell whether a process holds a journal for writing."""
    return journal_sqlite.is_held(Path(path))


def check_present(path: Path) -> None:
    """Refuse a journal that is not there.

    Raises:
        UnreadableFileError: there is no such file, or it is a folder.
    """
    journal_sqlite.check_path(path, create=False)


def read_journal(path: Path | str) -> list[Entry]:
    """Read all entries of a journal, also while a process writes it; the chain is checked.

    Raises:
        JournalError: damaged or of another version. UnreadableFileError: there is none.
    """
    return [entry_of(row) for row in checked(journal_sqlite.read_rows(Path(path)), str(path))]
