"""Watches policy files while they run: a changed one is checked aside and exchanged between two cycles.

A file is known by its content, and taken once it has stood still for one look, so that neither an editor that writes by
renaming nor one that is still writing is ever read in the middle.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Event as Flag
from threading import Thread
from typing import Any, Protocol

from attrs import frozen

from rulekit.errors import PolicyError, RulekitError, UnreadableFileError, UsageError
from rulekit.language.diagnostics import Diagnostic
from rulekit.language.source import read_text
from rulekit.model.clock import Clock
from rulekit.model.instant import day_of
from rulekit.runtime.policy import Policy, read
from rulekit.runtime.reloading import PolicyChange
from rulekit.runtime.sources import PolicySource, paths_of, policy_paths

__all__ = ["PolicyWatch", "policy_paths", "watch_of"]

COMPARE_S = 30.0
"""Real seconds that a search for differences may take; it runs in a process of its own that yields to all others."""
LINES_TOLD = 24
"""Lines of differences that go to the log."""

_COMPARE = "import os; getattr(os, 'nice', int)(15); from rulekit.cli.main import entry; entry()"


class Running(Protocol):
    """What policies run in: a manager, or a desk."""

    def reload(self, policy: tuple[Policy, ...], /) -> tuple[PolicyChange, ...]:
        """Exchange the policies, and return those that differ."""
        ...

    def tell(self, name: str, **data: Any) -> None:
        """Put an event that is about no position into the log."""
        ...


@frozen
class _Taken:
    """Policies that were checked and may run from the next cycle on."""

    policies: tuple[Policy, ...]


@frozen
class _Told:
    """Something for the log."""

    event: str
    path: str
    text: str


class PolicyWatch:
    """Looks at the files of the running policies, in a thread of its own between `start` and `stop`.

    Args:
        paths: files, and folders whose policies may come and go.
        running: the policies that were loaded from them.
        every_s: real seconds between two looks.
        today: decides what has expired.
        compare: whether differences are searched for after an exchange.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        running: Sequence[Policy],
        *,
        every_s: float = 2.0,
        today: Callable[[], date],
        compare: bool = True,
    ) -> None:
        self._paths = tuple(paths)
        self._running = {policy.path: policy for policy in running}
        self._every = every_s
        self._today = today
        self._compare = compare
        self._answered: object = {policy.path: policy.text for policy in running}
        self._before: object = None
        self._found: SimpleQueue[_Taken | _Told] = SimpleQueue()
        self._changed: SimpleQueue[PolicyChange] = SimpleQueue()
        self._ending = Flag()
        self._process: subprocess.Popen[str] | None = None
        self._thread: Thread | None = None

    # --- between two cycles -----------------------------------------------------------------------------------

    def look(self, running: Running) -> None:
        """Exchange the policies if changed ones have been checked, and tell what there is to tell."""
        while True:
            try:
                found = self._found.get_nowait()
            except Empty:
                return
            if isinstance(found, _Told):
                running.tell(found.event, path=found.path, **{_FIELD[found.event]: found.text})
                continue
            try:
                for change in running.reload(found.policies):
                    self._changed.put(change)
            except RulekitError as error:
                running.tell("policy_refused", path="", reason=" ".join(str(error).split()))

    # --- beside -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look."""
        self._thread = Thread(target=self._work, name="policies", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the looking, and a search that is under way."""
        self._ending.set()
        process = self._process
        if process is not None:
            process.kill()
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def __enter__(self) -> PolicyWatch:
        self.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self.stop()

    def _work(self) -> None:
        while not self._ending.wait(self._every):
            self.poll()

    def poll(self) -> None:
        """Look once: what differs from the running policies and is as it was at the last look is checked."""
        texts = self._texts()
        stood_still, self._before = texts == self._before, texts
        if stood_still and texts != self._answered:
            self._answered = texts
            self._check(texts)
        while not self._changed.empty():
            self._search(self._changed.get())

    def _texts(self) -> dict[str, str | RulekitError]:
        found: dict[str, str | RulekitError] = {}
        for path in self._paths:
            try:
                for each in policy_paths([path]):
                    found[str(each)] = _text(each)
            except (UnreadableFileError, OSError) as error:
                found[str(path)] = _UnreadableError(str(error))
        return found

    def _check(self, texts: dict[str, str | RulekitError]) -> None:
        policies = []
        for path, text in texts.items():
            running = self._running.get(path)
            if isinstance(text, RulekitError):
                self._found.put(_Told("policy_refused", path, text.message))
                return
            if running is not None and running.text == text:
                policies.append(running)
                continue
            try:
                policies.append(read(text, path, today=self._today()))
            except RulekitError as error:
                self._found.put(_Told("policy_refused", path, _in_a_line(error, path)))
                return
        self._running = {policy.path: policy for policy in policies}
        self._found.put(_Taken(tuple(policies)))

    # --- what it does otherwise -------------------------------------------------------------------------------

    def _search(self, change: PolicyChange) -> None:
        """Tell what an edit does otherwise, with positions that show it, as `rulekit diff` does."""
        if not self._compare or change.old is None or change.new is None:
            return
        name = Path(change.path).name or "my.policy"
        with TemporaryDirectory(prefix="rulekit-", ignore_cleanup_errors=True) as folder:
            files = [Path(folder) / side / name for side in ("old", "new")]
            for file, policy in zip(files, (change.old, change.new), strict=True):
                file.parent.mkdir()
                file.write_text(policy.text, encoding="utf-8", newline="")
            said = self._run([sys.executable, "-c", _COMPARE, "diff", *map(str, files)])
        lines = [line.rstrip() for line in said.splitlines()[1:]]
        for line in lines[:LINES_TOLD]:
            self._found.put(_Told("policy_compared", name, line))
        if len(lines) > LINES_TOLD:
            rest = f"… and {len(lines) - LINES_TOLD} lines more: `rulekit diff` shows all"
            self._found.put(_Told("policy_compared", name, rest))

    def _run(self, command: list[str]) -> str:
        """Return what a process prints behind a first line; a sentence if it does not end in time."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONIOENCODING": "utf-8"}
        self._process = subprocess.Popen(  # noqa: S603 - this program itself
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
        )
        try:
            said, _ = self._process.communicate(timeout=COMPARE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            said = f"\nno end of the search for differences within {COMPARE_S:.0f} s"
        finally:
            self._process = None
        return said


_FIELD = {"policy_refused": "reason", "policy_compared": "difference"}


class _UnreadableError(RulekitError):
    """Why a file cannot be read now; equal to another look's if the reason is the same."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _UnreadableError) and other.message == self.message

    __hash__ = RulekitError.__hash__


def _text(path: Path) -> str | RulekitError:
    try:
        return read_text(path)
    except UnreadableFileError as error:
        return _UnreadableError(error.message)


def _in_a_line(error: RulekitError, path: str) -> str:
    """Say the first error of a policy in one line: file, line, sentence."""
    if isinstance(error, PolicyError):
        found = error.diagnostics[0]
        if isinstance(found, Diagnostic):
            more = f" (and {len(error.diagnostics) - 1} more)" if len(error.diagnostics) > 1 else ""
            return f"{path}:{found.span.line}: {found.message}: `{found.source_line.strip()}`{more}"
    return " ".join(str(error).split())


def watch_of(source: PolicySource, running: Sequence[Policy], clock: Clock, every_s: float = 2.0) -> PolicyWatch:
    """Return a watch over the files that a host named.

    Args:
        source: what the policies were loaded from. running: the policies themselves.
        clock: tells which day it is.

    Raises:
        UsageError: some of them were given as texts, so that there is no file to look at.
    """
    paths = paths_of(source)
    if paths is None:
        raise UsageError(
            "only policies from files are taken anew when they change",
            "give the path of a file or a folder, or leave `hot` out and call `reload`",
        )
    return PolicyWatch(paths, running, every_s=every_s, today=lambda: day_of(clock.now()), compare=False)
