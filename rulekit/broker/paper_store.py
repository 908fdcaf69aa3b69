"""The paper broker's book on disk: one SQLite file that survives the death of the process, as a broker would.

It need not survive a power cut, so nothing is flushed to the disk: a commit is one write to the operating system.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rulekit.errors import RulekitError, UnreadableFileError

VERSION = 1
_APPLICATION = 0x52_4B_50_42  # "RKPB"
_SCHEMA = """
CREATE TABLE account (name TEXT NOT NULL);
CREATE TABLE orders (
    number INTEGER PRIMARY KEY, order_id TEXT NOT NULL UNIQUE, tag TEXT NOT NULL,
    exchange TEXT NOT NULL, symbol TEXT NOT NULL, product TEXT NOT NULL, side TEXT NOT NULL,
    quantity INTEGER NOT NULL, protection REAL, ordinal INTEGER NOT NULL,
    placed INTEGER NOT NULL, live INTEGER NOT NULL, limit_price REAL,
    foreign_order INTEGER NOT NULL, rejected INTEGER NOT NULL, rest_ticks INTEGER NOT NULL, parts TEXT NOT NULL);
CREATE TABLE steps (
    number INTEGER NOT NULL, at INTEGER NOT NULL, status TEXT NOT NULL, message TEXT NOT NULL);
CREATE TABLE trades (
    trade INTEGER PRIMARY KEY, number INTEGER NOT NULL, quantity INTEGER NOT NULL, price REAL NOT NULL,
    at INTEGER NOT NULL, booked INTEGER NOT NULL);
CREATE TABLE requests (
    exchange TEXT NOT NULL, symbol TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (exchange, symbol));
CREATE TABLE prices (
    exchange TEXT NOT NULL, symbol TEXT NOT NULL, price REAL NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (exchange, symbol));
CREATE TABLE entries (reference TEXT PRIMARY KEY, number INTEGER NOT NULL);
"""
_INSERTS = {
    "order": "INSERT INTO orders VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    "step": "INSERT INTO steps VALUES (?,?,?,?)",
    "trade": "INSERT INTO trades VALUES (?,?,?,?,?,?)",
    "requests": "INSERT INTO requests VALUES (?,?,?) ON CONFLICT DO UPDATE SET count = excluded.count",
    "price": "INSERT INTO prices VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET "
    "price = excluded.price, at = excluded.at, seq = excluded.seq",
    "entry": "INSERT INTO entries VALUES (?,?)",
    "limit": "UPDATE orders SET limit_price = ? WHERE number = ?",
}
_READS = {
    table: f"SELECT * FROM {table} ORDER BY rowid"  # noqa: S608 (our own names)
    for table in ("orders", "steps", "trades", "requests", "prices", "entries")
}
Row = tuple[Any, ...]
Change = tuple[str, Row]
"""What is written, and its values: a key of `_INSERTS` and a row."""


class PaperBookError(RulekitError):
    """The paper broker's own file cannot be written."""


class PaperStore:
    """One file; every `write` is one transaction, all of it or nothing."""

    def __init__(self, path: Path, account: str) -> None:
        self.path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=2.0, check_same_thread=False)
            self._open(account)
        except sqlite3.Error as error:
            self.close()
            raise _unreadable(path, error) from None
        except RulekitError:
            self.close()
            raise

    def _open(self, account: str) -> None:
        """Take the file for this process alone, and make or check its tables."""
        db = self._db
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN IMMEDIATE")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        kind = db.execute("PRAGMA application_id").fetchone()[0]
        fresh = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if fresh:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute("INSERT INTO account VALUES (?)", (account,))
            db.execute(f"PRAGMA user_version = {VERSION}")
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
        db.execute("COMMIT")
        if not fresh and kind != _APPLICATION:
            raise UnreadableFileError(
                f"`{self.path}` is not a paper broker's book", "give a new path, or the file that an earlier run wrote"
            )
        if not fresh and version != VERSION:
            raise UnreadableFileError(
                f"`{self.path}` is a paper broker's book of version {version}, and this program writes {VERSION}",
                "use the program that wrote it, or begin a new book",
            )
        owner = db.execute("SELECT name FROM account").fetchone()[0]
        if owner != account:
            raise UnreadableFileError(
                f"`{self.path}` is the paper book of account `{owner}`, not of `{account}`",
                "give each account a book of its own",
            )

    def write(self, changes: Iterable[Change]) -> None:
        """Write changes together.

        Raises:
            PaperBookError: nothing of it was written.
        """
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            for kind, row in changes:
                db.execute(_INSERTS[kind], row)
            db.execute("COMMIT")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise PaperBookError(
                f"the paper broker's book `{self.path}` cannot be written: {error}", "make room on the disk"
            ) from None

    def read(self, table: str) -> list[Row]:
        """Read a whole table in the order in which it was written."""
        try:
            return self._db.execute(_READS[table]).fetchall()
        except sqlite3.Error as error:
            raise _unreadable(self.path, error) from None

    def has_entry(self, reference: str) -> bool:
        """Tell whether an entry was written."""
        return self._one("SELECT 1 FROM entries WHERE reference = ?", reference) is not None

    def request_count(self, exchange: str, symbol: str) -> int:
        """Return how many requests were made for an instrument."""
        found = self._one("SELECT count FROM requests WHERE exchange = ? AND symbol = ?", exchange, symbol)
        return 0 if found is None else int(found[0])

    def _one(self, query: str, *values: str) -> Row | None:
        try:
            row: Row | None = self._db.execute(query, values).fetchone()
        except sqlite3.Error as error:
            raise _unreadable(self.path, error) from None
        return row

    def close(self) -> None:
        """Let the file go; everything is in it already."""
        db = getattr(self, "_db", None)
        if db is not None:
            db.close()


def _unreadable(path: Path, error: sqlite3.Error) -> RulekitError:
    """Say why a book could not be opened."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return PaperBookError(
            f"another process is using the paper broker's book `{path}`", "stop it first, or give another path"
        )
    if "unable to open" in text:
        return UnreadableFileError(f"`{path}` cannot be opened", "check that its folder exists and can be written")
    return UnreadableFileError(f"`{path}` is not a paper broker's book, or it is damaged: {text}", "begin a new book")
