"""The calendar: against the days that really traded, against two libraries, and at its horizon."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulekit.errors import InputError
from rulekit.model import calendar_days as table
from rulekit.model.calendar import EXCHANGES, Calendar, HorizonError, default
from rulekit.model.instant import IST, instant_of, moment_of, parse_instant

CALENDAR = default()


def hours(exchange: str, day: str) -> str:
    session = CALENDAR.session(exchange, date.fromisoformat(day))
    if session is None:
        return "closed"
    assert session.day == date.fromisoformat(day)
    return f"{moment_of(session.opens):%H:%M}-{moment_of(session.closes):%H:%M}"


@pytest.mark.parametrize(
    ("exchange", "day", "expected"),
    [
        ("NSE", "2026-11-20", "09:15-15:30"),
        ("BFO", "2026-11-20", "09:15-15:30"),
        ("NSE", "2026-11-24", "closed"),  # Guru Nanak Jayanti
        ("NSE", "2026-11-21", "closed"),  # a Saturday
        ("NSE", "2026-01-15", "closed"),  # municipal election
        ("NSE", "2026-02-01", "09:15-15:30"),  # Budget, a Sunday
        ("NSE", "2025-02-01", "09:15-15:30"),  # Budget, a Saturday
        ("NSE", "2020-02-01", "09:15-15:30"),
        ("NSE", "2024-01-20", "09:15-15:30"),
        ("NSE", "2024-01-22", "closed"),
        ("NSE", "2024-03-02", "09:15-12:30"),
        ("NSE", "2024-05-18", "09:15-12:30"),
        ("NFO", "2024-05-18", "09:15-12:40"),
        ("NSE", "2021-02-24", "09:15-17:00"),  # extended after an outage
        ("NSE", "2021-11-04", "18:15-19:15"),  # Muhurat
        ("BSE", "2022-10-24", "18:15-19:15"),
        ("NSE", "2023-11-12", "18:15-19:15"),  # a Sunday
        ("NFO", "2024-11-01", "18:00-19:00"),
        ("NSE", "2025-10-21", "13:45-14:45"),
        ("CDS", "2026-11-20", "09:00-17:00"),
        ("CDS", "2026-02-19", "closed"),  # banks are closed, equities trade
        ("NSE", "2026-02-19", "09:15-15:30"),
        ("CDS", "2025-09-05", "09:00-17:00"),  # the holiday was moved to the 8th
        ("CDS", "2025-09-08", "closed"),
        ("MCX", "2026-03-06", "09:00-23:55"),  # New York keeps standard time until the 8th
        ("MCX", "2026-03-09", "09:00-23:30"),
        ("MCX", "2026-10-30", "09:00-23:30"),
        ("MCX", "2026-11-02", "09:00-23:55"),
        ("MCX", "2026-05-01", "17:00-23:30"),  # the evening only
        ("MCX", "2026-01-01", "09:00-17:00"),  # the morning only
        ("MCX", "2026-12-25", "closed"),
        ("MCX", "2026-02-01", "09:00-17:00"),
    ],
)
def test_hours_of_a_day(exchange: str, day: str, expected: str) -> None:
    assert hours(exchange, day) == expected


def test_sessions_are_counted_after_the_first_day_and_with_the_last() -> None:
    def between(first: str, last: str) -> int:
        return CALENDAR.trading_days_between("NSE", date.fromisoformat(first), date.fromisoformat(last))

    assert between("2026-11-20", "2026-11-20") == 0
    assert between("2026-11-20", "2026-11-22") == 0  # only a weekend
    assert between("2026-11-20", "2026-11-23") == 1
    assert between("2026-11-20", "2026-11-25") == 2  # the 24th is a holiday
    assert between("2026-01-30", "2026-02-02") == 2  # the Sunday of the Budget counts
    assert between("2026-11-25", "2026-11-20") == 0


@given(
    st.dates(date(2019, 1, 1), date(2026, 12, 31)),
    st.integers(0, 60),
    st.sampled_from(["NSE", "NFO"]),
)
def test_counting_agrees_with_looking_at_each_day(first: date, length: int, exchange: str) -> None:
    last = min(first + timedelta(days=length), date(2026, 12, 31))
    days = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    expected = sum(CALENDAR.session(exchange, day) is not None for day in days)
    assert CALENDAR.trading_days_between(exchange, first, last) == expected


@given(st.dates(date(2024, 1, 8), date(2026, 12, 20)), st.sampled_from(EXCHANGES))
def test_next_and_previous_lead_back(day: date, exchange: str) -> None:
    after = CALENDAR.next_session(exchange, day)
    assert after.day > day
    assert after.opens < after.closes
    before = CALENDAR.previous_session(exchange, after.day)
    assert before.day <= day
    assert CALENDAR.next_session(exchange, before.day) == after


def test_beyond_the_horizon_it_refuses() -> None:
    with pytest.raises(HorizonError, match="knows NSE from 2019-01-01 to 2026-12-31, and not `2027-01-04`"):
        CALENDAR.session("NSE", date(2027, 1, 4))
    with pytest.raises(HorizonError):
        CALENDAR.session("NSE", date(2018, 12, 31))
    with pytest.raises(HorizonError):
        CALENDAR.trading_days_between("NSE", date(2026, 12, 1), date(2027, 1, 1))
    with pytest.raises(HorizonError):
        CALENDAR.next_session("NSE", date(2026, 12, 31))
    with pytest.raises(HorizonError, match="knows CDS from 2024"):
        CALENDAR.session("CDS", date(2023, 12, 29))


def test_it_warns_thirty_days_before() -> None:
    assert CALENDAR.warning(date(2026, 11, 30)) is None
    assert "in 30 days" in (CALENDAR.warning(date(2026, 12, 1)) or "")
    assert "tomorrow" in (CALENDAR.warning(date(2026, 12, 30)) or "")
    assert "today" in (CALENDAR.warning(date(2026, 12, 31)) or "")
    assert "3 days ago" in (CALENDAR.warning(date(2027, 1, 3)) or "")


def test_an_unknown_exchange_is_named() -> None:
    with pytest.raises(InputError, match="`NYSE` is not an exchange"):
        CALENDAR.session("NYSE", date(2026, 11, 20))


def test_open_at_knows_edges_and_breaks() -> None:
    def open_at(text: str, exchange: str = "NSE") -> bool:
        return CALENDAR.open_at(exchange, parse_instant(text))

    assert not open_at("2026-11-20T09:14:59.999999+05:30")
    assert open_at("2026-11-20T09:15:00+05:30")
    assert open_at("2026-11-20T15:29:59+05:30")
    assert not open_at("2026-11-20T15:30:00+05:30")
    assert open_at("2021-02-24T11:39:59+05:30")
    assert not open_at("2021-02-24T12:00:00+05:30")
    assert open_at("2021-02-24T12:00:00+05:30", "BSE")
    assert open_at("2021-02-24T15:45:00+05:30")


@pytest.mark.parametrize(
    ("exchange", "day", "expected"),
    [
        ("NSE", "2026-11-20", "15:20"),
        ("NFO", "2026-11-20", "15:25"),
        ("CDS", "2026-11-20", "16:45"),
        ("MCX", "2026-11-20", "23:30"),
        ("MCX", "2026-06-15", "23:05"),
        ("NSE", "2025-10-21", "14:35"),  # the Muhurat session closes at 14:45
    ],
)
def test_square_off(exchange: str, day: str, expected: str) -> None:
    instant = CALENDAR.square_off(exchange, date.fromisoformat(day))
    assert instant is not None
    assert f"{moment_of(instant):%H:%M}" == expected
    assert CALENDAR.square_off(exchange, date(2026, 11, 22)) is None


def test_days_can_be_added() -> None:
    changed = Calendar(
        closed={"NSE": frozenset({date(2026, 11, 23)})}, sessions={"NSE": {date(2026, 11, 8): ("18:00", "19:00")}}
    )
    assert changed.session("NSE", date(2026, 11, 23)) is None
    assert changed.session("BSE", date(2026, 11, 23)) is not None
    assert changed.session("NSE", date(2026, 11, 8)) is not None
    assert CALENDAR.session("NSE", date(2026, 11, 8)) is None
    assert changed.trading_days_between("NSE", date(2026, 11, 20), date(2026, 11, 25)) == 1


def test_the_table_is_sound() -> None:
    for market, years in table.CLOSED.items():
        first, last = (date.fromisoformat(day) for day in table.KNOWN[market])
        assert sorted(years) == list(range(first.year, last.year + 1))
        for year, days in years.items():
            listed = [date.fromisoformat(f"{year}-{day}") for day in days.split()]
            assert listed == sorted(set(listed))
            assert all(day.weekday() < 5 for day in listed)
    for year, days in table.EVENING_ONLY.items():
        equity = set(table.CLOSED[table.EQUITY][year].split())
        assert set(days.split()) | set(table.CLOSED[table.COMMODITY][year].split()) == equity
    for year, days in table.CLOSED[table.CURRENCY].items():
        assert set(table.CLOSED[table.EQUITY][year].split()) <= set(days.split())


def _observed(path: Path) -> dict[date, list[datetime]]:
    import pyarrow.parquet as parquet

    columns = parquet.read_schema(path).names
    stamp = "bar_start" if "bar_start" in columns else "ts"
    days: dict[date, list[datetime]] = defaultdict(list)
    for moment in parquet.read_table(path, columns=[stamp]).column(stamp).unique().to_pylist():
        days[moment.date()].append(moment)
    return days


def test_every_day_that_traded_is_a_session(shared_data: Path) -> None:
    files = sorted(shared_data.glob("*.parquet"))
    assert files
    for path in files:
        for day, moments in _observed(path).items():
            session = CALENDAR.session("NSE", day)
            assert session is not None, f"{path.name} has prices on {day}"
            inside = sum(session.opens <= instant_of(moment) < session.closes for moment in moments)
            # The dirty file holds a recorder's repeats from after the close; its days count, its hours do not.
            assert "dirty" in path.name or inside / len(moments) > 0.9, f"{path.name}: the hours of {day} do not fit"


def test_every_session_of_fifteen_months_traded(shared_data: Path) -> None:
    observed = set(_observed(shared_data / "nse_index_minutes.parquet"))
    day, last = min(observed), max(observed)
    missing = []
    while day <= last:
        if CALENDAR.session("NSE", day) is not None and day not in observed:
            missing.append(day)
        day += timedelta(days=1)
    assert not missing


# What the calendar libraries do not know, and the exchange's circulars say.
SPECIAL_DAYS = {date.fromisoformat(day) for day in table.SPECIAL[table.EQUITY]}


def test_weekdays_agree_with_exchange_calendars() -> None:
    library = pytest.importorskip("exchange_calendars")
    theirs = {stamp.date() for stamp in library.get_calendar("XBOM", start="2019-01-01", end="2026-12-31").sessions}
    _compare(theirs)


def test_weekdays_agree_with_pandas_market_calendars() -> None:
    library = pytest.importorskip("pandas_market_calendars")
    theirs = {stamp.date() for stamp in library.get_calendar("NSE").valid_days("2019-01-01", "2026-12-31")}
    _compare(theirs)


def _compare(theirs: set[date]) -> None:
    day, differing = date(2019, 1, 1), []
    while day <= date(2026, 12, 31):
        ours = CALENDAR.session("NSE", day) is not None
        if ours != (day in theirs) and day not in SPECIAL_DAYS:
            differing.append(day)
        day += timedelta(days=1)
    assert not differing


def test_instants_of_a_session_are_indian_time() -> None:
    session = CALENDAR.session("NSE", date(2026, 11, 20))
    assert session is not None
    assert session.opens == instant_of(datetime(2026, 11, 20, 9, 15, tzinfo=IST))
