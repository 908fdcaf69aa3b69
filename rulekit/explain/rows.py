"""Each rule in plain words: when it acts, what it does, how often, and how soon it is sent."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from attrs import frozen

from rulekit.compile.program import times_allowed
from rulekit.compile.proposal import LANES
from rulekit.language import tree as t
from rulekit.language.sentences import (
    condition_text,
    distance_text,
    level_text,
    price_text,
    quoted,
    rule_sentence,
    share_text,
    when_text,
)
from rulekit.language.tree import AmountKind, TimeForm
from rulekit.language.words import DAY_NAMES, clock_text, duration_text, measure_text, plural, rupee_text


@frozen
class Row:
    """One rule as the table shows it. `sentence` is its canonical sentence."""

    rule: str
    sentence: str
    when: str
    does: str
    often: str
    lane: str


def row(rule: t.Rule) -> Row:
    """Explain one rule."""
    return Row(rule.name, rule_sentence(rule), when(rule), does(rule.verb), often(rule), LANES[type(rule.verb)])


# --- when ------------------------------------------------------------


def when(rule: t.Rule) -> str:
    """Say when a rule holds, with the numbers that names stand for."""
    parts = [] if rule.level is None else [_level(rule.level)]
    parts += [TIMES[each.form](each) for each in rule.times]
    if rule.when is not None:
        text = spelt_out(rule.when)
        parts.append(f"({text})" if isinstance(rule.when, t.Or) and parts else text)
    text = " and ".join(parts) or "always"
    return text if rule.unless is None else f"{text}, unless {spelt_out(rule.unless)}"


def _level(level: t.Level | t.PriceLevel) -> str:
    if isinstance(level, t.FactLevel):
        return f"{level.fact} is at least {measure_text(level.value, level.unit)}"
    if isinstance(level, t.PriceLevel):
        return f"price is at {price_text(level.price)} or beyond it in profit (a long: at least, a short: at most)"
    kind = "profit" if level.profit else "loss"
    if level.every:
        return f"{kind} has reached the next step of {measure_text(level.value, level.unit)}"
    return f"{kind} is at least {measure_text(level.value, level.unit)}"


TIMES: dict[TimeForm, Callable[[t.When], str]] = {
    TimeForm.AGE: lambda each: f"the position is at least {measure_text(Fraction(each.value), each.unit)} old",
    TimeForm.FROM_CLOCK: lambda each: f"it is {clock_text(each.value)} or later",
    TimeForm.BEFORE_CLOCK: lambda each: f"it is before {clock_text(each.value)}",
    TimeForm.BETWEEN_CLOCK: lambda each: f"it is from {clock_text(each.value)} to {clock_text(each.high)}",
    TimeForm.BEFORE_CLOSE: lambda each: f"the close is at most {duration_text(each.value)} away",
    TimeForm.ON_DAY: lambda each: f"it is {DAY_NAMES[each.value]}",
    TimeForm.ON_EXPIRY: lambda each: "it is the day on which the instrument expires",
}
"""What each form of the time slot says."""


def spelt_out(condition: t.Condition) -> str:
    """Write a condition with its definitions spelt out behind their names."""
    if isinstance(condition, t.Named):
        return f"{condition.name} ({spelt_out(condition.condition)})"
    if isinstance(condition, t.Not):
        return f"not ({spelt_out(condition.item)})"
    if isinstance(condition, t.Lasting):
        return f"({spelt_out(condition.item)}) at every look for {measure_text(*_length(condition))}"
    if isinstance(condition, t.And | t.Or):
        joint = " and " if isinstance(condition, t.And) else " or "
        return joint.join(
            f"({spelt_out(item)})" if isinstance(item, t.And | t.Or) else spelt_out(item) for item in condition.items
        )
    return condition_text(condition)


def _length(condition: t.Lasting) -> tuple[Fraction, t.Unit]:
    return condition.length.value, condition.length.unit


# --- what it does ------------------------------------------------------------


def does(verb: t.Verb) -> str:
    """Say what an action does."""
    return _VERBS[type(verb)](verb)


def size(amount: t.Amount) -> str:
    """Say how much an amount is, and of what."""
    kind, value = amount.kind, amount.value
    if kind is AmountKind.PERCENT_HELD:
        return f"{share_text(value)} of what is held then"
    if kind is AmountKind.PERCENT_ORIGINAL:
        return f"{share_text(value)} of the original quantity"
    if kind is AmountKind.UP_TO:
        return f"as much as brings the total closed to {share_text(value)} of the original quantity"
    if kind is AmountKind.WORTH:
        return f"{rupee_text(value)} worth"
    if kind is AmountKind.EVERYTHING:
        return "the whole position"
    return plural(value, "share" if kind is AmountKind.SHARES else "lot")


def _move(verb: t.MoveStop) -> str:
    return f"{'tightens' if verb.tighten else 'moves'} the stop to {_with_sign(verb.price)}"


def _with_sign(price: t.PriceExpr) -> str:
    text = price_text(price)
    if price.offset is None:
        return text
    return f"{text} (towards {'profit' if price.towards_profit else 'loss'})"


_BOOK_ACTIONS = {
    t.BookAction.EXIT_EVERYTHING: "closes every managed position",
    t.BookAction.STOP_ADDING: "stops all adding for the day",
    t.BookAction.STOP_TRADING: "stops trading, but for what makes positions smaller",
}
_VERBS: dict[type, Callable[[Any], str]] = {
    t.Exit: lambda verb: "closes the whole position",
    t.Book: lambda verb: f"closes {size(verb.amount)}",
    t.Add: lambda verb: f"adds {size(verb.amount)}, in the same direction",
    t.MoveStop: _move,
    t.TightenStopBy: lambda verb: f"brings the stop nearer by {share_text(verb.percent)} of the way to the price",
    t.SetTarget: lambda verb: f"sets the target to {_with_sign(verb.price)}: the position exits when price reaches it",
    t.TrailStop: lambda verb: (
        f"keeps the stop {distance_text(verb.distance)} behind the best price since the rule holds"
    ),
    t.LockIn: lambda verb: f"keeps the stop where {share_text(verb.percent)} of the best profit is safe",
    t.WholeBook: lambda verb: " and ".join(_BOOK_ACTIONS[action] for action in verb.actions),
    t.Alert: lambda verb: f"tells you {quoted(verb.text)}",
}


# --- how often ------------------------------------------------------------

_COUNTED = (t.Exit, t.Book, t.Add, t.Alert)


def often(rule: t.Rule) -> str:
    """Say how often a rule may act in the life of one position."""
    limit, times = rule.limit, times_allowed(rule)
    if isinstance(rule.verb, t.WholeBook) and times == 1 and limit.every is None:
        return "once a day"
    if rule.is_ladder:
        steps = "once at each step" if times is None else f"once at each step, up to {plural(Fraction(times), 'time')}"
        every = f", every {measure_text(Fraction(limit.every), limit.every_unit)}" if limit.every is not None else ""
        return f"{steps}{every}{', once a day' if limit.daily else ''}"
    if not limit.daily and limit.every is None and times is None:
        if isinstance(rule.verb, t.SetTarget):
            return "whenever it changes"
        return "again and again" if isinstance(rule.verb, _COUNTED) else "whenever it tightens"
    parts = ["once a day"] if limit.daily else []
    if limit.every is not None:
        parts.append(f"every {measure_text(Fraction(limit.every), limit.every_unit)}")
    if times is not None:
        parts.append("once" if times == 1 else f"up to {times} times")
    return ", ".join(parts)


def needs_no_fact(rule: t.Rule) -> bool:
    """Tell whether only the clock decides: no level, no condition, no exception."""
    return rule.level is None and rule.when is None and rule.unless is None


def trigger(rule: t.Rule) -> str:
    """Write the triggers of a rule shortly: `at 10% profit`, `after 2 hours`, `when high volatility`."""
    parts = [] if rule.level is None else [f"at {level_text(rule.level)}"]
    parts += [when_text(each) for each in rule.times]
    if rule.when is not None:
        parts.append(f"when {condition_text(rule.when)}")
    return " ".join(parts) or "at once"
