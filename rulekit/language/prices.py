"""Prices, distances and levels: nodes of the grammar to the tree, each number in a unit that fits."""

from __future__ import annotations

from attrs import evolve

from rulekit.language import tree as t
from rulekit.language.fault import Edit, FaultError
from rulekit.language.measures import (
    DISTANCE_UNITS,
    Measure,
    measure,
    missing_unit,
    plain_measure,
    text_of,
    window,
)
from rulekit.language.parser import Node
from rulekit.language.reader import Word
from rulekit.language.scope import Scope
from rulekit.language.words import listing, measure_text, number_text, rupee_text

_MEASURES = ("bare", "with_unit", "rupees", "in_atr", "value_name")
_WHOLE = 100


def named_price(node: Node, scope: Scope) -> t.PriceFact:
    """Read a price by name: `break-even`, `best price`, `sma over 20 bars`."""
    word = next(node.words())
    inner = node.nodes()
    name = "stop" if word.type == "STOP" else str(word.value)
    if not inner:
        return t.PriceFact(name)
    fact = scope.vocabulary.find(name)
    if fact is None or not fact.windowed:
        raise FaultError("U104", inner[0].span, f"`{name}` has no window", f"write `{name}`")
    return t.PriceFact(name, window(inner[0]))


def distance(node: Node, scope: Scope) -> t.Distance:
    """Read a distance in price: `2%`, `₹4`, `1.5 ATR`, `1R`, `20 points`, `3 ticks`."""
    found = plain_measure(node, scope, "a distance")
    if found.unit is None:
        digits = number_text(found.value)
        raise missing_unit(found, f"{digits}%", rupee_text(found.value))
    if found.unit not in DISTANCE_UNITS:
        raise FaultError(
            "U102", found.span, f"`{found.shown}` is not a distance in price", "write `2%`, `₹4` or `1.5 ATR`"
        )
    return t.Distance(found.value, found.unit, found.name, found.window)


def bounded_distance(node: Node, scope: Scope) -> t.Distance:
    """Read a distance that must be more than nothing and less than the whole price."""
    found = distance(node, scope)
    if found.value == 0 or (found.unit is t.Unit.PERCENT and found.value >= _WHOLE):
        said = "no distance" if found.value == 0 else "the whole price or more"
        raise FaultError(
            "S103", node.span, f"`{text_of(node)}` is {said}", "write a distance such as `2%` or `1.5 ATR`"
        )
    return found


def price(node: Node, scope: Scope) -> t.PriceExpr:
    """Read a price: `break-even + 2%`, `1% from price`, `₹245.50`, `5% profit`, or a name for one of them."""
    if node.rule == "price_from":
        offset = bounded_distance(node.nodes()[0], scope)
        base = named_price(node.nodes()[1], scope)
        return t.PriceExpr(base, offset, towards_profit=False, from_form=True, span=node.span)
    point = _point(node.nodes()[0], scope)
    if node.rule == "price_plain":
        return evolve(point, span=node.span)
    if point.offset is not None:
        raise FaultError(
            "U102", node.span, f"`{text_of(node.nodes()[0])}` has an offset already", "write one offset only"
        )
    offset = distance(node.nodes()[1], scope)
    return t.PriceExpr(point.base, offset, towards_profit=node.rule == "price_plus", span=node.span)


def _point(node: Node, scope: Scope) -> t.PriceExpr:
    if node.rule == "named_price":
        return t.PriceExpr(named_price(node, scope))
    if node.rule in ("at_profit", "at_loss"):
        level = profit_level(node, scope)
        return t.PriceExpr(t.PriceAtProfit(level.value if level.profit else -level.value, level.unit))
    found = fact_level(node, scope) if node.rule == "at_fact" else measure(node, scope)
    if isinstance(found, t.PriceExpr):
        return found
    if isinstance(found, t.FactLevel):
        raise FaultError("U102", node.span, f"`{text_of(node)}` is not a price", "write `₹245.50` or `break-even`")
    if isinstance(found, t.Level):
        return t.PriceExpr(t.PriceAtProfit(found.value if found.profit else -found.value, found.unit))
    if isinstance(found, t.Text):
        raise FaultError(
            "U102", node.span, f"`{text_of(node)}` is a text, not a price", "write `₹245.50` or `break-even`"
        )
    return t.PriceExpr(_constant(found))


def _constant(found: Measure) -> t.PriceConstant:
    if found.unit is t.Unit.RUPEES:
        return t.PriceConstant(found.value, found.name)
    if found.unit is None:
        digits = number_text(found.value)
        raise missing_unit(found, rupee_text(found.value), f"{digits}% profit")
    if found.unit in DISTANCE_UNITS:
        shown = measure_text(found.value, found.unit)
        raise _of_what(found, f"break-even + {shown}", f"{shown} from price", f"{shown} profit")
    raise FaultError("U102", found.span, f"`{found.shown}` is not a price", "write `₹245.50` or `break-even`")


