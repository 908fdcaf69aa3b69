"""Examples along a price path: looks, what is carried from one to the next, and what is said of a miss."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings

from rulekit.engine.examples import ExampleResult, run_examples
from rulekit.language import tree as t
from rulekit.language.paths import EVERY, moments
from rulekit.model.instant import MINUTE
from rulekit.runtime.policy import Policy
from tests.language.trees import examples

POSITION = "long 100 KOTAKBANK at 100"
RUN = "price 100 then up to 116 over 40 minutes then gap to 101"


def run(rules: str, *lines: str) -> ExampleResult:
    body = "\n".join(f"  {line}" for line in lines)
    (result,) = run_examples(Policy.from_text(f'{rules}\n\nexample "it"\n{body}\n').compiled)
    assert result.passed is not bool(result.missed)
    return result


def came(result: ExampleResult) -> list[tuple[str, str, int | None, float | None, float]]:
    return [
        (action.rule, action.kind, action.quantity, action.stop, look.after / MINUTE) for look, action in result.came
    ]


# --- the looks ------------------------------------------------------------


def prices(*legs: str, every: str = "") -> list[tuple[float, float]]:
    text = f'exit at 15:15\n\nexample "it"\n  {POSITION}\n  price {" then ".join(legs)}\n  expect nothing\n'
    text = text.replace("  expect", f"  look every {every}\n  expect") if every else text
    (example,) = Policy.from_text(text).compiled.tree.examples
    return [(moment.after / MINUTE, float(moment.price)) for moment in moments(example)]


def test_a_look_a_minute_and_one_at_each_corner() -> None:
    assert prices("100", "up to 103 over 3 minutes") == [(0, 100), (1, 101), (2, 102), (3, 103)]
    assert prices("100", "down to 99 over 90 seconds", "flat for 90 seconds") == [
        (0, 100),
        (1, 99.35),  # not 99.33: between corners on the tick, on the side where it comes from
        (1.5, 99),
        (2, 99),
        (3, 99),
    ]


def test_a_gap_takes_one_look() -> None:
    assert prices("100", "gap to 90", "gap to 95", "flat for 1 minute") == [(0, 100), (1, 90), (2, 95), (3, 95)]
    assert prices("100", "gap to 90", every="15 seconds") == [(0, 100), (0.25, 90)]


def test_looks_as_far_apart_as_the_example_says() -> None:
    assert prices("100", "up to 102 over 10 minutes", every="4 minutes") == [
        (0, 100),
        (4, 100.8),
        (8, 101.6),
        (10, 102),
    ]


@settings(deadline=None, max_examples=40, derandomize=True)
@given(examples(["A"]).filter(lambda example: bool(example.path)))
def test_a_path_passes_its_corners_and_never_leaves_them(example: t.Example) -> None:
    found = moments(example)
    assert all(first.after < second.after for first, second in pairwise(found))
    assert all(second.after - first.after <= (example.every or EVERY) for first, second in pairwise(found))
    at, price = 0, example.price
    assert price is not None
    for leg in example.path:
        end = at + (leg.length or example.every or EVERY)
        goal = price if leg.price is None else leg.price
        inside = [each.price for each in found if at < each.after < end]
        assert all(min(price, goal) <= each <= max(price, goal) for each in inside)
        assert inside == sorted(inside, reverse=goal < price)
        assert next(each.price for each in found if each.after == end) == goal
        at, price = end, goal
    assert found[-1].after == at


# --- what is carried ------------------------------------------------------------


def test_a_book_leaves_less_a_stop_stands_and_is_hit() -> None:
    rules = "HALF: book 50% at 15% profit after 30 minutes\nPROTECT: move stop to break-even + 2% at 10% profit"
    result = run(
        rules,
        POSITION,
        RUN,
        "expect stop 102 at 25 minutes because PROTECT",
        "expect book 50 at 38 minutes because HALF",
        "expect exit at 41 minutes because stop",
    )
    assert result.missed == ()
    assert came(result) == [
        ("PROTECT", "stop", None, 10200.0, 25),
        ("HALF", "book", 50, None, 38),
        ("stop", "exit", 50, None, 41),
    ]


def test_what_a_rule_remembers_goes_with_it() -> None:
    rules = "ONE: book 20% when profit is at least 1%, every 5 minutes up to 3 times"
    result = run(rules, POSITION, "price 101 then flat for 30 minutes", *["expect book 20 because ONE"] * 3)
    assert came(result) == [("ONE", "book", 20, None, 0), ("ONE", "book", 16, None, 5), ("ONE", "book", 12, None, 10)]


def test_an_add_averages_the_entry() -> None:
    rules = "MORE: add 100% at 10% profit\nOUT: exit at 10% profit unless times added is below 1"
    result = run(
        rules, POSITION, "price 110 then flat for 5 minutes then gap to 115.50", *["expect add 100", "expect exit"]
    )
    # Entry 105 after the add, so 10% of profit is 115.50.
    assert came(result) == [("MORE", "add", 100, None, 0), ("OUT", "exit", 200, None, 6)]


def test_a_trail_follows_the_best_price_of_the_path() -> None:
    rules = "TRAIL: trail stop 2% at 3% profit"
    result = run(
        rules,
        POSITION,
        "price 100 then up to 110 over 10 minutes then down to 105 over 10 minutes",
        "expect stop 107.80 at 10 minutes",
        "expect exit because stop",
    )
    assert result.missed == ()
    assert came(result)[-1] == ("stop", "exit", 100, None, 15)


def test_the_best_price_of_the_path_is_remembered() -> None:
    rules = "BACK: exit when giveback is at least 50%"
    path = "price 100 then up to 110 over 10 minutes then down to 104 over 12 minutes"
    result = run(rules, POSITION, path, "expect exit at 20 minutes because BACK")
    assert result.missed == ()


def test_r_is_measured_from_the_first_stop_of_the_path() -> None:
    rules = "FIRST: move stop to entry - 2% after 2 minutes\nOUT: exit at 2R profit"
    result = run(
        rules, POSITION, "price 100 then up to 105 over 10 minutes", "expect stop 98", "expect exit at 8 minutes"
    )
    assert result.missed == ()


def test_time_goes_on_and_a_short_is_a_mirror() -> None:
    rules = "OUT: exit at 15:15\nLOCK: lock in 50% of peak profit at 4% profit"
    result = run(
        rules,
        "short 100 KOTAKBANK at 100",
        "price 100 then down to 90 over 10 minutes then flat for 20 minutes",
        "time 14:50",
        "expect stop 95 because LOCK",
        "expect exit at 15:15 because OUT",
    )
    assert result.missed == ()


def test_the_path_ends_where_the_position_is_closed() -> None:
    result = run("OUT: exit at 5% profit", POSITION, RUN, "expect exit")
    assert len(result.looks) == 14  # 5.20 at 13 minutes is the first at 5%


# --- what is said ------------------------------------------------------------

TWO = "HALF: book 50% at 5% profit\nOUT: exit at 10% profit"


def test_an_order_that_nobody_expects_is_said() -> None:
    result = run(TWO, POSITION, RUN, "expect book 50 because HALF")
    assert result.missed == (
        "exit because OUT came too, at 25 minutes with the price at ₹110.00, and the example does not expect it",
    )
    assert run(TWO, POSITION, RUN, "expect book 50", "expect exit").missed == ()


def test_expectations_are_met_in_their_order() -> None:
    (text,) = run(TWO, POSITION, RUN, "expect exit", "expect book 50").missed
    assert text == (
        "`expect book 50`: came book 50 because HALF at 13 minutes with the price at ₹105.20 and exit because OUT at "
        "25 minutes with the price at ₹110.00"
    )


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (
            "expect book 50 at 20 minutes because HALF",
            "`expect book 50 at 20 minutes because HALF`: came nothing; `HALF`: not again: it fired once, and may fire "
            "once; on the whole path came book 50 because HALF at 13 minutes with the price at ₹105.20 and exit "
            "because OUT at 25 minutes with the price at ₹110.00",
        ),
        (
            "expect exit at 30 minutes",
            "`expect exit at 30 minutes`: the position was closed before; came book 50 because HALF at 13 minutes with "
            "the price at ₹105.20 and exit because OUT at 25 minutes with the price at ₹110.00",
        ),
        ("expect nothing at 13 minutes", "`expect nothing at 13 minutes`: came book 50 because HALF"),
        ("expect stop 99", "`expect stop 99`: came no stop move"),
    ],
)
def test_a_miss_says_what_came(expected: str, said: str) -> None:
    (text,) = run(TWO, POSITION, RUN, expected).missed
    assert text == said


def test_nothing_means_nothing_on_the_whole_path() -> None:
    assert run(TWO, POSITION, "price 100 then up to 104 over 5 minutes", "expect nothing").missed == ()
    assert run(TWO, POSITION, RUN, "expect nothing").missed
    assert run(TWO, POSITION, RUN, "expect nothing at 12 minutes", "expect book 50", "expect exit").missed == ()


def test_a_tick_below_the_threshold_is_not_reached() -> None:
    rules = "OUT: exit at 10% profit"
    assert run(rules, POSITION, "price 100 then up to 109.95 over 7 minutes", "expect nothing").missed == ()
    assert run(rules, POSITION, "price 100 then up to 110 over 7 minutes", "expect exit at 7 minutes").missed == ()


def test_the_price_of_a_look_is_exact() -> None:
    (example,) = Policy.from_text(
        f'exit at 15:15\nexample "it"\n  {POSITION}\n  price 100 then up to 100.10 over 3 minutes\n  expect nothing\n'
    ).compiled.tree.examples
    assert [moment.price for moment in moments(example)] == [
        Fraction(each, 100) for each in (10000, 10000, 10005, 10010)
    ]
