"""What one position can come to at worst: told where it is true, and held against runs along price paths."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from rulekit.engine.examples import run_looks
from rulekit.explain.worst import worst_cases
from rulekit.runtime.policy import Policy


def worst(text: str) -> list[str]:
    return worst_cases(Policy.from_text(text).compiled.tree)


def line(text: str, word: str) -> str:
    return "; ".join(each for each in worst(text) if each.startswith(f"{word}:"))


AT = "loss: it is got out at the first look that shows a loss of "
ON_TOP = "; what the price moves between two looks comes on top"
OPEN = "loss: no bound of the policy's own; only a stop that the position came with limits it"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CUT: exit at 4% loss", f"{AT}4% of its average entry (`CUT`){ON_TOP}"),
        ("A: exit at 5% loss\nB: exit when loss is at least 3%", f"{AT}3% of its average entry (`B`){ON_TOP}"),
        (
            "A: exit at ₹5,000 loss\nB: exit at 3% loss",
            f"{AT}₹5,000 on what is held (`A`) or 3% of its average entry (`B`), whichever comes first{ON_TOP}",
        ),
        ("S: move stop to break-even - 2%", f"{AT}2% of its average entry (`S`){ON_TOP}"),
        ("S: move stop to 2% loss", f"{AT}2% of its average entry (`S`){ON_TOP}"),
        ("S: trail stop 3%", f"{AT}3% of its average entry (`S`){ON_TOP}"),
        ("exit at 4% loss after 30 minutes", OPEN),
        ("exit at 4% loss when volume is above 1 times normal", OPEN),
        ("exit at 4% loss unless side is short", OPEN),
        ("exit when loss is at least 4% and age is above 10 minutes", OPEN),
        ("exit when loss is between 4% and 6%", OPEN),
        ("exit at 2R loss", OPEN),
        ("book 50% at 4% loss", OPEN),
        ("move stop to break-even - 2% at 1% profit", OPEN),
        ("trail stop 2 ATR", OPEN),
        ("exit at every 5% loss", OPEN),
        ("exit at 15:15", OPEN),
    ],
)
def test_the_largest_loss(text: str, said: str) -> None:
    assert line(text, "loss") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("S: move stop to break-even at 5% profit", "the stop stands at the entry (`S`)"),
        ("S: move stop to entry + 2% at 5% profit", "the stop stands at 2% profit (`S`)"),
        ("S: lock in half of peak profit at 5% profit", "50% of the best profit is kept (`S`)"),
        ("S: move stop to entry + 5% at 5% profit", ""),
        ("S: move stop to entry + 2% at ₹500 profit", ""),
        ("S: move stop to entry + 2% at 5% profit after 30 minutes", ""),
        ("S: move stop to vwap at 5% profit", ""),
    ],
)
def test_what_is_kept_of_a_profit(text: str, said: str) -> None:
    assert line(text, "profit") == (f"profit: once a look has shown 5% profit, {said}" if said else "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exit at 5% loss", "it is never larger than it was opened"),
        ("add 25% at 5% profit\nexit at 15:15", "at most 125% of what it was opened with"),
        ("A: add 10% at 5% profit, every 5 minutes", "no bound, for `A` may add again and again"),
        ("A: add 10% at 5% profit, up to 2 times", "at most 121% of what it was opened with"),
    ],
)
def test_the_largest_size(text: str, said: str) -> None:
    assert line(text, "size") == f"size: {said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exit at 5% loss", "no rule for one position limits how long it is held"),
        ("exit at 15:15\nexit at 15:10", "it is closed at 15:10 of the day"),
        (
            "exit after 2 hours\nexit 10 minutes before close",
            "it is closed after 2 hours or 10 minutes before the close, whichever comes first",
        ),
        ("exit after 3 days", "it is closed after 3 trading days"),
        ("exit at 15:15 on Friday", "no rule for one position limits how long it is held"),
    ],
)
def test_the_longest_time(text: str, said: str) -> None:
    assert line(text, "time") == f"time: {said}"


def test_no_random_path_loses_more_than_was_told_but_for_the_last_step() -> None:
    """Along a path without gaps, the loss at the exit is the bound and one look's move at most."""
    draw = Random(7)
    rules = "CUT: exit at 4% loss\nPROTECT: move stop to entry + 1% at 5% profit\nMORE: add 25% at 3% profit"
    for number in range(40):
        legs, price = [], 1000
        for _ in range(4):
            goal = price + draw.choice((-80, -50, -30, 30, 60, 90))
            legs.append(f"then {'up' if goal > price else 'down'} to {goal} over {draw.randint(5, 40)} minutes")
            price = goal
        side = "long" if number % 2 else "short"
        text = f'{rules}\n\nexample "x"\n  {side} 100 K at 1000\n  price 1000 {" ".join(legs)}\n  expect nothing\n'
        policy = Policy.from_text(text).compiled
        looks = run_looks(policy, policy.tree.examples[0])
        seen = 0.0
        for before, look in pairwise(looks):
            s = look.snapshot
            gain = (s.price - s.entry) * s.side / s.entry
            step = abs(s.price - before.snapshot.price) / s.entry
            assert gain >= -0.04 - step, text
            if seen >= 0.05:
                first = looks[0].snapshot.entry
                assert (s.price - first) * s.side / first >= 0.01 - step - 1e-3, text
            seen = max(seen, gain)
