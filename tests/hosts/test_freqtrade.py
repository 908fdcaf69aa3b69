"""freqtrade, where it is installed: a bot that is restarted at every candle, or asked often, does as a replay does."""

from __future__ import annotations

import contextlib
import io
import warnings
from datetime import date
from pathlib import Path

import pytest

from rulekit.runtime.policy import Policy
from tests.hosts.examples import EXAMPLES, example
from tests.hosts.scenes import ENTRY, POLICY, replayed, scenes
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
