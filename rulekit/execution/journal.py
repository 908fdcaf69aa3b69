"""The journal: rows that are only ever added, flushed before anything is sent, chained one to the next.

What a journal is stands here; where its rows are kept is a store's affair.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from rulekit.errors import JournalAwayError, JournalError
from rulekit.execution import journal_sqlite, requests
from rulekit.execution.actions import JOURNAL_ID_LENGTH
from rulekit.execution.journal_chain import checked, entry_of
from rulekit.execution.journal_place import Place, ServerPlace, place_of
from rulekit.execution.journal_schema import FIRST, VERSION, Entry, Row, body_of, chain, text_of
from rulekit.execution.journal_seals import Seal
from rulekit.execution.journal_sqlite import SqliteShelf, SqliteStore
from rulekit.execution.journal_store import Shelf, Store
from rulekit.execution.lease import LEASE_S, never
from rulekit.execution.ledger import Ledger
from rulekit.execution.requests import Request
from rulekit.execution.seals import collector_at_rest, latest_seal, ledger_from, why_whole
from rulekit.model.clock import Clock, fresh_bytes

if TYPE_CHECKING:
    from rulekit.execution.journal_postgres_reading import ServerShelf

OPENED = "opened"


def _silent(text: str) -> None:
    """Tell nobody."""


class Journal:
    """A journal open for writing. Entries are added in memory and become durable together with `flush`.

    Args:
        store: where the rows are kept, held for writing by this process.
        account: whose positions it is about; a journal belongs to one account.
        clock: times the entries.
    """

    def __init__(self, store: Store, account: str, clock: Clock) -> None:
        self.store = store
        self.account = account
        self.id = ""
        self.clock = clock
        self.last_seq = 0
        self.flushes = 0
        self.is_open = True
        self.seal: Seal | None = None
        self.remarks: list[str] = []
        self.before_close: Callable[[], None] | None = None
        self._digest = FIRST
        self._rows: list[Row] = []
        self._failed: JournalError | None = None
        self._in_doubt = False
        self._folded: tuple[int, Ledger] | None = None

    @classmethod
    def open(
        cls,
        place: Place | str,
        *,
        account: str = "paper",
        clock: Clock,
        create: bool = True,
        wait_s: float = 2.0,
        waits: Callable[[], bool] = never,
        lease_s: float = LEASE_S,
        durable: bool = True,
        max_pages: int | None = None,
        identity: str | None = None,
        tell: Callable[[str], None] = _silent,
    ) -> Self:
        """Open a journal for writing, take its lock or its lease, and check its rows: all, or those behind a seal.

        Args:
            place: the file, or the address of a PostgreSQL database; made if `create` allows it.
            account: whose positions it is about; a journal belongs to one account.
            clock: times the entries.
            create: whether a missing file is made.
            wait_s: real seconds to wait for the lock of a process that is just ending, beyond its lease where there
                is one.
            waits: asked when that time is over and another process has it: whether to go on waiting.
            lease_s: how long an account in a database stays held after each renewal.
            durable: flush to the disk at each commit; only simulations do without.
            max_pages: a bound on the file's size in pages, as a full disk would set one.
            identity: four letters for a new journal's tags; drawn freshly if left out.
            tell: hears why it will take long, before it does.

        Raises:
            JournalError: locked, damaged, of another version or account, or not writable.
            UnreadableFileError: there is no such file, or it is a folder.
        """
        where = place_of(place, account)
        store: Store
        if isinstance(where, ServerPlace):
            from rulekit.execution.journal_postgres import PostgresStore

            store = PostgresStore(where, create=create, wait_s=wait_s, waits=waits, lease_s=lease_s)
        else:
            store = SqliteStore(where, create=create, wait_s=wait_s, waits=waits, durable=durable, max_pages=max_pages)
        try:
            journal = cls(store, account, clock)
            journal._begin(identity, tell)
        except BaseException:
            store.close()
            raise
        return journal

    def _begin(self, identity: str | None, tell: Callable[[str], None] = _silent) -> None:
        """Write the first entry of a new journal, or check those that stand."""
        if self.store.is_new:
            self.id = identity or b32encode(fresh_bytes(5)).decode()[:JOURNAL_ID_LENGTH]
            self.add(OPENED, {"journal": self.id, "account": self.account, "version": VERSION})
            self.flush()
        else:
            self._verify(tell)
        self.remarks += self.store.bind(self.id, self.last_seq, self._digest) or ()

    def _verify(self, tell: Callable[[str], None]) -> None:
        """Check the rows and fold them; for those before a sealed state its check stands, and they are read later."""
        for row in checked(self.store.rows(), self.store.name):
            self._belongs(body_of(row[5]))
            break
        self.seal = latest_seal(self.store, self.remarks)
        if self.seal is not None:
            self.last_seq, self._digest = self.seal.seq, self.seal.digest
        else:
            if why := why_whole(self.store, self.store.durable()):
                tell(why)
            self.store.check()
        folded: Ledger | None = ledger_from(self.seal, ())
        with collector_at_rest():
            for entry in self._checked_entries():
                try:
                    if folded is not None:
                        folded.apply(entry)
                        folded.changes.clear()
                except Exception:
                    folded = None  # sound as rows; whoever asks what they add up to is told what is wrong
        self._folded = None if folded is None else (self.last_seq, folded)

    def _checked_entries(self) -> Iterator[Entry]:
        """Pass on the entries behind the last one that is known, and know them."""
        for row in checked(self.store.rows(self.last_seq), self.store.name, self._digest, self.last_seq):
            self.last_seq, self._digest = row[0], row[6]
            yield entry_of(row)

    def ledger(self) -> Ledger:
        """Return what the durable entries add up to; once what opening them gave, after that read again."""
        folded, self._folded = self._folded, None
        if folded is not None and folded[0] == self.last_seq:
            return folded[1]
        return ledger_from(self.seal, self.entries(self.seal.seq if self.seal else 0))

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
            JournalAwayError: the server is away; the entries wait, and the next flush tries again.
        """
        if self._failed:
            raise self._failed
        if not self._rows:
            return
        if not self.is_open:
            raise JournalError(f"`{self.store.name}` is closed")
        try:
            if self._in_doubt:
                self._leave_out_what_is_durable()
            if self._rows:
                self.store.append(self._rows)
        except JournalAwayError:
            self._in_doubt = True
            raise
        except JournalError as error:
            self._failed = error
            raise
        self.flushes += 1
        self._rows.clear()

    def _leave_out_what_is_durable(self) -> None:
        """After a write whose answer never came: it was done wholly or not at all."""
        last = self.store.durable()
        self._rows = [row for row in self._rows if row[0] > last]
        self._in_doubt = False

    @property
    def is_away(self) -> bool:
        """Tell whether the last flush found the server away."""
        return self._in_doubt

    def why_not_send(self) -> str:
        """Return why no request to the broker may begin now; empty if it may. Never raises."""
        if self._failed:
            return self._failed.message
        if self._rows:
            return "what announces it is not durable yet"
        return self.store.why_not_send()

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Read the durable entries behind a number, oldest first."""
        return (entry_of(row) for row in self.store.rows(after))

    def close(self) -> None:
        """Flush, and let go of the store; closing twice does nothing.

        What can't be written because the server is away is no loss: it was never sent, or the broker's book tells it.
        """
        if not self.is_open:
            return
        try:
            if not self._failed:
                with suppress(JournalAwayError):
                    self.flush()
                    if self.before_close is not None:
                        self.before_close()
        finally:
            self.is_open = False
            self.store.close()

    def abandon(self) -> None:
        """Let go of the store without flushing, as the death of the process would."""
        self.is_open = False
        self.store.abandon()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_held(place: Place | str) -> bool:
    """Tell whether a process holds a journal for writing."""
    where = place_of(place)
    if isinstance(where, ServerPlace):
        from rulekit.execution import journal_postgres_reading

        return journal_postgres_reading.is_held(where)
    return journal_sqlite.is_held(where)


def check_present(place: Place | str) -> None:
    """Refuse a journal that is not there.

    Raises:
        UnreadableFileError: there is none. JournalError: it cannot be looked at.
    """
    where = place_of(place)
    if isinstance(where, ServerPlace):
        from rulekit.execution import journal_postgres_reading

        journal_postgres_reading.refuse_missing(where)
    else:
        journal_sqlite.check_path(where, create=False)


def waiting_requests(place: Place | str) -> list[Request]:
    """Return what a journal's engine has been asked for and has not taken yet, oldest first."""
    where = place_of(place)
    if isinstance(where, ServerPlace):
        from rulekit.execution import journal_postgres_reading

        return journal_postgres_reading.waiting_requests(where)
    return [request for _, request in requests.waiting(where)]


