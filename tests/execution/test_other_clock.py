"""A journal whose times are of another clock: set forward or back while no program ran, or another machine's."""

from __future__ import annotations

import pytest
from attrs import evolve

from rulekit.model.instant import MINUTE, SECOND
from tests.execution.scripted import Desk, book, exit_all

HOUR = 60 * MINUTE


def set_back(desk: Desk, by: int) -> None:
    """Set the clock back while nothing runs; the broker's own times were right all along."""
    desk.die()
    desk.clock._now -= by
    desk.broker.done = [evolve(trade, at=min(trade.at, desk.clock.now())) for trade in desk.broker.done]
    desk.start()


def test_a_clock_set_forward_does_not_end_a_quarantine(desk: Desk) -> None:
    """The order comes 90 s after its answer was lost; by the new clock that is a minute and a half too late."""
    key = desk.start().hold()
    desk.pass_time()
    desk.broker.fates = ["late:90"]
    desk.commit(key, exit_all())
    (due, request, fate) = desk.broker.pending[0]
    desk.die()
    desk.clock.sleep(5 + 180)
    desk.broker.pending = [(due + 180 * SECOND, request, fate)]
    desk.start()
    desk.come_to_rest(300)
    assert desk.broker.net(key) == 0
    assert len(desk.broker.requests) == 1


def test_what_was_waited_before_a_restart_counts(desk: Desk) -> None:
    """By the entries of the process that waited: 100 s before its last one."""
    other, key = desk.hold("INFY"), desk.hold()
    desk.start().pass_time()
    desk.broker.fates = ["lost before"]
    desk.commit(key, exit_all())
    desk.pass_time(100)
    desk.commit(other, book(10))
    desk.restart().restart()
    desk.come_to_rest(30)
    assert desk.broker.net(key) == 0


def test_a_clock_set_back_does_not_make_a_quarantine_longer(desk: Desk) -> None:
    key = desk.start().hold()
    desk.pass_time(3600)
    desk.broker.fates = ["lost before"]
    desk.commit(key, exit_all())
    set_back(desk, HOUR)
    desk.come_to_rest(140)
    assert desk.broker.net(key) == 0


def test_requests_of_a_clock_ahead_do_not_use_up_the_budgets_until_it_is_caught_up_with(desk: Desk) -> None:
    keys = [desk.hold(f"S{number}") for number in range(12)]
    desk.start()
    desk.pass_time(3600)
    for key in keys[:10]:
        desk.commit(key, book(10))
        desk.pass_time()
    set_back(desk, HOUR)
    desk.commit(keys[11], exit_all(rule="stop", lane="critical"))
    desk.come_to_rest(70)
    assert desk.broker.net(keys[11]) == 0


def test_a_clock_set_back_between_two_runs_is_told_and_nothing_is_added(desk: Desk) -> None:
    desk.start().hold()
    desk.pass_time(3600)
    set_back(desk, HOUR)
    assert desk.executor.mode == "reducing"
    assert any("the clock went back by" in text for text in desk.alerts())


@pytest.mark.parametrize("fate", ["refuse", "rest"], ids=["a back-off", "a resting order"])
def test_what_waited_by_a_clock_ahead_waits_no_longer(desk: Desk, fate: str) -> None:
    key = desk.start().hold()
    desk.pass_time(3600)
    desk.broker.fates = [fate] * 2
    desk.commit(key, exit_all())
    desk.pass_time()
    set_back(desk, HOUR)
    desk.come_to_rest(60)
    assert desk.broker.net(key) == 0
