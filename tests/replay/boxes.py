"""Draws positions and boxes, and looks within a box that is called calm for a price at which something is done."""

from __future__ import annotations

from random import Random
from typing import Any

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.replay.box import write_box
from rulekit.replay.kernel import build
from rulekit.replay.look import write_look
from tests.compile.policies import random_policy
from tests.replay.passing import DAY, MINUTE, START, kept_of

NAN = float("nan")


def calm_boxes(seed: int, boxes: int) -> int:
    """Try boxes of a random policy; return how many were called calm.

    Raises:
        AssertionError: something is done within one of them.
    """
    draw = Random(seed)
    policy = compile_policy(random_policy(draw, draw.choice((1, 2, 4)), guarded=0.2))
    kernel = build(policy, looks="close", path="colour", fill="last", native=False)
    names: dict[str, Any] = kernel.run.__globals__
    box, look = write_box(policy, write_look(policy)), kernel.look
    if box is None:
        return 0
    count = 0
    for _ in range(boxes):
        state = _state(draw, policy)
        for _ in range(draw.randrange(3)):
            state |= kept_of(
                policy, names["look"](*(_moment(draw, state, look.facts)[name] for name in look.arguments))
            )
        given = [state[name] for name in box.arguments]
        if not names["calm"](state["s_low"], state["s_high"], *given):
            continue
        count += 1
        for _ in range(12):
            there = _moment(draw, state, look.facts)
            answers = names["look"](*(there[name] for name in look.arguments))
            done = dict(zip(look.answers, answers, strict=True))
            kept = kept_of(policy, answers)
            assert done["r0"] == done["r3"] == done["r6"] == 0.0, (seed, there)
            assert not any(value == 1.0 for name, value in done.items() if name.startswith("told")), (seed, there)
            assert repr(kept) == repr({name: state[name] for name in kept}), (seed, there)
    return count


def _state(draw: Random, policy: CompiledPolicy) -> dict[str, Any]:
    """Draw a position, and a box round its price."""
    side, entry, price = draw.choice((1.0, -1.0)), 10_000.0, 10_000.0 + 5 * draw.randint(-120, 120)
    low, high = price - draw.choice((0, 1, 10, 60)) * draw.random() * 10, price + draw.choice((0, 1, 10, 60)) * 10
    ends = (max(high, entry), min(low, entry)) if side > 0 else (min(low, entry), max(high, entry))
    now = START + draw.randrange(3) * DAY + draw.randrange(300) * MINUTE
    state: dict[str, Any] = {
        "s_side": side, "s_entry": entry, "s_price": price, "s_low": low, "s_high": high, "s_tick": 5.0, "s_lot": 1.0,
        "s_best": draw.choice((price, ends[0] + side * draw.choice((0, 0, 5, 100)))),
        "s_worst": ends[1] - side * draw.choice((0, 0, 5, 100)),
        "s_stop": draw.choice((NAN, (low if side > 0 else high) - side * draw.choice((0, 5, 50, 300)))),
        "s_target": draw.choice((NAN, (high if side > 0 else low) + side * draw.choice((0, 5, 50, 300)))),
        "s_initial_stop": draw.choice((NAN, entry - side * 100)), "s_scale": 100.0, "s_multiplier": 1.0,
        "s_quantity": draw.choice((1.0, 50.0, 100.0)), "s_original": 100.0, "s_booked": draw.choice((0.0, 1.0)),
        "s_added": draw.choice((0.0, 1.0)), "s_realised": draw.choice((0.0, 5000.0)), "s_in_flight": 0.0,
        "s_now": now, "s_until": now + draw.choice((1, 5, 60)) * MINUTE, "s_opened": now - draw.randrange(200) * MINUTE,
        "s_closes": now // DAY * DAY + 36_000_000_000, "s_age_days": float(draw.randrange(4)), "s_expiry": NAN,
        "s_equity": 1.0, "s_bar": 60_000_000.0, "s_day_profit": 50_000.0, "s_charges": 0.0,
    }  # fmt: skip
    state |= {f"s_{name}": draw.choice((0.0, 1.0, 2.0)) for name in ("symbol", "exchange", "product", "strategy")}
    for place, value in enumerate(policy.layout.blank):
        state[f"m{place}"] = float(value)
    return state


def _moment(draw: Random, state: dict[str, Any], facts: tuple[Any, ...]) -> dict[str, Any]:
    """Draw a price, a moment and facts within a state's box."""
    price = draw.choice((state["s_low"], state["s_high"], draw.uniform(state["s_low"], state["s_high"])))
    now = draw.choice((state["s_now"], state["s_until"], draw.randint(state["s_now"], state["s_until"])))
    told = {f"c{place}": draw.choice((NAN, 0.0, 100.0, draw.uniform(0, 20_000))) for place in range(len(facts))}
    return {**state, **told, "s_price": price, "s_now": now}
