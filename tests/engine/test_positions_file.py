"""The positions file: exact prices, the defaults, and a sentence with its place for every mistake."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path

import pytest

from rulekit.engine.positions_file import parse_positions, read_positions
from rulekit.errors import InputError, RulekitError, UnreadableFileError
from rulekit.model.decision import RuleMemory
from rulekit.model.instant import parse_instant

ROW = {
    "symbol": "KOTAKBANK",
    "exchange": "NSE",
    "product": "MIS",
    "side": "long",
    "quantity": 100,
    "entry": 1690,
    "price": 1998.5,
    "opened": "2026-11-20T10:15:00+05:30",
}


def read(text: str | None = None, **changes: object):  # type: ignore[no-untyped-def]
    row = {**ROW, **changes}
    return parse_positions(text or json.dumps({"now": "2026-11-20T11:00:00+05:30", "positions": [row]}))[0]


def test_the_defaults_of_what_is_left_out() -> None:
    asked = read()
    s = asked.snapshot
    assert (s.lot, s.tick, s.scale, s.original, s.strategy) == (1, 5.0, 100, 100, "")
    assert math.isnan(s.stop) and math.isnan(s.initial_stop) and math.isnan(s.best)
    assert s.session is not None and s.session.opens == parse_instant("2026-11-20T09:15:00+05:30")
    assert asked.memory == {}


def test_a_stop_is_not_taken_for_the_initial_stop() -> None:
    assert math.isnan(read(stop=1650).snapshot.initial_stop)
    assert read(stop=1650, initial_stop=1640.05).snapshot.initial_stop == 164005.0


def test_prices_are_exact_and_facts_ignore_case() -> None:
    text = json.dumps({"now": "2026-11-20T11:00:00+05:30", "positions": [{**ROW, "facts": {" Day  High ": 7}}]})
    asked = read(text.replace("1998.5", "1998.4500000000000000001").replace("1690", "0.1"))
    assert asked.snapshot.entry == 10.0
    assert asked.snapshot.price == pytest.approx(199845.0, abs=1e-9)
    assert asked.snapshot.facts == {"day high": 7.0}


def test_nan_and_null_are_missing() -> None:
    text = json.dumps(
        {"now": "2026-11-20T11:00:00+05:30", "positions": [{**ROW, "facts": {"momentum": 1, "volume": None}}]}
    )
    asked = read(text.replace('"momentum": 1', '"momentum": NaN').replace("1998.5", "NaN"))
    assert asked.snapshot.facts == {"momentum": None, "volume": None}
    assert math.isnan(asked.snapshot.price)


def test_age_counts_trading_days_and_an_overnight_position_has_none() -> None:
    assert read(opened="2026-11-13T10:00:00+05:30").snapshot.age_days == 5.0
    assert read(opened=None).snapshot.opened is None
    assert math.isnan(read(opened=None).snapshot.age_days)


def test_firings_become_memory() -> None:
    at = "2026-11-20T10:30:00+05:30"
    memory = read(fired={"A": 2, "B": 1}, fired_at={"A": at, "C": at}).memory
    when = parse_instant(at)
    assert str(memory) == str({"A": RuleMemory(2, when), "B": RuleMemory(1), "C": RuleMemory(1, when)})


def test_currencies_have_finer_units() -> None:
    asked = read(exchange="CDS", entry=83.4525, price=83.46, tick=0.0025, product="NRML")
    assert (asked.snapshot.scale, asked.snapshot.entry, asked.snapshot.tick) == (10_000, 834525.0, 25.0)


MISTAKES = [
    ({"quantity": "100"}, "position 1 (KOTAKBANK), `quantity`: a text (`100`) where a whole number is expected"),
    ({"quantity": 0}, "position 1 (KOTAKBANK), `quantity`: `0` is too small"),
    ({"quantity": -5}, "position 1 (KOTAKBANK), `quantity`: `-5` is too small"),
    ({"quantity": 1.5}, "position 1 (KOTAKBANK), `quantity`: a number (`1.5`) where a whole number is expected"),
    ({"quantity": True}, "position 1 (KOTAKBANK), `quantity`: true or false where a whole number is expected"),
    ({"entry": "1690"}, "position 1 (KOTAKBANK), `entry`: a text (`1690`) where a number is expected"),
    ({"price": 0}, "position 1 (KOTAKBANK), `price`: `0` is no price"),
    ({"price": -3.5}, "position 1 (KOTAKBANK), `price`: `-3.5` is no price"),
    ({"side": "buy"}, "position 1 (KOTAKBANK), `side`: `buy` is none of those known"),
    ({"exchange": "NYSE"}, "position 1 (KOTAKBANK), `exchange`: `NYSE` is none of those known"),
    ({"symbol": ""}, "position 1, `symbol`: a text (``) where a text is expected"),
    ({"opened": "2026-11-20T10:15:00"}, "position 1 (KOTAKBANK), `opened`: `2026-11-20T10:15:00` has no time zone"),
    ({"opened": "yesterday"}, "position 1 (KOTAKBANK), `opened`: `yesterday` is not a time"),
    ({"opened": "2026-11-20T11:00:01+05:30"}, "position 1 (KOTAKBANK), `opened`: is later than `now`"),
    ({"stpo": 5}, "position 1 (KOTAKBANK), `stpo`: is not known here"),
    ({"facts": []}, "position 1 (KOTAKBANK), `facts`: a list where an object is expected"),
    ({"facts": {"momentum": "3"}}, "position 1 (KOTAKBANK), `facts.momentum`: a text (`3`) where a number is expected"),
    ({"fired": {"A": "1"}}, "position 1 (KOTAKBANK), `fired.A`: a text (`1`) where a whole number is expected"),
    ({"fired_at": {"A": 5}}, "position 1 (KOTAKBANK), `fired_at.A`: a number (`5`) where a time is expected"),
    ({"lot": 0}, "position 1 (KOTAKBANK), `lot`: `0` is too small"),
]


@pytest.mark.parametrize(("change", "message"), MISTAKES)
def test_a_mistake_names_its_place(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(**change)
    assert caught.value.message == message and caught.value.help
    assert caught.value.exit_code == 1


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(InputError) as caught:
        read(stpo=5)
    assert caught.value.help == "did you mean `stop`?"


@pytest.mark.parametrize("key", list(ROW))
def test_every_required_key_is_asked_for(key: str) -> None:
    row = {name: value for name, value in ROW.items() if name != key}
    with pytest.raises(InputError, match="is missing"):
        parse_positions(json.dumps({"now": "2026-11-20T11:00:00+05:30", "positions": [row]}))


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("", UnreadableFileError, "is not JSON"),
        ("{", UnreadableFileError, "line 1, column 2"),
        ("[" * 100_000, UnreadableFileError, "nested too deeply"),
        ("[]", InputError, "where an object is expected"),
        ('{"now": "2026-11-20T11:00:00+05:30"}', InputError, "`positions`: is missing"),
        ('{"now": 5, "positions": []}', InputError, "`now`: a number"),
        ('{"now": "2026-11-20T11:00:00+05:30", "positions": {}}', InputError, "`positions`: an object where a list"),
        ('{"now": "2026-11-20T11:00:00+05:30", "positions": [1]}', InputError, "position 1: a number"),
        ('{"now": "x", "now": "y", "positions": []}', InputError, "`now` stands twice"),
    ],
)
def test_a_file_of_another_shape_is_refused(text: str, error: type[RulekitError], says: str) -> None:
    with pytest.raises(error) as caught:
        parse_positions(text)
    assert says in caught.value.message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="there is no file"):
        read_positions(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b'{"now": "\xe9"}')
    with pytest.raises(UnreadableFileError, match="not UTF-8"):
        read_positions(tmp_path / "latin.json")
    with pytest.raises(UnreadableFileError):
        read_positions(tmp_path)
    good = {"now": "2026-11-20T11:00:00+05:30", "positions": [copy.deepcopy(ROW)]}
    (tmp_path / "bom.json").write_text("\ufeff" + json.dumps(good), encoding="utf-8")
    assert len(read_positions(tmp_path / "bom.json")) == 1


def test_a_day_beyond_the_calendar_leaves_the_session_unknown() -> None:
    row = {**ROW, "opened": "2049-11-19T10:00:00+05:30"}
    (asked,) = parse_positions(json.dumps({"now": "2049-11-20T11:00:00+05:30", "positions": [row]}))
    assert asked.snapshot.session is None and math.isnan(asked.snapshot.age_days)
