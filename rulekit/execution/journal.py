"""The journal: one SQLite file that only grows, flushed before anything is sent, chained row by row.

One process writes; any number may read. The lock is an exclusive transaction in a file of its own, so that it is
freed by the system when its process dies, on every system, and readers of the journal are not shut out.
"""

from __future__ import annotations

import json
import sqlite3
from base64 import b32encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rulekit.errors import JournalError, UnreadableFileError
from rulekit.execution.actions import JOURNAL_ID_LENGTH
from rulekit.execution.journal_schema import APPLICATION_ID, FIRST, SCHEMA, VERSION, Entry, body_of, chain, text_of
from rulekit.execution.journal_witness import HeadFile, refuse_lost_beginning
from rulekit.model.clock import Clock, fresh_bytes
from rulekit.model.instant import Instant

OPENED = "opened"

_BAD_DISK = "keep the file as it is for inspection, and start with a new journal once the broker's book is understood"


class Journal:
    """A journal open for writing. Entries are added in memory and become durable together with `flush`."""

    def __init__(self, path: Path, account: str, journal_id: str, clock: Clock) -> None:
        self.path = path
        self.account = account
        self.id = journal_id
        self.clock = clock
        self.last_seq = 0
        self.flushes = 0
        self._digest = FIRST
        self._rows: list[tuple[int, Instant, str, str, str | None, str, bytes]] = []
        self._failed: JournalError | None = None
        self._database: sqlite3.Connection | None = None
        self._lock: sqlite3.Connection | None = None
        self._head: HeadFile | None = None

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
    ) -> Journal:
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
        present = _check_path(path, create)
        lock = _take_lock(path, wait_s)
        try:
            journal = cls._open_locked(path, account, clock, present, durable, max_pages, identity)
        except BaseException:
            lock.close()
            raise
        journal._lock = lock
        return journal

    @classmethod
    def _open_locked(
        cls,
        path: Path,
        account: str,
        clock: Clock,
        present: bool,
        durable: bool,
        max_pages: int | None,
        identity: str | None,
    ) -> Journal:
        database = None
        try:
            database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=1.0)
            unborn = present and _unborn(database)
            present = present and not unborn
            if not present:
                _create(database)
            _check_format(database, path)
            database.execute("PRAGMA journal_mode=WAL").fetchone()
            database.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
            if max_pages is not None:
                database.execute(f"PRAGMA max_page_count={int(max_pages)}")
            journal = cls(path, account, "", clock)
            journal._database = database
            if present and database.execute("SELECT count(*) FROM entry").fetchone()[0]:
                journal._verify()
            else:
                if present or unborn:
                    refuse_lost_beginning(path)
                journal.id = identity or b32encode(fresh_bytes(5)).decode()[:JOURNAL_ID_LENGTH]
                journal.add(OPENED, {"journal": journal.id, "account": account, "version": VERSION})
                journal.flush()
                # The identity goes into the main file at once: a damaged log must never look like a new journal.
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            journal._head = HeadFile(path, journal.id)
            if present:
                journal._head.check(database)
            journal._head.write(journal.last_seq, journal._digest)
        except sqlite3.Error as error:
            if database is not None:
                database.close()
            raise _explain(error, path) from None
        except BaseException:
            if database is not None:
                database.close()
            raise
        return journal

    def _verify(self) -> None:
        assert self._database is not None
        previous, seq, opening = verify_chain(self._database, self.path)
        if opening.get("account") != self.account:
            raise JournalError(
                f"`{self.path}` is the journal of the account `{opening.get('account')}`, not of `{self.account}`",
                "give each account a journal of its own",
            )
        self._digest, self.last_seq, self.id = previous, seq, str(opening["journal"])

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
        """Write all waiting entries in one transaction and flush it to the disk.

        Raises:
            JournalError: it could not be written; what was acknowledged before is kept, nothing else is accepted.
        """
        if self._failed:
            raise self._failed
        if not self._rows:
            return
        database = self._database
        if database is None:
            raise JournalError(f"`{self.path}` is closed")
        try:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO entry VALUES (?,?,?,?,?,?,?)", self._rows)
            database.execute("COMMIT")
        except sqlite3.Error as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            self._failed = _explain(error, self.path)
            raise self._failed from None
        self.flushes += 1
        self._rows.clear()
        if self._head is not None:
            self._head.write(self.last_seq, self._digest)

    def entries(self) -> Iterator[Entry]:
        """Read the durable entries, oldest first."""
        assert self._database is not None
        return _entries(self._database)

    def close(self) -> None:
        """Flush, close the file and free the lock; closing twice does nothing."""
        if self._database is None:
            return
        try:
            if not self._failed:
                self.flush()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Drop the file and the lock without flushing, as the death of the process would."""
        for connection in (self._database, self._lock):
            if connection is not None:
                connection.close()
        if self._head is not None:
            self._head.close()
        self._database = self._lock = self._head = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_held(path: Path | str) -> bool:
    """Tell whether a process holds a journal for writing."""
    if not Path(f"{path}-lock").exists():
        return False
    try:
        _take_lock(Path(path), 0.0).close()
    except JournalError:
        return True
    return False


def check_present(path: Path) -> None:
    """Refuse a journal that is not there.

    Raises:
        UnreadableFileError: there is no such file, or it is a folder.
    """
    _check_path(path, create=False)


def _check_path(path: Path, create: bool) -> bool:
    if path.is_dir():
        raise UnreadableFileError(f"`{path}` is a folder, not a journal", "give the name of a file")
    if not path.exists() and not create:
        raise UnreadableFileError(f"there is no journal at `{path}`", "`rulekit run --journal FILE` makes one")
    if not path.parent.is_dir():
        raise UnreadableFileError(f"the folder of `{path}` does not exist", "make the folder first")
    # A run that was killed before the first commit leaves an empty file behind.
    return path.exists() and path.stat().st_size > 0


def _take_lock(path: Path, wait_s: float) -> sqlite3.Connection:
    lock = None
    try:
        lock = sqlite3.connect(f"{path}-lock", check_same_thread=False, isolation_level=None, timeout=wait_s)
        lock.execute("PRAGMA journal_mode=MEMORY").fetchone()
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if lock is not None:
            lock.close()
        if "locked" in str(error):
            raise JournalError(
                f"another process is using this journal, `{path}`",
                "stop it first, or give this one a journal and an account of its own",
            ) from None
        raise _explain(error, path) from None
    return lock


def _create(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode=WAL").fetchone()
    database.executescript(
        f"BEGIN; PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={VERSION}; {SCHEMA} COMMIT;"
    )


def _unborn(database: sqlite3.Connection) -> bool:
    """Tell whether the file was being made when its process died: SQLite's, and nothing in it yet."""
    marked = database.execute("PRAGMA application_id").fetchone()[0]
    tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return bool(marked == 0 and tables == 0)


