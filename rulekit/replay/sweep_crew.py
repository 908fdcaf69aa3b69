"""Processes of this machine that do the pieces of a sweep; one that dies is replaced, and its piece done again."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from attrs import define

from rulekit.errors import RulekitError
from rulekit.replay.sweep_work import Outcome, Task, run_task

TRIES = 4
"""A piece on which so many workers have died is given up."""


def done_here(tasks: Sequence[Task]) -> Iterator[Outcome]:
    """Do the pieces one after another in this process."""
    for task in tasks:
        yield run_task(task)


def done_by_processes(tasks: Sequence[Task], jobs: int) -> Iterator[Outcome]:
    """Do the pieces in so many processes; yield each outcome once, in the order in which they come.

    Raises:
        RulekitError: the first error of a piece, or a piece on which one worker after another died.
    """
    waiting = deque(tasks)
    lost: Counter[int] = Counter()
    crew: list[_Worker] = []
    try:
        while waiting or any(worker.task for worker in crew):
            while waiting and len(crew) < jobs:
                crew.append(_Worker.start())
            for worker in crew:
                if worker.task is None and waiting:
                    worker.give(waiting.popleft())
            for line in wait([worker.line for worker in crew if worker.task]):
                worker = next(each for each in crew if each.line is line)
                task = worker.task
                assert task is not None
                found = worker.answer()
                if found is None:
                    crew.remove(worker)
                    worker.end()
                    lost[task.number] += 1
                    if lost[task.number] >= TRIES:
                        raise RulekitError(
                            f"{TRIES} workers died one after another on {task.part.key.symbol}",
                            'is there memory for so many? a script of your own needs `if __name__ == "__main__":`',
                        )
                    waiting.appendleft(task)
                    continue
                yield found
    finally:
        for worker in crew:
            worker.end()


@define(eq=False)
class _Worker:
    """A process, the line to it, and what it is doing."""

    process: Any
    line: Connection[Any, Any]
    task: Task | None = None

    @classmethod
    def start(cls) -> _Worker:
        """Start a process that holds nothing of this one."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def give(self, task: Task) -> None:
        """Hand it a piece; one that is dead is found out when its answer is waited for."""
        self.task = task
        try:
            self.line.send(task)
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
    while True:
        try:
            task = line.recv()
        except (EOFError, OSError):
            return
        try:
            found: Any = run_task(task)
        except Exception as error:
            found = error
        try:
            line.send(found)
        except OSError:
            return
