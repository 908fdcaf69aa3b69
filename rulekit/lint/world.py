"""Where positions can be: the bounds of each axis, and what ties axes together whatever the market does."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from rulekit.language.tree import Applies, Op, Unit
from rulekit.lint.atoms import Axes
from rulekit.lint.axes import UNKNOWN_CELL, Bounds, Mask, NumberAxis, WordAxis
from rulekit.lint.regions import EVERYWHERE, Box, Region, meet_boxes
from rulekit.lint.scales import TIME, TO_CLOSE, profit_scale

ZERO, WHOLE = Fraction(0), Fraction(100)
_WORDS = (
    ("exchange", "exchanges"),
    ("product", "products"),
    ("symbol", "symbols"),
    ("strategy", "strategies"),
    ("side", "sides"),
)


def prepare(axes: Axes, applies: Applies) -> None:
    """Take in the thresholds that tie axes together, before the axes are sealed."""
    for name, listed in _WORDS:
        place = axes.find(("word", name))
        if place is not None:
            axis = axes.axes[place]
            assert isinstance(axis, WordAxis)
            axis.learn(*(value.casefold() for value in getattr(applies, listed)))
    if not _profits(axes):
        axes.number(profit_scale(Unit.PERCENT))
    for axis in _profits(axes):
        axis.learn(ZERO)
        if axis.key == ("profit", Unit.PERCENT) and any(abs(value) >= WHOLE for value in axis.learnt):
            axis.learn(-WHOLE, WHOLE)
            axes.word("side")


def _profits(axes: Axes) -> list[NumberAxis]:
    """List the axes of the open profit, one for each of its units."""
    return [axis for axis in axes.axes if isinstance(axis, NumberAxis) and _is_profit(axis)]


def _is_profit(axis: NumberAxis) -> bool:
    return isinstance(axis.key, tuple) and axis.key[0] == "profit"


def region(axes: Axes, applies: Applies) -> Region:
    """Return where positions that a policy applies to can be."""
    found: Region = (_bounds(axes),)
    for tied in (_within_words(axes, applies), _one_sign(axes), _whole_price(axes)):
        found = tuple(both for a in found for b in tied if (both := meet_boxes(a, b)) is not None)
    return found


def _bounds(axes: Axes) -> Box:
    """Leave out cells that no value can lie in; the time of day is always known."""
    possible = {place: axis.possible() for place, axis in enumerate(axes.axes)}
    clock = axes.find(TIME.key)
    if clock is not None:
        possible[clock] &= axes.axes[clock].numbers  # type: ignore[union-attr]
    return {place: mask for place, mask in possible.items() if mask != axes.alls[place]}


def _within_words(axes: Axes, applies: Applies) -> Region:
    """Keep to what `applies to` lists."""
    box: dict[int, Mask] = {}
    for name, listed in _WORDS:
        place, values = axes.find(("word", name)), getattr(applies, listed)
        if place is not None and values:
            axis = axes.axes[place]
            assert isinstance(axis, WordAxis)
            box[place] = 0
            for value in values:
                box[place] |= axis.where(value.casefold())
    return (box,)


def _one_sign(axes: Axes) -> Region:
    """Tie the measures of the open profit together: it is a profit, a loss or neither in all of them at once."""
    profits = _profits(axes)
    if len(profits) < 2:
        return EVERYWHERE
    boxes = []
    for op in (Op.BELOW, Op.IS, Op.ABOVE):
        boxes.append({axes.places[axis.key]: axis.where(op, ZERO) | axis.beside(UNKNOWN_CELL) for axis in profits})
    return tuple(boxes)


def _whole_price(axes: Axes) -> Region:
    """Keep prices above zero: a long loses less than all of its entry, a short wins less."""
    place, side = axes.find(("profit", Unit.PERCENT)), axes.find(("word", "side"))
    if place is None or side is None or WHOLE not in axes.axes[place].learnt:  # type: ignore[union-attr]
        return EVERYWHERE
    profit, sides = axes.axes[place], axes.axes[side]
    assert isinstance(profit, NumberAxis) and isinstance(sides, WordAxis)
    unknown = profit.beside(UNKNOWN_CELL)
    long = {side: sides.where("long"), place: profit.where(Op.ABOVE, -WHOLE) | unknown}
    short = {side: sides.where("short"), place: profit.where(Op.BELOW, WHOLE) | unknown}
    return (long, short)


def deep_loss(axes: Axes) -> Region:
    """Return where a position has lost more than any number that the policy names."""
    box: dict[int, Mask] = {}
    for axis in _profits(axes):
        place = axes.places[axis.key]
        possible = axis.possible() & axis.numbers
        box[place] = possible & -possible
    return (box,)


def gain(axes: Axes) -> Region:
    """Return where a position is in profit."""
    return ({axes.places[axis.key]: axis.where(Op.ABOVE, ZERO) for axis in _profits(axes)},)


def all_known(axes: Axes) -> Region:
    """Return where every number is known."""
    return ({place: axis.numbers for place, axis in enumerate(axes.axes) if isinstance(axis, NumberAxis)},)


def within_counts(axes: Axes, most: Mapping[str, int | None]) -> Region:
    """Return where no more was booked or added than a policy itself can; None is no bound."""
    box: dict[int, Mask] = {}
    for name, bound in most.items():
        place = axes.find((name, Unit.COUNT))
        if place is not None and bound is not None:
            axis = axes.axes[place]
            assert isinstance(axis, NumberAxis)
            box[place] = axis.possible(Bounds(Fraction(0), Fraction(bound), whole=True))
    return (box,)


def counted(axes: Axes, name: str) -> Region:
    """Return where at least one book or add has been made for certain; everywhere if the policy does not ask."""
    place = axes.find((name, Unit.COUNT))
    if place is None:
        return EVERYWHERE
    axis = axes.axes[place]
    assert isinstance(axis, NumberAxis)
    return ({place: axis.possible() & axis.numbers & ~axis.cell_of(ZERO)},)


def within_session(axes: Axes, opens: int, closes: int) -> Region:
    """Return where the exchange is open: microseconds since midnight, and what is left until the close."""
    box: dict[int, Mask] = {}
    for key, bounds in (
        (TIME.key, Bounds(Fraction(opens), Fraction(closes))),
        (TO_CLOSE.key, Bounds(Fraction(0), Fraction(closes - opens))),
    ):
        place = axes.find(key)
        if place is not None:
            axis = axes.axes[place]
            assert isinstance(axis, NumberAxis)
            box[place] = axis.possible(bounds)
    return (box,)