def profit_level(node: Node, scope: Scope) -> t.Level:
    """Read `15% profit`, `2% loss` or `first target profit`."""
    inner = node.nodes()[0]
    found = measure(inner, scope)
    towards = node.rule == "at_profit"
    word = "profit" if towards else "loss"
    if isinstance(found, t.Level):
        if found.profit != towards:
            other = "profit" if found.profit else "loss"
            raise FaultError(
                "U102", node.span, f"`{text_of(inner)}` is a {other}, not a {word}", f"write `{text_of(inner)}`"
            )
        name = next(inner.words()).value
        return t.Level(found.value, found.unit, towards, scope.values.resolve(name).name, node.span)
    if not isinstance(found, Measure):
        raise FaultError("U102", inner.span, f"`{text_of(inner)}` is no amount of {word}", f"write `15% {word}`")
    if found.unit is None:
        digits = number_text(found.value)
        raise missing_unit(found, f"{digits}%", rupee_text(found.value))
    if found.unit not in DISTANCE_UNITS:
        raise FaultError(
            "U102",
            inner.span,
            f"`{found.shown}` is no measure of {word}",
            f"write `15% {word}`, `₹5,000 {word}` or `2R {word}`",
        )
    if found.window is not None:
        raise FaultError(
            "U104", node.span, "a level in ATR takes no window", f"write `{number_text(found.value)} ATR {word}`"
        )
    return t.Level(found.value, found.unit, towards, found.name, node.span)


def fact_level(node: Node, scope: Scope) -> t.FactLevel:
    """Read `₹25,000 day loss` or `8 open positions`: a level of a figure of the whole book."""
    inner, word = node.nodes()[0], [child for child in node.children if isinstance(child, Word)][-1]
    row = scope.vocabulary[str(word.value)]
    if row.origin != "book":
        raise FaultError(
            "U105",
            node.span,
            f"a level is of profit, of loss or of the whole book, not of `{row.name}`",
            f"compare it: `when {row.name} is at least {text_of(inner)}`",
        )
    found = measure(inner, scope)
    if isinstance(found, t.FactLevel) and found.fact == row.name:
        name = scope.values.resolve(next(inner.words()).value).name
        return evolve(found, name=name, span=node.span)
    wanted = "₹25,000" if t.Unit.RUPEES in row.units else "8"
    if not isinstance(found, Measure):
        raise FaultError(
            "U102", inner.span, f"`{text_of(inner)}` is no value of `{row.name}`", f"write `at {wanted} {row.name}`"
        )
    unit = t.Unit.COUNT if found.unit is None and row.bare else found.unit
    if unit is None:
        raise missing_unit(found, rupee_text(found.value))
    if unit not in row.units or found.window is not None or found.counted:
        raise FaultError(
            "U102", inner.span, f"`{found.shown}` is no value of `{row.name}`", f"write `at {wanted} {row.name}`"
        )
    return t.FactLevel(found.value, unit, True, found.name, span=node.span, fact=row.name)


def level(node: Node, scope: Scope) -> t.Level | t.PriceLevel | t.Number:
    """Read what stands after `at`: a level, a price, or a name of either; the name of a time gives its number."""
    if node.rule == "price_plain":
        point = node.nodes()[0]
        if point.rule in ("at_profit", "at_loss"):
            return profit_level(point, scope)
        if point.rule == "at_fact":
            return fact_level(point, scope)
        if point.rule in _MEASURES:
            found = measure(point, scope)
            if isinstance(found, t.Level):
                word = next(point.words())
                return evolve(found, name=scope.values.resolve(word.value).name, span=node.span)
            if isinstance(found, Measure):
                _say_of_what(found)
                if found.unit is t.Unit.CLOCK:
                    return t.Number(found.value, t.Unit.CLOCK, found.name, node.span)
    return t.PriceLevel(price(node, scope), node.span)


def _say_of_what(found: Measure) -> None:
    """Ask whether profit or loss is meant."""
    if found.unit is None:
        digits, rupees = number_text(found.value), rupee_text(found.value)
        if found.value > _WHOLE:  # hardly a percentage
            raise missing_unit(found, rupees, f"{rupees} profit")
        raise missing_unit(found, f"{digits}% profit", f"{rupees} profit")
    if found.unit in DISTANCE_UNITS and found.unit is not t.Unit.RUPEES:
        shown = found.name or measure_text(found.value, found.unit)
        raise _of_what(found, f"{shown} profit", f"{shown} loss")


def _of_what(found: Measure, *offers: str) -> FaultError:
    """Ask what a share or a distance is of, with what could be meant."""
    help = f"write {listing([f'`{each}`' for each in offers])}"
    edits = tuple(Edit(found.span, each) for each in offers)
    return FaultError("U105", found.span, f"`{found.shown}` of what?", help, edits=edits)


def first_word(node: Node) -> Word:
    """Return the first word under a node."""
    return next(node.words())
