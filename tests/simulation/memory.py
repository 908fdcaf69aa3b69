"""A disk without files: the real journal over rows in memory, for worlds whose disk does nothing wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random

from attrs import define, field

from rulekit.errors import JournalAwayError, JournalError, JournalTakenError
from rulekit.execution.journal_schema import Row
from rulekit.execution.lease import Lease
from rulekit.execution.requests import Request
from rulekit.model.clock import Clock
from rulekit.model.instant import SECOND
from tests.simulation.disk import DyingJournal
from tests.simulation.mix import Mix


@define
class Server:
    """What stands for the journal's server: its rows, the number of the process that may write, and whether it answers.

    Args:
        away: tells, for each statement, whether it goes unanswered; then whether it was done all the same.
    """

    away: Callable[[], bool] = lambda: False
    done: Callable[[], bool] = lambda: False
    rows: list[Row] = field(factory=list)
    tokens: set[str] = field(factory=set)
    fence: int = 0


@define
class MemoryStore:
    """Rows that outlive the process that wrote them; it refuses what the file's index of tokens would refuse."""

    server: Server
    clock: Clock
    leased: bool = False
    is_full: bool = False
    name: str = "memory"
    fence: int = 0
    lease: Lease = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.server.fence += 1
        self.fence = self.server.fence
        self.lease = Lease(clock=lambda: self.clock.now() / SECOND)
        self.lease.renewed(self.lease.now())

    @property
    def kept(self) -> list[Row]:
        """The rows that are durable."""
        return self.server.rows

    @property
    def tokens(self) -> set[str]:
        """The tokens in them."""
        return self.server.tokens

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
        self._held()
        asked, away = self.lease.now(), self.leased and self.server.away()
        if away and not self.server.done():
            raise JournalAwayError("the server does not answer")
        tokens = [row[4] for row in rows if row[4] is not None]
        if self.is_full:
            raise JournalError("the disk is full")
        if len(set(tokens)) < len(tokens) or not self.tokens.isdisjoint(tokens):
            raise JournalError("memory already holds this action or this tag")
        self.tokens.update(tokens)
        self.kept.extend(rows)
        if away:
            raise JournalAwayError("the server does not answer")
        self.lease.renewed(asked)

    def durable(self) -> int:
        """Return the number of the last row."""
        self._held()
        if self.leased and self.server.away():
            raise JournalAwayError("the server does not answer")
        return len(self.kept)

    def renew(self) -> None:
        """Renew the lease, as a thread of its own does while the process runs."""
        if self.fence == self.server.fence and not (self.leased and self.server.away()):
            self.lease.renewed(self.lease.now())

    def _held(self) -> None:
        if self.leased and self.fence != self.server.fence:
            raise JournalTakenError("another process has taken the account over")

    def keep(self) -> None:
        """Need no sign of life."""

    def why_not_send(self) -> str:
        """Allow what the lease surely covers."""
        return "" if not self.leased or self.lease.covers_a_send else "the account may be another process's by now"

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
    leased: bool
    draw: Random
    server: Server = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.server = Server(lambda: self.mix.strikes("server away"), lambda: self.draw.random() < 0.5)

    def open(self, account: str = "paper") -> DyingJournal:
        """Open the journal as a new process would: every row of it is checked."""
        store = MemoryStore(self.server, self.clock, self.leased)
        journal = MemoryJournal(store, account, self.clock)
        journal._begin("SEED")
        journal.points, journal.full = self.points, lambda: self.mix.strikes("disk full")
        return journal

    @contextmanager
    def as_a_kill_leaves_it(self) -> Iterator[None]:
        """Do nothing: what was committed is there."""
        yield

    def remove(self) -> None:
        """Let go of the rows."""
        self.server.rows.clear()