def read_journal(place: Place | str) -> list[Entry]:
    """Read all entries of a journal, also while a process writes it; the chain is checked.

    Raises:
        JournalError: damaged or of another version. UnreadableFileError: there is none.
    """
    with open_shelf(place) as shelf:
        return whole(shelf)


def open_shelf(place: Place | str) -> SqliteShelf | ServerShelf:
    """Open a journal for reading, also while a process writes it.

    Raises:
        JournalError: of another version, or not readable. UnreadableFileError: there is none.
    """
    where = place_of(place)
    if isinstance(where, ServerPlace):
        from rulekit.execution.journal_postgres_reading import ServerShelf

        return ServerShelf(where)
    return SqliteShelf(where)


def account_of(place: Place | str) -> str:
    """Return whose journal it is, empty for a file that was only just made.

    Raises:
        JournalError: its first entry is damaged. UnreadableFileError: there is no journal.
    """
    with open_shelf(place) as shelf:
        for row in checked(shelf.rows(), shelf.name):
            return str(body_of(row[5]).get("account"))
    return ""


def whole(shelf: Shelf) -> list[Entry]:
    """Read all entries; every row is checked.

    Raises:
        JournalError: it is damaged.
    """
    shelf.check()
    return [entry_of(row) for row in checked(shelf.rows(), shelf.name)]


def read_ledger(place: Place | str, tell: Callable[[str], None] = _silent) -> Ledger:
    """Return what a journal adds up to now, quickly: from its last sealed state and the entries behind it.

    Args:
        tell: hears why it will take long, before it does.

    Raises:
        JournalError: these are damaged, and so is what stands for them. UnreadableFileError: there is no journal.
    """
    with open_shelf(place) as shelf:
        seal = latest_seal(shelf)
        if seal is None:
            if why := why_whole(shelf, shelf.last_seq()):
                tell(why)
            shelf.check()
            return ledger_from(None, map(entry_of, checked(shelf.rows(), shelf.name)))
        rows = checked(shelf.rows(seal.seq), shelf.name, seal.digest, seal.seq)
        return ledger_from(seal, map(entry_of, rows))
