"""R106: a number that a fact never reaches."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import (
    condition_text,
)
from rulekit.language.words import number_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    written,
)
from rulekit.lint.ranges import Range, range_of
from rulekit.lint.subject import TREE, Subject

CODE = Code("R106", "beyond-range", WARNING, "a comparison with a number that the fact never reaches")
NEEDS = TREE


_RANGES = {
    "rsi": (0, 100),
    "giveback": (0, None),
    "volume": (0, None),
    "volatility": (0, None),
    "spread": (0, None),
    "age": (0, None),
    "atr": (0, None),
    "peak profit": (0, None),
    "initial risk": (0, None),
    "quantity": (1, None),
    "lots": (0, None),
    "value": (0, None),
    "times booked": (0, None),
    "times added": (0, None),
    "minutes to close": (0, None),
    "days to expiry": (0, None),
    "open positions": (0, None),
    "exposure": (0, None),
    "margin used": (0, None),
}
"""The least and the greatest value of a fact, None where there is no end."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every comparison that holds for all values of its fact, or for none."""
    for leaf in written(subject.tree):
        found = None if isinstance(leaf, t.Level | t.When | t.Named) else range_of(leaf)
        if found is None:
            continue
        name = found.of[0].partition(" over ")[0]
        if name not in _RANGES:
            continue
        least, greatest = _RANGES[name]
        possible = Range(found.of, Fraction(least), None if greatest is None else Fraction(greatest))
        if found.apart(possible) or possible.within(found):
            yield Finding(
                leaf.span,
                f"`{name}` is {_shown(possible)}, so `{condition_text(leaf)}` is"
                f" {'never' if found.apart(possible) else 'always'} true",
                "write a number that it reaches",
            )


def _shown(possible: Range) -> str:
    low, high = possible.low, possible.high
    assert low is not None
    return f"at least {number_text(low)}" if high is None else f"between {number_text(low)} and {number_text(high)}"
