"""The port of a journal's store: where its rows are kept, and how one process alone may add to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from rulekit.execution.journal_schema import Row
from rulekit.execution.journal_seals import Mark, Seal
from rulekit.execution.requests import Request


class Shelf(Protocol):
    """Rows that are kept for one account, to be read as of one moment; it knows nothing of what they mean."""

    name: str
    """How a person is told of it."""

    def check(self) -> None:
        """Check what lies below the chain of rows; it takes as long as reading all of it.

        Raises:
            JournalError: it is damaged.
        """

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Read the durable rows behind a number, oldest first."""
        ...


class LongShelf(Shelf, Protocol):
    """A shelf whose last part can be read without the rest."""

    def last_seq(self) -> int:
        """Return the number of the last durable row, 0 if there is none."""
        ...


@runtime_checkable
class HasSeals(Protocol):
    """A shelf that keeps sealed states beside its rows."""

    def seals(self) -> Sequence[Mark]:
        """Name the sealed states, newest first."""
        ...

    def read_seal(self, seq: int) -> Seal | None:
        """Return a sealed state as it is found, None if there is none."""
        ...


class Store(Shelf, Protocol):
    """Rows that are held for writing by this process."""

    leased: bool
    """Whether it is held for a time only, so that each request to the broker must ask first."""
    is_new: bool
    """Whether it holds no rows yet."""

    def bind(self, journal_id: str, seq: int, digest: bytes) -> Sequence[str] | None:
        """Learn whose rows these are and how far they go; a second witness compares it with what it remembers.

        Returns:
            What a person should hear of, though it stops nothing.

        Raises:
            JournalError: entries that were durable once are missing or are others.
        """

    def append(self, rows: Sequence[Row]) -> None:
        """Make rows durable, all or none, if this process still holds the store.

        Raises:
            JournalError: it could not be done. JournalAwayError: nobody knows whether it was.
        """

    def durable(self) -> int:
        """Return the number of the last durable row, after a write of which nobody knows whether it was done.

        Raises:
            JournalAwayError: it is still not known. JournalTakenError: this process holds the store no longer.
        """
        ...

    def keep(self) -> None:
        """Hear that the engine lives; a store that is held by a lease gives it up for one that has hung.

        Raises:
            JournalTakenError: this process is known to hold the store no longer.
        """

    def why_not_send(self) -> str:
        """Return why no request to the broker may begin now; empty while the store is surely held. Never raises."""
        ...

    def requests(self) -> list[tuple[Any, Request]]:
        """Return what other processes ask of the engine, oldest first, each with what `take_request` knows it by."""
        ...

    def take_request(self, key: Any) -> None:
        """Remove a request that has been applied durably."""

    def close(self) -> None:
        """Let go of it; closing twice does nothing."""

    def abandon(self) -> None:
        """Let go of it as the death of the process would."""


@runtime_checkable
class TakesSeals(HasSeals, Protocol):
    """A store that keeps sealed states beside its rows."""

    def write_seal(self, seal: Seal, drop: Sequence[int]) -> None:
        """Keep a sealed state, and drop others by their numbers.

        Raises:
            JournalError: it could not be done; the rows are as they were.
        """
