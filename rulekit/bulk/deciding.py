"""The way in: a frame of positions, one decision a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from rulekit.bulk.arrays import NONE, Arrays, is_column
from rulekit.bulk.binding import Binding, Bound
from rulekit.bulk.decisions import Decisions
from rulekit.bulk.fields import FIELDS
from rulekit.bulk.frames import NUMPY, Column, Frame, read_frame
from rulekit.bulk.kernel import native_rolled, native_tiles, plain_loop
from rulekit.bulk.loop import FEW, carried, write_loop
from rulekit.bulk.plans import Plan, keep_plan, plan_for, shape_of
from rulekit.bulk.remembered import carried_columns
from rulekit.bulk.rolled import rolled_rules, write_rolled
from rulekit.compile.native import has_numba
from rulekit.compile.policy import CompiledPolicy
from rulekit.errors import InputError
from rulekit.model.prices import UNKNOWN

_KINDS = {
    "o_action": "int8",
    "o_rule": "int32",
    "o_quantity": "int64",
    "o_stop": "float64",
    "o_stop_rule": "int32",
    "o_target": "float64",
    "o_target_rule": "int32",
    "o_reason": "int8",
    "o_unknown": "uint8",
    "o_statuses": "uint8",
    "o_told": "uint8",
    "q": "float64",
}
_MEASURES = ("rupees", "units")
COMPILED = 60
"""Up to so many rules that differ in more than numbers are compiled unless it is asked for otherwise: each takes a
quarter of a second, once."""


def decide_many(
    policy: CompiledPolicy,
    frame: Any,
    *,
    prices: str = "rupees",
    statuses: bool = False,
    native: bool | None = None,
    **same: Any,
) -> Decisions:
    """Decide on every row of a frame: what `decide` says of each position, as columns.

    Args:
        frame: of polars, pandas or pyarrow, a structured NumPy array, or a dict of columns. Columns bear the names of
            a snapshot's fields and of facts, in any case, with blanks or underscores (`initial_stop`, `momentum over 15
            minutes`), and what rules remember as `fired: LABEL`. Null and NaN are unknown.
        prices: `rupees`, or `units` for smallest units.
        statuses: tell of every rule what became of it.
        native: by compiled code; None: if numba is installed, for up to 60 rules that differ in more than numbers.
        same: columns whose value is the same in every row, for example `now`.

    Raises:
        InputError: a column that is needed is missing, or one holds what it cannot hold; it is named.
    """
    if prices not in _MEASURES:
        raise InputError(f"prices in `{prices}` are not known", "write rupees or units")
    if native is None:
        native = has_numba() and (len(policy.rules) <= COMPILED or rolled_rules(policy).written <= COMPILED)
    rupees, arrays = prices == "rupees", Arrays(native)
    shape = shape_of(frame, same, (rupees, statuses)) if arrays.native else None
    plan = plan_for(policy, shape)
    if plan is not None:
        found = _planned(policy, plan, frame, same, arrays)
        if found is not None:
            return found
    table = read_frame(frame, same)
    bound = Binding(policy, table, arrays, rupees=rupees).bound()
    run, parameters = _loop(policy, bound, arrays.native, rupees, statuses)
    given = {f"c_{name}": values for name, values in bound.columns.items()}
    given |= {f"k_{name}": value for name, value in bound.single.items()}
    room = {name: room_for(name, policy, table.rows, arrays) for name in parameters if name not in given}
    everything = {**given, **room}
    wrong = run(0, table.rows, *(everything[name] for name in parameters))
    if wrong >= 0:
        raise _wrong_row(table, int(wrong), bound)
    keep_plan(policy, shape, frame, bound, run, parameters)
    return _decisions(policy, table.rows, table.kind, bound.value("side"), room, arrays)


def _planned(
    policy: CompiledPolicy, plan: Plan, frame: dict[str, Any], same: dict[str, Any], arrays: Arrays
) -> Decisions | None:
    """Decide on a frame whose shape is known; None where something is wrong with a row, which is then named."""
    given = {name: frame[column] for name, column in plan.columns.items()}
    if plan.now:
        given["k_now"] = arrays.times(Column("now", same["now"], True))
        if given["k_now"] == NONE:
            return None
    rows = len(next(iter(frame.values())))
    room = {name: room_for(name, policy, rows, arrays) for name in plan.parameters if name not in given}
    everything = {**given, **room}
    if plan.run(0, rows, *(everything[name] for name in plan.parameters)) >= 0:
        return None
    return _decisions(policy, rows, NUMPY, plan.sides(frame), room, arrays)


_LOOPS: WeakKeyDictionary[CompiledPolicy, dict[object, tuple[Callable[..., int], tuple[str, ...]]]] = (
    WeakKeyDictionary()
)
"""The loops of each policy, by what they are given: a host's frames have the same columns every time."""


def _loop(
    policy: CompiledPolicy, bound: Bound, native: bool, rupees: bool, statuses: bool
) -> tuple[Callable[..., int], tuple[str, ...]]:
    """Return the loop for what is bound, and its parameters."""
    columns, single = sorted(bound.columns), sorted(bound.single)
    same = tuple((name, value if value == value else None) for name, value in sorted(bound.same.items()))
    key = (tuple(columns), tuple(single), same, native, rupees, statuses)
    known = _LOOPS.setdefault(policy, {})
    if key not in known:
        known[key] = _made(policy, columns, single, bound.same, native=native, rupees=rupees, statuses=statuses)
    return known[key]


def _made(
    policy: CompiledPolicy, columns: Sequence[str], single: Sequence[str], same: Mapping[str, float], *, native: bool,
    rupees: bool, statuses: bool,
) -> tuple[Callable[..., int], tuple[str, ...]]:  # fmt: skip
    """Make the loop: over few rows at a time for few rules, over a table for many, row by row as plain Python."""
    if native and len(policy.rules) > FEW:
        rolled = write_rolled(policy, columns, single, same, rupees=rupees, statuses=statuses)
        return native_rolled(rolled), rolled.parameters
    written = write_loop(policy, columns, single, same, rupees=rupees, statuses=statuses)
    return (native_tiles(written) if native else plain_loop(written)), written.parameters


def room_for(name: str, policy: CompiledPolicy, rows: int, arrays: Arrays) -> Any:
    """Make room for one result."""
    each = {"o_statuses": len(policy.rules), "o_told": len(policy.alerts)}.get(name, 1)
    count = len(policy.rules) if name == "q" else rows * each
    return arrays.blank(count, _KINDS.get(name, "float64"))


def _wrong_row(frame: Frame, row: int, bound: Bound) -> InputError:
    """Name the row that a loop refused: its side is none, or its quantity no whole number."""
    for name, what, help in (
        ("side", "is no side", "write 1 or long, -1 or short"),
        ("quantity", "is no whole number", "give whole numbers; the side says long or short"),
    ):
        found = bound.value(name)
        value = found[row] if is_column(found) else found
        if value in (1, -1) if name == "side" else not value > 0 or value == int(value):
            continue
        column = frame.get(FIELDS[name].names)
        assert column is not None
        return InputError(f"the column `{column.written}`, row {row}: `{value}` {what}", help)
    raise AssertionError("a row was refused that has a side and a quantity")


def _decisions(
    policy: CompiledPolicy, rows: int, kind: str, sides: Any, room: dict[str, Any], arrays: Arrays
) -> Decisions:
    """Put the results together."""
    alerts, rules = policy.alerts, len(policy.rules)
    told = {policy.rules[index].name: room["o_told"][place :: len(alerts)] for place, index in enumerate(alerts)}
    statuses = room.get("o_statuses")
    if statuses is not None and arrays.native:
        statuses = statuses.reshape(-1, rules)
    elif statuses is not None:
        statuses = [statuses[row * rules : (row + 1) * rules] for row in range(rows)]
    return Decisions(
        policy=policy,
        rows=rows,
        action=room["o_action"],
        rule=room["o_rule"],
        quantity=room["o_quantity"],
        stop=room["o_stop"],
        stop_rule=room["o_stop_rule"],
        target=room["o_target"] if "o_target" in room else _same(rows, UNKNOWN, arrays),
        target_rule=room["o_target_rule"] if "o_target" in room else _same(rows, -1, arrays),
        reason=room["o_reason"],
        unknown=room["o_unknown"],
        statuses=statuses,
        told=told,
        memory=_remembered(policy, room) if policy.layout.follows else {},
        sides=sides,
        kind=kind,
        native=arrays.native,
    )


def _remembered(policy: CompiledPolicy, room: dict[str, Any]) -> dict[str, Any]:
    return carried_columns(policy, {place: room[f"o_m{place}"] for place in carried(policy)})


def _same(rows: int, value: float, arrays: Arrays) -> Any:
    """Return a column that is the same in every row."""
    if not arrays.native:
        return [value] * rows
    import numpy as np

    one = np.array([value])
    return np.ndarray((rows,), one.dtype, one, strides=(0,))
