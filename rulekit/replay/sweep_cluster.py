"""Workers on many machines, by Dask distributed: the same pieces and outcomes; the lost and the slow are survived."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from attrs import define, field

from rulekit.errors import RulekitError, UsageError
from rulekit.model.clock import WallClock, stopwatch
from rulekit.replay.sweep_work import Outcome, Task, run_task

TRIES = 4
"""A piece on which so many workers were lost is given up."""
SLOW, SLOW_S = 4.0, 10.0
"""A piece that takes so many times as long as the middle one, and so many seconds, is done by another worker too."""
PATIENCE_S = 30.0
"""For so long a scheduler is asked, and its workers are waited for."""
FETCH_S = 8.0
"""An outcome, some kilobytes, that does not arrive in this time is taken for lost with the worker that holds it."""
LOOK_S = 0.02
IN_HAND = 3
"""So many pieces a thread are handed out in advance."""


def done_by_cluster(tasks: Sequence[Task], address: str) -> Iterator[Outcome]:
    """Let the workers of a scheduler do the pieces; yield each outcome once, in the order in which they come.

    Raises:
        UsageError: there is no such scheduler, or it has no workers.
        RulekitError: the first error of a piece, or one on which one worker after another was lost.
    """
    client = _client(address)
    try:
        yield from _Round(client, address, deque(tasks)).outcomes()
    finally:
        client.close(timeout=2)


def _client(address: str) -> Any:
    """Reach the scheduler."""
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(
            "a sweep on many machines needs Dask distributed", "install the extra: rulekit-policy[cluster]"
        ) from None
    for name in ("distributed", "distributed.client"):  # what a person needs to know is said here
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        client: Any = Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(
            f"no scheduler answers at `{address}`: {str(error).splitlines()[0] if str(error) else 'no answer'}",
            "start one with `dask scheduler --host 127.0.0.1`, and workers with `dask worker tcp://127.0.0.1:8786`",
        ) from None
    return client


@define(eq=False)
class _Given:
    """A piece that was handed out: its copies, and when the first was."""

    task: Task
    since: float
    copies: list[Any] = field(factory=list)


@define(eq=False)
class _Round:
    """The pieces of a sweep on their way through a cluster."""

    client: Any
    address: str
    waiting: deque[Task]
    given: dict[int, _Given] = field(factory=dict)
    lost: Counter[int] = field(factory=Counter)
    names: Counter[int] = field(factory=Counter)
    took: list[float] = field(factory=list)
    clock: WallClock = field(factory=WallClock)
    alone_since: float | None = None

    def outcomes(self) -> Iterator[Outcome]:
        """Hand out, look, and hand out again until all is done."""
        while self.waiting or self.given:
            threads = self._threads()
            while self.waiting and len(self.given) < max(1, threads) * IN_HAND:
                task = self.waiting.popleft()
                self.given[task.number] = _Given(task, stopwatch(), [self._sent(task)])
            done = [found for each in list(self.given.values()) if (found := self._looked_at(each)) is not None]
            yield from done
            if not done:
                self._help_the_slow()
                self.clock.sleep(LOOK_S)

    def _sent(self, task: Task, workers: Sequence[str] | None = None) -> Any:
        """Hand a piece out; each copy has a name of its own."""
        self.names[task.number] += 1
        key = f"rulekit-sweep-{task.study.mark[:16]}-{task.number}-{self.names[task.number]}"
        return self.client.submit(run_task, task, key=key, workers=workers, pure=False)

    def _looked_at(self, given: _Given) -> Outcome | None:
        """Return the outcome of a piece, if one of its copies is done."""
        for copy in given.copies:
            if copy.status == "finished":
                outcome = self._fetched(copy)
                if outcome is not None:
                    self._over(given)
                    return outcome
                self._again(given, copy)
                break
            if copy.status == "pending":
                continue
            error = copy.exception() if copy.status == "error" else None
            if error is None or type(error).__name__ == "KilledWorker":
                self._again(given, copy)
            else:
                raise _said(error, given.task)
            break
        return None

    def _fetched(self, copy: Any) -> Outcome | None:
        """Bring the outcome here; the worker that holds it may have died just now."""
        try:
            outcome: Outcome = copy.result(timeout=FETCH_S)
        except (OSError, TimeoutError):
            return None
        return outcome

    def _over(self, given: _Given) -> None:
        self.took.append(stopwatch() - given.since)
        for copy in given.copies:
            copy.release()
        del self.given[given.task.number]

    def _again(self, given: _Given, copy: Any) -> None:
        """Hand out anew what was lost."""
        number = given.task.number
        self.lost[number] += 1
        if self.lost[number] >= TRIES:
            raise RulekitError(
                f"one worker after another was lost on {given.task.part.key.symbol}",
                "have the workers memory enough? see their logs",
            )
        given.copies.remove(copy)
        given.copies.append(self._sent(given.task))

    def _help_the_slow(self) -> None:
        """When nothing waits any more, let an idle worker do what takes too long as well; the first one counts."""
        if self.waiting or not self.took:
            return
        bound = max(SLOW_S, SLOW * median(self.took))
        slow = [each for each in self.given.values() if len(each.copies) == 1 and stopwatch() - each.since > bound]
        if not slow:
            return
        at: Mapping[str, Sequence[Any]] = self.client.processing()
        idle = [worker for worker, keys in at.items() if not keys]
        for each, worker in zip(slow, idle, strict=False):
            each.copies.append(self._sent(each.task, [worker]))

    def _threads(self) -> int:
        """Count the threads of all workers; none for long is an end."""
        threads = sum(map(int, self.client.nthreads().values()))
        if threads:
            self.alone_since = None
        elif self.alone_since is None:
            self.alone_since = stopwatch()
        elif stopwatch() - self.alone_since > PATIENCE_S:
            raise UsageError(
                f"the scheduler at `{self.address}` has no workers", f"start one with `dask worker {self.address}`"
            )
        return threads


def _said(error: BaseException, task: Task) -> BaseException:
    """Turn what went wrong on a worker into what a person can act on."""
    if isinstance(error, RulekitError):
        return error
    if isinstance(error, ModuleNotFoundError):
        return UsageError(
            f"a worker lacks the module `{error.name}`",
            "install the same rulekit on every worker: rulekit-policy[replay,cluster]",
        )
    return RulekitError(
        f"a worker failed on {task.part.key.symbol}: {type(error).__name__}: {error}", "see the worker's log"
    )
