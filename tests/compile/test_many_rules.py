"""Policies of many rules, grouped behind tests that each of them implies, decide as the exact reference does."""

from __future__ import annotations

import ast
from collections.abc import Callable
from fractions import Fraction
from random import Random

import pytest
from attrs import evolve

from rulekit.compile.blocks import MANY, Block, blocks_of
from rulekit.compile.layout import ROUNDS_TO_ZERO
from rulekit.compile.policy import CompiledPolicy, CompiledRule, compile_policy
from rulekit.language import tree as t
from rulekit.language.tree import AmountKind, Op, Unit
from tests.compile.policies import (
    after,
    fact_at_least,
    loss,
    percent_of_held,
    policy,
    price,
    profit,
    random_memory,
    random_policy,
    random_rule,
    random_snapshot,
    rule,
)
from tests.compile.test_differential import check


def like(draw: Random, name: str) -> t.Rule:
    """Draw a rule of few kinds, so that many of them ask the same fact, with thresholds that often coincide."""
    percent = draw.choice(("0.35", "0.6", "1", "1.5", "2", "4", "5", "33.3", "50"))
    momentum = t.FactRef("momentum", Unit.PERCENT)
    level = draw.choice((profit(percent), profit(percent, Unit.R), loss(percent), profit(percent, Unit.TICKS)))
    amount = draw.choice(
        (percent_of_held(50), percent_of_held(1), t.Amount(AmountKind.UP_TO, Fraction(draw.choice((10, 75)))),
         t.Amount(AmountKind.SHARES, Fraction(3)), t.Amount(AmountKind.LOTS, Fraction(2)))
    )  # fmt: skip
    low = t.Comparison(momentum, draw.choice((Op.AT_MOST, Op.BELOW)), t.Number(Fraction(percent), Unit.PERCENT))
    high = t.Comparison(momentum, draw.choice((Op.AT_LEAST, Op.ABOVE)), t.Number(Fraction(percent), Unit.PERCENT))
    volume = fact_at_least("volume", draw.choice(("0.3", "1.5", "2")), Unit.TIMES)
    behind = t.Distance(Fraction(percent), draw.choice((Unit.PERCENT, Unit.ATR)))
    return draw.choice(
        (
            lambda: rule(name, t.Book(amount), level=level, times=(after(draw.choice((0, 30))),)),
            lambda: rule(name, t.Book(amount), when=draw.choice((low, high, volume))),
            lambda: rule(name, t.Add(amount), level=level, when=t.And((high, volume))),
            lambda: rule(name, t.MoveStop(price("break-even", percent)), level=level),
            lambda: rule(name, t.MoveStop(price("entry", draw.choice(("0", "1")), towards_profit=False)), when=low),
            lambda: rule(name, t.SetTarget(price("entry", draw.choice(("3", "4", percent)))), level=level),
            lambda: rule(name, t.TrailStop(behind), when=draw.choice((low, high))),
            lambda: rule(name, t.TrailStop(behind)),
            lambda: rule(name, t.LockIn(Fraction(percent)), level=level),
            lambda: rule(name, t.Exit(), level=loss(percent, Unit.PERCENT), when=draw.choice((low, volume))),
            lambda: random_rule(draw, name),
        )
    )()


def alike(draw: Random, rules: int) -> t.PolicyTree:
    return policy(*(like(draw, f"rule {number}") for number in range(rules)))


def guards(compiled: CompiledPolicy, among: Callable[[CompiledRule], bool] = lambda one: one.is_order) -> int:
    """Count the tests behind which rules are grouped."""

    def count(parts: tuple[object, ...]) -> int:
        return sum((part.guard is not None) + count(part.parts) for part in parts if isinstance(part, Block))

    return count(blocks_of([one.program for one in compiled.rules if among(one)]))


