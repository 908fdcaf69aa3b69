"""Price paths of examples: their stretches read and checked, and the looks at which the policy sees the price."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from attrs import frozen

from rulekit.language import tree as t
from rulekit.language.fault import FaultError
from rulekit.language.measures import clock, duration, plain_measure, text_of
from rulekit.language.parser import Node
from rulekit.language.prices import first_word
from rulekit.language.scope import Scope
from rulekit.language.words import clock_text, duration_text, rupee_text
from rulekit.model.instant import DAY, HOUR, MINUTE

EVERY = MINUTE
"""The time from one look to the next where an example says nothing else."""
NOON = 12 * HOUR
"""The time at which an example begins that names none."""
MOST_LOOKS = 5_000
"""The most looks that one example may take."""


@frozen
class Moment:
    """One look: microseconds since the path began, and the price in rupees."""

    after: int
    price: Fraction


# --- reading ------------------------------------------------------------

_FORMS = {
    "leg_up": t.LegForm.UP,
    "leg_down": t.LegForm.DOWN,
    "leg_gap": t.LegForm.GAP,
    "leg_flat": t.LegForm.FLAT,
}


def legs(nodes: list[Node], start: Fraction, scope: Scope) -> tuple[t.Leg, ...]:
    """Read the stretches of a path that begins at a price in rupees."""
    found: list[t.Leg] = []
    price = start
    for node in nodes:
        move = node.nodes()[-1]
        leg = _leg(move, scope)
        _check_direction(leg, price, move)
        found.append(leg)
        price = price if leg.price is None else leg.price
    return tuple(found)


def _leg(node: Node, scope: Scope) -> t.Leg:
    form, inner = _FORMS[node.rule], node.nodes()
    if form is t.LegForm.FLAT:
        return t.Leg(form, None, length_of(inner[0], "write `then flat for 20 minutes`"), node.span)
    price = corner(inner[0], scope)
    if form is t.LegForm.GAP:
        return t.Leg(form, price, 0, node.span)
    return t.Leg(form, price, length_of(inner[1].nodes()[0], "write `over 40 minutes`"), node.span)


def corner(node: Node, scope: Scope) -> Fraction:
    """Read a price in rupees above zero."""
    found = plain_measure(node, scope, "a price")
    if found.unit not in (None, t.Unit.RUPEES):
        raise FaultError("U102", node.span, f"`{text_of(node)}` is not a price", f"write `{rupee_text(found.value)}`")
    if found.value <= 0:
        raise FaultError("Q102", node.span, "a price is above zero", "write the price in rupees")
    return found.value


def length_of(node: Node, help: str) -> int:
    """Read a length of time above zero, in hours, minutes or seconds."""
    length, unit = duration(node)
    if unit is not t.Unit.DURATION:
        raise FaultError("U102", node.span, "an example counts its time in hours and minutes", help)
    if length <= 0:
        raise FaultError("T105", node.span, f"`{text_of(node)}` is no time at all", help)
    return length


def _check_direction(leg: t.Leg, before: Fraction, node: Node) -> None:
    if leg.price is None or leg.form is t.LegForm.GAP:
        return
    if leg.price == before:
        text = f"the price is at {rupee_text(before)} already"
        raise FaultError("E120", node.span, text, f"write `then flat for {duration_text(leg.length)}`")
    if (leg.price > before) is not (leg.form is t.LegForm.UP):
        other = t.LegForm.DOWN if leg.form is t.LegForm.UP else t.LegForm.UP
        where = "below" if leg.form is t.LegForm.UP else "above"
        text = f"{rupee_text(leg.price)} is {where} {rupee_text(before)}, where the price is then"
        help = f"write `then {other.value} {rupee_text(leg.price)} over {duration_text(leg.length)}`"
        raise FaultError("E120", node.span, text, help)


def look(node: Node) -> tuple[int | None, int | None]:
    """Read which look an expectation is about: a time since the path began, or a time of day."""
    if node.rule == "clock":
        return None, clock(first_word(node))
    length, unit = duration(node)
    if unit is not t.Unit.DURATION:
        help = "write `at 31 minutes`, counted from the beginning of the path"
        raise FaultError("U102", node.span, "a look is named by hours and minutes", help)
    return length, None


# --- the whole example ------------------------------------------------------------


def check(example: t.Example) -> None:
    """Refuse a path that is too long, and expectations about moments that are no looks of it.

    Raises:
        FaultError: at the place of the stretch or the expectation.
    """
    timed = [each for each in example.expectations if moment_of(example, each) is not None]
    if not example.path:
        if timed or example.every is not None:
            where = timed[0].span if timed else example.span
            help = "write its path behind the price: `price 100 then up to 116 over 40 minutes`"
            raise FaultError("E120", where, "this example is a single moment", help)
        return
    _check_length(example)
    known = {moment.after for moment in moments(example)}
    latest = 0
    for expected in timed:
        after = moment_of(example, expected)
        assert after is not None
        if after not in known:
            raise _no_look(example, expected, after, max(known))
        if after < latest:
            help = "write what is expected in the order of time"
            raise FaultError("E120", expected.span, "this moment comes before the one above it", help)
        latest = after


def _check_length(example: t.Example) -> None:
    every, begins = example.every or EVERY, begins_at(example)
    total = sum(leg.length or every for leg in example.path)
    if begins + total >= DAY:
        help = "shorten it, or begin it earlier: `time 09:20`"
        raise FaultError("E120", example.path[-1].span, "this path goes on past midnight", help)
    if total // every + len(example.path) >= MOST_LOOKS:
        help = f"look more seldom: `look every {duration_text(-(-total // (MOST_LOOKS // 2) // MINUTE) * MINUTE)}`"
        text = f"this path takes more than {MOST_LOOKS:,} looks"
        raise FaultError("E120", example.path[-1].span, text, help)


def _no_look(example: t.Example, expected: t.Expectation, after: int, end: int) -> FaultError:
    if not 0 <= after <= end:
        begins = begins_at(example)
        text = f"the path goes from {clock_text(begins)} to {clock_text(begins + end)}, for {duration_text(end)}"
        return FaultError("E120", expected.span, text, "name a look of the path, or lengthen it")
    every = duration_text(example.every or EVERY)
    text = f"nobody looks at {_said(expected)}: the looks are {every} apart, and at each corner of the path"
    return FaultError("E120", expected.span, text, "name another moment, or add a line such as `look every 10 seconds`")


def _said(expected: t.Expectation) -> str:
    return duration_text(expected.after) if expected.after is not None else clock_text(expected.clock or 0)


def begins_at(example: t.Example) -> int:
    """Return the time of day at which an example begins."""
    return NOON if example.clock is None else example.clock


def moment_of(example: t.Example, expected: t.Expectation) -> int | None:
    """Return the look that an expectation names, in microseconds since the path began; None if it names none."""
    return expected.after if expected.clock is None else expected.clock - begins_at(example)


def moments(example: t.Example, tick: Fraction = Fraction(1, 20)) -> tuple[Moment, ...]:
    """List the looks of an example: the beginning, then every `every` and at each corner; a gap takes one look.

    Args:
        tick: between corners the price stands on this step, on the side where it comes from.
    """
    price = example.entry if example.price is None else example.price
    found = [Moment(0, price)]
    for leg in example.path:
        found += _stretch(leg, found[-1], example.every or EVERY, tick)
    return tuple(found)


def _stretch(leg: t.Leg, start: Moment, every: int, tick: Fraction) -> Iterator[Moment]:
    goal = start.price if leg.price is None else leg.price
    if not leg.length:
        yield Moment(start.after + every, goal)
        return
    end = start.after + leg.length
    for after in range((start.after // every + 1) * every, end, every):
        way = (goal - start.price) * (after - start.after) / leg.length
        steps = (start.price + way) / tick
        price = (steps.__floor__() if goal >= start.price else steps.__ceil__()) * tick
        yield Moment(after, max(price, start.price) if goal >= start.price else min(price, start.price))
    yield Moment(end, goal)
