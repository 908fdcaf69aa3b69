"""Proofs beside the typing: a process of its own works on the text that stood still last; late answers are dropped.

The process reads from a pipe that closes with the server, so it never outlives it, however the server ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

from attrs import field, frozen, mutable

from rulekit.language.diagnostics import Diagnostic, as_json, from_json
from rulekit.lint.catalogue import RULES
from rulekit.lint.selection import Selection
from rulekit.lint.subject import PROOF

PATIENCE = 30.0
"""Seconds after which an answer is no longer waited for."""


@frozen
class Question:
    """A text that is to be looked at with proofs."""

    uri: str
    version: int
    text: str
    path: str
    today: date
    selection: Selection = field(factory=Selection)


Answer = Callable[[Question, tuple[Diagnostic, ...]], None]


def proves() -> bool:
    """Tell whether there is any rule that proves."""
    return any(rule.needs == PROOF for rule in RULES)


@mutable
class Prover:
    """Asks the process, one question at a time; of each policy only the newest text waits."""

    answer: Answer
    _waiting: dict[str, Question] = field(factory=dict)
    _task: asyncio.Task[None] | None = None
    _process: asyncio.subprocess.Process | None = None

    def ask(self, question: Question) -> None:
        """Have a text looked at when the process is free; an older question about the same policy is dropped."""
        self._waiting[question.uri] = question
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    def forget(self, uri: str) -> None:
        """Drop what waits about a policy that was closed."""
        self._waiting.pop(uri, None)

    def stop(self) -> None:
        """End the process and the work on its answers."""
        if self._task is not None:
            self._task.cancel()
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def _work(self) -> None:
        while self._waiting:
            question = self._waiting.pop(next(iter(self._waiting)))
            try:
                found = await asyncio.wait_for(self._answered(question), PATIENCE)
            except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError):
                self._end()  # it will be started again for the next question
                continue
            self.answer(question, found)

    async def _answered(self, question: Question) -> tuple[Diagnostic, ...]:
        process = await self._running()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{_asked(question)}\n".encode())
        await process.stdin.drain()
        raw = await process.stdout.readline()
        return tuple(from_json(each) for each in json.loads(raw))

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "rulekit.editor.prove",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=64 * 1024 * 1024,
            )
        return self._process


def _asked(question: Question) -> str:
    return json.dumps(
        {
            "text": question.text,
            "path": question.path,
            "today": question.today.isoformat(),
            "select": question.selection.select,
            "ignore": question.selection.ignore,
            "severity": dict(question.selection.severity),
        }
    )


def answered(line: str) -> list[dict[str, Any]]:
    """Answer one question of the server: all findings about a text, proofs among them."""
    from rulekit.language.reading import check_text
    from rulekit.lint.linting import lint

    asked = json.loads(line)
    selection = Selection(tuple(asked["select"]), tuple(asked["ignore"]), asked["severity"])
    found = lint(check_text(asked["text"], asked["path"]), date.fromisoformat(asked["today"]), selection)
    return [as_json(each, asked["path"]) for each in found]
