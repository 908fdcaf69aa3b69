"""What lies within a box is passed over, and nothing is different for it."""

from __future__ import annotations

import pytest

from rulekit.replay.kernel import build
from rulekit.runtime.policy import Policy
from tests.replay.boxes import calm_boxes
from tests.replay.passing import Asked, draw_held, draw_replay, outcome_of, passed_over

HELD = (0, 2, 4, 5, 12, 17, 22, 23, 25, 27, 29, 34)
SEEDS = (0, 6, 9, 12, 17, 28, 31, 37, 44, 53, 54, 56)


def test_random_policies_do_the_same_with_and_without_passing() -> None:
    asked = [0, 0]
    done = 0
    for seed in SEEDS:
        drawn = draw_replay(seed, 160)
        found, wanted = outcome_of(drawn, passing=True), outcome_of(drawn, passing=False)
        if found is None or wanted is None:
            assert found is wanted
            continue
        assert repr(found[0].trades) == repr(wanted[0].trades), f"seed {seed}"
        done += sum(len(trade.fills) + len(trade.marks) for trade in wanted[0].trades)
        asked = [asked[0] + found[1], asked[1] + wanted[1]]
    assert done > 50
    assert asked[0] < 0.9 * asked[1]


def test_only_looks_at_which_nothing_is_done_are_passed_over() -> None:
    passed = unknown = 0
    for seed in HELD:
        drawn = draw_held(seed, 150)
        some: list[Asked] = []
        every: list[Asked] = []
        found = outcome_of(drawn, passing=True, asked=some)
        wanted = outcome_of(drawn, passing=False, asked=every)
        assert found is not None and wanted is not None
        assert repr(found[0].trades) == repr(wanted[0].trades), f"seed {seed}"
        missed = passed_over(some, every)
        assert [one.given for one in missed if one.done] == [], f"seed {seed}"
        passed += len(missed)
        unknown += sum(one.given["s_price"] != one.given["s_price"] for one in some)
    assert passed > 3000
    assert unknown > 100


@pytest.mark.parametrize(
    "text",
    [
        "A: book 50% at 0.3% profit\nB: move stop to break-even + 0.02% at 0.2% profit\nC: trail stop 0.5%",
        "A: exit after 200 minutes\nB: exit at 15:15\nC: set target to 2% profit\nD: tighten stop to 0.3% from price",
        "A: exit when loss is at least 0.2% for 5 minutes\nB: book 25% at 1% profit, up to 3 times",
        'A: book 10% when price crosses above ₹100\nB: alert "up" at 0.3% profit\nC: lock in 40% of peak profit',
    ],
)
@pytest.mark.parametrize(("looks", "path"), [("close", "colour"), ("live", "colour"), ("path", "ticks")])
def test_usual_policies_have_a_box(text: str, looks: str, path: str) -> None:
    kernel = build(Policy.from_text(text).compiled, looks=looks, path=path, fill="last", native=False)
    assert "def calm(" in kernel.source


@pytest.mark.parametrize("looks", ["close", "live"])
def test_calls_of_many_arguments_hold_no_branch(looks: str) -> None:
    rules = "\n".join(f"R{n}: book 10% at {n}% profit when rsi over {n} bars is above {n}" for n in range(5, 30))
    kernel = build(Policy.from_text(rules).compiled, looks=looks, path="colour", fill="last", native=False)
    calls = [line for line in kernel.source.split("\n") if "look(" in line and not line.startswith("def")]
    assert len(calls) == 1
    assert calls[0].count("read") == 25
    assert " if " not in calls[0]


def test_nothing_is_done_anywhere_in_a_box_that_is_called_calm() -> None:
    assert sum(calm_boxes(seed, 60) for seed in range(20)) > 200
