"""What must have been before: a firing needs an earlier look at which its rule held, of the same position, younger."""

from __future__ import annotations

from rulekit.language import tree as t
from rulekit.language.tree import Unit
from rulekit.lint.axes import Mask, NumberAxis, cells
from rulekit.lint.meaning import Meaning
from rulekit.lint.regions import Box, Region

_LASTING = tuple(("word", name) for name in ("side", "symbol", "exchange", "product", "strategy"))
"""What does not change while a position is held."""
_GROWING = (("age", Unit.DURATION), ("age", Unit.DAYS), ("age", Unit.BARS))
"""What only grows."""


def can_follow(meaning: Meaning, now: Region, earlier: Region) -> bool:
    """Tell whether a position may lie in one region now and have lain in another at an earlier look."""
    return any(_fits(meaning, after, before) for after in now for before in earlier)


def _fits(meaning: Meaning, now: Box, before: Box) -> bool:
    axes = meaning.axes
    for key in _LASTING:
        place = axes.find(key)
        if place is not None and not now.get(place, axes.alls[place]) & before.get(place, axes.alls[place]):
            return False
    for age in _GROWING:
        place = axes.find(age)
        if place is not None:
            axis = axes.axes[place]
            assert isinstance(axis, NumberAxis)
            if not _older(axis, now.get(place, axes.alls[place]), before.get(place, axes.alls[place])):
                return False
    return True


def _older(axis: NumberAxis, now: Mask, before: Mask) -> bool:
    """Tell whether some age of the first cells is no less than some age of the others.

    What is unknown may be any; but hours and minutes are unknown only of what is older than a day, and the largest
    age of the first cells is then compared with what is known of the others.
    """
    overnight = axis.key == ("age", Unit.DURATION) and before & axis.numbers
    if now & ~axis.numbers or (before & ~axis.numbers and not overnight):
        return True
    return cells(now)[-1] >= cells(before & axis.numbers)[0]


def sources(tree: t.PolicyTree, fact: str) -> list[t.Rule]:
    """Return the rules whose firings a count counts."""
    verb = {"times booked": t.Book, "times added": t.Add}[fact]
    return [rule for rule in tree.rules if isinstance(rule.verb, verb)]
