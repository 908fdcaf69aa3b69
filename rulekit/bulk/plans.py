"""Remembers how a frame was bound, so that the next one of its shape goes to the loop as it is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from attrs import frozen

from rulekit.bulk.binding import Bound
from rulekit.bulk.frames import plain_name
from rulekit.compile.policy import CompiledPolicy

_AS_THEY_ARE = ("<f8", "<i8")
"""Kinds of columns that a loop reads without a change."""


@frozen(eq=False)
class Plan:
    """How a frame of one shape is handed over.

    Args:
        run: the loop. parameters: what it takes. columns: of its columns the name in the frame.
        single: its single values. Only `now` differs from call to call, and has no entry in `columns`.
    """

    run: Callable[..., int]
    parameters: tuple[str, ...]
    columns: Mapping[str, str]
    now: bool
    side: Any

    def sides(self, frame: Mapping[str, Any]) -> Any:
        """Return the column of sides, or the one side of all."""
        return frame[self.columns["c_side"]] if "c_side" in self.columns else self.side


_PLANS: WeakKeyDictionary[CompiledPolicy, dict[Hashable, Plan]] = WeakKeyDictionary()


def shape_of(frame: Any, same: Mapping[str, Any], asked: tuple[Hashable, ...]) -> Hashable | None:
    """Return what a plan depends on; None for a frame that is not whole columns of NumPy."""
    if type(frame) is not dict or not frame:
        return None
    found: list[Hashable] = []
    rows = None
    for name, values in frame.items():
        kind, shape = getattr(values, "dtype", None), getattr(values, "shape", None)
        if kind is None or shape is None or kind.str not in _AS_THEY_ARE or values.strides != (8,):
            return None
        if rows is not None and shape != rows:
            return None
        rows = shape
        found.append((name, kind.char))
    given = tuple((name, None if name == "now" else value) for name, value in same.items())
    shape = (*asked, tuple(found), given)
    try:
        hash(shape)
    except TypeError:
        return None
    return shape if rows and rows[0] else None


def plan_for(policy: CompiledPolicy, shape: Hashable | None) -> Plan | None:
    """Return the plan for a shape, if a frame of it was bound before."""
    return None if shape is None else _PLANS.get(policy, {}).get(shape)


def keep_plan(
    policy: CompiledPolicy, shape: Hashable | None, frame: Any, bound: Bound, run: Callable[..., int],
    parameters: tuple[str, ...],
) -> None:  # fmt: skip
    """Remember how a frame was bound, if its columns went to the loop as they were."""
    if shape is None or set(bound.single) - {"now"}:
        return
    places = {_place(values): name for name, values in frame.items()}
    columns = {f"c_{name}": places.get(_place(values)) for name, values in bound.columns.items()}
    if None in columns.values() or len(places) < len(frame):
        return
    known = {name: column for name, column in columns.items() if column is not None}
    if "now" in bound.single and plain_name("now") in map(plain_name, frame):
        return
    side = bound.same.get("side")
    _PLANS.setdefault(policy, {})[shape] = Plan(run, parameters, known, "now" in bound.single, side)


def _place(values: Any) -> tuple[int, str]:
    """Return where an array's numbers are kept, and of which kind they are."""
    address: int = values.__array_interface__["data"][0]
    return address, values.dtype.str
