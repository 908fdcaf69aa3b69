"""Asks packages in processes of their own, within a time; a fact that hangs is asked for no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from attrs import define, field, frozen

from rulekit.plugins.day_bars import DayBars
from rulekit.plugins.discovery import EntryPoint
from rulekit.plugins.settings import PluginSettings


@frozen
class Outcome:
    """What came of a question: values or an answer, or in `trouble` why there is none.

    Args:
        ended: this fact is asked for no more.
    """

    values: tuple[float, ...] = ()
    answer: Any = None
    trouble: str = ""
    ended: bool = False


@define(eq=False)
class Question:
    """Something that a package was asked; any thread may look whether the answer is there.

    Args:
        make: makes the question as plain values, in the thread that asks it.
        within_s: seconds in which it must be answered; None for the budget of the settings.
        count: how many values are wanted; None for an answer of any form.
    """

    entry: EntryPoint
    make: Callable[[], dict[str, Any]]
    within_s: float | None = None
    count: int | None = None
    _done: Event = field(factory=Event)
    _outcome: Outcome = Outcome()

    def answer(self, outcome: Outcome) -> None:
        """Take the outcome."""
        self._outcome = outcome
        self._done.set()

    @property
    def outcome(self) -> Outcome | None:
        """What came of it; None while it is being computed."""
        return self._outcome if self._done.is_set() else None

    def wait(self) -> Outcome:
        """Wait for what comes of it, which is bounded by the budgets of those before it and its own."""
        self._done.wait()
        return self._outcome


class Computing:
    """Keeps one process for each package that is asked, and a thread that talks to it."""

    def __init__(self, settings: PluginSettings | None = None) -> None:
        self._settings = settings or PluginSettings()
        self._desks: dict[str, _Desk] = {}
        self._lock = Lock()

    def ask(self, entry: EntryPoint, bars: DayBars, window: int, *, last: bool) -> Question:
        """Begin to compute a fact, without waiting.

        Args:
            last: only the value of the last bar is wanted.
        """
        wanted = min(1, len(bars)) if last else len(bars)
        return self._take(Question(entry, lambda: _asked(bars, window, last), count=wanted))

    def ask_later(self, entry: EntryPoint, bars: Callable[[], DayBars], window: int, count: int) -> Question:
        """Begin to compute the last value of a fact; the bars are made in the thread that asks, where nobody waits.

        Args:
            count: 1 if there are bars, 0 if there are none.
        """
        return self._take(Question(entry, lambda: _asked(bars(), window, True), count=count))

    def call(self, entry: EntryPoint, method: str, *arguments: Any, within_s: float | None = None) -> Question:
        """Begin to call a function of a declaration with plain values, without waiting.

        A package that does not answer in time loses its process; it gets a new one when it is asked again.
        """
        return self._take(Question(entry, lambda: {"method": method, "arguments": arguments}, within_s))

    def _take(self, question: Question) -> Question:
        """Give a question to the package that it is for."""
        entry = question.entry
        with self._lock:
            desk = self._desks.get(entry.package)
            if desk is None:
                desk = self._desks[entry.package] = _Desk(entry.package, self._settings)
        desk.take(question)
        return question

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            desks, self._desks = list(self._desks.values()), {}
        for desk in desks:
            desk.close()


def _asked(bars: DayBars, window: int, last: bool) -> dict[str, Any]:
    return {"window": window, "last": last, "bars": bars.as_row()}


class _Desk:
    """One package: its process, and the questions that wait for it."""

    def __init__(self, package: str, settings: PluginSettings) -> None:
        self._package = package
        self._settings = settings
        self._waiting: SimpleQueue[Question | None] = SimpleQueue()
        self._gone = ""
        self._banned: dict[str, str] = {}
        self._imported: set[str] = set()
        self._process: subprocess.Popen[str] | None = None
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        Thread(target=self._work, name=f"facts of {package}", daemon=True).start()

    def take(self, question: Question) -> None:
        if self._gone:
            question.answer(Outcome(trouble=self._gone, ended=True))
        else:
            self._waiting.put(question)

    def close(self) -> None:
        self._gone = self._gone or "it was closed"
        self._waiting.put(None)
        self._end()

    def _work(self) -> None:
        """Put one question after another to the process, until there is none or it has failed for good."""
        while (question := self._waiting.get()) is not None:
            question.answer(self._outcome(question))
        while not self._waiting.empty():
            left = self._waiting.get()
            if left is not None:
                left.answer(Outcome(trouble=self._gone, ended=True))

    def _outcome(self, question: Question) -> Outcome:
        target = question.entry.target
        if why := self._gone or self._banned.get(target, ""):
            return Outcome(trouble=why, ended=True)
        process = self._process or self._start()
        if process is None:
            return self._give_up(question, "could not be started")
        within_s = self._settings.budget_s if question.within_s is None else question.within_s
        steps = [(json.dumps({"target": target, **question.make()}), within_s)]
        if target not in self._imported:
            self._imported.add(target)
            steps.insert(0, (json.dumps({"target": target}), self._settings.start_s))
        said: dict[str, Any] | None = {}
        for line, within_s in steps:
            said = self._talk(process, line, within_s)
            if said is None:
                return self._give_up(question, f"did not answer within {within_s:g} seconds")
            if not said:
                return self._give_up(question, "ended its process")
            if "trouble" in said:
                break
        assert said is not None
        if "trouble" in said:
            return Outcome(trouble=str(said["trouble"]))
        if question.count is None:
            return Outcome(answer=said.get("answer"))
        values = tuple(float(value) for value in said["values"])
        return Outcome(values) if len(values) == question.count else Outcome(trouble="gave another number of values")

    def _start(self) -> subprocess.Popen[str] | None:
        """Start the process, and wait until it listens; None if it does not."""
        path = os.pathsep.join(each for each in sys.path if each)
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "rulekit.plugins.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                env={**os.environ, "PYTHONPATH": path},
            )
        except OSError:
            return None
        self._process = process
        self._lines = SimpleQueue()
        weakref.finalize(self, _kill, process)
        Thread(target=_listen, args=(process, self._lines), name=f"answers of {self._package}", daemon=True).start()
        return process if self._heard(self._settings.start_s) else None

    def _talk(self, process: subprocess.Popen[str], line: str, within_s: float) -> dict[str, Any] | None:
        """Write a question and read its answer: None if none came in time, nothing if the process is gone."""
        assert process.stdin is not None
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
        except (OSError, ValueError):
            return {}
        return self._heard(within_s)

    def _heard(self, within_s: float) -> dict[str, Any] | None:
        try:
            line = self._lines.get(timeout=within_s)
        except Empty:
            return None
        if line is None:
            return {}
        try:
            said = json.loads(line)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def _give_up(self, question: Question, why: str) -> Outcome:
        """End the process, and ask for this fact no more; what else the package has gets a process anew."""
        is_fact = question.count is not None
        if is_fact:
            self._banned[question.entry.target] = why
        self._end()
        return Outcome(trouble=self._gone or why, ended=is_fact)

    def _end(self) -> None:
        process, self._process = self._process, None
        self._imported.clear()
        if process is not None:
            _kill(process)


def _listen(process: subprocess.Popen[str], lines: SimpleQueue[str | None]) -> None:
    assert process.stdout is not None
    try:
        for line in process.stdout:
            lines.put(line)
    except (OSError, ValueError):
        pass
    lines.put(None)


def _kill(process: subprocess.Popen[str]) -> None:
    """End a process that may not listen any more, and let its pipes go."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
