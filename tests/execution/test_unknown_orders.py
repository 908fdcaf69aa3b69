"""Unknown orders: frozen, settled by evidence only, never doubled."""

from __future__ import annotations

import pytest
from attrs import evolve

from rulekit.errors import UsageError
from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.switch import REDUCING
from rulekit.model.orders import SELL, Order
from tests.execution.scripted import Desk, add, book, exit_all, next_morning


def test_a_lost_answer_is_adopted_by_its_tag(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["lost after"]
    desk.commit(key, exit_all())
    assert desk.executor.pending_management_actions[0]["state"] == "unknown"
    assert desk.position(key).frozen
    desk.pass_time()
    row = desk.row("Square off")
    assert (row["end"], row["filled"], len(row["attempts"])) == ("filled", 100, 1)
    assert "action_settled" in desk.names()


def test_absence_counts_only_after_the_quarantine_and_two_clean_readings(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["lost before"]
    desk.commit(key, exit_all())
    for _ in range(119):
        desk.pass_time()
        assert len(desk.broker.requests) == 1
    desk.pass_time()
    assert len(desk.broker.requests) == 1, "one clean reading after the quarantine is not two"
    desk.broker.failing = 1
    desk.pass_time()
    assert len(desk.broker.requests) == 1, "a failed reading is not an empty list"
    desk.pass_time()
    assert len(desk.broker.requests) == 2
    desk.pass_time()
    row = desk.row("Square off")
    assert [attempt["state"] for attempt in row["attempts"]] == ["absent", "complete"]
    assert row["attempts"][0]["tag"] != row["attempts"][1]["tag"]
    assert desk.broker.net(key) == 0


def test_a_list_without_an_order_that_has_traded_proves_nothing(desk: Desk) -> None:
    """It was cut, however late it is: what is missing from it may have been placed all the same."""
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["late:2"]
    desk.commit(key, book(40))
    desk.broker.old_book = []
    for _ in range(140):
        desk.pass_time()
    assert len(desk.broker.requests) == 1, "it filled long ago, and is not sent again"
    desk.broker.old_book = None
    desk.come_to_rest()
    assert len(desk.broker.requests) == 1
    assert desk.broker.net(key) == 60


def test_a_list_that_lacks_an_order_of_an_earlier_list_proves_nothing(desk: Desk) -> None:
    """Others' orders and resting ones leave no trade, so what a list has shown is remembered for its day."""
    key = desk.hold()
    desk.start()
    desk.broker.book.append(resting_elsewhere(desk))
    desk.pass_time()
    desk.broker.fates = ["lost before"]
    desk.commit(key, book(40))
    whole, desk.broker.old_book = desk.broker.book, []
    for _ in range(140):
        desk.pass_time()
    assert len(desk.broker.requests) == 1, "the list is cut"
    desk.broker.old_book = whole
    desk.come_to_rest()
    assert [request.quantity for request in desk.broker.requests] == [40, 40]
    assert desk.broker.net(key) == 60


def test_a_list_that_lacks_an_order_of_the_journal_proves_nothing(desk: Desk) -> None:
    """What the broker answered before a crash is known after it."""
    other, key = desk.hold("INFY"), desk.hold()
    desk.broker.overnight = {other: (100, 169_000.0), key: (100, 169_000.0)}
    desk.broker.done, desk.broker.by_hand = [], []
    desk.start()
    desk.broker.fates = ["rest", "lost before"]
    desk.commit(other, book(40))
    desk.commit(key, book(40))
    desk.die()
    desk.broker.old_book = []
    desk.start()
    for _ in range(140):
        desk.pass_time()
    assert len(desk.broker.requests) == 2
    assert "absent" not in [attempt["state"] for row in desk.rows() for attempt in row["attempts"]]


def resting_elsewhere(desk: Desk) -> Order:
    return Order("X1", "", "NSE", "WIPRO", "MIS", SELL, 40, 0, "OPEN", placed=desk.clock.now())


def test_two_readings_of_one_moment_are_one(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["lost before"]
    desk.commit(key, exit_all())
    desk.pass_time(seconds=120)
    for _ in range(3):
        desk.executor.sync()
        desk.executor.drain()
    assert len(desk.broker.requests) == 1, "a book that is late is as late in the same second"
    desk.pass_time()
    assert len(desk.broker.requests) == 2


@pytest.mark.parametrize("seconds", [0.5, 8, 90, 97, 118])
def test_a_late_arrival_within_the_quarantine_is_never_doubled(desk: Desk, seconds: float) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = [f"late:{seconds}"]
    desk.commit(key, exit_all())
    desk.come_to_rest()
    assert desk.row("Square off")["end"] == "filled"
    assert len(desk.broker.requests) == 1
    assert desk.broker.net(key) == 0


def test_a_late_arrival_after_the_resend_raises_an_alarm_and_is_counted(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["late:300", "fill"]
    desk.commit(key, book(50))
    desk.come_to_rest()
    assert desk.row("First target")["filled"] == 50
    desk.pass_time(300)
    assert any("arrived after it had been given up" in alert for alert in desk.alerts())
    assert desk.row("First target")["filled"] == 100
    assert desk.executor._ledger.late == 1
    assert desk.broker.net(key) == 0


def test_an_add_is_never_sent_again(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.pass_time(5)
    desk.broker.fates = ["lost before"]
    desk.commit(key, add(25))
    desk.come_to_rest()
    row = desk.row("Scale")
    assert (row["end"], row["filled"], len(row["attempts"])) == ("expired", 0, 1)
    assert len(desk.broker.requests) == 1
    assert desk.position(key).memory["Scale"].fired == 1, "it counts, so the rule does not buy once more"
    assert any("never placed" in alert for alert in desk.alerts())


def test_the_resend_is_for_what_is_still_held(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["lost before"]
    desk.commit(key, exit_all())
    desk.pass_time(60)
    desk.broker.trade(key.instrument, "MIS", SELL, 70, 169_000.0)
    desk.come_to_rest()
    assert [request.quantity for request in desk.broker.requests] == [100, 30]
    assert desk.broker.net(key) == 0


def test_an_unknown_order_of_yesterday_is_parked_and_settled_by_a_person(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["lost before"]
    desk.commit(key, exit_all())
    next_morning(desk)
    desk.pass_time()
    desk.pass_time(600)
    assert desk.row("Square off")["end"] is None
    pending = desk.executor.pending_management_actions[0]
    assert pending["state"] == "parked"
    assert desk.position(key).frozen
    with pytest.raises(UsageError):
        desk.executor.settle(pending["id"], "filled", filled=101)
    desk.executor.settle(pending["id"].lower(), "not placed")
    assert desk.row("Square off")["end"] == "settled"
    assert not desk.position(key).frozen
    desk.commit(key, exit_all())
    desk.pass_time()
    assert desk.broker.net(key) == 0


def test_a_person_may_say_that_it_was_filled(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["lost before"]
    desk.commit(key, book(50))
    action = desk.executor.pending_management_actions[0]["id"]
    desk.executor.settle(action, "filled", filled=50)
    row = desk.row("First target")
    assert (row["end"], row["filled"]) == ("settled", 50)
    assert desk.position(key).memory["First target"].fired == 1
    with pytest.raises(UsageError):
        desk.executor.settle(action, "filled", filled=50)
    with pytest.raises(UsageError):
        desk.executor.settle("NOSUCHACTION", "not placed")


def test_many_unknown_orders_make_it_reduce_only(desk: Desk) -> None:
    keys = [desk.hold(symbol) for symbol in ("A", "B", "C")]
    desk.start()
    desk.broker.fates = ["lost before"] * 3
    desk.executor.commit([desk.decided(key, book(50)) for key in keys])
    desk.pass_time()
    assert desk.executor.mode == REDUCING


def test_an_order_of_ours_that_the_journal_does_not_know_halts(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.commit(key, book(50))
    desk.pass_time()
    stranger = evolve(desk.broker.book[0], order_id="O9999", tag="RKTESTZZZZZZZZZZZZZZ")
    desk.broker.book.append(stranger)
    desk.restart()
    assert desk.executor.mode == "halted"
    assert any("the journal does not know" in alert and "O9999" in alert for alert in desk.alerts())


def test_two_orders_for_one_tag_halt(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.commit(key, book(50))
    desk.broker.book.append(evolve(desk.broker.book[0], order_id="O9999"))
    desk.pass_time()
    assert desk.executor.mode == "halted"


def test_foreign_orders_are_expected(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.broker.book.append(
        Order("X1", "SOMEBODY", "NSE", "KOTAKBANK", "MIS", SELL, 10, 0, "TRIGGER PENDING", placed=desk.clock.now())
    )
    desk.pass_time()
    desk.pass_time()
    assert desk.names().count("foreign_order_seen") == 2, "the one by hand, and this one, once each"
    assert desk.executor.mode == "active"


def test_the_quarantine_is_a_setting(desk: Desk) -> None:
    key = desk.hold()
    desk.settings = ExecutionSettings(quarantine_s=10)
    desk.start()
    desk.broker.fates = ["lost before"]
    desk.commit(key, exit_all())
    for _ in range(12):
        desk.pass_time()
    assert len(desk.broker.requests) == 2


def test_a_word_of_the_broker_that_is_new_means_still_going(desk: Desk) -> None:
    key = desk.hold()
    desk.settings = ExecutionSettings(patience_s=1000)
    desk.start()
    desk.broker.fates = ["rest"]
    desk.commit(key, exit_all())
    desk.broker.book[0] = evolve(desk.broker.book[0], status="VALIDATION MOON PHASE")
    for _ in range(20):
        desk.pass_time()
    assert desk.executor.pending_management_actions[0]["state"] == "accepted"
    assert len(desk.broker.requests) == 1
