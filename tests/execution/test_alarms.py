"""Alerts that a person must see: kept once, told again while nobody has acknowledged them, let go by a person only."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from rulekit.cli.main import cli
from rulekit.errors import UsageError
from rulekit.execution.requests import ACKNOWLEDGE, Request, drop
from tests.execution.scripted import Desk, book, exit_all


def alarms(desk: Desk) -> list[tuple[str, str]]:
    from rulekit.execution.ledger import Ledger

    return [(one.level, one.cause) for one in Ledger(desk.journal.entries()).alarms.open.values()]


def numbers(desk: Desk) -> list[str]:
    from rulekit.execution.ledger import Ledger

    return list(Ledger(desk.journal.entries()).alarms.open)


def rulekit(*arguments: str) -> str:
    outcome = CliRunner().invoke(cli, arguments, standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return outcome.output


def test_a_halt_and_its_alert_are_one_alarm(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.executor.halt("news")
    assert alarms(desk) == [("critical", "a person")]
    desk.restart()
    assert alarms(desk) == [("critical", "a person")]


def test_the_same_with_other_figures_is_kept_once_and_of_two_actions_twice(desk: Desk) -> None:
    keys = [desk.hold("KOTAKBANK"), desk.hold("WIPRO")]
    desk.start()
    desk.broker.fates = ["lost before", "lost before"]
    desk.executor.commit([desk.decided(key, exit_all()) for key in keys])
    assert alarms(desk) == [("warning", "unknown")] * 2
    symbols = [event.symbol for event in desk.events if "alarm" in event.data]
    assert sorted(symbols) == ["KOTAKBANK", "WIPRO"]


def test_reading_that_fails_again_and_again_is_one_alarm(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.broker.failing = 12
    for _ in range(12):
        desk.pass_time()
    told = [event.data for event in desk.events if event.name == "alert"]
    assert [data.get("again", False) for data in told] == [False, True], "the figure differs, the matter does not"
    assert len(numbers(desk)) == 1


def test_what_was_seen_is_let_go_and_may_come_again(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.executor.halt("news")
    [number] = numbers(desk)
    with pytest.raises(UsageError, match="is no open alert"):
        desk.executor.acknowledge("NOSUCH", "owner")
    desk.executor.acknowledge(number.lower(), "owner")
    assert numbers(desk) == []
    kept = [entry.body for entry in desk.journal.entries() if entry.kind == "acknowledged"]
    assert kept == [{"alarm": number, "by": "owner"}]
    desk.executor.resume("RESUME")
    desk.executor.halt("news")
    assert len(numbers(desk)) == 1
    assert numbers(desk) != [number]


def test_a_critical_one_is_told_again_until_it_is_seen_and_a_warning_is_not(desk: Desk) -> None:
    key = desk.hold()
    desk.repeat_s = 60.0
    desk.start()
    desk.broker.fates = ["lost before"]
    desk.commit(key, book(50))
    desk.executor.halt("news")

    def repeated(seconds: int) -> list[str]:
        desk.events.clear()
        for _ in range(seconds):
            desk.pass_time()
        return [str(event.data["text"]) for event in desk.events if event.name == "alert_repeated"]

    assert repeated(59) == []
    assert repeated(62) == ["news", "news"]
    desk.restart()
    assert repeated(59) == [], "after a restart the time counts anew"
    assert repeated(2) == ["news"]
    desk.executor.acknowledge("all", "owner")
    assert repeated(130) == []


def test_the_commands_list_and_acknowledge_with_an_engine_and_without(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.executor.halt("news")
    [number] = numbers(desk)
    path = str(desk.path)
    assert number in rulekit("alerts", "--journal", path)
    assert "open alerts: 1" in rulekit("status", "--journal", path)
    drop(desk.path, Request(ACKNOWLEDGE, action=number, reason="owner"), desk.clock)
    desk.pass_time()
    assert rulekit("alerts", "--journal", path).strip() == "no open alerts"
    desk.executor.resume("RESUME")
    desk.executor.halt("more news")
    desk.journal.close()
    assert "seen" in rulekit("alerts", "ack", "all", "--journal", path, "--by", "watcher")
    assert rulekit("alerts", "--journal", path, "--format", "json").strip() == "[]"


def test_what_the_broker_says_from_another_thread_is_kept_at_the_next_look(desk: Desk) -> None:
    from threading import Thread

    desk.hold()
    desk.start()
    thread = Thread(target=desk.executor.overhear, args=("the access token has died",))
    thread.start()
    thread.join()
    assert numbers(desk) == []
    desk.broker.failing = 1
    desk.pass_time()
    assert ("critical", "broker") in alarms(desk)


def test_a_journal_from_before_alarms_opens(tmp_path: Path, desk: Desk) -> None:
    from rulekit.execution.ledger import Ledger

    desk.hold()
    desk.start()
    desk.executor.halt("news")
    old = [entry for entry in desk.journal.entries() if entry.kind not in ("alarm", "policies", "policy text")]
    assert Ledger(old).alarms.open == {}
    assert Ledger(old).mode.name == "halted"
