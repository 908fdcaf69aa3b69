"""The way in: a frame of positions, one decision a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from rulekit.bulk.arrays import Arrays, is_column
from rulekit.bulk.binding import Binding, Bound
from rulekit.bulk.decisions import Decisions
from rulekit.bulk.fields import FIELDS
from rulekit.bulk.frames import Frame, read_frame
from rulekit.bulk.kernel import native_loop, plain_loop
from rulekit.bulk.loop import carried, write_loop
from rulekit.bulk.remembered import carried_columns
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
        native: by compiled code; None: if numba is installed.
        same: columns whose value is the same in every row, for example `now`.

    Raises:
        InputError: a column that is needed is missing, or one holds what it cannot hold; it is named.
    """
    if prices not in _MEASURES:
        raise InputError(f"prices in `{prices}` are not known", "write rupees or units")
    rupees, arrays = prices == "rupees", Arrays(has_numba() if native is None else native)
    table = read_frame(frame, same)
    bound = Binding(policy, table, arrays, rupees=rupees).bound()
    run, parameters = _loop(policy, bound, arrays.native, rupees, statuses)
    given = {f"c_{name}": values for name, values in bound.columns.items()}
    given |= {f"k_{name}": value for name, value in bound.single.items()}
    room = {name: _room(name, policy, table.rows, arrays) for name in parameters if name not in given}
    wrong = run(0, table.rows, *({**given, **room}[name] for name in parameters))
    if wrong >= 0:
        raise _wrong_row(table, int(wrong), bound)
    return _decisions(policy, table, bound, room, arrays)


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
        written = write_loop(policy, columns, single, bound.same, rupees=rupees, statuses=statuses)
        known[key] = (native_loop(written) if native else plain_loop(written)), written.parameters
    return known[key]


def _room(name: str, policy: CompiledPolicy, rows: int, arrays: Arrays) -> Any:
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


def _decisions(policy: CompiledPolicy, frame: Frame, bound: Bound, room: dict[str, Any], arrays: Arrays) -> Decisions:
    """Put the results together."""
    alerts, rules = policy.alerts, len(policy.rules)
    told = {policy.rules[index].name: room["o_told"][place :: len(alerts)] for place, index in enumerate(alerts)}
    statuses = room.get("o_statuses")
    if statuses is not None and arrays.native:
        statuses = statuses.reshape(-1, rules)
    elif statuses is not None:
        statuses = [statuses[row * rules : (row + 1) * rules] for row in range(frame.rows)]
    return Decisions(
        policy=policy,
        rows=frame.rows,
        action=room["o_action"],
        rule=room["o_rule"],
        quantity=room["o_quantity"],
        stop=room["o_stop"],
        stop_rule=room["o_stop_rule"],
        target=room["o_target"] if "o_target" in room else _same(frame.rows, UNKNOWN, arrays),
        target_rule=room["o_target_rule"] if "o_target" in room else _same(frame.rows, -1, arrays),
        reason=room["o_reason"],
        unknown=room["o_unknown"],
        statuses=statuses,
        told=told,
        memory=carried_columns(policy, {place: room[f"o_m{place}"] for place in carried(policy)}),
        sides=bound.value("side"),
        kind=frame.kind,
        native=arrays.native,
    )


def _same(rows: int, value: float, arrays: Arrays) -> Any:
    """Return a column that is the same in every row."""
    if not arrays.native:
        return [value] * rows
    import numpy as np

    return np.broadcast_to(np.array(value), rows)
