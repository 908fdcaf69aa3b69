"""A disk without files: the real journal over rows in memory, for worlds whose disk does nothing wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from attrs import define, field

from rulekit.errors import JournalError
from rulekit.execution.journal_schema import Row
from rulekit.execution.requests import Request
from rulekit.model.clock import Clock
from tests.simulation.disk import DyingJournal
from tests.simulation.mix import Mix


@define
class MemoryStore:
    """Rows that outlive the process that wrote them; it refuses what the file's index of tokens would refuse."""

    kept: list[Row]
    tokens: set[str]
    is_full: bool = False
    name: str = "memory"
    leased: bool = False

    @property
    def is_new(self) -> bool:
        """Tell whether it holds no rows yet."""
        return not self.kept

    def check(self) -> None:
        """Find nothing: memory does not rot here."""

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Read the rows behind a number."""
        return iter(self.kept[after:])

    def bind(self, journal_id: str, seq: int, digest: bytes) -> None:
        """Need no second witness."""

    def append(self, rows: Sequence[Row]) -> None:
        """Keep rows, all or none.

        Raises:
            JournalError: it is full, or one of the tokens is there already.
        """
        tokens = [row[4] for row in rows if row[4] is not None]
        if self.is_full:
            raise JournalError("the disk is full")
        if len(set(tokens)) < len(tokens) or not self.tokens.isdisjoint(tokens):
            raise JournalError("memory already holds this action or this tag")
        self.tokens.update(tokens)
        self.kept.extend(rows)

    def durable(self) -> int:
        """Return the number of the last row."""
        return len(self.kept)

    def keep(self) -> None:
        """Need no sign of life."""

    def why_not_send(self) -> str:
        """Allow everything: nobody else reaches this memory."""
        return ""

    def requests(self) -> list[tuple[object, Request]]:
        """Know of no other process."""
        return []

    def take_request(self, key: object) -> None:
        """Have nothing to remove."""

    def close(self) -> None:
        """Keep everything for the next process."""

    abandon = close


class MemoryJournal(DyingJournal):
    """A real journal over rows in memory."""

    def _fill_up(self) -> None:
        assert isinstance(self.store, MemoryStore)
        self.store.is_full = True


@define
class MemoryDisk:
    """What stands in for a folder: the rows of one journal."""

    clock: Clock
    mix: Mix
    points: Callable[[str], None]
    rows: list[Row] = field(factory=list)
    tokens: set[str] = field(factory=set)

    def open(self) -> DyingJournal:
        """Open the journal as a new process would: every row of it is checked."""
        journal = MemoryJournal(MemoryStore(self.rows, self.tokens), "paper", self.clock)
        journal._begin("SEED")
        journal.points, journal.full = self.points, lambda: self.mix.strikes("disk full")
        return journal

    @contextmanager
    def as_a_kill_leaves_it(self) -> Iterator[None]:
        """Do nothing: what was committed is there."""
        yield

    def remove(self) -> None:
        """Let go of the rows."""
        self.rows.clear()
