"""The one generator of canonical text from the checked tree; reading what it prints gives the same tree again."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

from rulekit.language import tree as t
from rulekit.language.vocabulary import EXCHANGES, KINDS, PRODUCTS, SIDES
from rulekit.language.words import (
    DAY_NAMES,
    clock_text,
    duration_text,
    has_decimal_form,
    listing,
    measure_text,
    number_text,
    plain_number,
    plural,
    rupee_text,
    window_text,
)
from rulekit.model.decision import MISSING_DATA

_LABEL = re.compile(r"[\w%][\w%-]{0,199}")
_BARE_TEXT = re.compile(r"[^\W\d_]\w*(?:[-&][^\W\d_]\w*)*")

_NAMED_TEXTS = frozenset((*EXCHANGES, *PRODUCTS, *SIDES, *KINDS, *DAY_NAMES))

# --- values ------------------------------------------------------------


def quoted(text: str) -> str:
    """Write a text in double quotes; a double quote inside is doubled."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def share_text(percent: Fraction) -> str:
    """Write a share: `50%`, or `1/3` where its percentage has no end."""
    return f"{number_text(percent)}%" if has_decimal_form(percent) else plain_number(percent / 100)


def amount_text(amount: t.Amount) -> str:
    """Write an amount: `50%`, `50% of the original`, `up to 75%`, `25 shares`, `2 lots`, `₹50,000 worth`."""
    kind, named = amount.kind, amount.name
    if kind is t.AmountKind.EVERYTHING:
        return "everything"
    if kind is t.AmountKind.SHARES:
        return named or plural(amount.value, "share")
    if kind is t.AmountKind.LOTS:
        return plural(amount.value, "lot")
    if kind is t.AmountKind.WORTH:
        return f"{named or rupee_text(amount.value)} worth"
    share = named or share_text(amount.value)
    if kind is t.AmountKind.PERCENT_ORIGINAL:
        return f"{share} of the original"
    return f"up to {share}" if kind is t.AmountKind.UP_TO else share


def distance_text(distance: t.Distance) -> str:
    """Write a distance in price: `3%`, `₹4`, `1.5 ATR`, `1R`, `20 points`."""
    text = distance.name or measure_text(distance.value, distance.unit)
    return text if distance.window is None else f"{text} {window_text(distance.window)}"


def profit_text(value: Fraction, unit: t.Unit) -> str:
    """Write a profit or, where the value is negative, a loss: `5% profit`, `2R loss`."""
    return f"{measure_text(abs(value), unit)} {'loss' if value < 0 else 'profit'}"


def price_text(price: t.PriceExpr) -> str:
    """Write a price: `break-even + 2%`, `1% from price`, `₹245.50`, `5% profit`."""
    base = price.base
    if isinstance(base, t.PriceFact):
        text = base.name if base.window is None else f"{base.name} {window_text(base.window)}"
    elif isinstance(base, t.PriceConstant):
        text = base.name or rupee_text(base.value)
    else:
        text = profit_text(base.value, base.unit)
    if price.offset is None:
        return text
    if price.from_form:
        return f"{distance_text(price.offset)} from {text}"
    return f"{text} {'+' if price.towards_profit else '-'} {distance_text(price.offset)}"


def number_with_unit(number: t.Number) -> str:
    """Write a number by its `set` name, else with its unit."""
    return number.name or measure_text(number.value, number.unit)


def word_or_quoted(text: str) -> str:
    """Write a word bare where it reads back as that word, else quoted."""
    from rulekit.language.keywords import is_free_word

    if text in _NAMED_TEXTS:
        return text
    return text if _BARE_TEXT.fullmatch(text) and is_free_word(text) else quoted(text)


def operand_text(operand: t.Operand) -> str:
    """Write one side of a comparison."""
    if isinstance(operand, t.FactRef):
        return operand.phrase
    if isinstance(operand, t.Number):
        return number_with_unit(operand)
    if isinstance(operand, t.Text):
        return word_or_quoted(operand.value)
    return price_text(operand)


# --- conditions, triggers, limits ------------------------------------------------------------


