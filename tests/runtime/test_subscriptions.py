"""Who is told of events: by a plain word or an event's name, functions and coroutines; one that fails stops nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rulekit.errors import UsageError
from rulekit.model.events import EVENTS, Event
from rulekit.runtime.subscriptions import HAPPENINGS, Subscriptions
from tests.runtime.test_manager import Account


def event(name: str, **data: Any) -> Event:
    return Event(name, 0, data=data)


def test_every_plain_word_means_events_of_the_table() -> None:
    assert {name for names in HAPPENINGS.values() for name in names} <= set(EVENTS)


def test_each_is_told_what_it_asked_for_until_it_ends() -> None:
    heard: list[str] = []
    all_of_it = Subscriptions()
    end = all_of_it.add("filled", lambda one: heard.append(f"filled {one.name}"))
    all_of_it.add("price_stale", lambda one: heard.append("stale"))
    for name in ("action_filled", "action_partly_filled", "price_stale", "action_refused"):
        all_of_it(event(name))
    end()
    all_of_it(event("action_filled"))
    assert heard == ["filled action_filled", "filled action_partly_filled", "stale"]


def test_halted_is_only_that() -> None:
    heard: list[Event] = []
    one = Subscriptions()
    one.add("halted", heard.append)
    for mode in ("reducing", "halted", "active"):
        one(event("mode_changed", mode=mode))
    assert [each.data["mode"] for each in heard] == ["halted"]


def test_one_that_raises_is_told_no_more_and_the_others_hear_why() -> None:
    heard: list[str] = []
    one = Subscriptions()

    def broken(what: Event) -> None:
        heard.append("broken")
        raise KeyError("no such column")

    one.add("everything", broken)
    one.add("everything", lambda what: heard.append(what.data.get("text", what.name)))
    one(event("price_stale"))
    one(event("price_stale"))
    assert heard == ["broken", "a subscriber failed and is told no more: KeyError: 'no such column'",
                     "price_stale", "price_stale"]  # fmt: skip


def test_what_does_not_exist_is_named() -> None:
    with pytest.raises(UsageError, match="nothing called `fills` to subscribe to"):
        Subscriptions().add("fills", print)


def test_a_coroutine_needs_a_loop() -> None:
    async def tell(what: Event) -> None:
        """Hear nothing."""

    with pytest.raises(UsageError, match="no event loop runs"):
        Subscriptions().add("filled", tell)


def test_a_manager_tells_functions_and_coroutines_from_decision_to_fill(tmp_path: Path) -> None:
    account = Account(tmp_path, "HALF: book 50% at 15% profit\nBE: move stop to break-even at 10% profit")
    heard: list[str] = []
    failed: list[str] = []

    async def host() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failed.append(str(context["exception"])))

        async def later(what: Event) -> None:
            assert asyncio.get_running_loop() is loop
            heard.append(f"later {what.name}")

        async def broken(what: Event) -> None:
            raise ValueError("the host's own mistake")

        manager = account.manager
        manager.subscribe("filled", later)
        manager.subscribe("filled", broken)
        for word in ("decided", "sent", "filled", "stop moved", "refused", "unknown", "halted"):
            manager.subscribe(word, lambda what, word=word: heard.append(f"{word} {what.data.get('rule')}"))
        await manager.astart()
        for _ in range(3):
            account.price("1943.50")
            await manager.acycle()
        await asyncio.sleep(0.05)
        await manager.aclose()

    asyncio.run(host())
    assert [each for each in heard if not each.startswith("later")] == [
        "decided HALF", "decided BE", "stop moved BE", "sent HALF", "filled HALF",
    ]  # fmt: skip
    assert "later action_filled" in heard
    assert failed == ["the host's own mistake"]
    assert [each.name for each in account.events].count("action_filled") == 1, "`emit` is told as ever"


def test_a_manager_takes_a_folder_and_its_changes(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "my.policy").write_text("HALF: book 50% at 50% profit\n", encoding="utf-8")
    account = Account(tmp_path, "X: exit at 90% loss")
    account.manager.close()
    manager = type(account.manager)(
        folder, broker=account.broker, journal=tmp_path / "hot.journal", clock=account.clock, hot=True,
        emit=account.events.append,
    )  # fmt: skip
    with manager:
        watch = manager._watch
        assert watch is not None
        watch.stop()  # this test looks by itself
        account.price("1943.50")
        assert manager.cycle()[0].actions == ()
        (folder / "my.policy").write_text("HALF: book 50% at 15% profit\n", encoding="utf-8")
        watch.poll()
        watch.poll()
        account.price("1943.50")
        assert [action.rule for action in manager.cycle()[0].actions] == ["HALF"]
    assert "policy_reloaded" in account.names()