def _check_format(database: sqlite3.Connection, path: Path) -> None:
    application = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise JournalError(f"`{path}` is not a journal", "give the file that `rulekit run --journal` wrote")
    if version != VERSION:
        raise JournalError(
            f"`{path}` is a journal of another version ({version}; this program reads {VERSION})",
            "open it with the version that wrote it, or start with a new journal",
        )


def verify_chain(database: sqlite3.Connection, path: Path) -> tuple[bytes, int, Mapping[str, Any]]:
    """Check every row against the chain; return the last digest, the last number and the opening entry."""
    found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise JournalError(f"`{path}` is damaged: {found}", _BAD_DISK)
    previous, last, opening = FIRST, 0, ""
    rows = database.execute("SELECT seq, at, kind, subject, token, body, digest FROM entry ORDER BY seq")
    for seq, at, kind, subject, token, body, digest in rows:
        if not isinstance(body, str) or not isinstance(kind, str) or seq != last + 1:
            raise _changed(path, last + 1)
        if chain(previous, seq, at, kind, subject, token, body) != digest:
            raise _changed(path, seq)
        opening = opening or body
        previous, last = digest, seq
    return previous, last, json.loads(opening) if opening else {}


def _changed(path: Path, seq: int) -> JournalError:
    return JournalError(f"`{path}` is damaged: entry {seq} is not what was written", _BAD_DISK)


def _entries(database: sqlite3.Connection) -> Iterator[Entry]:
    for seq, at, kind, subject, token, body in database.execute(
        "SELECT seq, at, kind, subject, token, body FROM entry ORDER BY seq"
    ):
        yield Entry(seq, at, kind, subject, token, body_of(body))


def read_journal(path: Path | str) -> list[Entry]:
    """Read all entries of a journal, also while a process writes it; the chain is checked.

    Raises:
        JournalError: damaged or of another version. UnreadableFileError: there is none.
    """
    path = Path(path)
    if not _check_path(path, create=False):
        return []
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=2.0)
    except sqlite3.Error as error:
        raise _explain(error, path) from None
    try:
        _check_format(database, path)
        database.execute("BEGIN")
        verify_chain(database, path)
        return list(_entries(database))
    except sqlite3.Error as error:
        raise _explain(error, path) from None
    finally:
        database.close()


_CAUSES: tuple[tuple[str, str, str], ...] = (
    ("full", "the disk is full: `{path}` cannot grow", "make room; nothing was sent, and all that was written is kept"),
    ("readonly", "`{path}` cannot be written", "check the rights of the file and its folder"),
    ("unable to open", "`{path}` cannot be opened", "check the rights of the file and its folder"),
    ("locked", "another process is using this journal, `{path}`", "stop it first"),
    ("UNIQUE", "`{path}` already holds this action or this tag", "this is a fault of the program; nothing was sent"),
    ("not a database", "`{path}` is not a journal, or its beginning is damaged", _BAD_DISK),
    ("disk I/O", "`{path}` cannot be written or read: the disk reports an error", "check the disk; nothing was sent"),
    ("no such table", "`{path}` is not a journal, or its beginning is damaged", _BAD_DISK),
)


def _explain(error: sqlite3.Error, path: Path) -> JournalError:
    for mark, message, help in _CAUSES:
        if mark in str(error):
            return JournalError(message.format(path=path), help)
    return JournalError(f"`{path}` is damaged: {error}", _BAD_DISK)
