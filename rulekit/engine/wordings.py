"""The words of a policy, each changed for its neighbour: a change that no example notices is a word that none holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.compile.program import times_allowed
from rulekit.engine.examples import run_example
from rulekit.engine.thresholds import Change
from rulekit.language import tree as t
from rulekit.language.sentences import condition_text, limit_text
from rulekit.language.tree import Op, TimeForm

_OTHER_OPS = {
    Op.AT_LEAST: (Op.ABOVE, Op.AT_MOST),
    Op.ABOVE: (Op.AT_LEAST, Op.BELOW),
    Op.AT_MOST: (Op.BELOW, Op.AT_LEAST),
    Op.BELOW: (Op.AT_MOST, Op.ABOVE),
    Op.IS: (Op.IS_NOT,),
    Op.IS_NOT: (Op.IS,),
}
_TURNED_TIMES = {
    TimeForm.FROM_CLOCK: (TimeForm.BEFORE_CLOCK, "before"),
    TimeForm.BEFORE_CLOCK: (TimeForm.FROM_CLOCK, "after"),
}


@frozen
class _Rewording:
    """A part of a policy in other words; `after` is empty where it is left out."""

    before: str
    after: str
    node: Any


def rewordings(policy: CompiledPolicy) -> tuple[Change, ...]:
    """Try other words against the examples that pass: comparisons turned, `and` for `or`, parts left out, limits."""
    passing = [example for example in policy.tree.examples if run_example(policy, example).passed]
    found = []
    for where, line, each, changed in _changed_trees(policy.tree):
        mutant = compile_policy(changed, policy.vocabulary)
        noticed = any(not run_example(mutant, example).passed for example in passing)
        found.append(Change(where, line, each.before, each.after, noticed))
    return tuple(found)


def _changed_trees(tree: t.PolicyTree) -> Iterator[tuple[str, int, _Rewording, t.PolicyTree]]:
    used = {name for rule in (*tree.rules, *tree.book) for part in (rule.when, rule.unless) for name in _names(part)}
    for made in tree.definitions:
        for each in _conditions(made.condition) if made.name in used else ():
            rules, book = (
                tuple(_redefined(rule, made.name, each.node) for rule in rules) for rules in (tree.rules, tree.book)
            )
            yield made.name, made.span.line, each, evolve(tree, rules=rules, book=book)
    for place, rule in enumerate(tree.rules):
        for each in _rules(rule):
            yield rule.name, rule.span.line, each, evolve(tree, rules=_with(tree.rules, place, each.node))
    for place, rule in enumerate(tree.book):
        for each in _rules(rule):
            yield rule.name, rule.span.line, each, evolve(tree, book=_with(tree.book, place, each.node))


def _with(items: tuple[Any, ...], place: int, item: Any) -> tuple[Any, ...]:
    return (*items[:place], item, *items[place + 1 :])


# --- definitions ------------------------------------------------------------


def _names(node: t.Condition | None) -> Iterator[str]:
    """List the definitions that a condition uses, those inside others too."""
    if isinstance(node, t.Named):
        yield node.name
        yield from _names(node.condition)
    elif isinstance(node, t.Not | t.Lasting):
        yield from _names(node.item)
    elif isinstance(node, t.And | t.Or):
        for item in node.items:
            yield from _names(item)


def _redefined(rule: t.Rule, name: str, condition: t.Condition) -> t.Rule:
    """Return a rule for which a name stands for another condition."""

    def anew(node: t.Condition) -> t.Condition:
        if isinstance(node, t.Named):
            return evolve(node, condition=condition if node.name == name else anew(node.condition))
        if isinstance(node, t.Not | t.Lasting):
            return evolve(node, item=anew(node.item))
        if isinstance(node, t.And | t.Or):
            return evolve(node, items=tuple(anew(item) for item in node.items))
        return node

    when, unless = (None if part is None else anew(part) for part in (rule.when, rule.unless))
    return evolve(rule, when=when, unless=unless)


# --- rules ------------------------------------------------------------


def _rules(rule: t.Rule) -> Iterator[_Rewording]:
    """List a rule's rewordings; its name stays, for it is its identity."""
    for slot, word in (("level", ""), ("when", "when "), ("unless", "unless ")):
        part = getattr(rule, slot)
        if part is not None:
            yield _Rewording(word + condition_text(part), "", _evolved(rule, slot, None))
            yield from (evolve(each, node=_evolved(rule, slot, each.node)) for each in _conditions(part))
    for place, time in enumerate(rule.times):
        left = (*rule.times[:place], *rule.times[place + 1 :])
        yield _Rewording(condition_text(time), "", evolve(rule, times=left))
        for each in _conditions(time):
            yield evolve(each, node=evolve(rule, times=_with(rule.times, place, each.node)))
    for limit in _limits(rule):
        yield _Rewording(_limit_said(rule), limit_text(limit), evolve(rule, limit=evolve(limit, written=True)))


def _evolved(rule: t.Rule, slot: str, part: t.Condition | None) -> t.Rule:
    changes: dict[str, Any] = {slot: part}
    return evolve(rule, **changes)


def _limit_said(rule: t.Rule) -> str:
    return limit_text(rule.limit) or "once"


def _limits(rule: t.Rule) -> Iterator[t.Limit]:
    """List looser limits; how often a rule that closes everything may act makes no difference."""
    limit, verb = rule.limit, rule.verb
    closes = isinstance(verb, t.Exit | t.WholeBook) or (
        isinstance(verb, t.Book)
        and (verb.amount.kind is t.AmountKind.EVERYTHING or (verb.amount.kind in _OF_ALL and verb.amount.value >= 100))
    )
    if closes:
        return
    if not limit.written and times_allowed(rule) == 1:
        yield evolve(limit, times=2)
    if limit.every is not None:
        yield evolve(limit, every=None)
    if limit.daily:
        yield evolve(limit, daily=False)


_OF_ALL = (t.AmountKind.PERCENT_HELD, t.AmountKind.PERCENT_ORIGINAL, t.AmountKind.UP_TO)

# --- conditions ------------------------------------------------------------


def _conditions(node: t.Condition) -> Iterator[_Rewording]:
    """List the rewordings of a condition and of its parts; a definition is changed where it stands."""
    change = _CHANGES.get(type(node))
    if change is not None:
        for other in change(node):
            yield _Rewording(condition_text(node), condition_text(other), other)
    if isinstance(node, t.Not | t.Lasting):
        for each in _conditions(node.item):
            yield evolve(each, node=evolve(node, item=each.node))
    if isinstance(node, t.And | t.Or):
        for place, item in enumerate(node.items):
            for each in _conditions(item):
                yield evolve(each, node=evolve(node, items=_with(node.items, place, each.node)))


def _times(node: t.When) -> Iterator[t.When]:
    if node.form in _TURNED_TIMES:
        form, word = _TURNED_TIMES[node.form]
        yield evolve(node, form=form, worded=word)


_CHANGES: dict[type, Callable[[Any], Iterator[Any]]] = {
    t.Comparison: lambda node: (evolve(node, op=op) for op in _OTHER_OPS[node.op]),
    t.And: lambda node: iter((t.Or(node.items, node.span),)),
    t.Or: lambda node: iter((t.And(node.items, node.span),)),
    t.Not: lambda node: iter((node.item,)),
    t.Lasting: lambda node: iter((node.item,)),
    t.Moves: lambda node: iter((evolve(node, up=not node.up),)),
    t.Crosses: lambda node: iter((evolve(node, above=not node.above), node.beyond)),
    t.Level: lambda node: iter((evolve(node, profit=not node.profit),)),
    t.When: _times,
}
