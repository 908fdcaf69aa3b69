"""Budgets: never exceeded at any offset of the broker's clock, and the reserve is there for what is urgent."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.execution.budgets import Budgets
from rulekit.execution.settings import ExecutionSettings
from rulekit.model.instant import DAY, MINUTE, SECOND, day_number
from tests.execution.scripted import START

SMALL = ExecutionSettings(per_second=10, per_minute=60, per_day=300, margin=0.0)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3_000_000), st.booleans()), min_size=50, max_size=900),
    st.integers(0, SECOND - 1),
)
def test_no_calendar_window_of_the_broker_is_ever_overfull(steps: list[tuple[int, bool]], offset: int) -> None:
    budgets, now, sent = Budgets(SMALL), START, []
    for gap, urgent in steps:
        now += gap // 20
        if budgets.due(now, urgent=urgent) <= now:
            budgets.spend(now)
            sent.append(now)
    for window, limit in ((SECOND, 10), (MINUTE, 60)):
        counts: dict[int, int] = {}
        for at in sent:
            counts[(at + offset) // window] = counts.get((at + offset) // window, 0) + 1
        assert max(counts.values(), default=0) <= limit
    assert len(sent) <= 300


def test_due_is_when_it_fits_and_not_later() -> None:
    budgets = Budgets(SMALL)
    for number in range(10):
        budgets.spend(START + number * 1000)
    due = budgets.due(START + 20_000, urgent=True)
    assert due == START + SECOND
    assert budgets.due(due, urgent=True) == due


def test_the_reserve_is_for_critical_and_immediate_actions() -> None:
    budgets = Budgets(SMALL)
    for number in range(7):
        budgets.spend(START + number)
    assert budgets.due(START + 10, urgent=False) > START + 10
    assert budgets.due(START + 10, urgent=True) == START + 10
    day = Budgets(SMALL)
    now = START
    while day.due(now, urgent=False) == now and day.left(now)["day"]:
        day.spend(now)
        now += 2 * SECOND
    assert day.left(now)["day"] == 90
    assert day.due(now, urgent=False) > now
    assert day.due(now, urgent=True) == now


def test_the_day_ends_at_the_exchanges_midnight() -> None:
    budgets = Budgets(ExecutionSettings(per_second=100, per_minute=1000, per_day=5, margin=0.0))
    for _ in range(5):
        budgets.spend(START)
    due = budgets.due(START + MINUTE, urgent=True)
    assert day_number(due) == day_number(START) + 1
    assert day_number(due - 1) == day_number(START)
    assert due - START < DAY
    assert budgets.due(due, urgent=True) == due


def test_the_margin_is_left_unused() -> None:
    assert Budgets(ExecutionSettings()).left(START) == {"second": 9, "minute": 360, "day": 4500}


def test_what_never_left_is_given_back() -> None:
    budgets = Budgets(SMALL)
    budgets.spend(START)
    budgets.give_back()
    assert budgets.left(START) == {"second": 10, "minute": 60, "day": 300}
