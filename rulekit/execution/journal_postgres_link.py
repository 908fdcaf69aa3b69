"""The connection to PostgreSQL: made when it is needed, with a deadline for each statement, and its errors in words."""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import RLock
from typing import TYPE_CHECKING, Any

from rulekit.errors import JournalAwayError, JournalError, UsageError
from rulekit.execution.journal_place import ServerPlace
from rulekit.model.clock import elapsed

if TYPE_CHECKING:
    import psycopg

DEADLINE_S = 3.0
"""A statement that takes longer counts as unanswered: an exit must not wait for a server that hangs."""
CONNECT_S = 2
PAUSE_S = 0.5
"""How long a failed connection is not tried again: who asks meanwhile hears the same at once."""
NOTHING_LOST = "nothing is sent until it answers; what was written is kept, and it goes on by itself then"

Rows = list[tuple[Any, ...]]


class Link:
    """One connection that several threads may use in turns; a statement is a transaction of its own.

    Args:
        place: the database.
        deadline_s: real seconds that a statement may take.
        writes: whether it must be a server that takes writes; for reading a copy will do.
    """

    def __init__(self, place: ServerPlace, deadline_s: float = DEADLINE_S, *, writes: bool = True) -> None:
        self.place = place
        self._writes = writes
        self._deadline = deadline_s
        self._connection: psycopg.Connection[Any] | None = None
        self._turn = RLock()
        self._failed_at = float("-inf")
        self._failure: JournalError | None = None

    def run(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        """Run one statement and return its rows; a lost connection is made anew before it, never within.

        Raises:
            JournalAwayError: there is no answer; whether it was done is not known.
            JournalError: the server refuses it.
        """
        with self._turn, self._explained():
            cursor = self._connected().execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def transaction(self, *, snapshot: bool = False) -> Iterator[psycopg.Connection[Any]]:
        """Give the connection within one transaction.

        Args:
            snapshot: only read, everything as of one moment.
        """
        with self._turn, self._explained():
            connection = self._connected()
            with connection.transaction():
                if snapshot:
                    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                yield connection

    def close(self) -> None:
        """Let the connection go; the next statement makes another one."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is not None and not self._connection.broken and not self._connection.closed:
            return self._connection
        if self._failure is not None and elapsed() - self._failed_at < PAUSE_S:
            raise self._failure
        self.close()
        kind = connection_kind()
        try:
            self._connection = connection = kind.connect(
                self.place.url, autocommit=True, application_name="rulekit", **_manners(self.place, self._writes)
            )
        except driver().Error as error:
            self._failed_at, self._failure = elapsed(), explain(error, self.place, connecting=True)
            raise self._failure from None
        connection.deadline = self._deadline
        self._failure = None
        return self._connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except driver().Error as error:
            found = explain(error, self.place)
            if isinstance(found, JournalAwayError):
                self.close()
            raise found from None


def driver() -> Any:
    """Import psycopg.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import psycopg
    except ImportError:
        raise UsageError(
            "a journal on PostgreSQL needs a driver that is not installed", "pip install 'rulekit-policy[postgres]'"
        ) from None
    return psycopg


def _manners(place: ServerPlace, writes: bool) -> dict[str, Any]:
    """Return what a connection is to be like, where the address does not say it."""
    from psycopg.conninfo import conninfo_to_dict

    said = conninfo_to_dict(place.url)
    wanted = {
        "connect_timeout": CONNECT_S,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "target_session_attrs": "read-write" if writes else "any",
    }
    return {name: value for name, value in wanted.items() if name not in said}


@cache
def connection_kind() -> Any:
    """Return the driver's connection with a deadline for each answer."""
    psycopg = driver()
    kind: Any = psycopg.Connection

    class Impatient(kind):  # type: ignore[misc]
        """Gives up waiting for a server that is silent; the driver itself would wait for ever."""

        deadline = DEADLINE_S

        def wait(self, gen: Any, interval: float = 0.1) -> Any:
            """Do what a step of the driver waits for, until it is done or the deadline has passed."""
            end = elapsed() + self.deadline
            try:
                wanted = next(gen)
                while True:
                    ready = _ready(self.pgconn.socket, wanted, end - elapsed())
                    if not ready:
                        self.pgconn.finish()
                        raise psycopg.OperationalError(f"no answer within {self.deadline:g} s")
                    wanted = gen.send(ready)
            except StopIteration as done:
                return done.value

    return Impatient


READ, WRITE = 1, 2


def _ready(socket: int, wanted: int, seconds: float) -> int:
    """Wait until a socket can be read (1) or written (2), as asked; 0 if it could not in that time."""
    seconds = max(0.0, seconds)
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(socket, select.POLLIN * bool(wanted & READ) | select.POLLOUT * bool(wanted & WRITE))
        found = poll.poll(seconds * 1000)
        if not found:
            return 0
        # A connection that broke is to be read: the driver then sees it.
        return (WRITE if found[0][1] & select.POLLOUT else 0) | (READ if found[0][1] & ~select.POLLOUT else 0)
    waits = [socket]
    read, write, _ = select.select(waits if wanted & READ else [], waits if wanted & WRITE else [], [], seconds)
    return READ * bool(read) | WRITE * bool(write)


_REFUSALS: tuple[tuple[str, str, str], ...] = (
    ("28", "the server of `{name}` refuses this user", "check user and password: in the address or ~/.pgpass"),
    ("password authentication failed", "the server of `{name}` refuses this user",
     "check user and password: in the address or ~/.pgpass"),
    ("no password supplied", "the server of `{name}` asks for a password", "put it into the address or ~/.pgpass"),
    ("no pg_hba.conf entry", "the server of `{name}` lets nobody in from this machine", "its pg_hba.conf must name it"),
    ("role \"", "the server of `{name}` does not know this user", "check the user, or have it made"),
    ("3D000", "there is no database `{name}`", "check its name, or have it made: createdb"),
    ("database \"", "there is no database `{name}`", "check its name, or have it made: createdb"),
    ("42501", "this user may not do that in `{name}`: {text}",
     "its owner must `GRANT USAGE ON SCHEMA rulekit` and rights on its tables, or make the schema for this user"),
    ("25006", "`{name}` is a copy that is only read", "give the address of the server that takes writes"),
    ("read-only", "`{name}` is a copy that is only read", "give the address of the server that takes writes"),
    ("53100", "the disk of the server of `{name}` is full", "make room; nothing was sent, and all that was written is "
     "kept"),
    ("23505", "`{name}` already holds this action or this tag", "this is a fault of the program; nothing was sent"),
    ("42P01", "`{name}` holds something else than journals: {text}", "give each use a database of its own"),
    ("42703", "`{name}` holds something else than journals: {text}", "give each use a database of its own"),
    ("42P07", "`{name}` holds something else by the names that journals need: {text}",
     "give each use a database of its own"),
)  # fmt: skip
"""Codes and beginnings of the server's answers, and what they mean for a person."""

_AWAY = ("08", "57P", "53300", "55P03")
"""Codes of a server that stops, starts, is full of connections, or is gone."""


def explain(error: Any, place: ServerPlace, *, connecting: bool = False) -> JournalError:
    """Say in a trader's words what the driver says; no password gets through."""
    text = " ".join(place.hide(str(error)).split()) or type(error).__name__
    code = getattr(error, "sqlstate", None) or ""
    for mark, message, help in _REFUSALS:
        if code.startswith(mark) if mark[0].isdigit() else connecting and mark in text:
            return JournalError(message.format(name=place.name, text=text), help)
    psycopg = driver()
    lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and not code
    if lost or code.startswith(_AWAY):
        return JournalAwayError(f"the server of the journal `{place.name}` does not answer: {text}", NOTHING_LOST)
    if isinstance(error, psycopg.ProgrammingError) and connecting:
        return JournalError(f"the address `{place.name}` cannot be used: {text}", "write postgresql://user@host/name")
    return JournalError(f"`{place.name}` refuses a statement: {text}", "look into the server's log; nothing was sent")
