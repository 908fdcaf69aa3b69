"""Two policies overlap just where one position belongs to both, and that position is shown."""

from __future__ import annotations

import pytest

from rulekit.engine.applies import covers
from rulekit.language.reading import check_text
from rulekit.language.tree import Applies
from rulekit.lint.overlap import shared_position, told


def applies(text: str) -> Applies:
    tree = check_text(f"applies to {text}\nexit at 15:15\n").tree
    assert tree is not None
    return tree.applies


@pytest.mark.parametrize(
    ("left", "right", "shown"),
    [
        ("NSE equity", "product MIS", "long KOTAKBANK on NSE (equity), product MIS"),
        ("NFO", "options", "long NIFTY25NOV24000CE on NFO (option), product MIS"),
        ("symbol INFY", "side short", "short INFY on NSE (equity), product MIS"),
        ('strategy "trend"', "product CNC", "long KOTAKBANK on NSE (equity), product CNC, strategy trend"),
        ("product CNC, side short", "product CNC", "short KOTAKBANK on NSE (equity), product CNC"),
        ("product CNC, side short", "side short", None),  # a sale of holdings is no short of the second
        ("NSE", "options", None),
        ("product MIS", "product CNC", None),
        ("symbol INFY", "symbol TCS", None),
        ('strategy "a"', 'strategy "b"', None),
        ("equity", "NFO", None),
    ],
)
def test_a_position_of_both_or_none(left: str, right: str, shown: str | None) -> None:
    one, other = applies(left), applies(right)
    found = shared_position(one, other)
    assert (None if found is None else told(found)) == shown
    if found is not None:
        assert covers(one, found) and covers(other, found)
