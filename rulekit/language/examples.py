"""Examples: a position, a moment, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from attrs import evolve, field, frozen

from rulekit.language import paths
from rulekit.language import tree as t
from rulekit.language import vocabulary as v
from rulekit.language.conditions import fact
from rulekit.language.fault import FaultError
from rulekit.language.given_names import one_name
from rulekit.language.measures import (
    Measure,
    clock,
    duration,
    number,
    plain_measure,
    text_of,
)
from rulekit.language.parser import Node
from rulekit.language.prices import first_word
from rulekit.language.reader import Word
from rulekit.language.scope import Scope
from rulekit.language.words import measure_text, number_text
from rulekit.model.decision import BOOK_ACTIONS


@frozen
class Draft:
    """An example while its lines are read."""

    title: str
    span: t.Span
    opening: dict[str, Any] | None = None
    price: Any = None
    clock: int | None = None
    facts: tuple[tuple[str, t.Number | t.Text], ...] = ()
    expectations: tuple[t.Expectation, ...] = ()
    path: tuple[t.Leg, ...] = ()
    every: int | None = None
    past: tuple[t.Past, ...] = ()
    broken: bool = field(default=False)


def line(draft: Draft, node: Node, scope: Scope) -> Draft:
    """Add one line to an example."""
    return _LINES[node.rule](draft, node, scope)


def finished(draft: Draft, scope: Scope) -> t.Example:
    """Return the example; without its position or an expectation it is incomplete."""
    if draft.opening is None and not _is_of_the_book(draft, scope):
        raise FaultError(
            "E116",
            draft.span,
            "this example has no position",
            "begin it with a line such as `long 100 KOTAKBANK at 1690`",
        )
    if not draft.expectations:
        raise FaultError(
            "E116",
            draft.span,
            "this example expects nothing at all",
            "end it with `expect nothing` or `expect book 50`",
        )
    made = t.Example(
        draft.title,
        price=draft.price,
        facts=draft.facts,
        clock=draft.clock,
        expectations=draft.expectations,
        path=draft.path,
        every=draft.every,
        past=draft.past,
        span=draft.span,
        **(draft.opening or _NO_POSITION),
    )
    paths.check(made)
    return made


_NO_POSITION: dict[str, Any] = {"side": "long", "quantity": 0, "symbol": "", "entry": Fraction(0), "held": None}


def _is_of_the_book(draft: Draft, scope: Scope) -> bool:
    """Tell whether an example speaks of the whole book alone, so that it needs no position."""
    facts = [scope.vocabulary.find(name) for name, _ in draft.facts]
    own = all(row is not None and row.origin in ("book", "time") for row in facts)
    asks = all(each.kind in (*BOOK_ACTIONS, "nothing") for each in draft.expectations)
    alone = draft.price is None and not draft.path and draft.every is None
    return alone and own and asks and bool(draft.facts or any(each.kind != "nothing" for each in draft.expectations))


def _opening(draft: Draft, node: Node, scope: Scope) -> Draft:
    if draft.opening is not None:
        raise FaultError("E115", node.span, "this example has a second position", "write an example for each position")
    words = [child for child in node.children if isinstance(child, Word)]
    counts = [_count(word, "shares") for word in words if word.type == "NUMBER"]
    if counts[-1] < counts[0]:
        raise FaultError(
            "E115", words[1].span, "what is held is more than the original", "write it like `long 50 of 100 KOTAKBANK`"
        )
    symbol, entry, *rest = node.nodes()
    held = None
    for each in rest:
        if each.rule == "duration":
            held, unit = duration(each)
            if unit is not t.Unit.DURATION:
                raise FaultError(
                    "U102", each.span, "an example counts its age in hours and minutes", "write `held 45 minutes`"
                )
    opening = {
        "side": str(words[0].value),
        "quantity": counts[0],
        "original": counts[1] if len(counts) > 1 else None,
        "symbol": str(first_word(symbol).value),
        "entry": paths.corner(entry, scope),
        "held": held,
    }
    return evolve(draft, opening=opening)


def _count(word: Word, what: str) -> int:
    found = number(word)
    if found.denominator != 1 or found == 0:
        raise FaultError("Q105", word.span, f"`{word.text}` is no number of {what}", "write a whole number above zero")
    return int(found)


def _acted(draft: Draft, node: Node, scope: Scope) -> Draft:
    """Read `LADDER acted 2 times 30 minutes ago`."""
    rule = first_word(node)
    often, *rest = node.nodes()
    counted = first_word(often)
    times = _count(counted, "times") if counted.type == "NUMBER" else 1
    if any(past.rule.lower() == str(rule.value).lower() for past in draft.past):
        raise FaultError("E115", node.span, f"this example says twice how often `{rule.value}` acted", "keep one line")
    ago = None
    if rest:
        ago, unit = duration(rest[0])
        if unit is not t.Unit.DURATION:
            help = "write `30 minutes ago`"
            raise FaultError("U102", rest[0].span, "how long ago is counted in hours and minutes", help)
    return evolve(draft, past=(*draft.past, t.Past(str(rule.value), times, ago, rule.span)))


def _at_clock(draft: Draft, node: Node, scope: Scope) -> Draft:
    return _with_clock(draft, clock(first_word(node.nodes()[0])), node)


def _with_clock(draft: Draft, moment: int, node: Node) -> Draft:
    if draft.clock is not None:
        raise FaultError("E115", node.span, "this example has a second time", "keep the one that is meant")
    return evolve(draft, clock=moment)


def _given(draft: Draft, node: Node, scope: Scope) -> Draft:
    subject, given = node.nodes()
    if subject.rule == "named_price" and str(first_word(subject).value) in v.PRICE_WORDS:
        raise FaultError(
            "E115", subject.span, "break-even comes from the entry; it cannot be given", "give `price` instead"
        )
    found = fact(subject, scope)
    row = scope.vocabulary[found.name]
    if row.name == "time":
        if given.rule != "clock":
            raise FaultError("U102", given.span, f"`{text_of(given)}` is no time of day", "write `time 10:30`")
        return _with_clock(draft, clock(first_word(given)), node)
    if row.name == "price":
        if draft.price is not None:
            raise FaultError("E115", node.span, "this example has a second price", "keep the one that is meant")
        if given.rule in ("duration", "clock", "text"):
            raise FaultError("U102", given.span, f"`{text_of(given)}` is not a price", "write `price 1998.50`")
        return evolve(draft, price=paths.corner(given, scope))
    if any(name == found.phrase for name, _ in draft.facts):
        raise FaultError("E115", node.span, f"this example gives `{found.phrase}` twice", "keep the one that is meant")
    return evolve(draft, facts=(*draft.facts, (found.phrase, _value(row, given, scope))))


def _path(draft: Draft, node: Node, scope: Scope) -> Draft:
    subject, given, *legs = node.nodes()
    if subject.rule != "named_price" or str(first_word(subject).value) != "price":
        text = f"only the price goes on; `{text_of(subject)}` stays what it is"
        raise FaultError("E120", node.span, text, "write `price 100 then up to 116 over 40 minutes`")
    draft = _given(draft, Node("given", (subject, given)), scope)
    return evolve(draft, path=paths.legs(legs, draft.price, scope))


def _look_every(draft: Draft, node: Node, scope: Scope) -> Draft:
    if draft.every is not None:
        raise FaultError("E115", node.span, "this example has a second `look every`", "keep the one that is meant")
    return evolve(draft, every=paths.length_of(node.nodes()[0], "write `look every 10 seconds`"))


def _value(row: v.Fact, node: Node, scope: Scope) -> t.Number | t.Text:
    """Read a fact's value; a bare number is in the fact's first unit."""
    if row.kind == v.TEXT:
        if node.rule != "text":
            raise FaultError("U102", node.span, f"`{row.name}` is a text", f'write `{row.name} "…"`')
        return t.Text(one_name(first_word(node), row.name), node.span)
    if node.rule in ("duration", "clock"):
        return _timed(row, node)
    if node.rule == "text":
        raise FaultError("U102", node.span, f"`{text_of(node)}` is no value of `{row.name}`", f"write `{row.name} 2`")
    found = plain_measure(node, scope, "a number")
    unit = row.units[0] if found.unit is None else found.unit
    if unit not in row.units or (isinstance(found, Measure) and found.window is not None):
        wanted = measure_text(found.value, row.units[0])
        raise FaultError(
            "U102", node.span, f"`{text_of(node)}` is no value of `{row.name}`", f"write `{row.name} {wanted}`"
        )
    return t.Number(found.value, unit, None, node.span)


def _timed(row: v.Fact, node: Node) -> t.Number:
    if node.rule == "duration":
        length, unit = duration(node)
        if unit in row.units:
            return t.Number(Fraction(length), unit, None, node.span)
    raise FaultError("U102", node.span, f"`{text_of(node)}` is no value of `{row.name}`", f"write `{row.name} 2`")


def _expect(draft: Draft, node: Node, scope: Scope) -> Draft:
    outcome, *moment = node.nodes()
    word = first_word(outcome)
    inner = outcome.nodes()
    amount = None
    if word.type == "PRICE_NAME" and word.value != "target":
        help = "write `expect stop 1723.80` or `expect target 1990`"
        raise FaultError("E104", word.span, f"nothing sets `{word.text}`", help)
    if word.type in ("STOP", "PRICE_NAME"):
        amount = paths.corner(inner[0], scope)
    elif inner:
        amount = _percent(inner[0], word, scope)
    raw = next((each for each in node.words() if each.type == "RAW"), None)
    after, moment_of_day = paths.look(moment[0]) if moment else (None, None)
    expected = t.Expectation(
        str(word.value),
        amount,
        str(raw.value) if raw is not None else None,
        after,
        moment_of_day,
        raw.span if raw is not None else node.span,
    )
    return evolve(draft, expectations=(*draft.expectations, expected))


def _percent(node: Node, verb: Word, scope: Scope) -> Any:
    found = plain_measure(node, scope, "a percentage")
    if found.unit not in (None, t.Unit.PERCENT):
        raise FaultError(
            "U102",
            node.span,
            "an example expects a share of what is held, in percent",
            f"write `expect {verb.value} {number_text(found.value)}`",
        )
    return found.value


_LINES: dict[str, Callable[[Draft, Node, Scope], Draft]] = {
    "opening": _opening,
    "at_clock": _at_clock,
    "given": _given,
    "path": _path,
    "look_every": _look_every,
    "acted": _acted,
    "expect": _expect,
}
