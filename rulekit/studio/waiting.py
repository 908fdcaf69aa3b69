"""Work that takes long, asked of a process: of each page only the newest question is answered, and none for ever."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import OrderedDict
from typing import Any

from attrs import define, field, frozen

from rulekit.errors import InputError, RulekitError

GRACE_S = 1.0
"""So long may work go on for which nobody waits any more; then its process is ended, and a new one begun."""
LONGEST_LINE = 64 * 1024 * 1024


class OvertakenError(RulekitError):
    """A newer question of the same page came first."""


@frozen(eq=False)
class _Question:
    key: str
    asked: dict[str, Any]
    answer: asyncio.Future[Any]


@define(eq=False)
class Bench:
    """One process for one kind of work.

    Args:
        patience_s: after so many seconds of work an answer is no longer waited for.
        late: what is said then.
    """

    patience_s: float
    late: str
    _waiting: OrderedDict[str, _Question] = field(factory=OrderedDict, init=False)
    _working: _Question | None = field(default=None, init=False)
    _newer: asyncio.Event = field(factory=asyncio.Event, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    async def ask(self, key: str, asked: dict[str, Any]) -> Any:
        """Return the answer to a question.

        Args:
            key: of the page that asks; its older questions are let go.

        Raises:
            OvertakenError: a newer one came. RulekitError: as the work says, or it took too long.
        """
        question = _Question(key, asked, asyncio.get_running_loop().create_future())
        self._overtake(self._waiting.pop(key, None))
        if self._working is not None and self._working.key == key:
            self._overtake(self._working)
            self._newer.set()
        self._waiting[key] = question
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())
        try:
            return await question.answer
        finally:
            if self._waiting.get(key) is question:
                del self._waiting[key]  # whoever asked has gone away

    def _overtake(self, question: _Question | None) -> None:
        if question is not None and not question.answer.done():
            question.answer.set_exception(OvertakenError("a newer text came first"))

    async def stop(self) -> None:
        """End the work, and its process."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _work(self) -> None:
        while self._waiting:
            _, self._working = self._waiting.popitem(last=False)
            self._newer.clear()
            try:
                await self._answer(self._working)
            finally:
                self._overtake(self._working)
                self._working = None

    async def _answer(self, question: _Question) -> None:
        work = asyncio.ensure_future(self._answered(question.asked))
        newer = asyncio.ensure_future(self._newer.wait())
        try:
            await asyncio.wait({work, newer}, timeout=self.patience_s, return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and newer.done():
                await asyncio.wait({work}, timeout=GRACE_S)
            if not work.done():
                raise InputError(self.late, "make the text smaller, or use the command line, which has more time")
            _settle(question, await work)
        except (OSError, ValueError, asyncio.IncompleteReadError, RulekitError) as error:
            await self._end()  # it is begun anew for the next question
            told = error if isinstance(error, RulekitError) else InputError("the work was broken off", "try it again")
            if not question.answer.done():
                question.answer.set_exception(told)
        finally:
            newer.cancel()
            work.cancel()
            await asyncio.gather(work, newer, return_exceptions=True)  # how they ended has been told already

    async def _answered(self, asked: dict[str, Any]) -> dict[str, Any]:
        process = await self._running()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{json.dumps(asked)}\n".encode())
        await process.stdin.drain()
        raw = await process.stdout.readline()
        if not raw.endswith(b"\n"):
            raise asyncio.IncompleteReadError(raw, None)
        answer: dict[str, Any] = json.loads(raw)
        return answer

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "rulekit.studio.bench",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LONGEST_LINE, env=environment,
            )  # fmt: skip
        return self._process


def _settle(question: _Question, answer: dict[str, Any]) -> None:
    if question.answer.done():
        return
    if "error" in answer:
        question.answer.set_exception(InputError(answer["error"], answer.get("help", "")))
    else:
        question.answer.set_result(answer["found"])
