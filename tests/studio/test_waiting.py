"""Long work is done by a process: the newest question wins, a failure is a sentence, nothing is waited for for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from rulekit.errors import InputError
from rulekit.studio.waiting import Bench, OvertakenError
from tests.studio.texts import SECTION_ONE, TODAY

TWO_BOOKS = "A: book 75% at 10% profit\nB: book 50% at 10% profit after 10 minutes\n"


def question(kind: str, text: str, **more: Any) -> dict[str, Any]:
    plain = {"select": ("default",), "ignore": (), "severity": {}, "proofs": True, "neighbours": []}
    return {"kind": kind, "text": text, "today": TODAY.isoformat(), "name": "mine.policy", **plain, **more}


def run(work: Callable[[Bench], Awaitable[Any]], patience_s: float = 600.0) -> Any:
    async def all_of_it() -> Any:
        bench = Bench(patience_s, "it takes too long")
        try:
            return await work(bench)
        finally:
            await bench.stop()

    # the thread that drives a browser in other tests has a loop of its own
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, all_of_it()).result()


def test_questions_are_answered_by_one_process_one_after_the_other() -> None:
    async def work(bench: Bench) -> None:
        proved, compared, broken = await asyncio.gather(
            bench.ask("one", question("prove", TWO_BOOKS)),
            bench.ask("two", question("compare", SECTION_ONE.replace("25% profit", "26% profit"), running=SECTION_ONE)),
            bench.ask("three", question("compare", "boook", running=SECTION_ONE)),
            return_exceptions=True,
        )
        assert any(found["code"] == "Q201" and found["position"]["price"] == "1859" for found in proved)
        assert compared["rules"][0]["changes"][0]["name"] == "later book"
        assert isinstance(broken, InputError) and broken.message == "this text has errors"
        between = await bench.ask(
            "one", question("prove", SECTION_ONE, neighbours=[["other.policy", SECTION_ONE.replace("25%", "26%")]])
        )
        assert any(found["code"].startswith("R") and "other.policy" in str(found) for found in between)

    run(work)


def test_the_newest_text_wins_and_nothing_stops_the_next_one() -> None:
    async def work(bench: Bench) -> None:
        asked = [
            asyncio.ensure_future(bench.ask("mine", question("prove", f"exit at {n}% loss\n"))) for n in range(1, 6)
        ]
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [isinstance(each, OvertakenError) for each in told] == [True] * 4 + [False]
        assert isinstance(told[-1], list)
        # one that is worked on already, and would take long
        slow = "".join(f"R{n}: book {n}% at {n}% profit after {n} minutes\n" for n in range(1, 90))
        late = asyncio.ensure_future(bench.ask("mine", question("prove", slow)))
        while bench._working is None or bench._working.asked["text"] != slow:
            await asyncio.sleep(0.01)
        assert isinstance(await bench.ask("mine", question("prove", "exit at 7% loss\n")), list)
        assert isinstance(late.exception(), OvertakenError)
        # a process that died
        assert bench._process is not None
        first = bench._process
        first.kill()
        await first.wait()
        # work that takes too long: its process is ended, and the next question has one of its own
        bench.patience_s = 0.01
        with pytest.raises(InputError, match="it takes too long"):
            await bench.ask("mine", question("prove", TWO_BOOKS))
        bench.patience_s = 600.0
        assert await bench.ask("mine", question("prove", TWO_BOOKS))
        assert bench._process is not None and bench._process.pid != first.pid

    run(work)
