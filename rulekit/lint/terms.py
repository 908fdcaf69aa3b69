"""Terms: conditions as combinations of atoms, each about one axis."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from rulekit.language.tree import Op


@frozen
class NumberAtom:
    """`axis op value`; `extras` says what holds in cells without a number, where it is not unknown."""

    axis: int
    op: Op
    value: Fraction
    extras: tuple[tuple[str, bool], ...] = ()


@frozen
class WordAtom:
    """A word is that one, or is not."""

    axis: int
    word: str
    same: bool = True


@frozen
class TruthAtom:
    """Something that constants do not settle."""

    axis: int


@frozen
class Every:
    """All hold, by Kleene."""

    items: tuple[Term, ...]


@frozen
class Some:
    """At least one holds, by Kleene."""

    items: tuple[Term, ...]


@frozen
class Opposite:
    """It does not hold."""

    item: Term


Term = NumberAtom | WordAtom | TruthAtom | Every | Some | Opposite


def axes_of(term: Term) -> set[int]:
    """Return the axes that a term speaks of."""
    if isinstance(term, Opposite):
        return axes_of(term.item)
    if isinstance(term, Every | Some):
        return set().union(*(axes_of(item) for item in term.items))
    return {term.axis}


FLIPPED = {
    Op.AT_LEAST: Op.AT_MOST,
    Op.AT_MOST: Op.AT_LEAST,
    Op.ABOVE: Op.BELOW,
    Op.BELOW: Op.ABOVE,
    Op.IS: Op.IS,
    Op.IS_NOT: Op.IS_NOT,
}
NEGATED = {
    Op.AT_LEAST: Op.BELOW,
    Op.BELOW: Op.AT_LEAST,
    Op.AT_MOST: Op.ABOVE,
    Op.ABOVE: Op.AT_MOST,
    Op.IS: Op.IS_NOT,
    Op.IS_NOT: Op.IS,
}
