"""Exact regions: unions of boxes over cells, with a budget; a box says for each axis which cells it covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import define

Box = Mapping[int, int]
"""Cells by the axis' number; an axis that is not there is free."""
Region = tuple[Box, ...]

EMPTY: Region = ()
EVERYWHERE: Region = ({},)


class BudgetError(Exception):
    """A question needs more boxes than were allowed: it stays not checked."""


@define
class Budget:
    """How many boxes may still be made; shared by the questions of one policy."""

    boxes: int = 200_000

    def spend(self, boxes: int = 1) -> None:
        """Take boxes from it.

        Raises:
            BudgetError: there are not that many.
        """
        self.boxes -= boxes
        if self.boxes < 0:
            raise BudgetError


def meet_boxes(left: Box, right: Box) -> Box | None:
    """Return what two boxes share, None if that is nothing."""
    if len(left) < len(right):
        left, right = right, left
    both = dict(left)
    for axis, mask in right.items():
        have = both.get(axis)
        shared = mask if have is None else have & mask
        if not shared:
            return None
        both[axis] = shared
    return both


def meet(left: Region, right: Region, budget: Budget) -> Region:
    """Return what two regions share."""
    if left == EVERYWHERE:
        return right
    if right == EVERYWHERE:
        return left
    budget.spend(len(left) * len(right))
    found = [both for a in left for b in right if (both := meet_boxes(a, b)) is not None]
    return _tidy(found)


def join(left: Region, right: Region) -> Region:
    """Return what lies in either region."""
    if EVERYWHERE in (left, right):
        return EVERYWHERE
    return _tidy([*left, *right])


def _tidy(boxes: list[Box]) -> Region:
    """Leave out boxes that another one covers; only where there are few, for it looks at every pair."""
    if not 1 < len(boxes) <= 24:
        return tuple(boxes)
    kept: list[Box] = []
    for box in sorted(boxes, key=len):
        if not any(_within(box, other) for other in kept):
            kept.append(box)
    return tuple(kept)


def _within(box: Box, other: Box) -> bool:
    """Tell whether a box lies in another one."""
    return all(axis in box and not box[axis] & ~mask for axis, mask in other.items())


def subtract_box(box: Box, other: Box, alls: Sequence[int]) -> list[Box]:
    """Return what is left of a box without another one, as boxes that do not overlap."""
    if meet_boxes(box, other) is None:
        return [box]
    left: list[Box] = []
    core = dict(box)
    for axis, mask in other.items():
        have = core.get(axis, alls[axis])
        outside = have & ~mask
        if outside:
            left.append({**core, axis: outside})
            core[axis] = have & mask
    return left


def minus(region: Region, other: Iterable[Box], alls: Sequence[int], budget: Budget) -> Region:
    """Return what is left of a region without the boxes of another one."""
    left = list(region)
    for box in other:
        if not left:
            break
        budget.spend(len(left))
        left = [part for each in left for part in subtract_box(each, box, alls)]
    return tuple(left)


def overlaps(left: Region, right: Region) -> bool:
    """Tell whether two regions share a point."""
    return any(meet_boxes(a, b) is not None for a in left for b in right)


def contains(region: Region, point: Box) -> bool:
    """Tell whether a point, one cell for each axis, lies in a region."""
    return any(all(point[axis] & mask for axis, mask in box.items()) for box in region)
