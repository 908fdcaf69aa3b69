"""N111: a label that tells another percentage than its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import (
    rule_sentence,
)
from rulekit.language.words import number_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    opened,
    operands,
    slots,
)
from rulekit.lint.subject import TREE, Subject

_PERCENT = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)[ _]?(?:%|pct|percent)", re.IGNORECASE)

CODE = Code("N111", "label-says-other-number", WARNING, "a label with a percentage that its sentence does not have")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every label whose percentage stands nowhere in its rule."""
    for rule in subject.tree.rules:
        if rule.label is None:
            continue
        meant = [Fraction(digits) for digits in _PERCENT.findall(rule.label)]
        present = set(_percentages(rule))
        for number in meant:
            if number not in present:
                yield Finding(
                    rule.span,
                    f"the label says {number_text(number)}%, and the sentence `{rule_sentence(rule)}` does not",
                    "change the label or the number; the log shows only the label",
                )


def _percentages(rule: t.Rule) -> Iterator[Fraction]:
    """Yield every percentage of a rule, those behind names too."""
    verb = rule.verb
    if isinstance(verb, t.Book | t.Add):
        yield verb.amount.value
    elif isinstance(verb, t.TightenStopBy | t.LockIn):
        yield verb.percent
    elif isinstance(verb, t.TrailStop):
        yield verb.distance.value
    elif isinstance(verb, t.MoveStop | t.SetTarget):
        yield from _of_price(verb.price)
    for slot in slots(rule):
        for leaf in opened(slot):
            yield from _of_leaf(leaf)


def _of_leaf(leaf: t.Condition) -> Iterator[Fraction]:
    if isinstance(leaf, t.Level):
        yield leaf.value
    elif isinstance(leaf, t.PriceLevel):
        yield from _of_price(leaf.price)
    for operand in operands(leaf):
        if isinstance(operand, t.Number):
            yield abs(operand.value)
        elif isinstance(operand, t.PriceExpr):
            yield from _of_price(operand)


def _of_price(price: t.PriceExpr) -> Iterator[Fraction]:
    if isinstance(price.base, t.PriceAtProfit):
        yield abs(price.base.value)
    if price.offset is not None:
        yield price.offset.value
