"""The lines that are no rules: `applies to`, `set` and `define`."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from rulekit.language import tree as t
from rulekit.language import vocabulary as v
from rulekit.language.actions import share_of
from rulekit.language.conditions import condition
from rulekit.language.fault import Edit, FaultError, did_you_mean, one_slip
from rulekit.language.given_names import one_name
from rulekit.language.measures import Measure, clock, duration, measure, missing_unit
from rulekit.language.parser import Node
from rulekit.language.prices import first_word, level, price
from rulekit.language.reader import Word
from rulekit.language.scope import Scope
from rulekit.language.words import listing, number_text, rupee_text

_FIELDS = {"EXCHANGE": "exchanges", "KIND": "kinds", "PRODUCT": "products", "SIDE": "sides"}
_LISTED = {"symbol": "symbols", "strategy": "strategies"}
_WORDS = {"product": v.PRODUCTS, "exchange": v.EXCHANGES, "side": v.SIDES}
_NOT_NAMEABLE = "write it into the sentence itself"


def applies(node: Node) -> t.Applies:
    """Read `applies to`: exchanges, kinds, products, symbols, strategies and sides in any order."""
    lists: dict[str, list[str]] = {name: [] for name in (*_FIELDS.values(), *_LISTED.values())}
    heading = ""
    for word, following in pairwise((*node.words(), None)):
        assert word is not None
        if word.type == "TEXT_FACT":
            heading = str(word.value)
            if heading not in (*_LISTED, *_WORDS):
                raise _unknown(word, "")
            if following is None or following.type in ("COMMA", "OR", "AND", "TEXT_FACT", "EVERYTHING"):
                raise _which(word, heading)
        elif word.type in _FIELDS:
            lists[_FIELDS[word.type]].append(str(word.value))
        elif word.type in ("WORD", "STRING"):
            if heading not in _LISTED:
                raise _unknown(word, heading)
            lists[_LISTED[heading]].append(one_name(word, heading))
    return t.Applies(**{name: tuple(dict.fromkeys(values)) for name, values in lists.items()}, span=node.span)


def _which(word: Word, heading: str) -> FaultError:
    shown = {"symbol": "KOTAKBANK", "strategy": '"edge"', "product": "MIS", "exchange": "NSE", "side": "long"}
    return FaultError("E108", word.span, f"which {heading}?", f"write it like `{heading} {shown[heading]}`")


def _unknown(word: Word, heading: str) -> FaultError:
    choices = _WORDS.get(heading, (*v.EXCHANGES, *v.KINDS, *v.PRODUCTS, *v.SIDES, *_LISTED, *_WORDS))
    near = did_you_mean(word.text, choices)
    edits: tuple[Edit, ...] = ()
    if near:
        help = f"did you mean `{near}`?"
        edits = (Edit(word.span, near, one_slip(word.text, near)),)
    elif heading:
        help = f"there are {listing([f'`{each}`' for each in choices], 'and')}"
    else:
        help = f"for a symbol write `symbol {word.text}`, for a strategy `strategy {word.text}`"
        edits = tuple(Edit(word.span, f"{kind} {word.text}") for kind in _LISTED)
    what = heading or "exchange, product, side or kind of instrument"
    return FaultError("N107", word.span, f"`{word.text}` is no {what}", help, edits=edits)


def set_value(node: Node, scope: Scope) -> t.SetValue:
    """Read `set NAME to VALUE`."""
    name = next(word for word in node.words() if word.type == "NEW_NAME")
    return t.SetValue(str(name.value), _value(node.nodes()[0], scope), node.span)


def _value(node: Node, scope: Scope) -> t.Number | t.PriceExpr | t.Level | t.Text:
    if node.rule == "duration":
        length, unit = duration(node)
        return t.Number(Fraction(length), unit, None, node.span)
    if node.rule == "clock":
        return t.Number(Fraction(clock(first_word(node))), t.Unit.CLOCK, None, node.span)
    if node.rule == "text":
        return t.Text(str(first_word(node).value), node.span)
    if node.rule == "fraction":
        return t.Number(share_of(first_word(node)) * 100, t.Unit.PERCENT, None, node.span)
    if node.rule == "negative":
        return _number(node, scope)
    point = node.nodes()[0]
    if node.rule == "price_plain" and point.rule not in ("named_price", "at_profit", "at_loss", "at_fact"):
        return _number(point, scope)
    if node.rule == "price_plain" and point.rule != "named_price":
        found = level(node, scope)
        assert isinstance(found, t.Level)
        return found
    return price(node, scope)


def _number(node: Node, scope: Scope) -> t.Number | t.PriceExpr | t.Level | t.Text:
    found = measure(node, scope, signed=True)
    if not isinstance(found, Measure):
        return found
    if found.counted == "lots" or found.window is not None:
        raise FaultError("U102", node.span, f"a name cannot stand for `{found.shown}`", _NOT_NAMEABLE)
    if found.unit is None:
        digits = number_text(found.value)
        plain = node.nodes()[0] if node.rule == "negative" else node
        if plain.rule == "bare" and not first_word(plain).value.scaled:
            return t.Number(found.value, t.Unit.COUNT, None, node.span)
        raise missing_unit(found, f"{digits}%", rupee_text(found.value))
    return t.Number(found.value, found.unit, found.name, node.span)


def define(node: Node, scope: Scope) -> t.Define:
    """Read `define NAME as COND`."""
    name = next(word for word in node.words() if word.type == "NEW_NAME")
    return t.Define(str(name.value), condition(node.nodes()[0], scope), node.span)
