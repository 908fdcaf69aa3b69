"""freqtrade over a scene: its own backtest, offline, as in the example of its page."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve

from rulekit.hosts.bars import Done
from rulekit.runtime.policy import Policy
from tests.hosts.examples import example
from tests.hosts.scenes import ENTRY, QUANTITY, Scene


def run(policy: Policy, scene: Scene) -> list[Done]:
    """Return the actions of a day."""
    with warnings.catch_warnings(), TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # the framework's own, about its libraries
        backtest = example("freqtrade_offline").backtest
        path = Path(folder) / "all.policy"
        path.write_text(policy.text, encoding="utf-8")
        done, _ = backtest(path, scene.bars, entry=ENTRY - 1, quantity=QUANTITY, side=scene.side, folder=Path(folder))
    return [evolve(one, symbol=scene.symbol) for one in done]
