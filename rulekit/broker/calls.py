"""Calls of a broker over HTTP, each in a thread of its own and with one deadline over all of it.

The time-out of an HTTP client counts from one byte to the next, so a server that drips would hold its caller for ever;
a call that is given up here goes on in its thread, and that thread is never used again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol

from attrs import frozen

from rulekit.model.clock import stopwatch

MOST_GIVEN_UP = 16
"""So many threads may hang in calls that were given up; beyond it nothing new is begun."""

_LOOK_S = 0.1

_REQUESTED = 0
_BEGUN = 1
_GIVEN_UP = 2


class DeadlineError(Exception):
    """A call took longer than it may; its thread may still be at it."""


class NeverStartedError(Exception):
    """A call was given up before its thread began with it."""


@frozen
class Answer:
    """How a call ended: a value or an error, and the HTTP status if there was an answer at all."""

    value: Any = None
    error: BaseException | None = None
    status: int | None = None


class Waits(Protocol):
    """How long calls may take, in real seconds.

    `deadline_s`: over all of one call. `reuse_s`: an idle connection older than this is not used for an order.
    """

    @property
    def deadline_s(self) -> float:
        """Return the deadline."""
        ...

    @property
    def reuse_s(self) -> float:
        """Return the age."""
        ...


class _Job:
    """One call on its way to a thread and back."""

    def __init__(self, call: Callable[[Any], Any], token: str, reuse_s: float | None) -> None:
        self.call = call
        self.token = token
        self.reuse_s = reuse_s
        self.answer = Answer()
        self.done = threading.Event()
        self._state = _REQUESTED
        self._lock = threading.Lock()

    def begin(self) -> bool:
        """Take the call on, unless it was given up meanwhile."""
        return self._turn(_BEGUN)

    def give_up(self) -> bool:
        """Give the call up; True if it was never begun, and never will be."""
        return self._turn(_GIVEN_UP)

    def _turn(self, state: int) -> bool:
        with self._lock:
            if self._state != _REQUESTED:
                return False
            self._state = state
            return True


class _Caller(threading.Thread):
    """A thread with a client of its own: a session of requests is not promised to be safe between threads."""

    def __init__(self, make: Callable[[], Any], name: str) -> None:
        super().__init__(name=name, daemon=True)  # a hanging call must not keep the program from ending
        self.jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self.abandoned = False
        self._client = make()
        self._client.reqsession.hooks["response"].append(self._note)
        self._status: int | None = None
        self._used = -1e9
        self.date = ""

    def _note(self, response: Any, *unused: Any, **more: Any) -> None:
        self._status = response.status_code
        self.date = response.headers.get("Date", "")

    def run(self) -> None:
        """Make one call after the other."""
        while not self.abandoned and (job := self.jobs.get()) is not None:
            if job.begin():
                self._make(job)
            job.done.set()
        self._client.reqsession.close()

    def _make(self, job: _Job) -> None:
        client = self._client
        self._status = None
        # The broker may have hung up on an idle connection: a request on it ends in the same error as a lost answer.
        if job.reuse_s is not None and stopwatch() - self._used > job.reuse_s:
            client.reqsession.close()
        if client.access_token != job.token:
            client.set_access_token(job.token)
        try:
            value = job.call(client)
        except Exception as error:
            job.answer = Answer(error=error, status=self._status)
        else:
            job.answer = Answer(value, status=self._status)
        self._used = stopwatch()


class Calls:
    """Makes calls; one is begun at once, whatever hangs.

    Args:
        settings: how long calls may take.
        make: makes a client: it has a session of requests in `reqsession`, and an `access_token` that may be set.
        name: of the broker, for the threads.
        speed: of the clock.
    """

    def __init__(self, settings: Waits, make: Callable[[], Any], name: str, speed: float = 1.0) -> None:
        self._settings = settings
        self._make = make
        self._name = name
        # A clock that runs faster makes every wait shorter, but a network answers in real time.
        self._deadline_s = max(min(1.0, settings.deadline_s), settings.deadline_s / speed)
        self._idle: list[_Caller] = []
        self._given_up: list[_Caller] = []
        self._lock = threading.Lock()
        self._count = 0
        self._closed = False
        self.ending = False
        """Set when the program ends: orders on their way are waited for, readings are not, and nothing is begun."""
        self.date = ""
        """The `Date` of the last answer: the broker's clock."""

    def call(self, call: Callable[[Any], Any], token: str, *, order: bool = False) -> Answer:
        """Make one call and wait for its answer, at most until the deadline.

        Args:
            call: gets the client.
            token: to call with.
            order: whether an idle connection must not be trusted.
        """
        caller = self._caller()
        if caller is None:
            return Answer(error=NeverStartedError(f"{MOST_GIVEN_UP} calls to the broker hang, or it is closed"))
        job = _Job(call, token, self._settings.reuse_s if order else None)
        caller.jobs.put(job)
        if self._is_done(job, order):
            self.date = caller.date
            self._give_back(caller)
            return job.answer
        with self._lock:
            caller.abandoned = True
            self._given_up.append(caller)
        caller.jobs.put(None)
        if job.give_up():
            return Answer(error=NeverStartedError(f"not begun within {self._deadline_s:g} s"))
        return Answer(error=DeadlineError(f"no whole answer within {self._deadline_s:g} s"))

    def _is_done(self, job: _Job, order: bool) -> bool:
        """Wait for a call's end; a reading is given up when the program ends."""
        if order:
            return job.done.wait(self._deadline_s)
        until = stopwatch() + self._deadline_s
        while not job.done.wait(min(_LOOK_S, max(0.0, until - stopwatch()))):
            if self.ending or stopwatch() >= until:
                return False
        return True

    def _caller(self) -> _Caller | None:
        with self._lock:
            if self._closed or self.ending:
                return None
            if self._idle:
                return self._idle.pop()
            self._given_up = [caller for caller in self._given_up if caller.is_alive()]
            if len(self._given_up) >= MOST_GIVEN_UP:
                return None
            self._count += 1
            number = self._count
        caller = _Caller(self._make, f"{self._name}-{number}")
        caller.start()
        return caller

    def _give_back(self, caller: _Caller) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(caller)
                return
        caller.jobs.put(None)

    def close(self) -> None:
        """Let the threads end; one that hangs is left to itself."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for caller in idle:
            caller.jobs.put(None)
        for caller in idle:
            caller.join(1.0)
