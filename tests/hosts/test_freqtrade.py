"""freqtrade, where it is installed: restarted at every candle, asked often, near its stop: it does as a replay."""

from __future__ import annotations

import contextlib
import io
import warnings
from datetime import date
from pathlib import Path

import pytest

from rulekit.hosts.bars import Bar
from rulekit.model.instant import MINUTE, parse_instant
from rulekit.runtime.policy import Policy
from tests.hosts.examples import EXAMPLES, example
from tests.hosts.run_freqtrade import run
from tests.hosts.scenes import ENTRY, POLICY, Scene, replayed, scenes
from tests.hosts.table import missing, row_of

RESTARTED = """
    keeps = True
    before = []

    def adjust_trade_position(self, trade, *places, **more):
        if hasattr(self, "_known"):
            self.before = self.done()
            del self._known  # all that a dead process would have forgotten
        return super().adjust_trade_position(trade, *places, **more)

    def done(self):
        return self.before + super().done()
"""

ASKED_OFTEN = """
    asked = []

    def adjust_trade_position(self, trade, *places, **more):
        first = super().adjust_trade_position(trade, *places, **more)
        again = super().adjust_trade_position(trade, *places, **more)
        self.asked.append(again)
        return again or first

    def done(self):
        assert len(self.asked) > 100 and not any(self.asked), self.asked
        return super().done()
"""
"""A live bot is asked every few seconds."""


@pytest.mark.parametrize("more", [RESTARTED, ASKED_OFTEN], ids=["restarted", "asked often"])
def test_one_order_is_one_order(shared_data: Path, tmp_path: Path, more: str) -> None:
    if reason := missing("freqtrade"):
        pytest.skip(f"{reason}; see docs/hosts.md for how it is run")
    (scene,) = scenes(shared_data, ("HDFCBANK",), (date(2021, 4, 28),))
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # the framework's own, about its libraries
        backtest = example("freqtrade_offline").backtest
        done, _ = backtest(EXAMPLES / "hosts.policy", scene.bars, entry=ENTRY - 1, folder=tmp_path, more=more)
    expected = replayed(Policy.from_text(POLICY), scene)
    assert len(expected) > 20
    assert list(map(row_of, done)) == list(map(row_of, expected))


START = parse_instant("2026-11-20T09:15:00+05:30")


def a_tick_from_the_stop(side: int, entry: float, stop: float, far: float) -> Scene:
    """Return a day with a bar from a far price to a tick before the stop, and one that reaches it."""
    near, bars = round(stop + side * 0.01, 2), list[Bar]()
    for place, ends in enumerate([(entry, entry)] * (ENTRY + 3) + [(far, near), (entry, entry), (entry, stop)]):
        bars.append(Bar("INFY", START + place * MINUTE, entry, max(entry, *ends), min(entry, *ends), entry, 10_000.0))
    return Scene("INFY", side, tuple(bars))


@pytest.mark.parametrize(
    ("side", "entry", "stop", "far"), [(1, 58.0, 55.8, 64.8), (-1, 49.5, 50.0, 48.75)], ids=["long", "short"]
)
def test_a_stop_stands_at_its_tick_and_not_a_tick_nearer(side: int, entry: float, stop: float, far: float) -> None:
    """The framework counts a stop back from a rate and rounds it to the tick; from these rates it would lose one."""
    if reason := missing("freqtrade"):
        pytest.skip(f"{reason}; see docs/hosts.md for how it is run")
    policy = Policy.from_text(f"S: move stop to ₹{stop} after 1 minute\nX: exit at 15:00")
    scene = a_tick_from_the_stop(side, entry, stop, far)
    expected = list(map(row_of, replayed(policy, scene)))
    assert expected == [f"09:30 S stop {stop:.2f}", "09:35 stop exit 100"]
    assert list(map(row_of, run(policy, scene))) == expected


def test_a_candle_from_before_the_entry_says_nothing_of_the_trade() -> None:
    """It closed 2% above the price at which the trade is then opened."""
    if reason := missing("freqtrade"):
        pytest.skip(f"{reason}; see docs/hosts.md for how it is run")
    prices = [1020.0] * ENTRY + [1000.0] * 10
    bars = [Bar("INFY", START + place * MINUTE, *[price] * 4, 10_000.0) for place, price in enumerate(prices)]
    policy, scene = Policy.from_text("HALF: book 50% at 1% profit\nX: exit at 15:00"), Scene("INFY", 1, tuple(bars))
    assert run(policy, scene) == replayed(policy, scene) == []
