"""Processes of this machine that do the pieces of a sweep; one that dies is replaced, and its piece done again."""

from __future__ import annotations

import multiprocessing
import signal
import tempfile
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any

from attrs import define, field

from rulekit.errors import RulekitError
from rulekit.model.instrument import InstrumentKey
from rulekit.replay.sweep_shared import Sharing, share
from rulekit.replay.sweep_work import Outcome, Task, run_task

TRIES = 4
"""A piece on which so many workers have died is given up."""


def done_here(tasks: Sequence[Task]) -> Iterator[Outcome]:
    """Do the pieces one after another in this process."""
    for task in tasks:
        yield run_task(task)


class Crew:
    """Some processes, started at once: while the work is planned they import what they need, and lay out prices.

    Args:
        jobs: number of processes.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._folder = tempfile.TemporaryDirectory(prefix="rulekit-sweep-", ignore_cleanup_errors=True)
        self._workers = [_Worker.start() for _ in range(jobs)]

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.end()
        self._folder.cleanup()

    @property
    def folder(self) -> Path:
        """Where the prices of each symbol are laid out for all workers."""
        return Path(self._folder.name)

    def lay_out(self, sharings: Sequence[Sharing]) -> None:
        """Let the prices be read once, each symbol by one worker; it goes on with that symbol afterwards."""
        for place, worker in enumerate(self._workers):
            own = sharings[place :: self._jobs]
            worker.give_sharings(own)

    def done(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Do the pieces; yield each outcome once, in the order in which they come.

        Raises:
            RulekitError: the first error of a piece, or a piece on which one worker after another died.
        """
        waiting = _Waiting(tasks)
        lost: Counter[int] = Counter()
        while waiting or any(worker.task for worker in self._workers):
            while len(waiting) > sum(not worker.task for worker in self._workers) and len(self._workers) < self._jobs:
                self._workers.append(_Worker.start())
            for worker in self._workers:
                if worker.task is None and waiting:
                    worker.give(waiting.next_for(worker, self._workers))
            for line in wait([worker.line for worker in self._workers if worker.task]):
                worker = next(each for each in self._workers if each.line is line)
                task = worker.task
                assert task is not None
                found = worker.answer()
                if found is not None:
                    yield found
                    continue
                self._workers.remove(worker)
                worker.end()
                lost[task.number] += 1
                if lost[task.number] >= TRIES:
                    raise RulekitError(
                        f"{TRIES} workers died one after another on {task.part.key.symbol}",
                        'is there memory for so many? a script of your own needs `if __name__ == "__main__":`',
                    )
                waiting.again(task)
                if not self._workers:
                    self._workers.append(_Worker.start())


class _Waiting:
    """The pieces that wait, by symbol: a worker goes on with the symbol that it has at hand."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._pieces: dict[InstrumentKey, deque[Task]] = {}
        for task in tasks:
            self._pieces.setdefault(task.part.key, deque()).append(task)

    def __len__(self) -> int:
        return sum(map(len, self._pieces.values()))

    def next_for(self, worker: _Worker, crew: Sequence[_Worker]) -> Task:
        """Return a piece: of a symbol that the worker has, else of one that no other has, else of the longest row."""
        taken = {key for each in crew if each is not worker for key in each.symbols}
        key = next(
            (key for key in worker.symbols if key in self._pieces),
            next((key for key in self._pieces if key not in taken), None),
        )
        if key is None:
            key = max(self._pieces, key=lambda each: len(self._pieces[each]))
        row = self._pieces[key]
        task = row.popleft()
        if not row:
            del self._pieces[key]
        return task

    def again(self, task: Task) -> None:
        """Take a piece back."""
        self._pieces.setdefault(task.part.key, deque()).appendleft(task)


@define(eq=False)
class _Worker:
    """A process, the line to it, what it is doing, and the symbols that it is on, or has laid out."""

    process: Any
    line: Connection[Any, Any]
    task: Task | None = None
    symbols: list[InstrumentKey] = field(factory=list)

    @classmethod
    def start(cls) -> _Worker:
        """Start a process that holds nothing of this one."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def give_sharings(self, sharings: Sequence[Sharing]) -> None:
        """Let it lay out the prices of some symbols; it says nothing of that."""
        self.symbols = [sharing.part.key for sharing in sharings]
        self._send(list(sharings))

    def give(self, task: Task) -> None:
        """Hand it a piece; one that is dead is found out when its answer is waited for."""
        self.task = task
        if task.part.key not in self.symbols:
            self.symbols.append(task.part.key)
        self._send(task)

    def _send(self, what: Any) -> None:
        try:
            self.line.send(what)
        except OSError:
            return

    def answer(self) -> Outcome | None:
        """Return what it did, or None if it is dead.

        Raises:
            RulekitError: its piece cannot be done.
        """
        try:
            found = self.line.recv()
        except (EOFError, OSError):
            return None
        self.task = None
        if isinstance(found, BaseException):
            raise found
        outcome: Outcome = found
        return outcome

    def end(self) -> None:
        """End it."""
        self.line.close()
        self.process.kill()
        self.process.join()
        self.process.close()


def _work(line: Connection[Any, Any]) -> None:
    """Do one piece after another until the line is closed, as it is when the other side dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other side hears it and decides
    _get_ready()
    while True:
        try:
            given = line.recv()
        except (EOFError, OSError):
            return
        if not isinstance(given, Task):
            for sharing in given:
                share(sharing)
            continue
        try:
            found: Any = run_task(given)
        except Exception as error:
            found = error
        try:
            line.send(found)
        except OSError:
            return


def _get_ready() -> None:
    """Import what every piece needs, while the other side still plans."""
    from rulekit.compile.native import has_numba

    if has_numba():
        import numba  # noqa: F401
    import pyarrow.compute
    import pyarrow.parquet  # noqa: F401
