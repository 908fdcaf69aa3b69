"""What the words of the language that are no facts mean, in a line each; and samples of what needs a number.

A word that is missing here is offered all the same, without a line of help.
"""

from __future__ import annotations

MEANINGS: dict[str, str] = {
    "EXIT": "closes the whole position",
    "BOOK": "closes part of the position: `book 50%`, `book 25 shares`, `book up to 75%`",
    "ADD": "adds to the position in its own direction: `add 25%`",
    "MOVE": "`move stop to PRICE`: moves the stop, only if that tightens it",
    "TIGHTEN": "`tighten stop to PRICE` or `tighten stop by 25%` of the distance from price to stop",
    "TRAIL": "`trail stop 2%`: keeps the stop that far behind the best price since the rule began to hold",
    "LOCK_IN": "`lock in 50% of peak profit`: a stop at the price that keeps that share of the best profit",
    "AT": "`at 15% profit`: has reached that level; `at 15:15`: from that time on",
    "AFTER": "`after 30 minutes` since the position was opened, `after 15:00` by the exchange's clock",
    "BEFORE": "`before 09:30`, that moment not included",
    "BETWEEN": "`between 09:20 and 11:00`, both included",
    "ON": "`on Friday`, `on expiry day`",
    "WHEN": "a condition that must hold: `when momentum over 15 minutes is at least 2%`",
    "UNLESS": "a condition that must not hold",
    "ONCE": "at most one time for each position",
    "ONCE_A_DAY": "at most one time a day",
    "UP_TO": "`up to 3 times` for each position; of an amount, `up to 75%` of the original in all",
    "EVERY": "`every 30 minutes`: again after that time at the earliest",
    "SET": "`set first target to 15%` gives a value a name",
    "DEFINE": "`define high volume as volume is at least 1.5 times normal` gives a condition a name",
    "POLICY": '`policy "…"`: the title',
    "APPLIES_TO": "`applies to NSE equity, product MIS`: which positions this policy is for",
    "EXAMPLE": '`example "…"`: a position, a moment, and what must come of it',
    "EXPECT": "what must come of this example: `expect book 50 because LABEL`",
    "ALERT": '`alert "{{ symbol }} is up {{ profit }}"`: tells you, and sends no order',
    "FOR_BOOK": "opens a block of rules about all positions: `exit everything and stop trading at ₹25,000 day loss`",
    "BOOK_ACTION": "acts on all positions together; stands in a block `for the whole book`",
    "ACTED": "what was done before: `LABEL acted 2 times`",
    "OVER": "the window of a fact: `over 15 minutes`, `over 5 bars`",
    "ORIGINAL": "the largest quantity that this position has had",
    "EVERYTHING": "all that is held",
    "UNIT": "a unit",
    "TIME_UNIT": "a unit of time",
    "AND": "both hold; mixed with `or` it needs brackets",
    "OR": "at least one holds; mixed with `and` it needs brackets",
    "NOT": "`not (…)`: the condition in brackets does not hold",
}
"""By terminal of the grammar."""

SAMPLES: tuple[tuple[str, str], ...] = (
    ("50%", "NUMBER"),
    ("half", "FRACTION"),
    ("25 shares", "NUMBER"),
    ("2 lots", "NUMBER"),
    ("₹50,000 worth", "RUPEE"),
    ("15% profit", "NUMBER"),
    ("2% loss", "NUMBER"),
    ("₹5,000 profit", "RUPEE"),
    ("2R profit", "NUMBER"),
    ("15%", "NUMBER"),
    ("₹5,000", "RUPEE"),
    ("2R", "NUMBER"),
    ("20 points", "NUMBER"),
    ("1.5 ATR", "NUMBER"),
    ("1.5 times normal", "NUMBER"),
    ("30 minutes", "NUMBER"),
    ("2 hours", "NUMBER"),
    ("3 days", "NUMBER"),
    ("5 bars", "NUMBER"),
    ("15:15", "CLOCK"),
    ("1% from price", "NUMBER"),
    ("3 times", "NUMBER"),
    ("15 minutes before close", "NUMBER"),
)
"""What might be meant where a number may stand, each with its first terminal; only what fits is offered."""

_CONDITIONS = ("price is above entry", "day loss is at least ₹5,000")
TAILS: dict[str, tuple[str, ...]] = {
    "AT": ("5% profit", "₹5,000 day loss"),
    "AFTER": ("30 minutes", "15:00"),
    "BEFORE": ("15:00",),
    "BETWEEN": ("10:00 and 11:00",),
    "ON": ("Friday",),
    "WHEN": _CONDITIONS,
    "UNLESS": _CONDITIONS,
    "AND": (*_CONDITIONS, "stop trading"),
    "OR": _CONDITIONS,
    "UP_TO": ("3 times", "75%"),
    "EVERY": ("30 minutes", "5% profit"),
    "BOOK": ("50%",),
    "ADD": ("25%",),
    "MOVE": ("entry",),
    "TIGHTEN": ("by 25%",),
    "TRAIL": ("2%",),
    "LOCK_IN": ("50% of peak profit",),
    "ALERT": ('"x"',),
    "name": ("", "profit"),
}
"""How a part of a sentence may go on, so that the checker can tell whether it may stand there at all: one is enough."""
