"""R106: a number that a fact never reaches."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.sentences import condition_text
from rulekit.language.words import bounds_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import written
from rulekit.lint.ranges import Range, range_of
from rulekit.lint.scales import declared_bounds
from rulekit.lint.subject import TREE, Subject

CODE = Code("R106", "beyond-range", WARNING, "a comparison with a number that the fact never reaches")
NEEDS = TREE


_RANGES: dict[str, tuple[Fraction | None, Fraction | None]] = {
    "rsi": (Fraction(0), Fraction(100)),
    "giveback": (Fraction(0), None),
    "volume": (Fraction(0), None),
    "volatility": (Fraction(0), None),
    "spread": (Fraction(0), None),
    "age": (Fraction(0), None),
    "atr": (Fraction(0), None),
    "peak profit": (Fraction(0), None),
    "initial risk": (Fraction(0), None),
    "quantity": (Fraction(1), None),
    "lots": (Fraction(0), None),
    "value": (Fraction(0), None),
    "times booked": (Fraction(0), None),
    "times added": (Fraction(0), None),
    "minutes to close": (Fraction(0), None),
    "days to expiry": (Fraction(0), None),
    "open positions": (Fraction(0), None),
    "exposure": (Fraction(0), None),
    "margin used": (Fraction(0), None),
}
"""The least and the greatest value of a fact, None where there is no end."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every comparison that holds for all values of its fact, or for none."""
    for leaf in written(subject.tree):
        found = None if isinstance(leaf, t.Level | t.When | t.Named) else range_of(leaf)
        if found is None:
            continue
        name = found.of[0].partition(" over ")[0]
        low, high = _RANGES.get(name) or declared_bounds(name)
        possible = Range(found.of, low, high)
        if found.apart(possible) or possible.within(found):
            yield Finding(
                leaf.span,
                f"`{name}` is {bounds_text(low, high)}, so `{condition_text(leaf)}` is"
                f" {'never' if found.apart(possible) else 'always'} true",
                "write a number that it reaches",
            )