def level_text(level: t.Level | t.PriceLevel) -> str:
    """Write what has been reached, without `at`: `15% profit`, `2% loss`, `₹1,990`, `first target profit`."""
    if isinstance(level, t.PriceLevel):
        return price_text(level.price)
    if isinstance(level, t.FactLevel):
        return f"{level.name or measure_text(level.value, level.unit)} {level.fact}"
    text = level.name or measure_text(level.value, level.unit)
    return f"{'every ' if level.every else ''}{text} {'profit' if level.profit else 'loss'}"


def _age(when: t.When) -> str:
    return f"after {when.name or measure_text(Fraction(when.value), when.unit)}"


def _clock(when: t.When) -> str:
    return f"{when.worded} {when.name or clock_text(when.value)}"


_TIMES: dict[t.TimeForm, Callable[[t.When], str]] = {
    t.TimeForm.AGE: _age,
    t.TimeForm.FROM_CLOCK: _clock,
    t.TimeForm.BEFORE_CLOCK: lambda when: f"before {when.name or clock_text(when.value)}",
    t.TimeForm.BETWEEN_CLOCK: lambda when: f"between {clock_text(when.value)} and {clock_text(when.high)}",
    t.TimeForm.BEFORE_CLOSE: lambda when: f"{duration_text(when.value)} before close",
    t.TimeForm.ON_DAY: lambda when: f"on {DAY_NAMES[when.value]}",
    t.TimeForm.ON_EXPIRY: lambda when: "on expiry day",
}


def when_text(when: t.When) -> str:
    """Write a time trigger: `after 30 minutes`, `at 15:15`, `between 09:20 and 11:00`, `15 minutes before close`."""
    return _TIMES[when.form](when)


def times_texts(times: tuple[t.When, ...]) -> list[str]:
    """Write the time triggers of a rule; two lengths of time behind one another are kept apart by `at`."""
    texts = [when_text(when) for when in times]
    for place, (before, after) in enumerate(pairwise(times), 1):
        if before.form is t.TimeForm.AGE and after.form is t.TimeForm.BEFORE_CLOSE:
            texts[place] = f"at {texts[place]}"
    return texts


def _joined(items: tuple[t.Condition, ...], word: str) -> str:
    return f" {word} ".join(
        f"({condition_text(item)})" if isinstance(item, t.And | t.Or) else condition_text(item) for item in items
    )


def _between(condition: t.Between) -> str:
    low, high = operand_text(condition.low), operand_text(condition.high)
    return f"{operand_text(condition.operand)} is between {low} and {high}"


def _lasting(condition: t.Lasting) -> str:
    text = condition_text(condition.item)
    joined = isinstance(condition.item, t.And | t.Or | t.Not | t.Lasting)
    return f"{f'({text})' if joined else text} for {number_with_unit(condition.length)}"


def _crosses(condition: t.Crosses) -> str:
    side = "above" if condition.above else "below"
    return f"{operand_text(condition.left)} crosses {side} {operand_text(condition.right)}"


def _moves(condition: t.Moves) -> str:
    window = measure_text(Fraction(condition.window.length), condition.window.unit)
    moved = f"{'rises' if condition.up else 'falls'} {number_with_unit(condition.by)}"
    return f"{condition.subject.phrase} {moved} in {window}"


_CONDITIONS: dict[type, Callable[[Any], str]] = {
    t.Comparison: lambda each: f"{operand_text(each.left)} {each.op.value} {operand_text(each.right)}",
    t.Between: _between,
    t.Lasting: _lasting,
    t.Crosses: _crosses,
    t.Moves: _moves,
    t.DataMissing: lambda each: "data is missing",
    t.And: lambda each: _joined(each.items, "and"),
    t.Or: lambda each: _joined(each.items, "or"),
    t.Not: lambda each: f"not ({condition_text(each.item)})",
    t.Named: lambda each: each.name,
    t.Level: lambda each: f"at {level_text(each)}",
    t.FactLevel: lambda each: f"at {level_text(each)}",
    t.PriceLevel: lambda each: f"at {level_text(each)}",
    t.When: when_text,
}


