"""The sentences of a decision as a trader reads them: why not, and why something else went first."""

from __future__ import annotations

import itertools
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


def test_what_an_idle_cycle_says_of_the_rules_does_not_leak_into_other_cycles() -> None:
    policy = Policy.from_text("exit when volume is at least 2 times normal\nbook 50% when momentum is at least 2%\n")

    def rules_unknown(**facts: float) -> tuple[str, ...]:
        now = "2025-06-11T11:00:00+05:30"
        return policy.decide(Snapshot.of("KOTAKBANK", "long", 100, entry=100, price=101, now=now, facts=facts)).unknown

    exits, books = (rule.name for rule in policy.rules)
    for _ in range(3):
        assert rules_unknown(volume=1.0) == (books,)
        assert rules_unknown(momentum=1.0) == (exits,)
        assert rules_unknown() == (exits, books)
        assert rules_unknown(volume=1.0, momentum=1.0) == ()


def test_so_many_different_idle_cycles_are_kept_and_no_more() -> None:
    from rulekit.compile.policy import compile_policy
    from rulekit.engine import decide as engine
    from tests.compile.policies import SEVEN, position

    policy = compile_policy(SEVEN)
    draw = itertools.product((0.0, engine.CANNOT_JUDGE, 1.0, 5.0), repeat=len(policy.rules))
    for statuses in itertools.islice(draw, 3 * engine.IDLE_KEPT):
        held = engine._idle(policy, statuses, (0.0,) * engine.FIRST_STATUS + statuses)
        assert held[0] == tuple(r.name for r, s in zip(policy.rules, statuses, strict=True) if s == 6.0)
        assert len(policy.idle) <= engine.IDLE_KEPT
    assert not engine.decide(policy, position(price=171000.0)).actions