@pytest.mark.parametrize("seed", range(4))
def test_many_rules_decide_as_the_reference_does(seed: int) -> None:
    draw = Random(seed)
    rounded = grouped = 0
    for number in range(5):
        rules = draw.choice((MANY + 1, 30, 60))
        tree = alike(draw, rules) if number else random_policy(draw, rules, guarded=1.0)
        compiled = compile_policy(tree)
        grouped += guards(compiled)
        for _ in range(12):
            snapshot = random_snapshot(draw)
            results = check(compiled, snapshot, random_memory(draw, tree.rules, snapshot))
            rounded += results.count(ROUNDS_TO_ZERO)
    assert rounded > 10 and grouped > 10


@pytest.mark.parametrize("fact", [t.FactRef("momentum", Unit.PERCENT), t.FactRef("profit", Unit.PERCENT)])
def test_at_a_threshold_only_what_includes_it_holds(fact: t.FactRef) -> None:
    """The same threshold, with and without equality, written from either side."""
    draw = Random(3)
    number = lambda: t.Number(Fraction(draw.choice((2, 2, 3))), Unit.PERCENT)
    rules = [
        rule(f"rule {place}", t.MoveStop(price("entry", draw.choice((1, 2)))), when=t.Comparison(*sides))
        for place, sides in enumerate(
            draw.choice(((fact, op, number()), (number(), op, fact)))
            for op in (Op.ABOVE, Op.AT_LEAST, Op.BELOW, Op.AT_MOST) * 8
        )
    ]
    compiled = compile_policy(policy(*rules))
    assert guards(compiled, lambda one: True) > 1
    for level in (1.99, 2.0, 2.01, 2.5, 3.0, 3.01):
        for side in (1, -1):
            here = 10000.0 * (1 + side * level / 100)
            snapshot = random_like(minutes=5, price=here, side=side, stop=10000.0 - side * 1000.0)
            check(compiled, evolve(snapshot, facts={"momentum": side * level}), {})


def test_few_rules_are_asked_in_their_order_without_groups() -> None:
    draw = Random(4)
    for rules in (7, MANY):
        assert "first" not in compile_policy(alike(draw, rules)).show()
    assert "first" in compile_policy(alike(draw, MANY + 1)).show()


def test_a_rule_that_cannot_hold_is_not_looked_at() -> None:
    """Counted in the source: of 100 rules at rising profits no more than a few comparisons are asked at 3%."""
    tree = policy(
        *(rule(f"rule {step}", t.MoveStop(price("entry", 1)), level=profit(step)) for step in range(1, 101)),
        *(rule(f"wait {step}", t.Exit(), times=(after(step),)) for step in range(1, 101)),
    )
    compiled = compile_policy(tree)
    shown = ast.parse(compiled.show())
    asked = Counted(shown)
    facts = compiled.layout.encode(random_like(price=10300.0, minutes=5))
    results = asked.run(facts, list(compiled.layout.blank), compiled.layout.results)
    assert results.count(1.0) >= 7  # three stops and five exits hold, and one of each has its number in the results
    assert asked.count < 80


class Counted:
    """Runs a function and counts the tests of its branches."""

    def __init__(self, module: ast.Module) -> None:
        self.count = 0

        class Marks(ast.NodeTransformer):
            def visit_If(self, node: ast.If) -> ast.AST:
                self.generic_visit(node)
                node.test = ast.Call(ast.Name("asked", ast.Load()), [node.test], [])
                return node

        names: dict[str, object] = {"asked": self._asked}
        exec(compile(ast.fix_missing_locations(Marks().visit(module)), "<counted>", "exec"), names)
        self._function = names["decide"]

    def _asked(self, test: bool) -> bool:
        self.count += 1
        return test

    def run(self, facts: list[float], memory: list[float], results: int) -> list[float]:
        vector = [0.0] * results
        self._function(facts, memory, vector)  # type: ignore[operator]
        return vector


def random_like(**changes: float):  # type: ignore[no-untyped-def]
    from tests.compile.policies import MINUTE, NOW, position

    minutes = int(changes.pop("minutes"))
    return position(**{"entry": 10000.0, "stop": 9000.0, "opened": NOW - minutes * MINUTE, **changes})
