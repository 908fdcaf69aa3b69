"""Seeded policies as a trader might write them, as text: for measuring, and for trying proofs against an oracle."""

from __future__ import annotations

from random import Random

PERCENTS = (1, 2, 3, 5, 8, 10, 15, 20, 25, 30)
FACTS = (
    ("momentum over 15 minutes", ("1%", "2%", "3%")),
    ("volume", ("1.5 times normal", "2 times normal")),
    ("volatility", ("1 times normal", "2 times normal", "3 times normal")),
    ("rsi", ("30", "70")),
    ("spread", ("0.1%", "0.5%")),
    ("times booked", ("1", "2")),
    ("days to expiry", ("1", "5")),
)
WORDS = ("is at least", "is at most", "is above", "is below")


def policy_text(draw: Random, rules: int) -> str:
    """Write a policy of that many rules, each with a label."""
    lines = ["applies to NSE equity, product MIS"]
    lines += [f"RULE_{number}: {_rule(draw)}" for number in range(1, rules + 1)]
    return "\n".join(lines) + "\n"


def _rule(draw: Random) -> str:
    verb = draw.choice(
        (
            "exit",
            "book {share}%",
            "book {share}%",
            "book {share}% of the original",
            "book up to {share}%",
            "add {share}%",
            "move stop to break-even + {small}%",
            "move stop to entry - {small}%",
            "tighten stop to {small}% from price",
            "trail stop {small}%",
        )
    ).format(share=draw.choice((10, 20, 25, 33, 50, 75)), small=draw.choice((1, 2, 3, 5)))
    parts = [verb]
    if draw.random() < 0.7:
        parts.append(f"at {draw.choice(PERCENTS)}% {'profit' if draw.random() < 0.8 else 'loss'}")
    if draw.random() < 0.4:
        parts.append(
            draw.choice(("after 30 minutes", "after 2 hours", "before 10:00", "between 10:00 and 14:00", "at 15:15"))
        )
    if draw.random() < 0.5 or len(parts) == 1:
        joint = draw.choice((" and ", " and ", " or "))
        parts.append("when " + joint.join(_condition(draw) for _ in range(draw.choice((1, 1, 2, 3)))))
    if draw.random() < 0.15:
        parts.append(f"unless {_comparison(draw)}")
    if verb.startswith(("book", "add")) and draw.random() < 0.3:
        parts.append(draw.choice(("every 30 minutes up to 3 times", "up to 2 times")))
    return " ".join(parts)


def _condition(draw: Random) -> str:
    luck = draw.random()
    if luck < 0.05:
        return f"price {draw.choice(('crosses above', 'crosses below', 'is above', 'is below'))} vwap"
    return _comparison(draw) + (" for 5 minutes" if luck < 0.1 else "")


def _comparison(draw: Random) -> str:
    if draw.random() < 0.4:
        return f"profit {draw.choice(WORDS)} {draw.choice(PERCENTS)}%"
    fact, values = draw.choice(FACTS)
    return f"{fact} {draw.choice(WORDS)} {draw.choice(values)}"


# --- over several looks ----------------------------------------------------------------------------------------

_LEVELS = (2, 5, 8, 10, 12)
_VERBS = (
    "exit",
    "exit",
    "book {share}%",
    "book {share}% of the original",
    "add {share}%",
    "move stop to entry + {small}%",
    "move stop to {small}% profit",
    "move stop to {small}% from price",
    "trail stop {small}%",
    "lock in {share}% of peak profit",
    "tighten stop by {share}%",
)
_EARLIER = (
    "peak profit is at least {level}%",
    "peak profit is at least {level}% and profit is below 4%",
    "giveback is at least {share}%",
    "times booked is at least {count}",
    "times booked is {count}",
    "times booked is 0",
    "times added is at least {count}",
    "times added is {count} and times booked is {count}",
    "profit is below {level}%",
    "volume is above 2 times normal",
)


def lookback_policy_text(draw: Random, rules: int) -> str:
    """Write a policy of that many rules that rest on earlier looks, with few numbers, so that they often meet."""
    lines = [draw.choice(("applies to NSE equity, product MIS", "applies to NSE equity, product CNC"))]
    lines += [f"RULE_{number}: {_lookback_rule(draw)}" for number in range(1, rules + 1)]
    return "\n".join(lines) + "\n"


def _lookback_rule(draw: Random) -> str:
    luck = draw.random()
    if luck < 0.12:
        return draw.choice(("exit at 15:15", "exit 10 minutes before close", "exit after 2 hours"))
    numbers = {"share": draw.choice((25, 40, 50)), "small": draw.choice((1, 2, 3)), "count": draw.choice((1, 1, 2))}
    verb = draw.choice(_VERBS)
    parts = [verb]
    if draw.random() < 0.6:
        parts.append(f"at {draw.choice(_LEVELS)}% {'profit' if draw.random() < 0.85 else 'loss'}")
    if draw.random() < 0.2:
        parts.append(draw.choice(("after 1 day", "after 3 days", "after 30 minutes", "before 10:00")))
    if draw.random() < 0.6 or len(parts) == 1:
        parts.append(f"when {draw.choice(_EARLIER)}")
    if verb.startswith(("book", "add")) and draw.random() < 0.3:
        parts.append(draw.choice(("every 30 minutes", "up to 2 times", "every 10 minutes up to 3 times")))
    return " ".join(parts).format(level=draw.choice(_LEVELS), **numbers)
