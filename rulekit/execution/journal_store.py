"""The port of a journal's store: where its rows are kept, and how one process alone may add to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from rulekit.execution.journal_schema import Row


class Store(Protocol):
    """Rows that are kept for one account and held for writing by this process; it knows nothing of what they mean."""

    name: str
    """How a person is told of it."""
    is_new: bool
    """Whether it holds no rows yet."""

    def check(self) -> None:
        """Check what lies below the chain of rows.

        Raises:
            JournalError: it is damaged.
        """

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Read the durable rows behind a number, oldest first."""
        ...

    def bind(self, journal_id: str, seq: int, digest: bytes) -> None:
        """Learn whose rows these are and how far they go; a second witness compares it with what it remembers.

        Raises:
            JournalError: entries that were durable once are missing or are others.
        """

    def append(self, rows: Sequence[Row]) -> None:
        """Make rows durable, all or none, if this process still holds the store.

        Raises:
            JournalError: it could not be done.
        """

    def close(self) -> None:
        """Let go of it, as the death of the process would; closing twice does nothing."""
