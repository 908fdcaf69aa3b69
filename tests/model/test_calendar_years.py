"""Whole years that are given to the calendar: they answer like its own table, and carry its horizon on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from attrs import evolve

from rulekit.errors import InputError
from rulekit.model import calendar_days as table
from rulekit.model.calendar import Calendar, HorizonError, default, put_in_force
from rulekit.model.calendar_year import YearList, national_holidays, summer_time
from rulekit.model.instant import moment_of


def days(year: int, text: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(f"{year}-{day}") for day in text.split())


NEXT = YearList(
    2027,
    days(2027, "01-26 03-05 03-22 03-26 04-14 05-18 07-01 09-07 10-29 11-08"),
    {date(2027, 10, 29): ("18:00", "19:00"), date(2027, 2, 7): ("09:15", "15:30")},
)


@pytest.fixture(autouse=True)
def _shipped_again() -> Iterator[None]:
    yield
    put_in_force(None)


def as_list(market: str, year: int) -> YearList:
    """Write a year of the table as a list, as a person would copy it."""
    special = {
        date.fromisoformat(day): hours for day, hours in table.SPECIAL[market].items() if day.startswith(str(year))
    }
    halves = {"evening_only": table.EVENING_ONLY, "morning_only": table.MORNING_ONLY} if market == "commodity" else {}
    more = {name: days(year, years[year]) for name, years in halves.items()}
    return YearList(year, days(year, table.CLOSED[market][year]), special, **more)


@pytest.mark.parametrize(
    ("market", "exchange", "year"), [("equity", "NSE", 2025), ("currency", "CDS", 2025), ("commodity", "MCX", 2026)]
)
def test_a_list_answers_like_the_table(market: str, exchange: str, year: int) -> None:
    shipped, listed = Calendar(), Calendar(years={market: [as_list(market, year)]})
    day = date(year, 1, 1)
    while day.year == year:
        assert listed.session(exchange, day) == shipped.session(exchange, day), day
        day += timedelta(days=1)
    assert not listed.differing()


def test_a_list_carries_the_horizon_on_for_its_market_alone() -> None:
    calendar = Calendar(years={"equity": [NEXT]})
    for exchange in ("NSE", "BSE", "NFO", "BFO"):
        assert calendar.horizon(exchange)[1] == date(2027, 12, 31)
    assert calendar.horizons() == {
        date(2026, 12, 31): ["CDS", "MCX"],
        date(2027, 12, 31): ["NSE", "BSE", "NFO", "BFO"],
    }
    with pytest.raises(HorizonError):
        calendar.session("MCX", date(2027, 1, 4))
    with pytest.raises(HorizonError, match="rulekit new holidays"):
        calendar.session("NSE", date(2028, 1, 3))


def test_days_of_a_listed_year() -> None:
    calendar = Calendar(years={"equity": [NEXT]})
    assert calendar.session("NSE", date(2027, 1, 26)) is None
    assert calendar.session("NFO", date(2027, 3, 5)) is None
    assert calendar.session("NSE", date(2027, 1, 2)) is None  # a Saturday
    ordinary = calendar.session("NSE", date(2027, 1, 4))
    assert ordinary is not None
    assert f"{moment_of(ordinary.opens):%H:%M} {moment_of(ordinary.closes):%H:%M}" == "09:15 15:30"
    muhurat = calendar.session("BSE", date(2027, 10, 29))
    assert muhurat is not None
    assert f"{moment_of(muhurat.opens):%H:%M}" == "18:00"
    assert calendar.session("NSE", date(2027, 2, 7)) is not None  # a Sunday with a session
    # Over the turn of the year: 31 December, then 1 and 4 January.
    assert calendar.trading_days_between("NSE", date(2026, 12, 30), date(2027, 1, 4)) == 3
    assert calendar.next_session("NSE", date(2026, 12, 31)).day == date(2027, 1, 1)


def test_a_later_year_without_the_one_before_it_is_not_reached() -> None:
    calendar = Calendar(
        years={"equity": [evolve(as_list("equity", 2026), year=2028, closed=_moved(2028), sessions={})]}
    )
    assert calendar.horizon()[1] == date(2026, 12, 31)
    with pytest.raises(HorizonError):
        calendar.session("NSE", date(2028, 1, 3))


def _moved(year: int) -> frozenset[date]:
    national = {day for day, _ in national_holidays(year)}
    return frozenset(national | {date(year, 3, 1) + timedelta(days=7 * n) for n in range(9)})


def test_where_list_and_table_differ_is_told_and_the_list_goes_before() -> None:
    changed = as_list("equity", 2026)
    calendar = Calendar(years={"equity": [evolve(changed, closed=changed.closed ^ days(2026, "12-25 12-24"))]})
    assert calendar.session("NSE", date(2026, 12, 24)) is None
    assert calendar.session("NSE", date(2026, 12, 25)) is not None
    assert calendar.differing() == {"NSE": [date(2026, 12, 24), date(2026, 12, 25)]}


def test_days_that_settings_add_go_before_a_list() -> None:
    calendar = Calendar(
        closed={"NSE": frozenset({date(2027, 1, 4)})},
        sessions={"NSE": {date(2027, 11, 8): ("10:00", "11:00")}},
        years={"equity": [NEXT]},
    )
    assert calendar.session("NSE", date(2027, 1, 4)) is None
    assert calendar.session("BSE", date(2027, 1, 4)) is not None
    assert calendar.session("NSE", date(2027, 11, 8)) is not None


@pytest.mark.parametrize(
    ("market", "listed", "message"),
    [
        ("equity", evolve(NEXT, closed=NEXT.closed - days(2027, "01-26")), "lacks 2027-01-26, Republic Day"),
        ("equity", evolve(NEXT, closed=days(2027, "01-26 03-05")), "fewer than 8 closed weekdays"),
        ("equity", evolve(NEXT, closed=NEXT.closed | days(2026, "12-25")), "`2026-12-25` is not a day of 2027"),
        ("equity", evolve(NEXT, sessions={date(2028, 1, 1): ("09:15", "15:30")}), "`2028-01-01` is not a day of 2027"),
        ("bonds", NEXT, "`bonds` is not a market"),
    ],
)
def test_a_list_that_cannot_be_is_refused(market: str, listed: YearList, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Calendar(years={market: [listed]})


def test_two_lists_of_one_year_are_refused() -> None:
    with pytest.raises(InputError, match="two lists of 2027"):
        Calendar(years={"equity": [NEXT, NEXT]})


def test_warning_and_horizon_follow_the_list() -> None:
    calendar = Calendar(years={"equity": [NEXT]})
    assert calendar.warning(date(2026, 12, 15)) is None
    assert "in 16 days" in (calendar.warning(date(2026, 12, 15), "CDS") or "")
    assert "ends on 2027-12-31, in 30 days" in (calendar.warning(date(2027, 12, 1)) or "")
    assert "[calendar]" in (calendar.warning(date(2027, 12, 1)) or "")


def test_what_is_in_force_answers_where_none_is_handed_over() -> None:
    shipped = default()
    assert default() is shipped
    mine = Calendar(years={"equity": [NEXT]})
    put_in_force(mine)
    assert default() is mine
    put_in_force(None)
    assert default().horizon()[1] == date(2026, 12, 31)


def test_national_holidays_fall_on_closed_days_of_every_known_year() -> None:
    for market, years in table.CLOSED.items():
        for year, listed in years.items():
            closed = days(year, listed)
            assert {day for day, _ in national_holidays(year)} <= closed
            assert len(closed) >= table.FEWEST_CLOSED[market]


@pytest.mark.parametrize(
    ("year", "first", "last"),  # as New York's clocks were and will be changed
    [
        (2024, "03-10", "11-02"),
        (2025, "03-09", "11-01"),
        (2026, "03-08", "10-31"),
        (2027, "03-14", "11-06"),
        (2028, "03-12", "11-04"),
    ],
)
def test_summer_time(year: int, first: str, last: str) -> None:
    assert summer_time(year) == (date.fromisoformat(f"{year}-{first}"), date.fromisoformat(f"{year}-{last}"))
