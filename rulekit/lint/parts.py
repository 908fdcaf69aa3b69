"""The parts of conditions, rules and policies that lint rules look at."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import rule_text

STOP_VERBS = (t.MoveStop, t.TightenStopBy, t.TrailStop, t.LockIn)


def leaves(condition: t.Condition) -> Iterator[t.Condition]:
    """Yield the single comparisons of a condition as they stand; a defined name is one of them."""
    if isinstance(condition, t.And | t.Or):
        for item in condition.items:
            yield from leaves(item)
    elif isinstance(condition, t.Not | t.Lasting):
        yield from leaves(condition.item)
    else:
        yield condition


def opened(condition: t.Condition) -> Iterator[t.Condition]:
    """Yield the single comparisons of a condition, those of defined names too."""
    for leaf in leaves(condition):
        if isinstance(leaf, t.Named):
            yield from opened(leaf.condition)
        else:
            yield leaf


def conjuncts(condition: t.Condition) -> Iterator[t.Condition]:
    """Yield what must all hold for a condition to hold."""
    if isinstance(condition, t.And):
        for item in condition.items:
            yield from conjuncts(item)
    elif isinstance(condition, t.Named):
        yield from conjuncts(condition.condition)
    else:
        yield condition


def demands(rule: t.Rule) -> tuple[t.Condition, ...]:
    """List what must all hold for a rule to act: its level, its times and its `when`."""
    stated: tuple[t.Condition, ...] = tuple(filter(None, (rule.level, *rule.times, rule.when)))
    return tuple(each for condition in stated for each in conjuncts(condition))


def lastings(condition: t.Condition) -> Iterator[t.Lasting]:
    """Yield what must hold for a time, `… for 5 minutes`, in a condition; not within defined names."""
    if isinstance(condition, t.And | t.Or):
        for item in condition.items:
            yield from lastings(item)
    elif isinstance(condition, t.Not):
        yield from lastings(condition.item)
    elif isinstance(condition, t.Lasting):
        yield condition
        yield from lastings(condition.item)


def all_lastings(tree: t.PolicyTree) -> Iterator[t.Lasting]:
    """Yield every `for …` of a policy once, where it is written."""
    for definition in tree.definitions:
        yield from lastings(definition.condition)
    for rule in every_rule(tree):
        for slot in slots(rule):
            yield from lastings(slot)


def slots(rule: t.Rule) -> tuple[t.Condition, ...]:
    """List the conditions of a rule, slot by slot."""
    return tuple(filter(None, (rule.level, *rule.times, *conditions(rule))))


def conditions(rule: t.Rule) -> tuple[t.Condition, ...]:
    """List the `when` and the `unless` of a rule."""
    return tuple(filter(None, (rule.when, rule.unless)))


def every_rule(tree: t.PolicyTree) -> tuple[t.Rule, ...]:
    """List the rules for one position, and those for the whole book."""
    return (*tree.rules, *tree.book)


def written(tree: t.PolicyTree) -> Iterator[t.Condition]:
    """Yield every single comparison and trigger of a policy once, where it is written."""
    for definition in tree.definitions:
        yield from leaves(definition.condition)
    for rule in every_rule(tree):
        for slot in slots(rule):
            yield from leaves(slot)


def operands(leaf: t.Condition) -> tuple[t.Operand, ...]:
    """List what a single comparison compares."""
    if isinstance(leaf, t.Comparison | t.Crosses):
        return (leaf.left, leaf.right)
    if isinstance(leaf, t.Between):
        return (leaf.operand, leaf.low, leaf.high)
    return ()


def facts_of(leaf: t.Condition) -> Iterator[tuple[str, t.Window | None]]:
    """Yield the facts of a single comparison or trigger with their windows, those within prices too."""
    for operand in operands(leaf):
        if isinstance(operand, t.FactRef):
            yield operand.name, operand.window
        elif isinstance(operand, t.PriceExpr):
            yield from facts_of_price(operand)
    if isinstance(leaf, t.PriceLevel):
        yield from facts_of_price(leaf.price)


def facts_of_price(price: t.PriceExpr) -> Iterator[tuple[str, t.Window | None]]:
    """Yield the facts that a price is made of."""
    if isinstance(price.base, t.PriceFact):
        yield price.base.name, price.base.window
    if price.offset is not None and price.offset.unit is t.Unit.ATR:
        yield "atr", price.offset.window


def sentence_at(tree: t.PolicyTree, line: int) -> str:
    """Return the canonical text of the rule that stands on a line; empty if none does."""
    return next((rule_text(rule) for rule in tree.rules if rule.span.line <= line <= rule.span.end_line), "")


def is_single(tree: t.PolicyTree) -> bool:
    """Tell whether a policy has at most one sentence for a position: it is no plan for one, and not judged as one."""
    return len(tree.rules) <= 1


def is_bare(rule: t.Rule) -> bool:
    """Tell whether nothing but a time limits when a rule acts."""
    return rule.level is None and rule.when is None and rule.unless is None


def closes(rule: t.Rule) -> bool:
    """Tell whether a rule closes the whole position."""
    if not isinstance(rule.verb, t.Book):
        return isinstance(rule.verb, t.Exit)
    amount = rule.verb.amount
    whole = amount.kind in (t.AmountKind.PERCENT_HELD, t.AmountKind.UP_TO, t.AmountKind.PERCENT_ORIGINAL)
    return amount.kind is t.AmountKind.EVERYTHING or (whole and amount.value >= 100)


def is_unbounded(limit: t.Limit) -> bool:
    """Tell whether a rule may act again in every cycle."""
    return limit.times is None and limit.every is None and not limit.daily
