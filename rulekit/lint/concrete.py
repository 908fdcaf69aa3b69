"""From regions to positions: values are picked in their cells, and positions made of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from fractions import Fraction

from rulekit.errors import RulekitError
from rulekit.language.tree import Unit
from rulekit.lint.axes import NumberAxis
from rulekit.lint.draft import PROFIT, Draft
from rulekit.lint.meaning import Meaning
from rulekit.lint.picks import Picks, picks
from rulekit.lint.regions import Box, Region
from rulekit.lint.witness import Witness

ENTRIES = (Fraction(1690), Fraction(2000), Fraction(1000), Fraction(100))
TRIES = 120
"""How many positions are tried for one question at most."""
_MEASURES = (Unit.PERCENT, Unit.POINTS, Unit.RUPEES, Unit.TICKS, Unit.R, Unit.ATR)


def witnesses(
    meaning: Meaning, region: Region, prefer: Mapping[Hashable, Fraction] | None = None, tries: int = TRIES
) -> Iterator[Witness]:
    """List positions that ought to lie in a region, the plainest first; what they show is for the evaluator to say."""
    seen: set[Witness] = set()
    tried = 0
    for box in (_all_known(meaning, box) for box in region[:8]):
        for chosen in picks(meaning.axes.axes, box, prefer):
            for entry in ENTRIES:
                for measures in _fewer(chosen):
                    for witness in positions(meaning, measures, entry):
                        if witness not in seen:
                            seen.add(witness)
                            yield witness
                        tried += 1
                        if tried >= tries:
                            return


def _all_known(meaning: Meaning, box: Box) -> Box:
    """Name every axis where a policy exits for want of data: then a fact that is left out would be the reason."""
    if meaning.tree.missing_data != "exit":
        return box
    known = {place: axis.possible() & axis.numbers for place, axis in _numbers(meaning)}
    return {place: mask for place, mask in {**known, **box}.items() if mask}


def _numbers(meaning: Meaning) -> list[tuple[int, NumberAxis]]:
    return [(place, axis) for place, axis in enumerate(meaning.axes.axes) if isinstance(axis, NumberAxis)]


def _fewer(chosen: Picks) -> tuple[Picks, ...]:
    """Return picks with one measure of profit only, then with all: often the others come out right by themselves."""
    units = [unit for unit in _MEASURES if (PROFIT, unit) in chosen]
    if len(units) < 2:
        return (chosen,)
    left_out = {(PROFIT, unit) for unit in units[1:]}
    return {key: value for key, value in chosen.items() if key not in left_out}, chosen


def positions(meaning: Meaning, chosen: Picks, entry: Fraction) -> Iterator[Witness]:
    """List the positions that picked values make, on each side that they leave open."""
    sides = [chosen[("word", "side")]] if ("word", "side") in chosen else [*meaning.tree.applies.sides[:1]] or ["long"]
    for side in sides:
        for up in (False, True):
            draft = Draft(meaning, chosen, 1 if side == "long" else -1, entry, up)
            try:
                witness = draft.witness()
            except (RulekitError, OverflowError):
                continue  # days before the calendar begins
            if witness is not None:
                yield witness


Accept = Callable[[Witness], bool]


def first_witness(
    meaning: Meaning,
    region: Region,
    accept: Accept,
    prefer: Mapping[Hashable, Fraction] | None = None,
    tries: int = TRIES,
) -> Witness | None:
    """Return the first position of a region that shows what is asked, None if none of those tried does."""
    return next((each for each in witnesses(meaning, region, prefer, tries) if _shows(accept, each)), None)


def _shows(accept: Accept, witness: Witness) -> bool:
    """Ask about one position; one that no calendar or number can hold shows nothing."""
    try:
        return accept(witness)
    except (RulekitError, OverflowError, ValueError):
        return False
