"""Settings: strict, exact, and every mistake answered with its place and a way to mend it."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st

from rulekit.errors import RulekitError, UnreadableFileError
from rulekit.model.instrument import InstrumentKey
from rulekit.settings import ENVIRONMENT, Settings, find_settings, load_settings

FULL = """
[engine]
cycle_s = 2.5

[execution]
quarantine_s = 60
back_off_s = [0, 1.5]
add_max_share = 0.5

[execution.square_off_minutes]
NSE = 12

[instruments]
lot = 1
tick = 0.05

[instruments.NIFTY26NOVFUT]
lot = 75
tick = 0.1
freeze = 1800

[instruments."BFO:SENSEX26NOVFUT"]
lot = 20
expiry = 2026-11-26

[policies]
files = ["first.policy", "sub/second.policy"]

[calendar]
closed = { NSE = [2026-11-23] }

[calendar.sessions.NSE]
2026-11-08 = ["18:00", "19:00"]
"""


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    path = tmp_path / "rulekit.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environ or {})


def failure(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> tuple[str, str]:
    with pytest.raises(RulekitError) as caught:
        load(tmp_path, text, environ)
    return caught.value.message.replace(str(tmp_path / "rulekit.toml"), "rulekit.toml"), caught.value.help


def test_everything_may_be_left_out(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Settings()
    assert Settings().engine.cycle_s == 10
    assert Settings().execution.stale_s == 5


def test_a_full_file(tmp_path: Path) -> None:
    settings = load(tmp_path, FULL)
    assert settings.engine.cycle_s == 2.5
    assert settings.execution.quarantine_s == 60
    assert settings.execution.back_off_s == (0.0, 1.5)
    assert settings.execution.square_off_minutes == {"NSE": 12}
    assert settings.policies.files == (tmp_path / "first.policy", tmp_path / "sub" / "second.policy")
    calendar = settings.calendar.calendar()
    assert calendar.session("NSE", date(2026, 11, 23)) is None
    assert calendar.session("NSE", date(2026, 11, 8)) is not None


def test_ticks_are_exact_and_entries_fall_back_on_the_defaults(tmp_path: Path) -> None:
    instruments = load(tmp_path, FULL).instruments
    assert instruments.tick == Decimal("0.05")
    nifty = instruments.lookup(InstrumentKey("NFO", "NIFTY26NOVFUT"))
    assert (nifty.lot, nifty.tick, nifty.freeze, nifty.kind) == (75, 10.0, 1800, "future")
    sensex = instruments.lookup(InstrumentKey("BFO", "SENSEX26NOVFUT"))
    assert (sensex.lot, sensex.tick, sensex.expiry) == (20, 5.0, date(2026, 11, 26))
    assert instruments.lookup(InstrumentKey("NFO", "SENSEX26NOVFUT")).lot == 1
    tcs = instruments.lookup(InstrumentKey("NSE", "TCS"))
    assert (tcs.lot, tcs.tick, tcs.kind, tcs.scale) == (1, 5.0, "equity", 100)
    dollar = instruments.lookup(InstrumentKey("CDS", "USDINR26NOVFUT"))
    assert (dollar.tick, dollar.kind, dollar.scale) == (25.0, "currency", 10_000)
    assert instruments.lookup(InstrumentKey("NFO", "NIFTY26NOV26000CE")).kind == "option"


NUMBER = "write it without quotes, like 2.5"
WHOLE = "write it without quotes, like 25"
PLAIN = "write a plain number, like 2.5"
ABOVE = "write a positive number"
HOURS = "['19:00', '18:00'] are not the hours of a session"

MISTAKES = [
    ("[engine]\ncycle_s = true", "[engine], `cycle_s`: `true` is not a number", NUMBER),
    ('[engine]\ncycle_s = "10"', '[engine], `cycle_s`: `"10"` is not a number', NUMBER),
    ("[engine]\ncycle_s = nan", "[engine], `cycle_s`: `NaN` is not a number to count with", PLAIN),
    ("[engine]\ncycle_s = -inf", "[engine], `cycle_s`: `-Infinity` is not a number to count with", PLAIN),
    ("[engine]\ncycle_s = 0", "[engine], `cycle_s`: `0.0` must be above 0", ABOVE),
    ("[execution]\npatience_s = -1", "[execution], `patience_s`: `-1.0` is below 0", "write seconds, like 10"),
    ("[execution]\nback_off_s = [1, -1]", "[execution], `back_off_s`: `-1.0` is below 0", "write seconds, like 10"),
    ("[execution]\nreserve = 30", "[execution], `reserve`: `30.0` is a share and must be below 1", "write 0.3 for 30%"),
    ("[execution]\nday_loss_limit = -1", "[execution], `day_loss_limit`: `-1.0` is below 0", "write 0 or more"),
    ("[execution]\nmax_tries = 0", "[execution], `max_tries`: `0` must be above 0", ABOVE),
    ("[execution]\nmax_tries = 2.5", "[execution], `max_tries`: `2.5` is not a whole number", WHOLE),
    ("[execution]\nmax_tries = true", "[execution], `max_tries`: `true` is not a whole number", WHOLE),
    ("[execution]\nback_off_s = [1, true]", "[execution], `back_off_s.1`: `true` is not a number", NUMBER),
    (
        "[paper]\nthrottle = 1",
        "[paper], `throttle`: `1` is neither true nor false",
        "write true or false, without quotes",
    ),
    (
        "[paper]\nreject = 2",
        "[paper]: paper setting `reject` is `2.0`",
        "a probability lies between 0 and 1",
    ),
    ("[paper]\nsed = 2", "[paper], `sed`: there is no such key", "did you mean `seed`?"),
    ("[engine]\ncycel_s = 1", "[engine], `cycel_s`: there is no such key", "did you mean `cycle_s`?"),
    ("[engine]\nstale_s = 1", "[engine], `stale_s`: there is no such key", "`stale_s` belongs into [execution]"),
    ("[egine]\ncycle_s = 1", "[egine]: there is no such section", "did you mean `engine`?"),
    ("engine = 3", "[engine]: `3` stands where a table is meant", "write [engine]"),
    ("[instruments.TCS]\nlot = 0", "[instruments], `TCS.lot`: `0` must be above 0", ABOVE),
    ("[instruments.TCS]\nlots = 2", "[instruments], `TCS.lots`: there is no such key", "did you mean `lot`?"),
    ('[instruments.TCS]\ntick = "0.05"', '[instruments], `TCS.tick`: `"0.05"` is not a number', NUMBER),
    ("[policies]\nfiles = [3]", "[policies], `files.0`: `3` is not a text", 'put it in quotes: "3"'),
    (
        '[calendar.sessions.NSE]\n2026-11-08 = ["19:00", "18:00"]',
        f"[calendar], `sessions.NSE.2026-11-08`: {HOURS}",
        'write them like ["18:00", "19:00"]',
    ),
    (
        "[calendar]\nclosed = { NYSE = [2026-11-23] }",
        "[calendar]: `NYSE` is not an exchange that the calendar knows",
        "use one of NSE, BSE, NFO, BFO, CDS, MCX",
    ),
    (
        '[engine]\nclock = "soon"',
        "[engine], `clock`: `soon` is not a time",
        "write it like 2026-11-20T09:15:00+05:30",
    ),
]


@pytest.mark.parametrize(("text", "message", "help"), MISTAKES)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, message: str, help: str) -> None:
    assert failure(tmp_path, text) == (f"rulekit.toml, {message}", help)


def test_a_seed_may_be_any_whole_number(tmp_path: Path) -> None:
    assert load(tmp_path, "[paper]\nseed = -7").paper.seed == -7


def test_the_page_of_settings_has_every_key_with_its_default(project: Path) -> None:
    page = (project / "docs" / "settings.md").read_text(encoding="utf-8")
    sections = dict(part.split("]", 1) for part in page.split("\n## [")[1:])
    assert list(sections) == [section.name for section in fields(Settings)]
    for section in fields(Settings):
        rows = re.findall(r"(?m)^\| `(\w+)` \| (.*?) \|", sections[section.name])
        known = getattr(Settings(), section.name)
        expected = [
            (key.name, as_toml(getattr(known, key.name))) for key in fields(type(known)) if key.name != "symbols"
        ]
        assert rows == expected


def _item(one: object) -> str:
    return f'"{one}"' if isinstance(one, str) else f"{one:g}"


def as_toml(value: object) -> str:
    if value is None or value in ((), {}, ""):
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(_item(one) for one in value)}]`"
    if isinstance(value, dict):
        return f"`{{ {', '.join(f'{key} = {number}' for key, number in value.items())} }}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def test_unreadable_files(tmp_path: Path) -> None:
    message, _ = failure(tmp_path, "[engine\ncycle_s = 1")
    assert message.startswith("`rulekit.toml` is not a TOML file: ")
    assert "line 1" in message
    with pytest.raises(UnreadableFileError, match="there is no settings file"):
        load_settings(tmp_path / "missing.toml", {})
    with pytest.raises(UnreadableFileError, match="is a folder"):
        load_settings(tmp_path, {})
    (tmp_path / "latin.toml").write_bytes('name = "é"'.encode("latin-1"))
    with pytest.raises(UnreadableFileError, match="is not in UTF-8") as caught:
        load_settings(tmp_path / "latin.toml", {})
    assert caught.value.exit_code == 2


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {
        "RULEKIT_CYCLE_S": "0.5",
        "RULEKIT_QUARANTINE_S": "3",
        "RULEKIT_PATIENCE_S": " 1 ",
        "RULEKIT_STALE_S": "",
        "RULEKIT_CLOCK": "2026-11-20T09:15:00+05:30*10",
        "RULEKIT_JOURNAL": "postgresql://me:secret@db/journals",
        "RULEKIT_KITE_API_KEY": "12345678",
        "RULEKIT_KITE_ACCESS_TOKEN": " token",
        "RULEKIT_KITE_API_SECRET": "secret",
        "RULEKIT_KITE_ROOT": "http://127.0.0.1:5000",
        "RULEKIT_KITE_TICKER": "ws://127.0.0.1:5001",
        "RULEKIT_OPENALGO_API_KEY": "87654321",
        "RULEKIT_OPENALGO_ROOT": "https://algo.example",
    }
    assert set(environ) == set(ENVIRONMENT)
    settings = load(tmp_path, FULL, environ)
    assert settings.engine.cycle_s == 0.5
    assert settings.execution.quarantine_s == 3
    assert settings.execution.patience_s == 1
    assert settings.execution.stale_s == 5
    assert settings.engine.clock == "2026-11-20T09:15:00+05:30*10"
    assert settings.journal.place == "postgresql://me:secret@db/journals"
    assert "secret" not in repr(settings.journal)
    kite = settings.kite
    assert (kite.api_key, kite.access_token, kite.api_secret) == ("12345678", "token", "secret")
    assert (kite.root, kite.ticker) == ("http://127.0.0.1:5000", "ws://127.0.0.1:5001")
    assert (settings.openalgo.api_key, settings.openalgo.root) == ("87654321", "https://algo.example")
    assert "87654321" not in repr(settings.openalgo)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("RULEKIT_CYCLE_S", "fast", "the environment variable `RULEKIT_CYCLE_S` is `fast`, which is not a number"),
        ("RULEKIT_CYCLE_S", "0", "the environment variable `RULEKIT_CYCLE_S`: `0.0` must be above 0"),
        ("RULEKIT_STALE_S", "nan", "the environment variable `RULEKIT_STALE_S`: `NaN` is not a number to count with"),
        ("RULEKIT_CLOCK", "soon", "the environment variable `RULEKIT_CLOCK`: `soon` is not a time"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(tmp_path: Path, name: str, text: str, message: str) -> None:
    assert failure(tmp_path, FULL, {name: text})[0] == message


def test_without_a_path_the_current_folders_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_settings(Path()) is None
    assert load_settings() == Settings()
    (tmp_path / "rulekit.toml").write_text("[engine]\ncycle_s = 7\n", encoding="utf-8")
    assert load_settings().engine.cycle_s == 7


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=3), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=4,
)


@given(
    st.sampled_from(["engine", "execution", "paper", "instruments", "policies", "calendar"]),
    st.sampled_from(["cycle_s", "clock", "lot", "files", "closed", "sessions", "patience_s", "TCS", "seed"]),
    VALUES,
)
def test_any_value_anywhere_is_taken_or_told(section: str, key: str, value: object) -> None:
    from rulekit.settings.reading import _structure

    try:
        settings = _structure({section: {key: value}}, "rulekit.toml", {}, Path())
    except RulekitError as error:
        assert error.message.startswith("rulekit.toml")
    else:
        assert isinstance(settings, Settings)
