"""The disk of a simulated world: a real journal that can die at each commit, run out of room, and be damaged."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from attrs import define, field

from rulekit.errors import JournalError
from rulekit.execution.journal import Journal
from rulekit.execution.journal_schema import Entry
from rulekit.execution.journal_sqlite import SqliteStore
from rulekit.model.clock import Clock
from tests.simulation.mix import Mix

NAME = "day.journal"


class CrashError(BaseException):
    """The process dies here: nothing in the program may catch it."""


class DyingJournal(Journal):
    """A real journal with a point of death before and after each commit, on a disk that may be full."""

    points: Callable[[str], None] = staticmethod(lambda name: None)
    full: Callable[[], bool] = staticmethod(lambda: False)
    written: Callable[[list[Entry]], None] = staticmethod(lambda entries: None)

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self._unwritten: list[Entry] = []

    def add(self, kind: str, body: Mapping[str, Any], subject: str = "", token: str | None = None) -> Entry:
        """Put an entry behind the others, and remember it for the witness of what is durable."""
        entry = super().add(kind, body, subject, token)
        self._unwritten.append(entry)
        return entry

    def flush(self) -> None:
        """Die before it, find the disk full, or die after it."""
        if not self.waiting:
            return
        self.points("before commit")
        if self.full():
            self._fill_up()
        super().flush()
        self.written(self._unwritten)
        self._unwritten = []
        self.points("after commit")

    def _fill_up(self) -> None:
        # The smallest bound that SQLite takes is the size that the file has.
        assert isinstance(self.store, SqliteStore) and self.store.database is not None
        self.store.database.execute("PRAGMA max_page_count=1")
        self._rows = [(*row[:5], row[5] + " " * 9000, row[6]) for row in self._rows]


@define
class Disk:
    """A folder with the journal in it, and the copies that a world keeps of it."""

    folder: Path
    clock: Clock
    mix: Mix
    draw: Random
    points: Callable[[str], None]
    copies: list[Path] = field(factory=list)
    _made: int = 0

    @property
    def path(self) -> Path:
        """Where the journal is."""
        return self.folder / NAME

    def open(self, account: str = "paper") -> DyingJournal:
        """Open the journal as a new process would.

        Raises:
            JournalError: it is held, or damaged.
        """
        journal = DyingJournal.open(
            self.path, account=account, clock=self.clock, durable=False, identity="SEED", wait_s=0.0
        )
        journal.points, journal.full = self.points, lambda: self.mix.strikes("disk full")
        return journal

    def files(self) -> list[Path]:
        """Return the files of the journal: itself, its log, its head."""
        return [path for path in self.folder.glob(f"{NAME}*") if path.is_file() and not path.name.endswith("-lock")]

    @contextmanager
    def as_a_kill_leaves_it(self) -> Iterator[None]:
        """Leave the files as they are: closing would fold the log into the main file, and a killed process does not."""
        contents = {path: path.read_bytes() for path in self.files() if not path.name.endswith("-shm")}
        yield
        for path, content in contents.items():
            path.write_bytes(content)

    def keep_copy(self) -> Path:
        """Copy the journal as it is."""
        self._made += 1
        copy = self.folder / f"copy{self._made}"
        copy.mkdir()
        for path in self.files():
            shutil.copyfile(path, copy / path.name)
        self.copies.append(copy)
        return copy

    def forget(self, copy: Path) -> None:
        """Remove a copy."""
        shutil.rmtree(copy)
        self.copies.remove(copy)

    def put_back(self, copy: Path) -> None:
        """Put a copy where the journal is."""
        for path in self.files():
            path.unlink()
        for path in copy.iterdir():
            shutil.copyfile(path, self.folder / path.name)

    def damage(self, how: str) -> bool:
        """Cut the log at a random place, or flip a bit of it or of the main file; tell whether that was possible."""
        log, main = self.folder / f"{NAME}-wal", self.path
        if how != "log cut" and self.draw.random() < 0.5:
            sqlite3.connect(main).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
        victim = log if how == "log cut" or (log.exists() and self.draw.random() < 0.5) else main
        if not victim.exists() or victim.stat().st_size < 200:
            return False
        content = bytearray(victim.read_bytes())
        place = self.draw.randrange(len(content))
        if how == "log cut":
            del content[place:]
        else:
            content[place] ^= 1 << self.draw.randrange(8)
        victim.write_bytes(content)
        return True

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


__all__ = ["CrashError", "Disk", "JournalError"]
