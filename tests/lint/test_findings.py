"""What is found and what is not, on both sides of each boundary: one number or word apart."""

from __future__ import annotations

import pytest

from rulekit.language.reading import check_text
from rulekit.lint.proofs import Proof, prove


def proofs(*sentences: str) -> list[tuple[str, Proof]]:
    checked = check_text("\n".join(sentences) + "\n")
    assert checked.tree is not None, checked.diagnostics
    return prove(checked.tree)


def codes(*sentences: str) -> list[str]:
    return [code for code, _ in proofs(*sentences)]


FOUND: list[tuple[list[str], list[str]]] = [
    # a rule whose parts cannot hold together
    (["book 50% at 10% profit when profit is below 10%"], ["R201"]),
    (["book 50% at 10% profit when profit is at most 10%"], []),
    (["exit when profit is above 5% and loss is above 1%"], ["R201"]),
    (["exit when profit is at least 0% and loss is at least 0%"], []),
    (["exit when age is above 30 minutes and age is at most 30 minutes"], ["R201"]),
    (["exit when age is at least 30 minutes and age is at most 30 minutes"], []),
    (["exit when times booked is above 1 and times booked is below 2"], ["R201"]),
    (["exit before 10:00 when time is at least 10:00"], ["R201"]),
    (["exit before 10:00 when time is at least 09:59"], []),
    (["exit when not (volume is above 2 times normal) and volume is at least 2 times normal"], []),
    (["exit when not (volume is above 2 times normal) unless volume is below 3 times normal"], ["R201"]),
    (["exit at ₹100 profit when price is above ₹5 and profit is below 0%"], ["R201"]),
    # by arithmetic
    (["exit at 10% profit when peak profit is below 10%"], ["R201"]),
    (["exit at 10% profit when peak profit is at most 10%"], []),
    (["exit when price is above vwap and vwap is above day high and day high is above price"], ["R201"]),
    (["exit when price is above vwap and vwap is above day high and day high is above day low"], []),
    (["exit at 2R profit when initial risk is at least 5% and profit is below 10%"], ["R201"]),
    (["exit at 2R profit when initial risk is at least 5% and profit is at most 10%"], []),
    # the position is closed before
    (["exit at 20% profit", "book 50% at 20% profit"], ["R202"]),
    (["exit when profit is above 20%", "book 50% at 20% profit"], []),
    (["book 50% at 20% profit", "exit at 20% profit"], ["R202"]),
    (["book everything at 20% profit", "book 50% at 25% profit"], ["R202"]),
    (["book 50% at 25% profit", "book everything at 20% profit"], []),
    (["exit at 20% profit every 1 hour", "book 50% at 25% profit"], []),
    (["exit when volume is above 2 times normal", "add 25% when volume is above 3 times normal"], ["R202"]),
    (["exit at 5% profit when rsi > 70", "exit at 5% profit when rsi <= 70", "book 50% at 5% profit"], []),
    (["exit at 2% profit", "trail stop 1% when profit is above 3%"], ["R202"]),
    (["trail stop 1% when profit is above 3%", "exit at 2% profit"], []),  # a trail may be the exit itself
    (["exit at 2% loss", "exit at 2% profit", "move stop to entry when profit is above 3%"], ["R202"]),
    # the same without it
    (["exit at 5% loss", "exit at 5.1% loss"], ["R205"]),
    (["exit at 5% loss", "exit at 4.9% loss"], ["R205"]),
    (["exit at 5% loss", "exit at 8% loss after 1 hour"], ["R205"]),
    (["exit at 5% loss after 1 hour", "exit at 8% loss"], []),
    (["exit at 5% profit", "book everything at 5% profit"], ["R205"]),
    (["exit at 5% profit", "book 30% at 1% profit", "book everything at 4% profit"], []),
    # parts that hold nothing back
    (["exit when rsi is at least 5 or rsi is at most 10"], ["R204"]),
    (["exit when rsi is at least 10 or rsi is at most 5"], []),
    (["exit when rsi is at least 0"], ["R204"]),
    (["book 50% at 10% profit when profit is at least 10%"], ["R206"]),
    (["book 50% at 10% profit when profit is above 10%"], ["R206"]),
    (["book 50% at 10% profit when momentum is above 10%"], []),
    # memory
    (["book 30% at 10% profit", "exit when times booked is at least 2"], ["R203"]),
    (["book 30% at 10% profit", "exit when times booked is at least 1"], []),
    (["book 30% at 10% profit, up to 2 times", "exit when times booked is at least 2"], []),
    (["book 30% at 10% profit every 1 hour", "exit when times booked is at least 200"], []),
    (["exit when times added is at least 1"], ["R203"]),
    (["book 30% after 2 hours", "exit when times booked is at least 1 and age is below 1 hour"], ["R203"]),
    (["book 30% after 2 hours", "exit when times booked is at least 1 and age is at most 2 hours"], []),
    (["book 30% when side is long", "exit when times booked is at least 1 and side is short"], ["R203"]),
    (["exit at 5% profit when times booked is below 2"], []),
    (["exit at 5% profit when times booked is between 1 and 2"], ["R203"]),
    (["book up to 50% at 10% profit", "book up to 50% at 20% profit"], ["R203"]),
    (["book up to 50% at 10% profit", "book up to 51% at 20% profit"], []),
    (["book up to 50% at 10% profit", "book up to 50% at 9% profit"], []),
    (["book 30% when times booked is at least 1", "book 20% when times booked is at least 2"], ["R203", "R203"]),
    (["book 30% when times booked is at least 0", "book 20% when times booked is at least 1"], ["R204"]),
    (["add 10% when times booked is 1", "book 20% when times added is 1"], ["R203", "R203"]),
    (["exit at 20% profit", "book 30% at 25% profit", "exit when times booked is 1"], ["R202", "R203"]),
    # an earlier look was the last
    (["exit at 8% profit", "book 30% when peak profit is at least 10% and profit is below 5%"], ["R202"]),
    # One price may bring the peak at once: the first in the file exits then.
    (["exit when peak profit is at least 10%", "exit at 5% profit"], []),
    (["exit at 11% profit", "book 30% when peak profit is at least 10% and profit is below 5%"], []),
    (["exit at 8% profit", "add 9% at 1% loss", "book 30% when peak profit is at least 10% and profit is below 5%"],
     ["Q202"]),
    (["exit at 8% profit when rsi > 70", "book 30% when peak profit is at least 10% and profit is below 5%"], []),
    (
        [
            "exit at 8% profit",
            "book 9% when (peak profit is at least 10% and rsi > 70) or (peak profit is at least 7% and rsi < 30)",
        ],
        [],
    ),
    (
        [
            "exit at 8% profit",
            "book 9% when (peak profit is at least 10% and rsi > 70) or (peak profit is at least 9% and rsi < 30)",
        ],
        ["R202"],
    ),
    (["exit at ₹4,000 profit", "move stop to entry when peak profit is at least ₹5,000 and profit is below ₹9"],
     ["R202"]),
    (["exit at ₹4,000 profit", "move stop to entry when peak profit is at least ₹3,900 and profit is below ₹9"], []),
    (["exit at ₹4,000 profit", "book 9% at 1% profit", "move stop to entry when peak profit is at least ₹5,000"], []),
    (["exit at 2% profit", "move stop to entry when giveback is at least 50% and profit is at least 1.5%"], ["R202"]),
    (["exit at 3% profit", "move stop to entry when giveback is at least 50% and profit is at least 1.5%"], ["R202"]),
    (["exit at 4% profit", "move stop to entry when giveback is at least 50% and profit is at least 1.5%"], []),
    (["exit at 4% profit when rsi is at least 0", "move stop to entry when giveback is at least 60% and profit > 2%"],
     ["R204"]),
    (["applies to side long", "exit at 5% profit", "book 9% when best price is above entry + 6%"], ["R202"]),
    (["exit at 5% profit", "book 9% when best price is above entry + 6%"], []),
    (["exit at 15:15", "book 30% at 10% profit after 3 days"], ["R202"]),
    (["exit at 15:15", "book 30% at 10% profit when age is above 30 hours"], ["R202"]),
    (["exit at 15:15", "book 30% at 10% profit when age is above 20 hours"], []),
    (["exit at 15:15 when rsi > 70", "book 30% at 10% profit after 3 days"], []),
    (["exit before 15:15", "book 30% at 10% profit after 3 days"], []),
    (["exit 15 minutes before close", "book 30% at 10% profit after 1 day"], ["R202"]),
    (["book 50% at 15:15", "book 30% at 10% profit after 1 day"], ["Q201"]),
    # books
    (["book 50% at 10% profit", "book 51% at 20% profit"], ["Q201"]),
    (["book 50% at 10% profit", "book 50% at 20% profit"], []),
    (["book 50% at 20% profit", "book 25% at 10% profit"], ["Q201"]),
    (["book 60% of the original at 10% profit", "book 41% of the original at 20% profit"], ["Q201", "Q205"]),
    (["book 60% of the original at 10% profit", "book 40% of the original at 20% profit"], []),
    (["book 60% at 10% profit", "book 60% at 5% loss"], []),
    (["book 60% of the original at 10% profit", "book 60% of the original at 5% loss"], ["Q205"]),
    (["book 60% of the original at 10% profit", "book 40% of the original at 5% loss"], []),
    (["book 40% of the original at every 5% profit up to 3 times"], ["Q205"]),
    (["book 40% of the original at every 5% profit up to 3 times", "exit at 12% profit"], []),
    (["book 40% of the original at every 5% profit up to 3 times", "exit at 16% profit"], ["Q205"]),
    (["book 50% when profit is above 5% for 5 minutes", "book 75% at 10% profit"], ["Q201"]),
    (["book 50% when price crosses above vwap", "book 75% at 10% profit"], ["Q201"]),
    (["book 60% at 10% profit", "book 60% at 20% profit", "add 25% when profit is above 5% for 5 minutes"],
     ["Q201", "Q202"]),
    (["book 50% when price crosses above vwap", "book 75% when price is below vwap"], []),
    # books and adds
    (["book 50% at 10% profit", "add 25% when profit is above 5% for 5 minutes"], ["Q202"]),
    (["book 50% at 10% profit", "add 25% when profit is below 10% for 5 minutes"], []),
    (["book 50% at 10% profit", "add 25% at 5% profit"], ["Q202"]),
    (["book 50% at 10% profit", "add 25% when profit is below 10%"], []),
    (["book 10 shares at 10% profit every 1 hour", "add 10 shares at 5% profit every 1 hour"], ["Q203"]),
    (["book 50% at 10% profit", "add ₹1 worth at 5% profit"], []),
    (["book 50% at 10% profit", "add 1 share at 5% profit"], ["Q202"]),
    (["book ₹1 worth at 10% profit", "add 50% at 5% profit"], []),
    (["book 25% at 10% profit every 1 hour", "add 25% when profit is below 10% every 1 hour"], ["Q203"]),
    (["book 25% at 10% profit every 1 hour", "add 25% when profit is below 10%, up to 9 times"], []),
    (["exit at 12% profit", "book 25% at 10% profit every 1 hour", "add 25% at 12% profit every 1 hour"], ["R202"]),
    # small positions
    (["applies to NFO", "book 50% at 10% profit"], ["Q204"]),
    (["applies to NFO", "book 1 lot at 10% profit"], []),
    (["book 4% at 10% profit"], ["Q204"]),
    (["book 5% at 10% profit"], []),
    # stops
    (["move stop to entry + 2% when profit is between 1% and 2%"], ["S201"]),
    (["move stop to entry + 2% when profit is between 1% and 2.01%"], []),
    (["move stop to entry at 2% loss"], ["S201"]),
    (["move stop to entry - 1% when profit is above 3%", "move stop to entry when profit is above 3%"], ["S202"]),
    (["move stop to entry - 1% when profit is above 3%", "move stop to entry when profit is above 4%"], []),
    (["move stop to entry when profit is above 3%", "move stop to entry + 1% when profit is at least 1%"], ["S202"]),
    (["move stop to entry when profit is at least 1%", "move stop to entry + 1% when profit is at least 1%"], []),
    (["tighten stop to 2% from price after 1 hour", "tighten stop to 1% from price after 30 minutes"], ["S202"]),
    (["tighten stop to 2% from price after 1 hour", "tighten stop to 1% from price after 1 hour, up to 3 times"], []),
    (["trail stop 5% at 5% profit", "trail stop 3% at 4% profit"], ["S202"]),
    (["trail stop 5% at 4% profit", "trail stop 3% at 5% profit"], []),
    (["trail stop 3% at 4% profit", "trail stop 3% at 5% profit"], ["S202"]),
    (["trail stop 5% at 5% profit", "trail stop ₹3 at 4% profit"], []),
    (["trail stop 5% at 5% profit", "move stop to 3% from price"], ["S202"]),
    (["trail stop 3% at 5% profit", "move stop to 5% from price when profit is above 6%"], ["S202"]),
    (["trail stop 5% at 5% profit", "move stop to 3% from price, up to 3 times"], []),
    (["lock in 30% of peak profit at 5% profit", "lock in 40% of peak profit"], ["S202"]),
    (["lock in 40% of peak profit at 5% profit", "lock in 30% of peak profit"], []),
    # nothing to tighten
    (["tighten stop by 25% at 5% profit"], ["S203"]),
    (["tighten stop by 25% at 5% profit", "move stop to 5% loss"], []),
    (["tighten stop by 25% when age is below 5 minutes", "move stop to 5% loss after 5 minutes"], ["S203"]),
    (["tighten stop by 25% when age is at most 5 minutes", "move stop to 5% loss after 5 minutes"], []),
    (["tighten stop by 25% when side is long", "trail stop 2% when side is short"], ["S203"]),
    # a stop that was set when something was booked
    (
        ["book 30% at 10% profit", "move stop to 2% profit at 8% profit", "move stop to entry when times booked is 1"],
        ["S202"],
    ),
    (
        ["book 30% at 7% profit", "move stop to 2% profit at 8% profit", "move stop to entry when times booked is 1"],
        [],
    ),
    (
        ["book 9% at 9% profit", "move stop to entry at 8% profit", "move stop to 2% profit when times booked is 1"],
        [],
    ),
    # gaps
    (["book 50% at 10% profit", "move stop to entry at 5% profit", "exit at 15:15", "exit at 20% profit"], ["C201"]),
    (["book 50% at 10% profit", "move stop to entry at 5% profit", "exit at 15:15", "exit at 20% loss"], []),
    (["book 50% at 10% profit", "move stop to entry at 5% profit", "exit at 15:15", "trail stop 3%"], []),
    (["book 50% at 10% profit", "move stop to entry at 5% profit", "exit at 15:15", "exit at 9% loss after 1 hour"],
     ["C201"]),
    (["book 50% at 10% profit", "move stop to entry at 5% profit", "exit at 15:15", "tighten stop by 10% at 1% loss"],
     ["C201"]),
    # for want of data
    (["when data is missing: exit", "book 50% at 10% profit when volume is above 2 times normal", "exit at 9% profit"],
     ["R202"]),
    (["when data is missing: exit", "book 50% at 10% profit", "book 75% at 20% profit when rsi is above 60"], ["Q201"]),
    # what lasts, crosses and moves
    (["exit when profit is above 5% for 5 minutes and profit is at most 5%"], ["R201"]),
    (["exit when price crosses above vwap and price is at most vwap"], ["R201"]),
    (["exit when price rises 2% in 5 minutes and price falls 1% in 5 minutes"], ["R201"]),
    (["exit when price rises 2% in 5 minutes and price falls 1% in 10 minutes"], []),
    (["book 50% at 10% profit", "move stop to 1% profit", "exit at 15:15", "exit at 20% profit"], ["C201"]),
    (["book 50% at 10% profit", "move stop to 1% loss", "exit at 15:15", "exit at 20% profit"], []),
    # the session
    (["book 50% at 10% profit when time is above 15:30"], ["T201"]),
    (["book 50% at 10% profit when time is at least 15:30"], []),
    (["applies to MCX", "book 1 lot at 10% profit when time is above 15:30"], []),
    (["book 50% at 10% profit when minutes to close is above 375"], ["T201"]),
]  # fmt: skip


