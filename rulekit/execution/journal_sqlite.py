"""A journal's rows in one SQLite file, in WAL mode with full synchronisation.

One process writes; any number may read. The lock is an exclusive transaction in a file of its own, so that it is
freed by the system when its process dies, on every system, and readers of the journal are not shut out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from attrs import astuple

from rulekit.errors import JournalError, UnreadableFileError
from rulekit.execution import requests
from rulekit.execution.journal_chain import KEEP_IT
from rulekit.execution.journal_schema import VERSION, Row
from rulekit.execution.journal_seals import Mark, Seal
from rulekit.execution.journal_witness import HeadFile, refuse_lost_beginning
from rulekit.execution.lease import never
from rulekit.execution.requests import Request
from rulekit.model.clock import WallClock

APPLICATION_ID = 0x524B4A4C
"""Marks an SQLite file as a journal ("RKJL")."""

SCHEMA = """
CREATE TABLE entry (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  token TEXT,
  body TEXT NOT NULL,
  digest BLOB NOT NULL
);
CREATE UNIQUE INDEX one_token ON entry (token) WHERE token IS NOT NULL;
CREATE INDEX by_subject ON entry (subject, seq) WHERE subject <> '';
"""
SEALS = """
CREATE TABLE IF NOT EXISTS seal (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  digest BLOB NOT NULL,
  shape TEXT NOT NULL,
  state BLOB NOT NULL,
  mark BLOB NOT NULL
)
"""
"""Made when the first state is sealed: a journal from before there were any is one without seals."""
"""`token` is an action's identity in its first row and a broker's tag in the row that announces a request:
the index makes a second one of either impossible."""

HELD = "another process is using this journal"
_LOOK_S = 0.25
"""How often a process that waits for its turn looks for the lock."""
_COLUMNS = "seq, at, kind, subject, token, body, digest"


class SqliteStore:
    """The file of a journal, locked for writing.

    Args:
        path: the file; it is created if `create` allows it.
        create: whether a missing file is made.
        wait_s: real seconds to wait for the lock of a process that is just ending.
        waits: asked when that time is over and another process has the lock: whether to go on waiting.
        durable: flush to the disk at each commit; only simulations do without.
        max_pages: a bound on the file's size in pages, as a full disk would set one.

    Raises:
        JournalError: locked, damaged, of another version, or not writable.
        UnreadableFileError: there is no such file, or it is a folder.
    """

    leased = False

    def __init__(
        self,
        path: Path,
        *,
        create: bool = True,
        wait_s: float = 2.0,
        waits: Callable[[], bool] = never,
        durable: bool = True,
        max_pages: int | None = None,
    ) -> None:
        self.path = path
        self.name = str(path)
        self.is_new = False
        self.database: sqlite3.Connection | None = None
        self.head: HeadFile | None = None
        present = check_path(path, create)
        if not present:
            refuse_lost_beginning(path)
        self._lock: sqlite3.Connection | None = _wait_for_lock(path, wait_s, waits)
        try:
            self._open(present, durable, max_pages)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self.close()
            raise explain(error, path) from None
        except BaseException:
            self.close()
            raise

    def _open(self, present: bool, durable: bool, max_pages: int | None) -> None:
        self.database = database = sqlite3.connect(
            self.path, check_same_thread=False, isolation_level=None, timeout=1.0
        )
        unborn = present and _unborn(database)
        if not present or unborn:
            _create(database)
        _check_format(database, self.path)
        database.execute("PRAGMA journal_mode=WAL").fetchone()
        database.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        if max_pages is not None:
            database.execute(f"PRAGMA max_page_count={int(max_pages)}")
        self.is_new = not _last_seq(database)
        if self.is_new:
            refuse_lost_beginning(self.path)
        self._file = _file_of(self.path)

    @property
    def _open_database(self) -> sqlite3.Connection:
        if self.database is None:
            raise JournalError(f"`{self.name}` is closed")
        return self.database

    def check(self) -> None:
        """Let SQLite check its own pages and indexes."""
        with _explained(self.path):
            _check_pages(self._open_database, self.path)

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Read the durable rows behind a number, oldest first."""
        with _explained(self.path):
            yield from _rows(self._open_database, after)

    def last_seq(self) -> int:
        """Return the number of the last durable row."""
        with _explained(self.path):
            return _last_seq(self._open_database)

    def seals(self) -> Sequence[Mark]:
        """Name the sealed states, newest first."""
        return _seals(self._open_database)

    def read_seal(self, seq: int) -> Seal | None:
        """Return a sealed state as it is found."""
        return _read_seal(self._open_database, seq)

    def write_seal(self, seal: Seal, drop: Sequence[int]) -> None:
        """Keep a sealed state; its table is made with the first."""
        database = self._open_database
        try:
            database.execute("BEGIN IMMEDIATE")
            database.execute(SEALS)
            database.execute("INSERT OR REPLACE INTO seal VALUES (?,?,?,?,?,?)", astuple(seal))
            database.executemany("DELETE FROM seal WHERE seq = ?", [(seq,) for seq in drop])
            database.execute("COMMIT")
        except sqlite3.Error as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise explain(error, self.path) from None

    def bind(self, journal_id: str, seq: int, digest: bytes) -> Sequence[str]:
        """Compare the file with its head, and keep the head from now on."""
        remarks = []
        with _explained(self.path):
            if self.is_new:
                # The identity goes into the main file at once: a damaged log must never look like a new journal.
                self._open_database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self.head = HeadFile(self.path, journal_id)
            if not self.is_new:
                self.head.check(self._digest_of, seq)
                remarks = [self.head.remark] if self.head.remark else []
        self.head.write(seq, digest)
        return remarks

    def _digest_of(self, seq: int) -> bytes | None:
        row = self._open_database.execute("SELECT digest FROM entry WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else row[0]

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows in one transaction and flush it to the disk."""
        database = self._open_database
        if _file_of(self.path) != self._file:
            raise JournalError(
                f"`{self.path}` was deleted or replaced while this process was using it",
                "nothing was sent since; put it back if you can, and compare the broker's book with what you know",
            )
        try:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO entry VALUES (?,?,?,?,?,?,?)", rows)
            database.execute("COMMIT")
        except sqlite3.Error as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise explain(error, self.path) from None
        if self.head is not None:
            self.head.write(rows[-1][0], rows[-1][6])

    def durable(self) -> int:
        """Return the number of the last durable row."""
        found = self._open_database.execute("SELECT max(seq) FROM entry").fetchone()[0]
        return found or 0

    def keep(self) -> None:
        """Do nothing: the system frees the lock of a process that died, and only then."""

    def why_not_send(self) -> str:
        """Return nothing: the lock cannot be lost while the process lives."""
        return ""

    def requests(self) -> list[tuple[Path, Request]]:
        """Return what other processes ask for."""
        return requests.waiting(self.path)

    def take_request(self, key: Path) -> None:
        """Remove a request that has been applied durably."""
        requests.take(key)

    def close(self) -> None:
        """Close the file and free the lock."""
        for connection in (self.database, self._lock):
            if connection is not None:
                connection.close()
        if self.head is not None:
            self.head.close()
        self.database = self._lock = self.head = None

    abandon = close


def is_held(path: Path) -> bool:
    """Tell whether a process holds a journal's file for writing."""
    if not Path(f"{path}-lock").exists():
        return False
    try:
        take_lock(path, 0.0).close()
    except JournalError:
        return True
    return False


class SqliteShelf:
    """The file of a journal as of one moment, read also while a process writes it; it is closed by `with`.

    Raises:
        JournalError: of another version, or not readable. UnreadableFileError: there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self._database: sqlite3.Connection | None = None
        if not check_path(path, create=False):
            return
        with _explained(path):
            self._database = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=2.0
            )
            try:
                _check_format(self._database, path)
                self._database.execute("BEGIN")
            except BaseException:
                self.close()
                raise

    def check(self) -> None:
        """Let SQLite check its own pages and indexes."""
        if self._database is not None:
            with _explained(self.path):
                _check_pages(self._database, self.path)

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Read the rows behind a number, oldest first; none of a file that was only just made."""
        if self._database is not None:
            with _explained(self.path):
                yield from _rows(self._database, after)

    def last_seq(self) -> int:
        """Return the number of the last row."""
        if self._database is None:
            return 0
        with _explained(self.path):
            return _last_seq(self._database)

    def seals(self) -> Sequence[Mark]:
        """Name the sealed states, newest first."""
        return [] if self._database is None else _seals(self._database)

    def read_seal(self, seq: int) -> Seal | None:
        """Return a sealed state as it is found."""
        return None if self._database is None else _read_seal(self._database, seq)

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            self._database.close()
        self._database = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_path(path: Path, create: bool) -> bool:
    """Tell whether there is a file with something in it.

    Raises:
        UnreadableFileError: there is no such file and none may be made, or it is a folder.
    """
    if path.is_dir():
        raise UnreadableFileError(f"`{path}` is a folder, not a journal", "give the name of a file")
    if not path.exists() and not create:
        raise UnreadableFileError(f"there is no journal at `{path}`", "`rulekit run --journal FILE` makes one")
    if not path.parent.is_dir():
        raise UnreadableFileError(f"the folder of `{path}` does not exist", "make the folder first")
    # A run that was killed before the first commit leaves an empty file behind.
    return path.exists() and path.stat().st_size > 0


def _wait_for_lock(path: Path, wait_s: float, waits: Callable[[], bool]) -> sqlite3.Connection:
    while True:
        try:
            return take_lock(path, wait_s)
        except JournalError as error:
            if HELD not in error.message or not waits():
                raise
            WallClock().sleep(_LOOK_S)


def take_lock(path: Path, wait_s: float) -> sqlite3.Connection:
    """Take the lock of a journal's file; it is held until the connection is closed."""
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
                f"{HELD}, `{path}`",
                "stop it first, or give this one a journal and an account of its own",
            ) from None
        raise explain(error, path) from None
    return lock


