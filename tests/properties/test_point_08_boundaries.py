"""Point 8: boundaries are exact for tick-valued prices, judged against fractions on both sides."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from rulekit.compile.layout import FIRST_STATUS
from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.language import tree as t
from rulekit.language.tree import Unit
from tests.compile.policies import loss, percent_of_held, policy, position, profit, rule

PERCENTS = ("15", "0.35", "33.3", "0.6", "10", "7.77", "1/3", "66.67", "0.05", "100", "12.125")
PAIRS = 10_500


def judge(
    compiled: CompiledPolicy,
    template: list[float],
    entry: float,
    price: float,
    side: int,
    memory: list[float] | None = None,
) -> bool:
    slots = compiled.layout.slots
    facts = list(template)
    facts[slots.index("entry")], facts[slots.index("price")], facts[slots.index("side")] = entry, price, side
    results = [0.0] * compiled.layout.results
    compiled.function(facts, memory or list(compiled.layout.blank), results)
    return results[FIRST_STATUS] != 0


@pytest.mark.parametrize("percent", PERCENTS)
def test_a_level_holds_exactly_at_its_percentage_for_every_tick_valued_pair(percent: str) -> None:
    draw, value = Random(percent), Fraction(percent)
    up = compile_policy(policy(rule("up", t.Exit(), level=profit(value)), title="up"))
    down = compile_policy(policy(rule("down", t.Exit(), level=loss(value)), title="down"))
    template_up, template_down = up.layout.encode(position()), down.layout.encode(position())
    exact = 0
    for _ in range(PAIRS):
        side, entry = draw.choice((1, -1)), draw.randrange(100, 4_000_000) * 5
        if draw.random() < 0.4:  # a price on which the boundary itself can fall
            entry = entry // (100 * value.denominator) * 100 * value.denominator or 100 * value.denominator
        target = entry + side * draw.choice((1, -1)) * value * entry / 100
        price = round(target / 5) * 5 + draw.choice((-5, 0, 0, 5))
        if price <= 0:
            continue
        gain = Fraction((price - entry) * side * 100, entry)
        exact += abs(gain) == value
        assert judge(up, template_up, float(entry), float(price), side) is (gain >= value), (entry, price, side)
        assert judge(down, template_down, float(entry), float(price), side) is (-gain >= value), (entry, price, side)
    assert exact > 20, "the boundary itself must have been among the pairs"


@pytest.mark.parametrize("step", ["5", "0.35", "33.3"])
def test_each_step_of_a_ladder_holds_exactly_at_its_multiple(step: str) -> None:
    draw, value = Random(step), Fraction(step)
    exact = 0
    for gain in (True, False):
        ladder = t.Level(value, Unit.PERCENT, gain, every=True)
        compiled = compile_policy(policy(rule("steps", t.Book(percent_of_held(10)), level=ladder, limit=t.Limit())))
        template = compiled.layout.encode(position())
        for _ in range(4000):
            side, fired = draw.choice((1, -1)), draw.choice((0, 0, 1, 1, 2, 3, 7, 40))
            entry = draw.randrange(1, 40_000) * 5 * (1000 if draw.random() < 0.5 else 1)
            away = side if gain else -side
            price = round((entry + away * value * (fired + 1) * entry / 100) / 5) * 5 + draw.choice((-5, 0, 0, 5))
            if price <= 0:
                continue
            found = Fraction((price - entry) * away * 100, entry)
            exact += found == value * (fired + 1)
            held = judge(compiled, template, float(entry), float(price), side, [float(fired)])
            assert held is (found >= value * (fired + 1)), (entry, price, side, fired)
    assert exact > 20, "the boundary itself must have been among the pairs"


@pytest.mark.parametrize("unit", [Unit.R, Unit.RUPEES, Unit.POINTS, Unit.TICKS])
def test_the_other_measures_are_exact_too(unit: Unit) -> None:
    draw = Random(unit.value)
    value = Fraction("1.15") if unit is Unit.R else Fraction("37.35")
    compiled = compile_policy(policy(rule("up", t.Exit(), level=t.Level(value, unit))))
    exact = 0
    for _ in range(3000):
        side, entry, risk = draw.choice((1, -1)), draw.randrange(1000, 100_000) * 5, draw.choice((1, 20, 33)) * 100
        quantity = draw.choice((1, 3, 7, 9))
        per = {Unit.R: risk, Unit.RUPEES: Fraction(100, quantity), Unit.POINTS: 100, Unit.TICKS: 5}[unit]
        price = round((entry + side * value * per) / 5) * 5 + draw.choice((-5, 0, 0, 5))
        held = position(
            entry=float(entry),
            price=float(price),
            side=side,
            quantity=quantity,
            initial_stop=float(entry - side * risk),
        )
        gain = Fraction((price - entry) * side) / per
        exact += gain == value
        facts = compiled.layout.encode(held)
        results = [0.0] * compiled.layout.results
        compiled.function(facts, list(compiled.layout.blank), results)
        assert (results[FIRST_STATUS] != 0) is (gain >= value), held
    assert exact > 0 or unit is Unit.TICKS


def test_fifteen_percent_of_1690_is_1943_50_and_not_a_tick_less() -> None:
    from rulekit.engine.decide import decide

    compiled = compile_policy(policy(rule("r", t.Exit(), level=profit(15))))
    assert decide(compiled, position(price=194350.0)).actions
    assert not decide(compiled, position(price=194345.0)).actions
    assert decide(compiled, position(price=143650.0, side=-1)).actions
    assert not decide(compiled, position(price=143655.0, side=-1)).actions
