"""Writes the search for a box of prices and time within which a position is left alone, so that no bar in it is asked.

`calm` proves a box, `next_moment` and `edges` tell where comparisons turn next, `box` looks for bounds by them.
"""

from __future__ import annotations

from attrs import frozen

from rulekit.compile.layout import MISSING
from rulekit.compile.local_names import slot_name
from rulekit.compile.policy import CompiledPolicy
from rulekit.replay.calm import ANY, UnsayableError, Value, follow, one
from rulekit.replay.look import Look, arguments_of, slot_lines, with_numbers
from rulekit.replay.turns import edge_lines, moment_lines, turns_of

_SAME_DAY = ("if (s_now + IST_OFFSET) // DAY != (s_until + IST_OFFSET) // DAY:", "    return False")
_WITHIN = ("if (s_low - {n}) * side SIGN 0.0 or (s_high - {n}) * side SIGN 0.0:", "    return False")


def _extreme(name: str, sign: str) -> tuple[str, ...]:
    """Read a best or worst price that no price of the box goes beyond."""
    turned = f"if (entry - {{n}}) * side {sign} 0.0:"
    return (f"{{n}} = s_{name}", turned, "    {n} = entry", *(line.replace("SIGN", sign) for line in _WITHIN))


_MOVING: dict[str, tuple[tuple[str, ...], Value, float]] = {
    "price": ((), Value("s_low", "s_high"), 0.0),
    **{
        name: (
            (f"{name} = float(s_now - s_opened)", f"{name}_until = float(s_until - s_opened)"),
            Value(name, f"{name}_until"),
            1.0,
        )
        for name in ("age", "age_beyond_a_day")
    },
    "now": (("now = float(s_now)", "now_until = float(s_until)"), Value("now", "now_until"), 1.0),
    "time": (
        (
            *_SAME_DAY,
            "time = float((s_now + IST_OFFSET) % DAY)",
            "time_until = float((s_until + IST_OFFSET) % DAY)",
        ),
        Value("time", "time_until"),
        1.0,
    ),
    "to_close": (
        (
            "if not s_closes > 0:",
            "    return False",
            "to_close = float(s_closes - s_now)",
            "to_close_until = float(s_closes - s_until)",
        ),
        Value("to_close_until", "to_close"),
        -1.0,
    ),
}
"""Slots that move within a box: the lines that fill them at its beginning and end, their interval, and how they run
with the time."""
_STILL: dict[str, tuple[str, ...]] = {
    "best": _extreme("best", ">"),
    "worst": _extreme("worst", "<"),
    "in_flight": ("{n} = 0.0",),
    "today": (*_SAME_DAY, "{n} = float((s_now + IST_OFFSET) // DAY)"),
    "weekday": (*_SAME_DAY, "{n} = float(((s_now + IST_OFFSET) // DAY + 3) % 7)"),
}


@frozen
class Box:
    """The source of the three functions.

    Args:
        text: of `calm`, `next_moment` and `box`, in this order. arguments: of `box` behind the two bounds.
        reads: the slots that the policy reads.
    """

    texts: tuple[str, ...]
    arguments: tuple[str, ...]
    reads: frozenset[str]


def write_box(policy: CompiledPolicy, look: Look) -> Box | None:
    """Write the functions of a policy, or return None where its statements cannot be followed."""
    layout = policy.layout
    otherwise = {
        **{name: lines for name, (lines, _, _) in _MOVING.items()},
        **_STILL,
        **dict.fromkeys(layout.facts, ()),
    }
    slots: dict[str, Value] = {name: one(slot_name(name, layout.slots)) for name in layout.slots}
    slots |= {name: value for name, (_, value, _) in _MOVING.items() if name in slots} | dict.fromkeys(
        layout.facts, ANY
    )
    if any(name in layout.judged for name in layout.facts):
        slots[MISSING] = Value(MISSING, "1.0")
    head = [f"{MISSING} = 0.0", *slot_lines(policy, otherwise)]
    try:
        body = follow(policy, slots)
    except UnsayableError:
        return None
    turns = turns_of(policy, {name: run for name, (_, _, run) in _MOVING.items()})
    calm = with_numbers("\n".join([*head, *body]))
    moment = with_numbers("\n".join([*head, *moment_lines(turns)]).replace("return False", "return 0.0"))
    edges = with_numbers("\n".join([*head, *edge_lines(turns)]).replace("return False", "return near, far"))
    memory = [f"m{place}" for place in range(look.memory)]
    given = sorted(
        {*arguments_of(calm), *arguments_of(moment), *arguments_of(edges), "s_now", "s_price", "s_until"}
        - {"s_low", "s_high"}
    )
    arguments = (*given, *memory)
    listed = ", ".join(arguments)
    here = "s_low = s_high = price = s_price\ns_until = s_now\n"
    texts = (
        _function(f"calm(s_low, s_high, {listed})", calm),
        _function(f"next_moment({listed})", here + moment),
        _function(f"edges(near, far, {listed})", here + edges),
        _function(f"calm_elsewhere(s_low, s_high, {listed})", calm),
        _BOX.replace("ARGUMENTS", listed),
    )
    return Box(texts, arguments, frozenset(layout.slots))


def _function(head: str, body: str) -> str:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return f"def {head}:\n{lines}\n"


_BOX = """def box(near, far, ARGUMENTS):
    near, far = edges(near, far, ARGUMENTS)
    if calm_elsewhere(min(near, far), max(near, far), ARGUMENTS):
        return min(near, far), max(near, far)
    for far_side in (True, False):
        fixed, moved = (near, far) if far_side else (far, near)
        if calm_elsewhere(min(fixed, s_price), max(fixed, s_price), ARGUMENTS):
            # it is behind the other end that something happens
            step = moved - s_price
            for _ in range(3):
                step *= 0.25
                end = s_price + step
                if calm_elsewhere(min(fixed, end), max(fixed, end), ARGUMENTS):
                    return min(fixed, end), max(fixed, end)
            return min(fixed, s_price), max(fixed, s_price)
    return NAN, NAN
"""
