"""A plug-in that raises, hangs, ends its process or returns what it may not: the fact is unknown, with one alert."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from math import isnan
from pathlib import Path

import pytest

from rulekit.market.line import Line
from rulekit.market.plugged import PluggedFacts
from rulekit.market.requests import read_request
from rulekit.model import calendar
from rulekit.model.instant import MINUTE
from rulekit.model.instrument import InstrumentKey
from rulekit.plugins.computing import Computing
from rulekit.plugins.day_bars import DayBars, sample_day
from rulekit.plugins.discovery import EntryPoint, entry_points
from rulekit.plugins.settings import PluginSettings
from rulekit.runtime.plugin_trial import faults_of
from tests.plugins.days import day, ticks
from tests.plugins.packages import fact, install

QUICK = PluginSettings(budget_s=0.5)
BAD = {
    "fine": ("[float(place) for place in range(len(bars))]", ""),
    "gaps": ("[nan] * len(bars)", ""),
    "raising": ("1 / 0", "raised ZeroDivisionError"),
    "leaving": ("__import__('sys').exit(1)", "raised SystemExit"),
    "short": ("[1.0]", "returned 1 values for 120 bars"),
    "million": ("[1.0] * 1_000_000", "returned 1,000,000 values for 120 bars"),
    "endless": ("[inf] * len(bars)", "infinite"),
    "words": ("['high'] * len(bars)", "a str among its values"),
    "truths": ("[True] * len(bars)", "a bool among its values"),
    "text": ("'x' * len(bars)", "returned a str"),
    "one number": ("5.0", "returned a float"),
    "other unit": ("Measured([0.5] * len(bars), 'count')", "returned count and declares %"),
    "outside": ("[500.0] * len(bars)", "returned 500, and declares values from 0 to 200"),
    "dying": ("__import__('os')._exit(3)", "ended its process"),
    "hanging": ("[each for each in iter(int, 1)]", "did not answer within 0.5 seconds"),
    "printing": ("print('noise' * 1000) or [2.0] * len(bars)", ""),
}


@pytest.fixture
def package(site: Path) -> dict[str, EntryPoint]:
    source = "".join(
        f"F{place} = {fact(name, compute, low=0, high=200)}" for place, (name, (compute, _)) in enumerate(BAD.items())
    )
    install(site, "bad-words", source, {name.replace(" ", "_"): f"F{place}" for place, name in enumerate(BAD)})
    return {each.name: each for each in entry_points() if each.package == "bad-words"}


@pytest.fixture
def computing() -> Iterator[Computing]:
    made = Computing(QUICK)
    yield made
    made.close()


def test_each_of_them_is_named_and_harms_no_other(package: dict[str, EntryPoint], computing: Computing) -> None:
    bars = sample_day()
    asked = {name: computing.ask(package[name], bars, 0, last=False) for name in BAD}
    again = computing.ask(package["hanging"], bars, 0, last=False)
    after = computing.ask(package["fine"], bars, 0, last=True)
    for name, (_, trouble) in BAD.items():
        outcome = asked[name].wait()
        assert trouble in outcome.trouble and bool(outcome.trouble) is bool(trouble), (name, outcome)
        assert outcome.ended is (name in ("dying", "hanging"))
    assert asked["fine"].wait().values == tuple(float(place) for place in range(120))
    assert all(isnan(value) for value in asked["gaps"].wait().values)
    assert asked["printing"].wait().values == (2.0,) * 120
    assert again.wait().ended
    assert after.wait().values == (119.0,)


def test_what_hung_is_never_asked_again(
    package: dict[str, EntryPoint], computing: Computing, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    popen = subprocess.Popen

    def start(*arguments: object, **more: object) -> object:
        started.append(arguments)
        return popen(*arguments, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", start)
    for name in ("hanging", "hanging", "fine", "hanging", "fine"):
        assert bool(computing.ask(package[name], sample_day(), 0, last=True).wait().trouble) is (name == "hanging")
    assert len(started) == 2


def test_a_closed_desk_answers_nothing_and_waits_for_nothing(package: dict[str, EntryPoint]) -> None:
    computing = Computing(QUICK)
    waiting = computing.ask(package["hanging"], sample_day(), 0, last=True)
    computing.close()
    assert waiting.wait().trouble


# --- in a running day ------------------------------------------------------------------------------------------

POLICY = """
WORD: exit when {name} is above 5%
LOSS: exit at 2% loss
"""


def decided(tmp_path: Path, name: str, *, fall: float = 0.0) -> tuple[list[str], list[str]]:
    """Run a day at full speed; return the rules that acted, and the alerts."""
    events = day(POLICY.format(name=name), tmp_path / "j.journal", QUICK, fall=fall)
    acted = [event.data["rule"] for event in events if event.name == "action_decided"]
    alerts = [event.data["text"] for event in events if event.name == "alert" and event.data["cause"] == "plug-in"]
    return acted, alerts


@pytest.mark.parametrize("name", ["raising", "hanging", "million", "other unit", "dying"])
def test_a_day_goes_on_without_it(package: dict[str, EntryPoint], tmp_path: Path, name: str) -> None:
    acted, alerts = decided(tmp_path, name, fall=400.0)
    assert acted == ["LOSS"]
    assert len(alerts) == 1
    said = BAD[name][1].partition(" for ")[0]
    assert "`bad-words`" in alerts[0] and f"`{name}`" in alerts[0] and said in alerts[0]


def test_a_day_acts_on_one_that_is_well(package: dict[str, EntryPoint], tmp_path: Path) -> None:
    assert decided(tmp_path, "fine") == (["WORD"], [])


def test_unknown_values_are_no_trouble_and_no_reason_to_act(package: dict[str, EntryPoint], tmp_path: Path) -> None:
    assert decided(tmp_path, "gaps") == ([], [])


# --- beside the cycle ------------------------------------------------------------------------------------------

KEY = InstrumentKey("NSE", "INFY")


def heard(line: Line, minutes: int) -> None:
    for tick in ticks(minutes):
        line.hear(tick)


def test_the_cycle_never_waits_for_an_answer(package: dict[str, EntryPoint]) -> None:
    """A fact that hangs is unknown at once; the answer of one that is well comes later, and counts for its bar."""
    facts = PluggedFacts(PluginSettings(budget_s=0.5))
    line = Line("NSE", MINUTE, calendar.default())
    heard(line, 5)
    hanging, fine = read_request("hanging"), read_request("fine")
    assert hanging is not None and fine is not None

    def value(request: object) -> float:
        return facts.value(KEY, request, line.bars, 100.0, None)  # type: ignore[arg-type]

    assert isnan(value(hanging)) and isnan(value(fine))
    assert facts.troubles() == []
    facts._states[KEY, fine].question.wait()  # type: ignore[union-attr]
    assert value(fine) == 3.0
    assert isnan(value(hanging)) and len(facts.troubles()) == 1
    assert isnan(value(hanging)) and facts.troubles() == []
    facts.close()


def test_a_value_counts_while_the_next_is_computed_and_no_longer(package: dict[str, EntryPoint]) -> None:
    facts = PluggedFacts(PluginSettings(budget_s=30), waits=True)
    line = Line("NSE", MINUTE, calendar.default())
    request = read_request("fine")
    assert request is not None
    values = []
    slow = read_request("hanging")
    assert slow is not None
    for place, tick in enumerate(ticks(8)):
        line.hear(tick)
        if place == 20:
            facts._waits = False  # from now on answers are waited for by nobody, and another fact keeps the desk busy
            facts.value(KEY, slow, line.bars, 100.0, None)
        if place % 4 == 0:
            values.append(facts.value(KEY, request, line.bars, 100.0, None))
    facts.close()
    assert [repr(value) for value in values] == ["nan", "0.0", "1.0", "2.0", "3.0", "3.0", "nan", "nan"]


def test_the_trial_sees_a_look_ahead_and_an_impure_one() -> None:
    from rulekit.plugins import FactPlugin

    state = iter(range(1000))

    def made(compute: object) -> FactPlugin:
        said = {"unit": "%", "help": "h", "unknown": "never", "example": "exit when later is above 5%"}
        return FactPlugin(name="later", compute=compute, **said)  # type: ignore[arg-type]

    def ahead(bars: DayBars, window: int) -> list[float]:
        return [max(bars.close)] * len(bars) if bars else []

    def impure(bars: DayBars, window: int) -> list[float]:
        return [float(next(state))] * len(bars)

    assert "looks ahead: its value of bar 1 " in faults_of(made(ahead))[0]
    assert "not pure" in faults_of(made(impure))[0]
    assert faults_of(made(lambda bars, window: list(bars.close))) == []
