"""NautilusTrader, where it is installed: what stands at the venue is for what is held, also behind an add."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.hosts.bars import Bar
from rulekit.model.instant import MINUTE, parse_instant
from rulekit.runtime.policy import Policy
from tests.hosts.examples import example
from tests.hosts.scenes import ENTRY, Scene, replayed
from tests.hosts.table import missing, row_of

ADDS = """
S: move stop to ₹{stop} after 1 minute
T: set target to ₹{target} after 1 minute
MORE: add 20% at 1% profit
"""
"""Prices that do not move with the average: only the quantity changes."""
START = parse_instant("2026-11-20T09:15:00+05:30")


def way(side: int, *closes: float) -> tuple[Bar, ...]:
    """Return minutes that begin where the last one ended; the entry is at the open of the first after `ENTRY`."""
    found, before = list[Bar](), 1000.0
    for place, move in enumerate((*[0.0] * ENTRY, *closes)):
        close = 1000.0 + side * move
        high, low = max(before, close), min(before, close)
        found.append(Bar("INFY", START + place * MINUTE, before, high, low, close, 10_000.0))
        before = close
    return tuple(found)


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
@pytest.mark.parametrize(("last", "rule"), [((4, -20), "stop"), ((14, 40), "target")], ids=["stop", "target"])
def test_what_stands_is_for_all_that_is_held(tmp_path: Path, side: int, last: tuple[float, float], rule: str) -> None:
    if reason := missing("nautilus"):
        pytest.skip(f"{reason}; see docs/hosts.md for how it is run")
    scene = Scene("INFY", side, way(side, 0, 0, 0, 12, 12, *last, last[-1], last[-1]))
    path, text = tmp_path / "adds.policy", ADDS.format(stop=1000 - 5 * side, target=1000 + 20 * side)
    path.write_text(text, encoding="utf-8")
    done, fills = example("nautilus_offline").backtest(path, scene.bars, entry=ENTRY - 1, quantity=100, side=side)
    assert list(map(row_of, done)) == list(map(row_of, replayed(Policy.from_text(text), scene)))
    assert [(one.rule, one.quantity) for one in done[-2:]] == [("MORE", 20), (rule, 120)]
    assert sorted(map(int, fills["filled_qty"])) == [20, 100, 120]