def _file_of(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one that is put in its place, None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _rows(database: sqlite3.Connection, after: int) -> Iterator[Row]:
    found = database.execute(f"SELECT {_COLUMNS} FROM entry WHERE seq > ? ORDER BY seq", (after,))  # noqa: S608
    # Row by row: a reader that is dropped half way would close the cursor of a file that may be closed already.
    return iter(found.fetchone, None)


def _last_seq(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT coalesce(max(seq), 0) FROM entry").fetchone()[0])


def _seals(database: sqlite3.Connection) -> list[Mark]:
    try:
        return database.execute("SELECT seq, at FROM seal ORDER BY seq DESC").fetchall()
    except sqlite3.Error:
        # No such table yet, or it is damaged: without seals everything is read.
        return []


def _read_seal(database: sqlite3.Connection, seq: int) -> Seal | None:
    try:
        row = database.execute("SELECT * FROM seal WHERE seq = ?", (seq,)).fetchone()
    except sqlite3.Error:
        return None
    fits = row is not None and [type(value) for value in row] == [int, int, bytes, str, bytes, bytes]
    return Seal(*row) if fits else None


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


def _check_pages(database: sqlite3.Connection, path: Path) -> None:
    found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise JournalError(f"`{path}` is damaged: {found}", KEEP_IT)


_CAUSES: tuple[tuple[str, str, str], ...] = (
    ("full", "the disk is full: `{path}` cannot grow", "make room; nothing was sent, and all that was written is kept"),
    ("readonly", "`{path}` cannot be written", "check the rights of the file and its folder"),
    ("unable to open", "`{path}` cannot be opened", "check the rights of the file and its folder"),
    ("locked", "another process is using this journal, `{path}`", "stop it first"),
    ("entry.seq", "another process has written into this journal, `{path}`", "let only one of them run; leave the file "
     "that ends in -lock where it is"),
    ("UNIQUE", "`{path}` already holds this action or this tag", "this is a fault of the program; nothing was sent"),
    ("not a database", "`{path}` is not a journal, or its beginning is damaged", KEEP_IT),
    ("disk I/O", "`{path}` cannot be written or read: the disk reports an error", "check the disk; nothing was sent"),
    ("no such table", "`{path}` is not a journal, or its beginning is damaged", KEEP_IT),
)  # fmt: skip


def explain(error: Exception, path: Path) -> JournalError:
    """Say in a trader's words what SQLite says, or that what it says of damaged pages is no text."""
    for mark, message, help in _CAUSES:
        if mark in str(error):
            return JournalError(message.format(path=path), help)
    return JournalError(f"`{path}` is damaged: {error}", KEEP_IT)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise explain(error, path) from None


def copy_file(source: Path, target: Path) -> None:
    """Copy an SQLite file as it is now, also while a process writes it.

    Raises:
        OSError: it cannot be read, or the copy cannot be written.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=2.0)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        raise OSError(str(error)) from None
