"""What must have been at an earlier look for a rule to hold now: argued from two looks, however many lie between.

A position is taken as opened under the policy: nothing was booked or added before it, and every look saw it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from attrs import frozen

from rulekit.compile.program import times_allowed
from rulekit.language import tree as t
from rulekit.language.tree import Unit
from rulekit.language.words import measure_text
from rulekit.lint.axes import UNKNOWN_CELL, Bounds, Mask, NumberAxis, cells, sample
from rulekit.lint.before import can_follow, sources
from rulekit.lint.hours import session_of
from rulekit.lint.meaning import Meaning
from rulekit.lint.proofs import Proofs
from rulekit.lint.regions import EVERYWHERE, Region
from rulekit.lint.scales import OVERNIGHT, TIME, TO_CLOSE
from rulekit.lint.world import counted, within_counts
from rulekit.model.instant import DAY, MINUTE

COUNTS = {"times booked": t.Book, "times added": t.Add}
_STEADY = (Unit.PERCENT, Unit.POINTS, Unit.TICKS)
"""Measures of profit that only the price changes, as long as nothing is added."""


@frozen
class Need:
    """An earlier look without which a rule never holds.

    Args:
        region: where the position lay then.
        what: what it is about, for a person.
        sure: whether it was a look for certain; the best price may also have come and gone between two.
    """

    region: Region
    what: str
    sure: bool = True


def needs(proofs: Proofs, rule: t.Rule) -> Iterator[Need]:
    """Yield the earlier looks without which a rule never holds, as far as regions tell."""
    yield from _peaks(proofs, rule)
    yield from _nights(proofs, rule)


# --- the best profit -------------------------------------------------------------------------------------------


def _peaks(proofs: Proofs, rule: t.Rule) -> Iterator[Need]:
    """A peak was a profit once; what is added moves the entry, and with it all profits."""
    if any(proofs.acts(add) for add in proofs.of(t.Add)):
        return
    axes = proofs.meaning.axes
    for unit in _STEADY:
        place, now = axes.find(("peak profit", unit)), axes.find(("profit", unit))
        if place is None or now is None:
            continue
        least = _least(proofs.meaning, proofs.region(rule), place)
        if least is not None and least > 0:
            axis = axes.axes[now]
            assert isinstance(axis, NumberAxis)
            region = ({now: _from(axis, least)},)
            yield Need(region, f"the profit must have been {measure_text(least, unit)} or more", sure=False)


def _least(meaning: Meaning, region: Region, place: int) -> Fraction | None:
    """Return what a number is at least wherever a region says; None where it may be unknown, or anything."""
    axis, found = meaning.axes.axes[place], []
    assert isinstance(axis, NumberAxis)
    for box in region:
        mask = box.get(place, meaning.axes.alls[place])
        if mask & ~axis.numbers:
            return None
        low, _ = axis.edges(cells(mask)[0])
        if low is None:
            return None
        found.append(low)
    return min(found, default=None)


def _from(axis: NumberAxis, least: Fraction) -> Mask:
    """Return the cells that hold a number of at least that, and perhaps some below."""
    return sum(
        1 << cell
        for cell in range(2 * len(axis.thresholds) + 1)
        if sample(axis.edges(cell), Bounds(low=least)) is not None
    )


# --- nights ----------------------------------------------------------------------------------------------------


def _nights(proofs: Proofs, rule: t.Rule) -> Iterator[Need]:
    """What is held on a later day was held when the session before ended."""
    if not _is_overnight(proofs, rule):
        return
    axes = proofs.meaning.axes
    _, closes = session_of(proofs.tree.applies.exchanges or ("NSE",))
    box: dict[int, Mask] = {}
    for key, value in ((TIME.key, closes - MINUTE), (TO_CLOSE.key, MINUTE)):
        place = axes.find(key)
        if place is not None:
            axis = axes.axes[place]
            assert isinstance(axis, NumberAxis)
            box[place] = axis.cell_of(Fraction(value))
    yield Need((box,), "it must have been held at the end of a day")


def _is_overnight(proofs: Proofs, rule: t.Rule) -> bool:
    """Tell whether a rule holds only for positions that were opened on an earlier day."""
    axes = proofs.meaning.axes
    for key, least, beside in (
        (("age", Unit.DURATION), DAY, UNKNOWN_CELL),  # hours are known of the first day only
        (("age", Unit.DAYS), 1, OVERNIGHT),
    ):
        place = axes.find(key)
        if place is None:
            continue
        axis = axes.axes[place]
        assert isinstance(axis, NumberAxis)
        older = _from(axis, Fraction(least)) & ~_below(axis, Fraction(least)) | axis.beside(beside)
        if all(not box.get(place, axes.alls[place]) & ~older for box in proofs.region(rule)):
            return True
    return False


def _below(axis: NumberAxis, value: Fraction) -> Mask:
    """Return the cells that hold a number below that."""
    return sum(
        1 << cell
        for cell in range(2 * len(axis.thresholds) + 1)
        if sample(axis.edges(cell), Bounds(high=value, high_open=True)) is not None
    )


# --- counts ----------------------------------------------------------------------------------------------------


@frozen
class Reach:
    """Which rules can come at all, beginning with nothing booked and nothing added.

    Args:
        rules: by name. most: how often they book and add in all, None without a bound.
    """

    rules: frozenset[str]
    most: dict[str, int | None]


def reach(proofs: Proofs) -> Reach:
    """Return the rules that can come: each needs no more books and adds than those that can come before it make."""
    alive: set[str] = set()
    while True:
        most = {fact: _most(proofs, verb, alive) for fact, verb in COUNTS.items()}
        can_be = within_counts(proofs.meaning.axes, most)
        more = {
            rule.name for rule in proofs.tree.rules if rule.name not in alive and _can_come(proofs, rule, can_be, alive)
        }
        if not more:
            return Reach(frozenset(alive), most)
        alive |= more


def _most(proofs: Proofs, verb: type, alive: set[str]) -> int | None:
    counts = [times_allowed(rule) for rule in proofs.of(verb) if rule.name in alive]
    return None if None in counts else sum(count for count in counts if count is not None)


def _can_come(proofs: Proofs, rule: t.Rule, can_be: Region, alive: set[str]) -> bool:
    now = proofs.meet(proofs.region(rule), can_be)
    return bool(now) and all(
        any(source.name in alive for source in sources(proofs.tree, fact)) and follows(proofs, now, fact, alive)
        for fact in COUNTS
        if counts_on(proofs, rule, fact)
    )


def follows(proofs: Proofs, now: Region, fact: str, alive: set[str] | frozenset[str]) -> bool:
    """Tell whether a book or add that can come may have been before a position lies in a region."""
    return any(
        can_follow(proofs.meaning, now, proofs.turn(source))
        for source in sources(proofs.tree, fact)
        if source.name in alive
    )


def counts_on(proofs: Proofs, rule: t.Rule, fact: str) -> bool:
    """Tell whether a rule never holds before something was booked, or added."""
    some = counted(proofs.meaning.axes, fact)
    return some != EVERYWHERE and not proofs.meaning.less(proofs.region(rule), some)


def bookings(proofs: Proofs, rule: t.Rule) -> Need | None:
    """Return that something was booked before a rule holds; None where it may hold without."""
    if not counts_on(proofs, rule, "times booked"):
        return None
    made = tuple(box for source in sources(proofs.tree, "times booked") for box in proofs.turn(source))
    return Need(made, "something must have been booked") if made else None