def condition_text(condition: t.Condition) -> str:
    """Write a condition; a trigger is written with its own word (`at 15% profit`, `after 30 minutes`)."""
    return _CONDITIONS[type(condition)](condition)


def limit_text(limit: t.Limit) -> str:
    """Write a limit, the default ones too: `once`, `up to 3 times`, `every 30 minutes`, `once a day`; or nothing."""
    parts = []
    if limit.daily:
        parts.append("once a day")
    if limit.every is not None:
        parts.append(f"every {measure_text(Fraction(limit.every), limit.every_unit)}")
    if limit.times is not None:
        parts.append("once" if limit.times == 1 else f"up to {limit.times} times")
    return " ".join(parts)


# --- rules ------------------------------------------------------------


def _move_stop(verb: t.MoveStop) -> str:
    return f"{'tighten' if verb.tighten else 'move'} stop to {price_text(verb.price)}"


_VERBS: dict[type, Callable[[Any], str]] = {
    t.Exit: lambda verb: "exit",
    t.Book: lambda verb: f"book {amount_text(verb.amount)}",
    t.Add: lambda verb: f"add {amount_text(verb.amount)}",
    t.MoveStop: _move_stop,
    t.TightenStopBy: lambda verb: f"tighten stop by {share_text(verb.percent)}",
    t.SetTarget: lambda verb: f"set target to {price_text(verb.price)}",
    t.TrailStop: lambda verb: f"trail stop {distance_text(verb.distance)}",
    t.LockIn: lambda verb: f"lock in {share_text(verb.percent)} of peak profit",
    t.Alert: lambda verb: f"alert {quoted(verb.text)}",
    t.WholeBook: lambda verb: " and ".join(action.value for action in verb.actions),
}


def verb_text(verb: t.Verb) -> str:
    """Write an action: `book 50%`, `move stop to break-even + 2%`."""
    return _VERBS[type(verb)](verb)


def missing_data_text(what: str) -> str:
    """Write what is done when data is missing: `exit` or `hold`."""
    return f"{MISSING_DATA}: {what}"


def rule_sentence(rule: t.Rule) -> str:
    """Write a rule's canonical sentence, without its label."""
    if rule.is_for_missing_data:
        return missing_data_text("exit")
    parts = [verb_text(rule.verb)]
    if rule.level is not None:
        parts.append(f"at {level_text(rule.level)}")
    parts += times_texts(rule.times)
    if rule.when is not None:
        parts.append(f"when {condition_text(rule.when)}")
    if rule.unless is not None:
        parts.append(f"unless {condition_text(rule.unless)}")
    sentence = " ".join(parts)
    return f"{sentence}, {limit_text(rule.limit)}" if rule.limit.written else sentence


def rule_text(rule: t.Rule) -> str:
    """Write a rule with its label, as a line of a policy."""
    if rule.label is None:
        return rule_sentence(rule)
    return f"{label_text(rule.label)}: {rule_sentence(rule)}"


def label_text(label: str) -> str:
    """Write a label: bare where it is one word, else quoted."""
    return label if _LABEL.fullmatch(label) else quoted(label)


# --- the rest of a file ------------------------------------------------------------


def applies_text(applies: t.Applies) -> str:
    """Write which positions a policy is for: `applies to NSE equity, product MIS`."""
    place = " ".join(part for part in (listing(applies.exchanges), listing(applies.kinds)) if part)
    parts = [place] if place else []
    for word, values in (
        ("product", list(applies.products)),
        ("symbol", [word_or_quoted(symbol) for symbol in applies.symbols]),
        ("strategy", [quoted(strategy) for strategy in applies.strategies]),
        ("side", list(applies.sides)),
    ):
        if values:
            parts.append(f"{word} {listing(values)}")
    return f"applies to {', '.join(parts) or 'everything'}"


