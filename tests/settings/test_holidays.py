"""Files of exchange days: what is read, and every mistake with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rulekit.errors import RulekitError
from rulekit.settings import load_settings

LIST = """
year = 2027
source = "a circular"

[equity]
closed = [
    2027-01-26, 2027-03-05, 2027-03-22, 2027-03-26, 2027-04-14, 2027-05-18, 2027-07-01, 2027-09-07, 2027-10-29,
]
[equity.sessions]
2027-10-29 = ["18:00", "19:00"]

[commodity]
closed = [2027-01-26, 2027-03-26]
evening_only = [2027-03-05]
morning_only = [2027-01-01]
"""


def loaded(tmp_path: Path, text: str = LIST, name: str = "holidays-2027.toml") -> object:
    folder = tmp_path / "folder"
    folder.mkdir(exist_ok=True)
    (folder / "holidays-2027.toml").write_text(text, encoding="utf-8")
    settings = folder / "rulekit.toml"
    settings.write_text(f'[calendar]\nfiles = ["{name}"]\n', encoding="utf-8")
    return load_settings(settings, {})


def test_a_list_is_read_beside_the_settings(tmp_path: Path) -> None:
    calendar = loaded(tmp_path).calendar.calendar()  # type: ignore[attr-defined]
    assert calendar.horizon("NFO")[1] == date(2027, 12, 31)
    assert calendar.horizon("CDS")[1] == date(2026, 12, 31)
    assert calendar.session("NSE", date(2027, 3, 5)) is None
    assert calendar.session("NSE", date(2027, 10, 29)) is not None
    evening, morning = calendar.session("MCX", date(2027, 3, 5)), calendar.session("MCX", date(2027, 1, 1))
    assert evening is not None
    assert morning is not None
    assert evening.opens - morning.opens == (63 * 24 + 8) * 3600 * 1_000_000  # 63 days and eight hours later


@pytest.mark.parametrize(
    ("old", "new", "message", "help"),
    [
        ('source = "a circular"', 'source = " "', "nobody has said that the list is whole", "name the circular"),
        ("year = 2027", 'year = "2027"', "`year` is missing or no year", "without quotes"),
        ("[equity]", "[equities]", "no such key or table: `equities`", "known here: year, source, equity"),
        ("closed = [2027-01-26, 2027-03-26]", "", "[commodity] lacks `closed`", "closed = [2027-01-26"),
        ("evening_only", "evenings", "[commodity] has no key `evenings`", "evening_only"),
        ("2027-03-05, ", '"soon", ', '[equity] `"soon"` is not a day', "write it like"),
        ("2027-03-05, ", "2027-03-05T09:00:00, ", "is not a day", "write it like"),
        ('["18:00", "19:00"]', '["19:00", "18:00"]', "are not the hours of a session", "write them like"),
        ("2027-01-26, 2027-03-05", "2027-03-05", "[equity] `closed` lacks 2027-01-26", "every weekday"),
        ("2027-03-05, ", "2026-03-05, ", "[equity] `2026-03-05` is not a day of 2027", "a file of its own"),
        ("[equity]", "[equity", "is not a TOML file", "rulekit new holidays"),
        ("closed = [2027-01-26, 2027-03-26]", 'closed = "2027-01-26"', "`closed` is not a list", "days in a list"),
        ("[equity.sessions]\n2027-10-29 =", "sessions =", "[equity] `sessions` is not a table", "[equity.sessions]"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, message: str, help: str) -> None:
    assert old in LIST
    with pytest.raises(RulekitError) as caught:
        loaded(tmp_path, LIST.replace(old, new, 1))
    assert "rulekit.toml, [calendar]" in caught.value.message
    assert "holidays-2027.toml" in caught.value.message
    assert message in caught.value.message
    assert help in caught.value.help


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulekitError, match="there is no file"):
        loaded(tmp_path, name="other.toml")
