"""NautilusTrader over a scene: its own backtest engine, as in the example of its page."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from rulekit.hosts.bars import Done
from rulekit.runtime.policy import Policy
from tests.hosts.examples import example
from tests.hosts.scenes import ENTRY, QUANTITY, Scene


def run(policy: Policy, scene: Scene) -> list[Done]:
    """Return the actions of a day."""
    backtest = example("nautilus_offline").backtest
    with TemporaryDirectory() as folder:
        path = Path(folder) / "all.policy"
        path.write_text(policy.text, encoding="utf-8")
        done: list[Done] = backtest(path, scene.bars, entry=ENTRY - 1, quantity=QUANTITY, side=scene.side)[0]
    return done