def value_text(value: t.Number | t.PriceExpr | t.Level | t.Text) -> str:
    """Write the value of a `set` line."""
    if isinstance(value, t.Number):
        if value.unit is t.Unit.PERCENT:
            return share_text(value.value)
        return number_with_unit(value)
    if isinstance(value, t.PriceExpr):
        return price_text(value)
    return level_text(value) if isinstance(value, t.Level) else quoted(value.value)


def set_text(made: t.SetValue) -> str:
    """Write a `set` line; what another name stands for keeps that name."""
    other = made.value.name if isinstance(made.value, t.Number) else None
    return f"set {made.name} to {other or value_text(made.value)}"


def plain_price(value: Fraction) -> str:
    """Write a price as an example gives it: `1690`, `1998.50`."""
    return rupee_text(value).replace("₹", "").replace(",", "")


def past_text(past: t.Past) -> str:
    """Write how often a rule has acted before an example: `LADDER acted 2 times 30 minutes ago`."""
    text = f"{label_text(past.rule)} acted {'once' if past.times == 1 else f'{past.times} times'}"
    return text if past.ago is None else f"{text} {duration_text(past.ago)} ago"


def expectation_text(expected: t.Expectation) -> str:
    """Write what an example expects: `expect book 50 because NAME`, `expect stop 1723.8`."""
    text = f"expect {expected.kind}"
    if expected.amount is not None:
        text += (
            f" {plain_price(expected.amount) if expected.kind in ('stop', 'target') else plain_number(expected.amount)}"
        )
    if expected.after is not None:
        text += f" at {duration_text(expected.after)}"
    elif expected.clock is not None:
        text += f" at {clock_text(expected.clock)}"
    return text if expected.because is None else f"{text} because {label_text(expected.because)}"


def leg_text(leg: t.Leg) -> str:
    """Write a stretch of a price path: `then up to 116 over 40 minutes`, `then flat for 20 minutes`."""
    if leg.price is None:
        return f"then {leg.form.value} {duration_text(leg.length)}"
    text = f"then {leg.form.value} {plain_price(leg.price)}"
    return f"{text} over {duration_text(leg.length)}" if leg.length else text


def path_parts(example: t.Example) -> list[str]:
    """Write an example's price, and each stretch of its path behind it."""
    assert example.price is not None
    return [f"price {plain_price(example.price)}", *(leg_text(leg) for leg in example.path)]


def example_text(example: t.Example) -> str:
    """Write an example block."""
    count = f"{example.quantity}" if example.original is None else f"{example.quantity} of {example.original}"
    first = f"  {example.side} {count} {word_or_quoted(example.symbol)} at {plain_price(example.entry)}"
    lines = [f"example {quoted(example.title)}"]
    if example.quantity:
        lines.append(first if example.held is None else f"{first}, held {duration_text(example.held)}")
    if example.price is not None:
        lines.append(f"  {' '.join(path_parts(example))}")
    if example.clock is not None:
        lines.append(f"  time {clock_text(example.clock)}")
    if example.every is not None:
        lines.append(f"  look every {duration_text(example.every)}")
    for name, value in example.facts:
        lines.append(f"  {name} {quoted(value.value) if isinstance(value, t.Text) else number_with_unit(value)}")
    lines += [f"  {past_text(past)}" for past in example.past]
    lines += [f"  {expectation_text(expected)}" for expected in example.expectations]
    return "\n".join(lines)


BOOK_HEADER = "for the whole book"
"""The line that opens a block of rules for all positions together."""


def policy_text(policy: t.PolicyTree) -> str:
    """Write a whole policy in canonical form, without its comments."""
    head = [] if policy.title is None else [f"policy {quoted(policy.title)}"]
    if policy.applies != t.Applies():
        head.append(applies_text(policy.applies))
    if policy.missing_data == "hold":
        head.append(missing_data_text("hold"))
    blocks = [
        head,
        [set_text(each) for each in policy.values],
        [f"define {each.name} as {condition_text(each.condition)}" for each in policy.definitions],
        [rule_text(rule) for rule in policy.rules],
        [BOOK_HEADER, *(f"  {rule_text(rule)}" for rule in policy.book)] if policy.book else [],
        *([example_text(example)] for example in policy.examples),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
