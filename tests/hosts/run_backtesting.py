"""backtesting.py over a scene, as in the example of its page."""

from __future__ import annotations

import warnings

from rulekit.hosts.bars import Done
from rulekit.runtime.policy import Policy
from tests.hosts.examples import example
from tests.hosts.scenes import ENTRY, QUANTITY, Scene


def run(policy: Policy, scene: Scene) -> list[Done]:
    """Return the actions of a day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the framework's own, about its plots
        backtest = example("backtesting_offline").backtest
        done: list[Done] = backtest(policy, scene.bars, entry=ENTRY - 1, quantity=QUANTITY * scene.side)[0]
    return done
