"""backtesting.py over a scene."""

from __future__ import annotations

import warnings
from typing import Any

from rulekit.hosts.bars import Done
from rulekit.runtime.policy import Policy
from tests.hosts.scenes import QUANTITY, Scene, entered_by


def run(policy: Policy, scene: Scene) -> list[Done]:
    """Return the actions of a day."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from backtesting import Backtest

        from rulekit.hosts.backtesting_py import PolicyStrategy

    made: list[PolicyStrategy] = []

    class Entered(PolicyStrategy):
        symbol = scene.symbol

        def init(self) -> None:
            super().init()
            made.append(self)

        def enter(self) -> None:
            if entered_by(scene, self._bar().start):
                (self.buy if scene.side > 0 else self.sell)(size=QUANTITY)

    Entered.policy = policy
    columns: dict[str, Any] = {
        name: [bar[place] for bar in scene.bars] for place, name in enumerate(("Open", "High", "Low", "Close"), start=2)
    }
    columns["Volume"] = [bar.volume for bar in scene.bars]
    index = pd.to_datetime([bar.start for bar in scene.bars], unit="us", utc=True).tz_convert("Asia/Kolkata")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Backtest(pd.DataFrame(columns, index=index), Entered, cash=10_000_000, finalize_trades=True).run()
    return made[0].desk.done
