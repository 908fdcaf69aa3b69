"""The values of one measure at which a single condition holds: enough to see that one condition contains another."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from rulekit.language import tree as t

Measure = tuple[str, t.Unit]
CLOCK: Measure = ("time", t.Unit.CLOCK)


@frozen
class Range:
    """From `low` to `high`, None where there is no end; an open end is itself left out."""

    of: Measure
    low: Fraction | None = None
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False

    def within(self, other: Range) -> bool:
        """Tell whether all of it lies in another range of the same measure."""
        return self.of == other.of and _not_below(self, other) and _not_above(self, other)

    def apart(self, other: Range) -> bool:
        """Tell whether no value of the same measure lies in both."""
        return self.of == other.of and (_beyond(self, other) or _beyond(other, self))

    def mirrored(self, name: str) -> Range:
        """Return the range of the negative."""
        low = None if self.high is None else -self.high
        high = None if self.low is None else -self.low
        return Range((name, self.of[1]), low, high, self.high_open, self.low_open)


def _not_below(inner: Range, outer: Range) -> bool:
    if outer.low is None:
        return True
    if inner.low is None or inner.low < outer.low:
        return False
    return inner.low > outer.low or inner.low_open or not outer.low_open


def _not_above(inner: Range, outer: Range) -> bool:
    if outer.high is None:
        return True
    if inner.high is None or inner.high > outer.high:
        return False
    return inner.high < outer.high or inner.high_open or not outer.high_open


def _beyond(left: Range, right: Range) -> bool:
    """Tell whether all of `left` lies above all of `right`."""
    if left.low is None or right.high is None:
        return False
    return left.low > right.high or (left.low == right.high and (left.low_open or right.high_open))


def range_of(condition: t.Condition) -> Range | None:
    """Return the range of a single condition; None where it is none of one measure against numbers."""
    if isinstance(condition, t.Named):
        return range_of(condition.condition)
    if isinstance(condition, t.Not):
        inner = range_of(condition.item)
        return None if inner is None else _complement(inner)
    if isinstance(condition, t.FactLevel):
        return range_of(condition.comparison)
    if isinstance(condition, t.Level):
        profit = Range(("profit", condition.unit), low=condition.value)
        return profit if condition.profit else profit.mirrored("profit")
    if isinstance(condition, t.When):
        return _of_time(condition)
    if isinstance(condition, t.Comparison):
        return _of_comparison(condition)
    if isinstance(condition, t.Between):
        return _of_between(condition)
    return None


def _complement(inner: Range) -> Range | None:
    if (inner.low is None) is (inner.high is None):
        return None
    if inner.low is None:
        return Range(inner.of, low=inner.high, low_open=not inner.high_open)
    return Range(inner.of, high=inner.low, high_open=not inner.low_open)


def _of_time(when: t.When) -> Range | None:
    value = Fraction(when.value)
    if when.form is t.TimeForm.AGE:
        return Range(("age", when.unit), low=value)
    if when.form is t.TimeForm.FROM_CLOCK:
        return Range(CLOCK, low=value)
    if when.form is t.TimeForm.BEFORE_CLOCK:
        return Range(CLOCK, high=value, high_open=True)
    if when.form is t.TimeForm.BETWEEN_CLOCK:
        return Range(CLOCK, value, Fraction(when.high))
    return None


_ENDS = {
    t.Op.AT_LEAST: (True, False, False),
    t.Op.ABOVE: (True, False, True),
    t.Op.AT_MOST: (False, True, False),
    t.Op.BELOW: (False, True, True),
    t.Op.IS: (True, True, False),
}
"""For each operator whether it gives a lower end, an upper end, and whether that end is left out."""


def _of_comparison(comparison: t.Comparison) -> Range | None:
    left, right = comparison.left, comparison.right
    if not isinstance(left, t.FactRef) or not isinstance(right, t.Number) or comparison.op not in _ENDS:
        return None
    has_low, has_high, open_end = _ENDS[comparison.op]
    low, high = right.value if has_low else None, right.value if has_high else None
    return _positive(Range((left.phrase, left.unit), low, high, has_low and open_end, has_high and open_end))


def _of_between(between: t.Between) -> Range | None:
    subject, low, high = between.operand, between.low, between.high
    if not isinstance(subject, t.FactRef) or not isinstance(low, t.Number) or not isinstance(high, t.Number):
        return None
    return _positive(Range((subject.phrase, subject.unit), low.value, high.value))


def _positive(found: Range) -> Range:
    """Speak of a loss as of a negative profit."""
    return found.mirrored("profit") if found.of[0] == "loss" else found


def range_while(condition: t.Condition) -> Range | None:
    """Return the range in which a measure lies while a condition holds, though it may ask for more than that."""
    if isinstance(condition, t.Lasting):
        return range_while(condition.item)
    return range_of(condition.beyond if isinstance(condition, t.Crosses) else condition)


def implies(condition: t.Condition, other: t.Condition) -> bool:
    """Tell whether a condition surely contains another: the same, or a range within the other's."""
    if condition == other:
        return True
    if isinstance(other, t.Level) and other.every:
        return False  # the step of a ladder is another one each time
    mine, theirs = range_while(condition), range_of(other)
    return mine is not None and theirs is not None and mine.within(theirs)


def all_implied(by: tuple[t.Condition, ...], wanted: tuple[t.Condition, ...]) -> bool:
    """Tell whether each of the wanted conditions surely holds where all of `by` hold."""
    return all(any(implies(each, want) for each in by) for want in wanted)
