"""Instants, and clocks that are told what time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulekit.errors import InputError, UsageError
from rulekit.model.clock import SimulatedClock, WallClock, parse_clock
from rulekit.model.instant import (
    DAY,
    HOUR,
    IST,
    MINUTE,
    SECOND,
    at,
    day_number,
    day_of,
    instant_of,
    iso,
    moment_of,
    parse_instant,
    time_of_day,
)

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def test_one_moment_in_figures() -> None:
    instant = parse_instant("2026-11-20T09:15:00+05:30")
    assert instant == 1_795_146_300 * SECOND
    assert iso(instant) == "2026-11-20T09:15:00+05:30"
    assert day_of(instant) == date(2026, 11, 20)
    assert time_of_day(instant) == 9 * HOUR + 15 * MINUTE
    assert parse_instant("2026-11-20T03:45:00Z") == instant
    assert iso(instant + 1) == "2026-11-20T09:15:00.000001+05:30"


@given(MOMENTS)
def test_an_instant_keeps_every_microsecond(moment: datetime) -> None:
    instant = instant_of(moment)
    assert moment_of(instant) == moment
    assert parse_instant(iso(instant)) == instant
    assert int(float(instant)) == instant


@given(MOMENTS)
def test_day_and_time_of_day_make_the_instant(moment: datetime) -> None:
    instant = instant_of(moment)
    assert at(day_of(instant), time_of_day(instant)) == instant
    assert 0 <= time_of_day(instant) < DAY
    assert day_number(instant) == (moment.astimezone(IST).date() - date(1970, 1, 1)).days


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00+05:30", "09:15"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(InputError, match="is not a time"):
        parse_instant(text)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(InputError, match="has no time zone"):
        parse_instant("2026-11-20T09:15:00")


def test_a_simulated_clock_moves_only_when_told() -> None:
    clock = SimulatedClock(1000)
    assert clock.now() == clock.now() == 1000
    clock.sleep(2.5)
    assert clock.now() == 1000 + 2_500_000
    clock.sleep(-1)
    clock.move_to(0)
    assert clock.now() == 1000 + 2_500_000
    clock.move_to(9_000_000)
    assert clock.now() == 9_000_000


def test_a_clock_with_a_start_and_a_speed() -> None:
    start = parse_instant("2026-11-20T09:15:00+05:30")
    clock = parse_clock("2026-11-20T09:15:00+05:30*10")
    assert clock.speed == 10
    first = clock.now()
    assert start <= first < start + HOUR
    clock.sleep(0.5)
    assert clock.now() - first >= 500_000
    assert clock.drift() == 0.0
    assert parse_clock("2026-11-20T09:15:00+05:30").speed == 1


def test_real_time_is_near_the_systems_own() -> None:
    now = datetime.now(UTC)
    assert abs(moment_of(WallClock().now()) - now) < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["", "*10", "soon", "2026-11-20T09:15:00*2", "2026-11-20T09:15:00+05:30*x"])
def test_what_is_no_clock_is_said(text: str) -> None:
    with pytest.raises((UsageError, InputError)):
        parse_clock(text)


def test_a_clock_that_stands_still_is_refused() -> None:
    with pytest.raises(UsageError, match="runs at no speed"):
        parse_clock("2026-11-20T09:15:00+05:30*0")
