"""U110: one price in rupees for many instruments."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.vocabulary import PRICE, STANDARD
from rulekit.language.words import measure_text
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.parts import (
    conditions,
    demands,
    leaves,
    operands,
)
from rulekit.lint.subject import TREE, Subject

CODE = Code("U110", "price-for-every-instrument", INFO, "a price in rupees in a policy for many instruments")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every constant price in a policy that does not name its one symbol."""
    if len(subject.tree.applies.symbols) == 1:
        return
    for leaf, price in _prices(subject.tree):
        yield Finding(
            leaf,
            f"{price} is a price of one instrument, and this policy is for "
            f"{'several' if subject.tree.applies.symbols else 'any'}",
            "say which: `applies to symbol KOTAKBANK`; or measure from the entry: `5% profit`, `entry + 2%`",
        )


def _prices(tree: t.PolicyTree) -> Iterator[tuple[t.Span, str]]:
    """Yield the place and the text of every constant price, save in rules that ask for their symbol."""
    for rule in tree.rules:
        if any(_asks_for_symbol(each) for each in demands(rule)):
            continue
        if isinstance(rule.verb, t.MoveStop | t.SetTarget):
            yield from _constant(rule.verb.price, rule.verb.price.span)
        if isinstance(rule.level, t.PriceLevel):
            yield from _constant(rule.level.price, rule.level.span)
        for condition in conditions(rule):
            for leaf in leaves(condition):
                yield from _compared(leaf)
    for definition in tree.definitions:
        for leaf in leaves(definition.condition):
            yield from _compared(leaf)


def _asks_for_symbol(condition: t.Condition) -> bool:
    if not isinstance(condition, t.Comparison) or condition.op is not t.Op.IS:
        return False
    return isinstance(condition.left, t.FactRef) and condition.left.name == "symbol"


def _compared(leaf: t.Condition) -> Iterator[tuple[t.Span, str]]:
    """Yield a price in rupees with which a price is compared."""
    sides = operands(leaf)
    for side in sides:
        if isinstance(side, t.PriceExpr):
            yield from _constant(side, leaf.span)
        elif isinstance(side, t.Number) and _is_price(sides[0]):
            yield leaf.span, measure_text(side.value, side.unit)


def _is_price(side: t.Operand) -> bool:
    if isinstance(side, t.PriceExpr):
        return True
    assert isinstance(side, t.FactRef)
    return side.name in {fact.name for fact in STANDARD if fact.kind == PRICE}


def _constant(price: t.PriceExpr, span: t.Span) -> Iterator[tuple[t.Span, str]]:
    if isinstance(price.base, t.PriceConstant):
        yield span, measure_text(price.base.value, t.Unit.RUPEES)
