"""The sentences of a decision as a trader reads them: why not, and why something else went first."""

from __future__ import annotations

from typing import Any

import pytest

from rulekit.model.snapshot import Snapshot
from rulekit.runtime.policy import Policy


def decide(policy: str, **changes: Any) -> tuple[list[str], list[str]]:
    values: dict[str, Any] = {
        "entry": 1000,
        "price": 1150,
        "now": "2025-06-11T11:00:00+05:30",
        "opened": "2025-06-11T10:00:00+05:30",
    }
    side = changes.pop("side", "long")
    decision = Policy.from_text(policy).decide(Snapshot.of("KOTAKBANK", side, 100, **{**values, **changes}))
    return [passed.because for passed in decision.passed_over], [waiting.why for waiting in decision.not_yet]


@pytest.mark.parametrize(
    ("sentence", "changes", "expected"),
    [
        ("exit at 2% loss", {}, "not yet: profit 15%, needs a loss of 2% (17 points short, at ₹980.00)"),
        ("exit at 2% loss", {"price": 990}, "not yet: loss 1%, needs 2% (1 point short, at ₹980.00)"),
        (
            "exit at ₹5,000 loss",
            {"side": "short", "price": 990},
            "not yet: profit ₹1,000, needs a loss of ₹5,000 (₹6,000 short, at ₹1,050.00)",
        ),
        ("exit at 20% profit", {}, "not yet: profit 15%, needs 20% (5 points short, at ₹1,200.00)"),
        (
            "exit when time is at least 15:15",
            {},
            "not yet: time 11:00, needs at least 15:15 (4 hours 15 minutes short)",
        ),
        ("tighten stop by 25%", {}, "cannot be judged: the stop is unknown (there is none)"),
        (
            "lock in 50% of peak profit",
            {"price": 990},
            "cannot be judged: the peak profit is unknown (there has been none yet)",
        ),
        (
            "exit at 2R profit",
            {},
            "cannot be judged: the initial risk is unknown (it needs an initial stop on the losing side of entry)",
        ),
    ],
)
def test_why_not(sentence: str, changes: dict[str, Any], expected: str) -> None:
    assert decide(sentence, **changes) == ([], [expected])


def test_the_same_stop_is_not_called_tighter() -> None:
    rules = "X: move stop to break-even + 2%\nY: move stop to ₹1,020\nZ: move stop to ₹1,010\n"
    assert decide(rules)[0] == ["`X` sets the same stop", "`X` sets a tighter stop"]
    assert decide(rules, stop=1015)[0] == [
        "`X` sets the same stop",
        "a stop at ₹1,010.00 would not be tighter by a tick",
    ]