@pytest.mark.parametrize(("sentences", "expected"), FOUND, ids=lambda each: "; ".join(each) if each else "nothing")
def test_what_is_found(sentences: list[str], expected: list[str]) -> None:
    assert codes(*sentences) == expected


def test_the_two_places_of_a_conflict_are_named() -> None:
    [(_, proof)] = proofs("exit at 20% profit", "book 50% at 25% profit")
    assert proof.span.line == 2
    assert [span.line for span, _ in proof.related] == [1]
    assert proof.about == ("book 50% at 25% profit", "exit at 20% profit")
    assert proof.witness == (
        "long 100 KOTAKBANK at ₹1,690.00, price ₹2,112.50 (25% profit), held 10 minutes",
        "first look: exit all 100 (`exit at 20% profit`)",
    )


def test_a_short_is_shown_where_only_shorts_are_meant() -> None:
    [(_, proof)] = proofs("applies to side short", "exit at 20% profit", "book 50% at 25% profit")
    assert proof.witness[0] == "short 100 KOTAKBANK at ₹1,690.00, price ₹1,267.50 (25% profit), held 10 minutes"


@pytest.mark.parametrize(
    ("sentences", "status"),
    [
        (["move stop to break-even at 3% profit", "move stop to break-even + 1% at 3% profit"], "possible"),
        (["move stop to break-even + 1% at 3% profit", "move stop to break-even + 1% at 4% profit"], "proved"),
        (["move stop to entry at 3% profit", "move stop to entry + 1% at 3% profit"], "proved"),
        (["move stop to 2% from price", "move stop to 1% from price"], "proved"),
        (["trail stop 2%", "move stop to 1% from price"], "proved"),
        (["move stop to break-even when times booked is 1", "book 9% at 9% profit", "move stop to break-even + 1% at 8%"
          " profit"], "possible"),
        (["move stop to entry when times booked is 1", "book 9% at 9% profit", "move stop to 1% profit at 8% profit"],
         "proved"),
    ],
    ids=lambda each: "; ".join(each) if isinstance(each, list) else each,
)  # fmt: skip
def test_what_rests_on_charges_is_only_possible(sentences: list[str], status: str) -> None:
    assert [(code, proof.status) for code, proof in proofs(*sentences)] == [("S202", status)]


@pytest.mark.parametrize(
    ("sentences", "status"),
    [
        (["exit at 8% profit", "move stop to entry when peak profit is at least 10%"], "possible"),
        (["exit at 15:15", "move stop to entry after 2 days"], "proved"),
    ],
    ids=lambda each: "; ".join(each) if isinstance(each, list) else each,
)
def test_what_prices_between_two_looks_may_do_is_only_possible(sentences: list[str], status: str) -> None:
    assert [(code, proof.status) for code, proof in proofs(*sentences)] == [("R202", status)]
