"""From a decision to its end, over a real journal and a scripted broker."""

from __future__ import annotations

import pytest
from attrs import evolve

from rulekit.model.instant import SECOND
from rulekit.model.instrument import Instrument
from rulekit.model.orders import BUY, SELL, Quote
from tests.execution.scripted import Desk, add, book, exit_all, stop


def test_a_book_goes_from_decided_to_filled(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.commit(key, book(50))
    assert [state["state"] for state in desk.row("First target")["states"]] == ["decided", "sending", "accepted"]
    desk.pass_time()
    row = desk.row("First target")
    assert (row["end"], row["filled"]) == ("filled", 50)
    assert [request.quantity for request in desk.broker.requests] == [50]
    assert desk.position(key).quantity == 50
    assert desk.position(key).booked == 1
    assert desk.position(key).memory["First target"].fired == 1
    assert not desk.position(key).in_flight


def test_between_decision_and_request_there_is_one_flushed_write(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    decided = desk.decided(key, book(50), stop(168_000))
    desk.points.names.clear()
    desk.executor.commit([decided], {"tick": 7})
    until = desk.points.names[: desk.points.names.index("before place")]
    assert until == ["before commit", "after commit"]


def test_an_action_in_flight_is_seen_by_the_engine(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["rest"]
    desk.commit(key, book(50))
    assert desk.position(key).in_flight
    assert desk.position(key).memory["First target"].fired == 1


def test_the_same_decision_twice_is_one_action(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    decided = desk.decided(key, book(50), stop(168_000))
    desk.executor.commit([decided])
    desk.executor.commit([decided])
    desk.pass_time()
    desk.executor.commit([decided])
    assert len(desk.rows()) == 2
    assert len(desk.broker.requests) == 1


def test_shorts_are_covered_by_buying(desk: Desk) -> None:
    key = desk.hold(quantity=-80)
    desk.start()
    desk.commit(key, exit_all(80, side=BUY))
    desk.pass_time()
    assert desk.broker.net(key) == 0
    assert desk.executor.positions() == ()


def test_a_refusal_is_tried_again_and_then_given_up(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["refuse"] * 9
    desk.commit(key, exit_all())
    desk.come_to_rest()
    row = desk.row("Square off")
    assert row["end"] == "refused"
    assert len(row["attempts"]) == desk.settings.max_tries
    assert len({attempt["tag"] for attempt in row["attempts"]}) == desk.settings.max_tries
    assert any("nothing more is sent for it" in text for text in desk.alerts())
    assert "Square off" not in desk.position(key).memory, "a firing that came to nothing does not count"


def test_a_refusal_for_good_ends_at_once(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["refuse for good"]
    desk.commit(key, exit_all())
    assert desk.row("Square off")["end"] == "refused"


def test_what_was_not_sent_waits_and_goes_out(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["not sent"] * 7
    desk.commit(key, exit_all())
    desk.come_to_rest()
    row = desk.row("Square off")
    assert (row["end"], row["filled"]) == ("filled", 100)
    assert [attempt["state"] for attempt in row["attempts"]] == ["not sent"] * 7 + ["complete"]
    assert any("could not be sent" in alert for alert in desk.alerts())


def test_an_order_that_rests_is_replaced_wider_step_by_step(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["rest", "part:30", "fill"]
    desk.commit(key, exit_all())
    desk.come_to_rest(60)
    row = desk.row("Square off")
    assert (row["end"], row["filled"]) == ("filled", 100)
    assert [attempt["quantity"] for attempt in row["attempts"]] == [100, 100, 70]
    assert [attempt["state"] for attempt in row["attempts"]] == ["cancelled", "cancelled", "complete"]
    assert [request.protection for request in desk.broker.requests] == [None, 1.0, 2.0]
    assert desk.broker.net(key) == 0


@pytest.mark.parametrize(
    "fate", ["refuse:protection percentage should be within the circuit limits", "reject:out of the LPP range"]
)
def test_a_protection_beyond_the_circuit_is_not_asked_for_again(desk: Desk, fate: str) -> None:
    """Near its circuit an exit rests as wide as it may, instead of being refused until nothing is sent any more."""
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["rest", "part:30", fate, "rest"]
    desk.commit(key, exit_all())
    desk.broker.fates += ["rest"] * 9
    for _ in range(300):
        desk.pass_time()
    assert [request.protection for request in desk.broker.requests] == [None, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0]
    assert not desk.broker.book[-1].ended, "it followed the market three times, and is left there"
    assert sum("widest protection" in alert for alert in desk.alerts()) == 1
    desk.restart()
    for _ in range(60):
        desk.pass_time()
    assert len(desk.broker.requests) == 7
    desk.broker.fill(desk.broker.book[-1].order_id, 70)
    desk.pass_time()
    assert desk.row("Square off")["end"] == "filled"


def test_at_the_widest_protection_it_is_left_and_a_person_is_told(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["rest"] * 9
    desk.commit(key, exit_all())
    for _ in range(120):
        desk.pass_time()
    assert [request.protection for request in desk.broker.requests] == [None, *desk.settings.protection_steps]
    assert sum("widest protection" in alert for alert in desk.alerts()) == 1
    desk.broker.fill(desk.broker.book[-1].order_id, 100)
    desk.pass_time()
    assert desk.row("Square off")["end"] == "filled"


def test_the_rest_of_an_add_is_given_up(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["part:10"]
    desk.commit(key, add(25))
    desk.come_to_rest(60)
    row = desk.row("Scale")
    assert (row["end"], row["filled"]) == ("expired", 10)
    assert len(desk.broker.requests) == 1
    assert desk.position(key).added == 1
    assert desk.position(key).memory["Scale"].fired == 1


def test_an_order_rejected_after_acceptance_is_tried_again(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["reject", "reject", "fill"]
    desk.commit(key, exit_all())
    desk.come_to_rest(60)
    assert desk.row("Square off")["end"] == "filled"
    assert len(desk.broker.requests) == 3


def test_a_large_exit_is_sliced_by_the_freeze_quantity(desk: Desk) -> None:
    key = desk.hold(quantity=4500)
    desk.broker.listed[key.instrument] = Instrument("NSE", "KOTAKBANK", freeze=1800, lot=65)
    desk.start()
    desk.commit(key, exit_all(4500))
    desk.come_to_rest(60)
    row = desk.row("Square off")
    assert [attempt["quantity"] for attempt in row["attempts"]] == [1755, 1755, 990]
    assert (row["end"], row["filled"]) == ("filled", 4500)


def test_what_lost_its_reason_is_superseded_with_the_evidence(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["not sent"]
    desk.commit(key, exit_all())
    desk.broker.trade(key.instrument, "MIS", SELL, 100, 169_000.0)
    desk.pass_time()
    row = desk.row("Square off")
    assert (row["end"], row["filled"]) == ("superseded", 0)
    assert row["reason"]
    assert desk.broker.requests == []


def test_a_smaller_position_gets_a_smaller_exit(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["not sent"]
    desk.commit(key, exit_all())
    desk.broker.trade(key.instrument, "MIS", SELL, 60, 169_000.0)
    desk.come_to_rest()
    row = desk.row("Square off")
    assert (row["end"], row["filled"], row["quantity"]) == ("filled", 40, 100)
    assert desk.broker.net(key) == 0


def test_a_new_episode_does_not_inherit_an_exit(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["not sent"]
    desk.commit(key, exit_all())
    desk.broker.trade(key.instrument, "MIS", SELL, 100, 169_000.0)
    desk.broker.trade(key.instrument, "MIS", BUY, 100, 169_000.0)
    desk.pass_time()
    assert desk.row("Square off")["end"] == "superseded"
    assert desk.broker.requests == []
    assert desk.position(key).memory == {}


def test_a_stop_is_applied_at_once_and_never_loosened(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.executor.set_initial_stop(key, 165_000.0, strategy="Edge")
    desk.commit(key, stop(168_000.0))
    assert desk.position(key).stop == 168_000.0
    assert desk.position(key).initial_stop == 165_000.0
    desk.commit(key, stop(167_000.0))
    assert desk.position(key).stop == 168_000.0
    assert [row["end"] for row in desk.rows()] == ["applied", "superseded"]


def test_a_target_is_applied_at_once_moves_either_way_and_survives_a_restart(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    for price in (180_000.0, 175_000.0, 185_000.0):
        desk.commit(key, evolve(stop(price), rule="T", kind="target"))
        assert desk.position(key).target == price
    assert [row["end"] for row in desk.rows()] == ["applied"] * 3
    moved = [event.data for event in desk.events if event.name == "target_moved"]
    assert [(data["target"], data["was"]) for data in moved] == [(1800.0, None), (1750.0, 1800.0), (1850.0, 1750.0)]
    desk.restart()
    assert desk.position(key).target == 185_000.0
    assert desk.position(key).memory["T"].fired == 3


def test_memory_and_extremes_survive_a_restart(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.executor.set_initial_stop(key, 165_000.0, strategy="Edge")
    from rulekit.model.decision import RuleMemory

    desk.executor.observe(key.instrument, Quote(170_500.0, desk.clock.now()))
    desk.executor.observe(key.instrument, Quote(168_200.0, desk.clock.now()))
    desk.executor.remember(key, {"Trail": RuleMemory(since=desk.clock.now(), best=170_500.0)})
    desk.commit(key, stop(168_000.0), checkpoint={"tick": 41})
    before = desk.position(key)
    assert (before.best, before.worst) == (170_500.0, 168_200.0)
    desk.restart()
    # Unknown numbers equal nothing, not even themselves; their text does.
    assert repr(desk.position(key)) == repr(before)
    assert desk.executor.checkpoint == {"tick": 41}


def test_nothing_is_written_when_nothing_was_decided(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.executor.sync()
    before = desk.journal.flushes
    for _ in range(20):
        desk.pass_time(10)
        desk.executor.commit([evolve(desk.decided(key))], {"tick": 3})
    assert desk.journal.flushes == before
    desk.executor.commit([], {"tick": 4}, checkpoint_now=True)
    assert desk.executor.checkpoint == {"tick": 4}


def test_an_order_left_over_from_yesterday_is_not_sent_today(desk: Desk) -> None:
    from tests.execution.scripted import next_morning

    key = desk.hold()
    desk.start()
    desk.broker.fates = ["not sent"]
    desk.commit(key, exit_all())
    next_morning(desk)
    desk.pass_time()
    assert desk.row("Square off")["end"] == "expired"
    assert desk.broker.requests == []
    assert desk.position(key).quantity == 100


def test_dry_run_does_everything_but_send(desk: Desk) -> None:
    key = desk.hold()
    desk.dry_run = True
    desk.start()
    for _ in range(3):
        desk.commit(key, exit_all(), stop(168_000.0))
        desk.pass_time(10)
    assert desk.broker.posts == []
    assert [row["end"] for row in desk.rows() if row["kind"] == "exit"] == ["done"]
    assert desk.position(key).stop == 168_000.0


def test_one_order_in_flight_per_instrument(desk: Desk) -> None:
    key, other = desk.hold(), desk.hold("WIPRO")
    desk.start()
    desk.broker.fates = ["rest", "rest"]
    desk.executor.commit([desk.decided(key, book(50)), desk.decided(other, exit_all())])
    assert [request.symbol for request in desk.broker.requests] == ["KOTAKBANK", "WIPRO"]
    desk.executor.commit([desk.decided(key, exit_all(50, rule="stop", lane="critical"))])
    assert len(desk.broker.requests) == 2
    desk.clock.sleep(0.5)
    assert desk.executor.next_due() is not None
    assert desk.executor.next_due() <= desk.clock.now() + 3 * SECOND
