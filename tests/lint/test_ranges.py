"""Ranges against their own values, one by one: containment, apartness and the opposite."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from rulekit.language import tree as t
from rulekit.lint.ranges import Range, implies, range_of, range_while

MEASURE = ("profit", t.Unit.PERCENT)
VALUES = [Fraction(number, 2) for number in range(-7, 8)]
"""Whole and half percents: with ends at whole ones, a value between any two ends and beyond them."""


def ranges() -> Iterator[Range]:
    ends = (None, Fraction(-2), Fraction(0), Fraction(1))
    for low, high, low_open, high_open in product(ends, ends, (False, True), (False, True)):
        if low is None or high is None or low < high or (low == high and not low_open and not high_open):
            yield Range(MEASURE, low, high, low_open and low is not None, high_open and high is not None)


def holds(found: Range, value: Fraction) -> bool:
    above = found.low is None or value > found.low or (value == found.low and not found.low_open)
    below = found.high is None or value < found.high or (value == found.high and not found.high_open)
    return above and below


ALL = list(dict.fromkeys(ranges()))
HELD = {found: frozenset(value for value in VALUES if holds(found, value)) for found in ALL}


def ranges_hold() -> bool:
    """Tell whether every pair of ranges says of itself what its values say."""
    try:
        return (
            all(
                one.within(other) is (HELD[one] <= HELD[other]) and one.apart(other) is (not HELD[one] & HELD[other])
                for one, other in product(ALL, ALL)
            )
            and _conditions_hold()
        )
    except (AttributeError, TypeError, AssertionError):
        return False


def _number(value: int) -> t.Number:
    return t.Number(Fraction(value), t.Unit.PERCENT)


def _conditions_hold() -> bool:
    fact = {name: t.FactRef(name, t.Unit.PERCENT) for name in ("profit", "loss")}
    true = {
        t.Op.AT_LEAST: Fraction.__ge__,
        t.Op.ABOVE: Fraction.__gt__,
        t.Op.AT_MOST: Fraction.__le__,
        t.Op.BELOW: Fraction.__lt__,
        t.Op.IS: Fraction.__eq__,
    }
    for name, op, value in product(fact, true, (-2, 0, 1)):
        plain = t.Comparison(fact[name], op, _number(value))
        sign = -1 if name == "loss" else 1
        wanted = frozenset(each for each in VALUES if true[op](sign * each, Fraction(value)))
        found = range_of(plain)
        if found is None or found.of != MEASURE or frozenset(each for each in VALUES if holds(found, each)) != wanted:
            return False
        opposite = range_of(t.Not(plain))
        if (opposite is None) is not (op is t.Op.IS):
            return False
        if opposite is not None and frozenset(each for each in VALUES if holds(opposite, each)) != set(VALUES) - wanted:
            return False
        lasting = t.Lasting(plain, t.Number(Fraction(5), t.Unit.BARS))
        if range_of(lasting) is not None or range_while(lasting) != found or implies(plain, lasting):
            return False
        if not implies(lasting, plain) or not implies(lasting, lasting) or not implies(plain, t.Named("x", plain)):
            return False
    between = t.Between(fact["loss"], _number(-1), _number(2))
    other = t.Comparison(fact["profit"], t.Op.IS_NOT, _number(1))
    far = t.Comparison(t.FactRef("profit", t.Unit.RUPEES), t.Op.ABOVE, t.Number(Fraction(9), t.Unit.RUPEES))
    near = t.Comparison(fact["profit"], t.Op.ABOVE, _number(1))
    below = t.Comparison(fact["profit"], t.Op.BELOW, _number(1))
    mixed = t.Between(t.FactRef("price", t.Unit.RUPEES), t.FactRef("vwap", t.Unit.RUPEES), _number(2))
    priced = t.PriceExpr(t.PriceFact("vwap"), t.Distance(Fraction(1), t.Unit.PERCENT))
    dear, apart = t.Comparison(priced, t.Op.ABOVE, _number(2)), t.Between(priced, _number(1), _number(2))
    open_ended = t.Between(fact["profit"], _number(2), fact["loss"])
    near_or_far = t.Or((near, far))
    text = t.Comparison(t.FactRef("day", t.Unit.TEXT), t.Op.IS, t.Text("Friday"))
    if range_of(far).apart(Range(MEASURE, None, Fraction(0))) or range_of(far).within(Range(MEASURE)):  # type: ignore[union-attr]
        return False
    return (
        range_of(between) == Range(MEASURE, Fraction(-2), Fraction(1))
        and range_of(t.Not(between)) is None
        and all(
            range_of(each) is None for each in (other, mixed, dear, apart, open_ended, text, t.Not(text), near_or_far)
        )
        and range_of(near) == Range(MEASURE, low=Fraction(1), low_open=True)
        and range_of(below) == Range(MEASURE, high=Fraction(1), high_open=True)
        and not implies(far, near)
        and not implies(text, near)
        and not implies(near, text)
        and range_while(t.Crosses(fact["profit"], True, _number(1))) == range_of(near)
        and range_of(t.Crosses(fact["profit"], True, _number(1))) is None
    )


def test_ranges_say_of_themselves_what_their_values_say() -> None:
    assert len(ALL) >= 28
    assert ranges_hold()


def test_ranges_of_two_measures_have_nothing_to_do_with_each_other() -> None:
    one, other = Range(MEASURE, Fraction(1)), Range(("profit", t.Unit.RUPEES), None, Fraction(0))
    assert not one.within(other) and not other.within(one) and not one.apart(other)
