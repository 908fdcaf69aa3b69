"""What makes a journal trustworthy wherever it is kept: every row holds the digest of the row before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rulekit.errors import JournalError
from rulekit.execution.journal_schema import FIRST, Entry, Row, body_of, chain

KEEP_IT = "keep the file as it is for inspection, and start with a new journal once the broker's book is understood"


def checked(rows: Iterable[Row], name: str, previous: bytes = FIRST, last: int = 0) -> Iterator[Row]:
    """Pass rows on, oldest first, and check each against the chain before it is passed on.

    Args:
        rows: as a store gives them. name: of the journal, for a person.
        previous: the digest of the row before the first of them. last: that row's number.

    Raises:
        JournalError: a row is not what was written, or one is missing in between.
    """
    for row in rows:
        seq, at, kind, subject, token, body, digest = row
        if not isinstance(body, str) or not isinstance(kind, str) or seq != last + 1:
            raise changed(name, last + 1)
        if chain(previous, seq, at, kind, subject, token, body) != digest:
            raise changed(name, seq)
        previous, last = digest, seq
        yield row


def entry_of(row: Row) -> Entry:
    """Return a row as the program sees it."""
    seq, at, kind, subject, token, body, _ = row
    return Entry(seq, at, kind, subject, token, body_of(body))


def changed(name: str, seq: int) -> JournalError:
    """Say that an entry is damaged."""
    return JournalError(f"`{name}` is damaged: entry {seq} is not what was written", KEEP_IT)
