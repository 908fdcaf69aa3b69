"""The slots round an action: level, times, conditions and limits, each read by itself."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve, frozen

from rulekit.language import tree as t
from rulekit.language.conditions import condition
from rulekit.language.fault import Edit, FaultError
from rulekit.language.measures import (
    Measure,
    clock,
    duration,
    measure,
    missing_unit,
    number,
    text_of,
)
from rulekit.language.parser import Node
from rulekit.language.prices import first_word, level, profit_level
from rulekit.language.scope import Scope
from rulekit.language.words import DAY_NAMES, number_text

_AGES = (t.Unit.DURATION, t.Unit.DAYS, t.Unit.BARS)


@frozen
class WhenSlot:
    """A `when` or `unless` with its condition."""

    unless: bool
    condition: t.Condition
    span: t.Span


Slot = t.Level | t.PriceLevel | t.When | WhenSlot | t.Limit


@frozen
class Moment:
    """What a time slot was given: an age or a time of day."""

    value: int
    unit: t.Unit
    name: str | None
    span: t.Span
    text: str


def slot(node: Node, scope: Scope) -> Slot:
    """Read one slot."""
    return _SLOTS[node.rule](node, scope)


def moment(node: Node, scope: Scope) -> Moment:
    """Read `30 minutes`, `15:15` or a name for one of them."""
    if node.rule == "duration":
        length, unit = duration(node)
        return Moment(length, unit, None, node.span, text_of(node))
    if node.rule == "clock":
        word = first_word(node)
        return Moment(clock(word), t.Unit.CLOCK, None, node.span, word.text)
    found = measure(node, scope)
    if isinstance(found, Measure) and found.unit is None:
        digits = number_text(found.value)
        offers = [f"{digits} minutes"]
        if found.value.denominator == 1 and found.value < 24:
            offers.append(f"{digits}:00")
        raise missing_unit(found, *offers)
    if not isinstance(found, Measure) or found.unit not in (*_AGES, t.Unit.CLOCK):
        raise FaultError("U102", node.span, f"`{text_of(node)}` is not a time", "write `30 minutes` or `15:15`")
    return Moment(int(found.value), found.unit, found.name, node.span, found.shown)


def _at_level(node: Node, scope: Scope) -> Slot:
    found = level(node.nodes()[0], scope)
    if isinstance(found, t.Number):
        return t.When(
            t.TimeForm.FROM_CLOCK, int(found.value), unit=t.Unit.CLOCK, worded="at", name=found.name, span=node.span
        )
    return found


def _ladder(node: Node, scope: Scope) -> Slot:
    """Read `at every 5% profit`."""
    inner = node.nodes()[0]
    if inner.rule not in ("at_profit", "at_loss"):
        found = measure(inner, scope)
        if isinstance(found, t.Level):
            return _steps(evolve(found, name=scope.values.resolve(first_word(inner).value).name, span=node.span))
        shown = text_of(inner)
        if isinstance(found, Measure) and found.unit is None:
            digits = number_text(found.value)
            raise missing_unit(found, f"{digits}% profit", f"₹{digits} profit")
        raise FaultError("U105", inner.span, f"`{shown}` of what?", f"write `at every {shown} profit`")
    return _steps(evolve(profit_level(inner, scope), span=node.span))


def _steps(step: t.Level) -> t.Level:
    if step.value == 0:
        raise FaultError("Q102", step.span, "a ladder with steps of nothing", "write `at every 5% profit`")
    return evolve(step, every=True)


def _at_clock(node: Node, scope: Scope) -> Slot:
    return t.When(
        t.TimeForm.FROM_CLOCK, clock(first_word(node.nodes()[0])), unit=t.Unit.CLOCK, worded="at", span=node.span
    )


def _after(node: Node, scope: Scope) -> Slot:
    found = moment(node.nodes()[0], scope)
    form = t.TimeForm.FROM_CLOCK if found.unit is t.Unit.CLOCK else t.TimeForm.AGE
    return t.When(form, found.value, unit=found.unit, name=found.name, span=node.span)


def _time_of_day(node: Node, scope: Scope, word: str) -> Moment:
    found = moment(node, scope)
    if found.unit is not t.Unit.CLOCK:
        help = (
            "write a time of day: `before 15:00`"
            if word == "before"
            else "write times of day: `between 09:20 and 11:00`"
        )
        raise FaultError(
            "U102",
            node.span,
            f"`{word}` takes a time of day, `{found.text}` is a length of time",
            f"{help}; for a young position: `when age is below {found.text}`",
        )
    return found


def _before(node: Node, scope: Scope) -> Slot:
    found = _time_of_day(node.nodes()[0], scope, "before")
    return t.When(
        t.TimeForm.BEFORE_CLOCK, found.value, unit=t.Unit.CLOCK, worded="before", name=found.name, span=node.span
    )


def _between(node: Node, scope: Scope) -> Slot:
    low, high = (_time_of_day(each, scope, "between") for each in node.nodes())
    if low.value >= high.value:
        raise FaultError(
            "T103",
            node.span,
            f"`{low.text}` is not before `{high.text}`",
            f"write `between {high.text} and {low.text}`",
            edits=(Edit(node.span, f"between {high.text} and {low.text}"),),
        )
    return t.When(t.TimeForm.BETWEEN_CLOCK, low.value, high.value, t.Unit.CLOCK, "between", span=node.span)


def _before_close(node: Node, scope: Scope) -> Slot:
    length, unit = duration(node.nodes()[0])
    if unit is not t.Unit.DURATION:
        raise FaultError(
            "U102",
            node.span,
            "the time before the close is counted in minutes or hours",
            "write `15 minutes before close`",
        )
    return t.When(t.TimeForm.BEFORE_CLOSE, length, worded="before close", span=node.span)


def _on_weekday(node: Node, scope: Scope) -> Slot:
    day = DAY_NAMES.index(_word(node, "WEEKDAY"))
    return t.When(t.TimeForm.ON_DAY, day, worded="on", span=node.span)


def _word(node: Node, terminal: str) -> str:
    return next(str(word.value) for word in node.words() if word.type == terminal)


def _up_to_times(node: Node, scope: Scope) -> Slot:
    word = next(word for word in node.words() if word.type == "NUMBER")
    times = number(word)
    if times.denominator != 1:
        raise FaultError("Q105", word.span, f"`{word.text}` times: times are counted whole", "write a whole number")
    if times == 0:
        raise FaultError(
            "Q102", word.span, "a rule that may act no times never acts", "delete the line, or write `once`"
        )
    return t.Limit(times=int(times), written=True, span=node.span)


def _every(node: Node, scope: Scope) -> Slot:
    found = moment(node.nodes()[0], scope)
    if found.unit is t.Unit.CLOCK:
        raise FaultError(
            "U102",
            node.span,
            f"`{found.text}` is a time of day, `every` takes a length of time",
            "write `every 30 minutes`",
        )
    if found.value <= 0:
        raise FaultError("T105", node.span, "`every` needs a length of time above zero", "write `every 30 minutes`")
    return t.Limit(every=found.value, every_unit=found.unit, written=True, span=node.span)


_SLOTS: dict[str, Callable[[Node, Scope], Slot]] = {
    "at_level": _at_level,
    "at_clock": _at_clock,
    "after": _after,
    "before": _before,
    "between_moments": _between,
    "before_close": _before_close,
    "on_weekday": _on_weekday,
    "on_expiry": lambda node, scope: t.When(t.TimeForm.ON_EXPIRY, worded="on", span=node.span),
    "when": lambda node, scope: WhenSlot(False, condition(node.nodes()[0], scope), node.span),
    "unless": lambda node, scope: WhenSlot(True, condition(node.nodes()[0], scope), node.span),
    "once": lambda node, scope: t.Limit(times=1, written=True, span=node.span),
    "once_a_day": lambda node, scope: t.Limit(daily=True, written=True, span=node.span),
    "up_to_times": _up_to_times,
    "every": _every,
    "ladder": _ladder,
}
