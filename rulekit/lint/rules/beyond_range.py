"""R106: a number that a fact never reaches."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import (
    condition_text,
)
from rulekit.language.vocabulary import STANDARD
from rulekit.language.words import number_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    written,
)
from rulekit.lint.ranges import Range, range_of
from rulekit.lint.scales import mirrored
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
        possible = _possible(found, name)
        if possible is None:
            continue
        if found.apart(possible) or possible.within(found):
            yield Finding(
                leaf.span,
                f"`{name}` is {_shown(possible)}, so `{condition_text(leaf)}` is"
                f" {'never' if found.apart(possible) else 'always'} true",
                "write a number that it reaches",
            )


def _possible(found: Range, name: str) -> Range | None:
    """Return the values that a fact of the language or of a plug-in can have; None if it can have any."""
    if name in _RANGES:
        least, greatest = _RANGES[name]
        return Range(found.of, Fraction(least), None if greatest is None else Fraction(greatest))
    row = STANDARD.find(name)
    if row is None:
        return None
    low, high = mirrored(row.low, row.high) if row.signed else (row.low, row.high)
    return None if low is None and high is None else Range(found.of, low, high)


def _shown(possible: Range) -> str:
    low, high = possible.low, possible.high
    if low is None:
        assert high is not None
        return f"at most {number_text(high)}"
    return f"at least {number_text(low)}" if high is None else f"between {number_text(low)} and {number_text(high)}"
