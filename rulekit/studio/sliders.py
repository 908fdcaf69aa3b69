"""What can be set of a position: a slider for each thing that a policy's rules speak of, in fitting bounds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, log10
from typing import Any

import attrs
from attrs import frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.language import tree as t
from rulekit.language.tree import TimeForm, Unit
from rulekit.language.vocabulary import PRICE, TEXT, Vocabulary
from rulekit.language.words import has_decimal_form, plain_number
from rulekit.lint.scales import scale_of
from rulekit.model.instant import MINUTE
from rulekit.model.prices import PAISE
from rulekit.studio.position import Position, of_example

SESSION = 375
"""Minutes of a session."""
ENTRY = Fraction(1690)
TICK = Fraction(5, PAISE)


@frozen
class Slider:
    """One thing that can be set.

    Args:
        key: `fact:PHRASE`, `fired:RULE`, or a field of a position. kind: `number`, `time` or `days`.
        low, high, step: of the slider; another number may be typed. rests: it may be unknown.
        marks: numbers that the policy compares it with, where a slider should stop.
    """

    key: str
    label: str
    unit: str
    kind: str = "number"
    low: str = "0"
    high: str = "100"
    step: str = "1"
    rests: bool = True
    help: str = ""
    marks: tuple[str, ...] = ()


@frozen
class Spoken:
    """What rules speak of: facts and the numbers they are compared with, profits in %, ages in minutes."""

    facts: dict[str, tuple[t.FactRef, list[Fraction]]]
    profits: list[Fraction]
    ages: list[Fraction]


def spoken(policy: CompiledPolicy) -> Spoken:
    """Gather what the rules of a policy speak of."""
    found = Spoken({}, [], [])
    for rule in (*policy.tree.rules, *policy.tree.book):
        for node in _nodes(rule):
            _note(node, found)
    return found


def _nodes(value: Any) -> Iterator[Any]:
    """Go through a tree from its root to its leaves."""
    if isinstance(value, tuple):
        for each in value:
            yield from _nodes(each)
    elif attrs.has(type(value)) and not isinstance(value, t.Span):
        yield value
        for each in attrs.fields(type(value)):
            yield from _nodes(getattr(value, each.name))


def _note(node: Any, found: Spoken) -> None:
    if isinstance(node, t.Comparison):
        _compared(node.left, node.right, found)
        _compared(node.right, node.left, found)
    elif isinstance(node, t.Between):
        _compared(node.operand, node.low, found)
        _compared(node.operand, node.high, found)
    elif isinstance(node, t.Crosses):
        _compared(node.left, node.right, found)
    elif isinstance(node, t.FactLevel):
        _compared(node.comparison.left, node.comparison.right, found)
    elif isinstance(node, t.Level) and node.unit is Unit.PERCENT:
        found.profits.extend(
            node.value * step * (1 if node.profit else -1) for step in ((1, 2, 3) if node.every else (1,))
        )
    elif isinstance(node, t.When) and node.form is TimeForm.AGE and node.unit is Unit.DURATION:
        found.ages.append(Fraction(node.value, MINUTE))


def _compared(left: t.Operand, right: t.Operand, found: Spoken) -> None:
    if not isinstance(left, t.FactRef):
        return
    numbers = found.facts.setdefault(left.phrase, (left, []))[1]
    if not isinstance(right, t.Number):
        return
    if left.name in ("profit", "loss") and right.unit is Unit.PERCENT:
        found.profits.append(right.value if left.name == "profit" else -right.value)
    elif left.name == "age" and right.unit is Unit.DURATION:
        found.ages.append(right.value / MINUTE)
    else:
        numbers.append(right.value)


# --- the sliders of a policy ------------------------------------------------------------


def sliders(policy: CompiledPolicy) -> tuple[Slider, ...]:
    """List the sliders of a policy: those of every position first, then one for each fact, then what rules remember."""
    said = spoken(policy)
    slots = set(policy.layout.slots)
    return (*_of_position(policy, said, slots), *_of_facts(policy, said, slots), *_of_memory(policy))


def _of_position(policy: CompiledPolicy, said: Spoken, slots: set[str]) -> Iterator[Slider]:
    entry = Fraction(begin(policy).entry)
    low, high = profit_span(said)
    yield Slider("quantity", "quantity", "shares", low="1", high="1000", rests=False)
    yield Slider("entry", "entry", "₹", low="1", high=_text(entry * 3), step="0.05", rests=False)
    yield Slider(
        "price", "price", "₹", low=_on_tick(entry * (100 + min(low, -high) if low > -100 else 1) / 100),
        high=_on_tick(entry * (100 + max(high, -low)) / 100), step="0.05", rests=False,
    )  # fmt: skip
    yield Slider("held", "age", "minutes", high=_text(age_span(said)), help="since it was opened; empty: overnight")
    yield Slider("time", "time of day", "", "time", low="09:15", high="15:30", help="at the exchange; empty: noon")
    if {"age_days", "age_days_beyond_one"} & slots:
        yield Slider("days", "trading days held", "days", high="30")
    if "weekday" in slots:
        yield Slider("day", "date", "", "days", help="its day of the week counts; empty: an ordinary Wednesday")
    if any(_counts_lots(rule) for rule in policy.tree.rules):
        yield Slider("lot", "shares in a lot", "shares", low="1", high="100", rests=False)


def _counts_lots(rule: t.Rule) -> bool:
    amount = getattr(rule.verb, "amount", None)
    return amount is not None and amount.kind is t.AmountKind.LOTS


def profit_span(said: Spoken) -> tuple[Fraction, Fraction]:
    """Return from which to which profit in % a policy is worth looking at."""
    reach = max((abs(each) for each in said.profits), default=Fraction(10)) * 5 / 4
    reach = Fraction(min(max(ceil(reach), 5), 95))
    return -min(reach, max(Fraction(5), reach / 2)), reach


def age_span(said: Spoken) -> Fraction:
    """Return up to which age in minutes a policy is worth looking at."""
    return max(Fraction(SESSION), *(each * 5 / 4 for each in said.ages)) if said.ages else Fraction(SESSION)


_STATED = {
    "stop": "stop", "target": "target", "initial_stop": "initial stop", "best": "best price", "worst": "worst price",
    "high": "high since entry", "low": "low since entry",
}  # fmt: skip
"""Slots of prices, by the name under which a position states them."""
_COUNTS = {
    "original": ("original", "largest quantity so far"), "booked": ("times booked", "times booked"),
    "added": ("times added", "times added"), "to_expiry": ("days to expiry", "days to expiry"),
    "expires_today": ("days to expiry", "days to expiry"),
}  # fmt: skip
_FROM = {"initial_stop": "risk", "best": "peak"}
"""Slots that are worked out from another."""
_ASKED = ("stop", "target")
"""Prices that every position may have, whatever its policy says."""


def _of_facts(policy: CompiledPolicy, said: Spoken, slots: set[str]) -> Iterator[Slider]:
    vocabulary, entry = policy.vocabulary, Fraction(begin(policy).entry)
    low, high = _on_tick(entry / 2), _on_tick(entry * 3 / 2)
    for slot, name in _STATED.items():
        if slot in slots or _FROM.get(slot) in slots or slot in _ASKED:
            yield Slider(f"fact:{name}", name, "₹", low=low, high=high, step="0.05", help=_help(name, vocabulary))
    for name, label in {key: each for slot, (key, each) in _COUNTS.items() if slot in slots}.items():
        yield Slider(
            f"fact:{name}", label, "", help=_help(name, vocabulary), high="1000" if name == "original" else "30"
        )
    if "realised" in slots:
        yield _plain("total profit", Unit.RUPEES, said, vocabulary)
    if "day_profit" in slots:
        name = "day loss" if "day loss" in said.facts else "day profit"
        yield _plain(name, Unit.RUPEES, said, vocabulary)
    for fact in policy.layout.facts.values():
        row = vocabulary.find(fact.bare)
        if row is not None and row.kind == PRICE:
            yield Slider(f"fact:{fact.phrase}", fact.phrase, "₹", low=low, high=high, step="0.05", help=row.help)
        elif row is None or row.kind != TEXT:
            yield _plain(fact.phrase, Unit.COUNT if row is None else row.units[0], said, vocabulary)


def _help(name: str, vocabulary: Vocabulary) -> str:
    row = vocabulary.find(name)
    return "" if row is None else row.help


_UNITS = {
    Unit.PERCENT: "%", Unit.RUPEES: "₹", Unit.TIMES: "times normal", Unit.POINTS: "points", Unit.DAYS: "days",
    Unit.COUNT: "", Unit.R: "R", Unit.BARS: "bars", Unit.TICKS: "ticks",
}  # fmt: skip


def _plain(phrase: str, unit: Unit, said: Spoken, vocabulary: Vocabulary) -> Slider:
    """Return the slider of a figure, wide enough for the numbers that it is compared with."""
    ref, numbers = said.facts.get(phrase, (t.FactRef(phrase.partition(" over ")[0], unit), []))
    reach = max((abs(each) for each in numbers), default=Fraction(5)) * 2 or Fraction(5)
    scale = scale_of(ref, vocabulary) if ref.name == phrase.partition(" over ")[0] else None
    bounds = None if scale is None else scale.bounds
    low = -reach if bounds is None or bounds.low is None or scale is None or scale.sign < 0 else Fraction(bounds.low)
    high = reach if bounds is None or bounds.high is None else min(Fraction(bounds.high), max(reach, Fraction(100)))
    step = _step(high - low, numbers)
    return Slider(
        f"fact:{phrase}", phrase, _UNITS.get(unit, unit.value), low=_text(-(-low // step) * step),
        high=_text(high), step=_text(step), help=_help(phrase.partition(" over ")[0], vocabulary),
        marks=tuple(_text(each) for each in sorted(set(numbers))),
    )  # fmt: skip


def _step(span: Fraction, numbers: list[Fraction]) -> Fraction:
    """Return a power of ten with a hundred steps or more, on which the numbers that are compared with lie."""
    step = Fraction(10) ** (ceil(log10(max(span, Fraction(1, 10**6)))) - 3)
    while any((each / step).denominator != 1 for each in numbers if has_decimal_form(each)) and step > Fraction(
        1, 10**6
    ):
        step /= 10
    return step


def _of_memory(policy: CompiledPolicy) -> Iterator[Slider]:
    """List how often each rule that counts its firings has acted."""
    for rule in (*policy.tree.rules, *policy.tree.book):
        if isinstance(rule.verb, t.Exit | t.Book | t.Add) and (rule.limit.times is not None or rule.is_ladder):
            yield Slider(f"fired:{rule.name}", f"{rule.name} acted", "times", high=str(max(3, rule.limit.times or 3)))


def _text(value: Fraction) -> str:
    return plain_number(value) if has_decimal_form(value) else plain_number(Fraction(round(value * 1000), 1000))


def _on_tick(value: Fraction) -> str:
    return _text(max(TICK, value // TICK * TICK))


# --- where they stand at first ------------------------------------------------------------


def begin(policy: CompiledPolicy) -> Position:
    """Return the position that is shown first: that of the first example, else an ordinary one of the policy's kind."""
    for example in policy.tree.examples:
        if example.quantity:
            return of_example(example)
    applies = policy.applies
    symbol = applies.symbols[0] if applies.symbols else "KOTAKBANK"
    side = applies.sides[0] if applies.sides else "long"
    return Position(side, 100, symbol, _text(ENTRY), _text(ENTRY))
