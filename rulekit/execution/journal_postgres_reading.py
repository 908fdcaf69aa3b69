"""Reading journals in a PostgreSQL database from outside, and asking the engine that holds one for something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from rulekit.errors import UnreadableFileError, UsageError
from rulekit.execution.journal_place import ServerPlace
from rulekit.execution.journal_postgres_link import Link
from rulekit.execution.journal_postgres_schema import prepare
from rulekit.execution.journal_schema import Row
from rulekit.execution.journal_seals import Mark, Seal
from rulekit.execution.requests import Request, read_request, write_request
from rulekit.model.clock import Clock, fresh_bytes

HELD = """
SELECT holder, extract(epoch FROM until - clock_timestamp())::float8 FROM rulekit.account
WHERE account = %s AND until > clock_timestamp()"""
_ROWS = """
SELECT seq, at, kind, subject, token, body, digest FROM rulekit.entry WHERE account = %s AND seq > %s ORDER BY seq"""
_PAGE = _ROWS + " LIMIT %s"
_SEALS = "SELECT seq, at FROM rulekit.seal WHERE account = %s ORDER BY seq DESC"
_SEAL = "SELECT seq, at, digest, shape, state, checked FROM rulekit.seal WHERE account = %s AND seq = %s"
_LAST = "SELECT last_seq FROM rulekit.account WHERE account = %s"
_SHARE = 500
"""Rows that are fetched at a time."""


def accounts(place: ServerPlace) -> list[str]:
    """Name the accounts of a database, in order.

    Raises:
        JournalError: the server does not answer, or refuses. UnreadableFileError: there are no journals.
    """
    link = Link(place, writes=False)
    try:
        prepare(link, create=False)
        return [row[0] for row in link.run("SELECT account FROM rulekit.account WHERE last_seq > 0 ORDER BY account")]
    finally:
        link.close()


def refuse_missing(place: ServerPlace) -> None:
    """Refuse a database without journals, and an account without one.

    Raises:
        UnreadableFileError: there is none. JournalError: the server does not answer, or refuses.
    """
    link = Link(place, writes=False)
    try:
        prepare(link, create=False)
        check_present(link, place)
    finally:
        link.close()


def with_account(place: ServerPlace) -> ServerPlace:
    """Return the place of the one account that is meant.

    Raises:
        UsageError: the database holds several, or none, and nobody says which.
    """
    if place.account is not None:
        return place
    names = accounts(place)
    if len(names) != 1:
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        raise UsageError(
            f"which account? `{place.name}` has journals of {shown}"
            if names
            else f"`{place.name}` has no journals yet",
            "give --account NAME",
        )
    return place.of(names[0])


class ServerShelf:
    """The rows of one account in a database, read from outside; each reading is of one moment.

    Raises:
        UnreadableFileError: there is no journal. JournalError: the server does not answer, or refuses.
    """

    def __init__(self, place: ServerPlace) -> None:
        self.name = str(place)
        self._place = place = with_account(place)
        refuse_missing(place)

    def check(self) -> None:
        """Do nothing: what lies below the rows is the server's affair."""

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Read the rows behind a number, oldest first."""
        return stream(self._place, after)

    def seals(self) -> list[Mark]:
        """Name the sealed states, newest first."""
        link = Link(self._place, writes=False)
        try:
            return seals_of(link, str(self._place.account))
        finally:
            link.close()

    def read_seal(self, seq: int) -> Seal | None:
        """Return a sealed state as it is found."""
        link = Link(self._place, writes=False)
        try:
            return seal_of(link, str(self._place.account), seq)
        finally:
            link.close()

    def last_seq(self) -> int:
        """Return the number of the last row."""
        link = Link(self._place, writes=False)
        try:
            return int(link.run(_LAST, (self._place.account,))[0][0])
        finally:
            link.close()

    def close(self) -> None:
        """Do nothing: nothing is held between two readings."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_held(place: ServerPlace) -> bool:
    """Tell whether a process holds an account."""
    link = Link(place, writes=False)
    try:
        return bool(link.run(HELD, (place.account,)))
    finally:
        link.close()


def check_present(link: Link, place: ServerPlace) -> None:
    """Refuse an account that has no journal.

    Raises:
        UnreadableFileError: there is none.
    """
    if not link.run("SELECT 1 FROM rulekit.account WHERE account = %s AND last_seq > 0", (place.account,)):
        known = [row[0] for row in link.run("SELECT account FROM rulekit.account ORDER BY account LIMIT 9")]
        raise UnreadableFileError(
            f"there is no journal of the account `{place.account}` in `{place.name}`",
            f"there are journals of {', '.join(known)}" if known else "`rulekit run` makes one",
        )


def waiting_requests(place: ServerPlace) -> list[Request]:
    """Return what an account's engine has been asked for and has not taken yet."""
    link = Link(place, writes=False)
    try:
        return [request for _, request in requests_of(link, str(place.account))]
    finally:
        link.close()


def drop_request(place: ServerPlace, request: Request, clock: Clock) -> str:
    """Put a request where the account's engine finds it; return its key."""
    key = f"{clock.now():020d}-{fresh_bytes(4).hex()}"
    link = Link(place)
    try:
        values = (place.account, key, write_request(request))
        link.run("INSERT INTO rulekit.request (account, id, body) VALUES (%s, %s, %s)", values)
    finally:
        link.close()
    return key


def is_waiting(place: ServerPlace, key: str) -> bool:
    """Tell whether a request has not been taken yet."""
    link = Link(place, writes=False)
    try:
        return bool(link.run("SELECT 1 FROM rulekit.request WHERE account = %s AND id = %s", (place.account, key)))
    finally:
        link.close()


def requests_of(link: Link, account: str) -> list[tuple[str, Request]]:
    """Return what an account's engine is asked for, oldest first; a row that is no request is left alone."""
    rows = link.run("SELECT id, body FROM rulekit.request WHERE account = %s ORDER BY id", (account,))
    read = ((key, read_request(body)) for key, body in rows)
    return [(key, request) for key, request in read if request is not None]


def pages(link: Link, account: str, after: int) -> Iterator[Row]:
    """Read the rows behind a number in statements of their own, so that a lease is renewed in between.

    Only for who holds the account: nobody else adds to what it reads.
    """
    while True:
        page = link.run(_PAGE, (account, after, _SHARE))
        for row in page:
            yield (*row[:6], bytes(row[6]))
        if len(page) < _SHARE:
            return
        after = page[-1][0]


def seals_of(link: Link, account: str) -> list[Mark]:
    """Name an account's sealed states, newest first."""
    return [(seq, at) for seq, at in link.run(_SEALS, (account,))]


def seal_of(link: Link, account: str, seq: int) -> Seal | None:
    """Return a sealed state of an account as it is found."""
    found = link.run(_SEAL, (account, seq))
    return Seal(*found[0]) if found else None


def stream(place: ServerPlace, after: int) -> Iterator[Row]:
    """Read an account's rows behind a number as of one moment, on a connection of its own."""
    link = Link(place, writes=False)
    try:
        with link.transaction(snapshot=True) as connection, connection.cursor(name="rows") as cursor:
            cursor.itersize = _SHARE
            cursor.execute(_ROWS, (place.account, after))
            for row in cursor:
                yield (*row[:6], bytes(row[6]))
    finally:
        link.close()
