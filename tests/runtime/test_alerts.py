"""An alert from the sentence to the log: told once, kept in the journal, told again only where it says so."""

from __future__ import annotations

from pathlib import Path

from rulekit.execution.history import history
from rulekit.execution.journal import read_journal
from rulekit.execution.summary import summarise
from rulekit.model.events import Event
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from tests.runtime.test_manager import Account

TEXT = 'Up: alert "{{ symbol }} is up {{ profit }} at {{ price }}, {{ peak profit }} at best" at 15% profit'


def told(account: Account) -> list[str]:
    return [event.data["text"] for event in account.events if event.data.get("level") == "told"]


def test_an_alert_is_told_once_and_kept(tmp_path: Path) -> None:
    account = Account(tmp_path, TEXT)
    with account.manager as manager:
        manager.cycle()
        assert told(account) == []
        account.price("1943.50")
        actions = manager.cycle()[0].actions
        assert [(action.kind, action.side, action.quantity, action.stop) for action in actions] == [
            ("alert", None, None, None)
        ]
        account.price("1950")
        manager.cycle()
        assert told(account) == ["KOTAKBANK is up 15% at ₹1,943.50, 15% at best"]
        assert manager.pending_management_actions == []
    rows = history(read_journal(tmp_path / "day.journal"))
    assert [(row["rule"], row["kind"], row["end"], row["attempts"]) for row in rows] == [("Up", "alert", "done", [])]
    assert rows[0]["reason"] == "told: KOTAKBANK is up 15% at ₹1,943.50, 15% at best"
    figures = summarise(read_journal(tmp_path / "day.journal"))
    assert [(each.rule, each.fired, each.applied, each.open) for each in figures] == [("Up", 1, 1, 0)]


def test_a_restart_does_not_tell_it_again(tmp_path: Path) -> None:
    account = Account(tmp_path, TEXT)
    with account.manager as manager:
        account.price("1943.50")
        manager.cycle()
    events: list[Event] = []
    with Manager(
        Policy.from_text(TEXT),
        broker=account.broker, journal=tmp_path / "day.journal", clock=account.clock, emit=events.append,
    ) as again:  # fmt: skip
        account.price("1950")
        again.cycle()
    assert [event for event in events if event.data.get("level") == "told"] == []


def test_an_alert_that_repeats_waits_its_time(tmp_path: Path) -> None:
    account = Account(tmp_path, 'alert "high" at 15% profit every 2 minutes')
    with account.manager as manager:
        for _ in range(5):
            account.price("1943.50", wait_s=60.0)
            manager.cycle()
        assert told(account) == ["high"] * 3


def test_an_alert_does_not_wait_for_an_order_nor_hold_one_up(tmp_path: Path) -> None:
    account = Account(tmp_path, f"{TEXT}\nHALF: book 50% at 15% profit\nStop: move stop to break-even at 15% profit")
    with account.manager as manager:
        account.price("1943.50")
        actions = manager.cycle()[0].actions
        assert [action.kind for action in actions] == ["book", "stop", "alert"]
        assert len(told(account)) == 1


def test_a_reached_stop_comes_before_any_alert(tmp_path: Path) -> None:
    account = Account(tmp_path, 'Low: alert "{{ symbol }} loses" at 1% loss\nmove stop to 1% loss')
    with account.manager as manager:
        manager.cycle()
        account.price("1650")
        assert [action.rule for action in manager.cycle()[0].actions] == ["stop"]
        assert told(account) == []
