"""Shorts mirror longs: over the mirrored price path a policy gives the mirrored actions."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.compile.policy import compile_policy
from rulekit.engine.decide import decide
from rulekit.language import tree as t
from rulekit.language.tree import Unit
from rulekit.model.instant import MINUTE
from rulekit.model.snapshot import Snapshot
from tests.compile.policies import (
    FACT_MEASURES,
    PERCENTS,
    fact_at_least,
    policy,
    position,
    price,
    random_amount,
    random_when,
    rule,
)

ENTRY = 100000.0
OPPOSITE = {"BUY": "SELL", "SELL": "BUY"}


def mirrored_verb(draw: Random) -> t.Verb:
    """Draw an action whose price is measured from the entry, or in rupees, so that the mirror is exact."""
    unit = draw.choice((Unit.POINTS, Unit.TICKS, Unit.ATR, Unit.R))
    distance = t.Distance(Fraction(draw.choice(("0", "1", "2.5", "20"))), unit)
    percent = Fraction(draw.choice(PERCENTS))
    return draw.choice(
        (
            t.Exit(),
            t.Book(random_amount_of_shares(draw)),
            t.Add(random_amount_of_shares(draw)),
            t.MoveStop(price("break-even", percent)),
            t.MoveStop(t.PriceExpr(t.PriceAtProfit(percent, Unit.PERCENT))),
            t.MoveStop(t.PriceExpr(t.PriceFact("price"), distance, towards_profit=False)),
            t.MoveStop(t.PriceExpr(t.PriceFact("best price"), distance, towards_profit=False)),
            t.TightenStopBy(percent),
            t.TrailStop(distance),
            t.LockIn(percent),
        )
    )


def random_amount_of_shares(draw: Random) -> t.Amount:
    while True:
        amount = random_amount(draw)
        if amount.kind is not t.AmountKind.WORTH:
            return amount


def mirrored_policy(draw: Random) -> t.PolicyTree:
    rules = []
    for number in range(6):
        parts: dict[str, object] = {}
        if draw.random() < 0.6:
            parts["level"] = t.Level(
                Fraction(draw.choice(PERCENTS)) / 10,
                draw.choice((Unit.PERCENT, Unit.R, Unit.POINTS)),
                draw.random() < 0.6,
                every=draw.random() < 0.2,
            )
        if draw.random() < 0.3:
            parts["times"] = (random_when(draw),)
        if draw.random() < 0.5:
            names = [row for row in FACT_MEASURES if row[0] not in ("value", "day profit", "day loss")]
            name, unit, values = draw.choice(names)
            parts["when"] = fact_at_least(name, draw.choice(values), unit)
            if draw.random() < 0.3:
                parts["when"] = t.Lasting(parts["when"], t.Number(Fraction(3 * MINUTE), Unit.DURATION))
        elif draw.random() < 0.3:
            gain = t.FactRef(draw.choice(("profit", "loss")), Unit.PERCENT)
            value = t.Number(Fraction(draw.choice(PERCENTS)) / 10, Unit.PERCENT)
            parts["when"] = t.Crosses(gain, draw.random() < 0.5, value)
        rules.append(rule(f"rule {number}", mirrored_verb(draw), **parts))
    return policy(*rules)


def mirror(snapshot: Snapshot) -> Snapshot:
    """Reflect every price in the entry, and turn what moves with the market."""
    flip = lambda value: 2 * ENTRY - value
    facts = {name: -value if name in ("momentum", "change") else value for name, value in snapshot.facts.items()}
    return evolve(
        snapshot,
        side=-snapshot.side,
        price=flip(snapshot.price),
        stop=flip(snapshot.stop),
        initial_stop=flip(snapshot.initial_stop),
        best=flip(snapshot.best),
        worst=flip(snapshot.worst),
        facts=facts,
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**9))
def test_the_mirrored_path_gives_the_mirrored_actions(seed: int) -> None:
    draw = Random(seed)
    compiled = compile_policy(mirrored_policy(draw))
    side = draw.choice((1, -1))
    initial = ENTRY - side * 2000.0
    here = position(side=side, entry=ENTRY, price=ENTRY, best=ENTRY, worst=ENTRY, initial_stop=initial, stop=initial)
    memory: dict = {}
    turned_memory: dict = {}
    for _ in range(30):
        facts = {
            "momentum": draw.uniform(-4, 4),
            "change": draw.uniform(-4, 4),
            "volume": draw.uniform(0, 4),
            "volatility": draw.uniform(0, 4),
            "atr": draw.choice((1.0, 12.5)),
            "rsi": draw.uniform(0, 100),
        }
        step = draw.randrange(-60, 61) * 5.0
        moved = here.price + step
        here = evolve(
            here,
            price=moved,
            best=max(here.best, moved, key=lambda value: value * side),
            worst=min(here.worst, moved, key=lambda value: value * side),
            now=here.now + MINUTE,
            facts=facts,
        )
        one, other = decide(compiled, here, memory), decide(compiled, mirror(here), turned_memory)
        memory, turned_memory = dict(one.memory), dict(other.memory)
        assert one.unknown == other.unknown
        assert len(one.actions) == len(other.actions)
        for mine, theirs in zip(one.actions, other.actions, strict=True):
            assert (mine.rule, mine.kind, mine.quantity, mine.lane) == (
                theirs.rule,
                theirs.kind,
                theirs.quantity,
                theirs.lane,
            )
            assert mine.side is None or mine.side == OPPOSITE[theirs.side or ""]
            if mine.stop is not None and theirs.stop is not None:
                assert mine.stop == 2 * ENTRY - theirs.stop
                here = evolve(here, stop=mine.stop)


def test_a_percentage_of_price_is_the_same_share_on_either_side() -> None:
    from tests.compile.policies import from_price

    compiled = compile_policy(policy(rule("r", t.MoveStop(from_price(1)))))
    assert decide(compiled, position(price=200000.0)).actions[0].stop == 198000.0
    assert decide(compiled, position(price=150000.0, side=-1)).actions[0].stop == 151500.0


def test_comparisons_of_prices_are_literal_and_levels_are_directed() -> None:
    above = t.Comparison(t.FactRef("price", Unit.RUPEES), t.Op.ABOVE, t.PriceExpr(t.PriceFact("vwap")))
    literal = compile_policy(policy(rule("r", t.Exit(), when=above)))
    level = compile_policy(
        policy(rule("r", t.Exit(), level=t.PriceLevel(t.PriceExpr(t.PriceConstant(Fraction(1990))))))
    )
    for side in (1, -1):
        assert decide(literal, position(side=side, price=170000.0, facts={"vwap": 1600.0})).actions
        assert bool(decide(level, position(side=side, price=199500.0)).actions) is (side > 0)
        assert bool(decide(level, position(side=side, price=198500.0)).actions) is (side < 0)
        assert decide(level, position(side=side, price=199000.0)).actions
    assert math.isnan(position().stop)
