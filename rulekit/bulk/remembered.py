"""What rules remember, as columns: `fired: LABEL`, `fired at: LABEL`, `since: LABEL`, marks of conditions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from rulekit.bulk.arrays import NONE, Arrays
from rulekit.bulk.frames import Frame, plain_name
from rulekit.bulk.loop import carried
from rulekit.compile.layout import (
    BEST_SLOT,
    FIRED_AT_SLOT,
    FIRED_DAY_SLOT,
    FIRED_DAYS_SLOT,
    FIRED_SLOT,
    NEVER_FIRED,
    NOT_HOLDING,
    NOT_SEEN,
    SIDE_OF,
)
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.slots import IST_OFFSET
from rulekit.errors import RulekitError
from rulekit.model.calendar import default as default_calendar
from rulekit.model.instant import DAY
from rulekit.model.prices import UNKNOWN


def column_name(part: str, label: str) -> str:
    """Return the name of the column that holds a part of a rule's memory."""
    return f"{part}: {label}"


def memory_columns(policy: CompiledPolicy, frame: Frame, arrays: Arrays) -> dict[str, Any]:
    """Return each place of the memory vector, by the name under which a loop reads it: `m0`, `m1` and so on."""
    reader = _Reader(policy, frame, arrays)
    return {f"m{place}": reader.place(rule, part) for place, (rule, part) in enumerate(policy.layout.memory)}


class _Reader:
    """Reads the memory's places."""

    def __init__(self, policy: CompiledPolicy, frame: Frame, arrays: Arrays) -> None:
        self._layout, self._frame, self._arrays = policy.layout, frame, arrays

    def place(self, rule: int, part: str) -> Any:
        """Return one place; what no column tells is not remembered."""
        label = self._layout.rules[rule]
        blank = self._layout.blank[self._layout.memory.index((rule, part))]
        if part == FIRED_SLOT:
            found = self._numbers(part, label)
            return blank if found is None else self._counted(found)
        if part in (FIRED_AT_SLOT, FIRED_DAY_SLOT, FIRED_DAYS_SLOT):
            return self._when(part, label, blank)
        if part == BEST_SLOT:
            # the loop brings it into smallest units and turns it by the side
            found = self._numbers(part, label)
            return UNKNOWN if found is None else found
        if part.startswith(SIDE_OF):
            found = self._numbers(part, label)
            return blank if found is None else self._arrays.each(_side, found)
        found = self._times(part, label)
        return blank if found is None else self._arrays.each(_since, found)

    def _numbers(self, part: str, label: str) -> Any:
        column = self._frame.get((plain_name(column_name(part, label)),))
        return None if column is None else self._arrays.numbers(column)

    def _counted(self, fired: Any) -> Any:
        """Return how often a rule fired; what is missing is not once, and whole numbers lack nothing."""
        whole = getattr(getattr(fired, "dtype", None), "kind", "") == "i"
        return fired if whole else self._arrays.each(_fired, fired)

    def _times(self, part: str, label: str) -> Any:
        column = self._frame.get((plain_name(column_name(part, label)),))
        return None if column is None else self._arrays.times(column)

    def _when(self, part: str, label: str, blank: float) -> Any:
        """Return a measure of when a rule last fired; unknown where it fired nobody knows when."""
        fired, at = self._numbers(FIRED_SLOT, label), self._times(FIRED_AT_SLOT, label)
        if fired is None and at is None:
            return blank
        fired = 0.0 if fired is None else self._counted(fired)
        at = NONE if at is None else at
        if part == FIRED_DAYS_SLOT:
            return self._days_since(fired, at, blank)
        return self._arrays.each(_day if part == FIRED_DAY_SLOT else _moment, fired, at)

    def _days_since(self, fired: Any, at: Any, blank: float) -> Any:
        """Return the exchange's trading days since a rule last fired."""
        column, place, calendar = self._frame.get(("now",)), self._frame.get(("exchange",)), default_calendar()
        now = NONE if column is None else self._arrays.times(column)
        exchange = "NSE" if place is None else place.values if place.same else place.values.to_pylist()

        def days(never: float, at: float, now: float, exchange: str) -> float:
            if at != at:
                return blank if never else UNKNOWN
            try:
                days = (_EPOCH + timedelta(days=int(number)) for number in (at, now))
                return float(calendar.trading_days_between(exchange, *days))
            except RulekitError:
                return UNKNOWN

        never = self._arrays.each(lambda pick, count: pick(count == 0, 1.0, 0.0), fired)
        numbers = (self._arrays.each(_day_or_none, moment) for moment in (at, now))
        return self._arrays.mapped(days, never, *numbers, exchange)


_EPOCH = date(1970, 1, 1)


def _fired(pick: Any, fired: Any) -> Any:
    return pick(fired == fired, fired, 0.0)


def _since(pick: Any, at: Any) -> Any:
    return pick(at == NONE, NOT_HOLDING, at * 1.0)


def _side(pick: Any, side: Any) -> Any:
    """Return the side of a crossing at the last look: unknown is -1 in a column, and nothing is no look."""
    return pick(side != side, NOT_SEEN, pick(side < 0, UNKNOWN, side))


def _moment(pick: Any, fired: Any, at: Any) -> Any:
    return pick(at == NONE, pick(fired == 0, NEVER_FIRED, UNKNOWN), at * 1.0)


def _day(pick: Any, fired: Any, at: Any) -> Any:
    return pick(at == NONE, pick(fired == 0, NEVER_FIRED, UNKNOWN), (at + IST_OFFSET) // DAY * 1.0)


def _day_or_none(pick: Any, at: Any) -> Any:
    return pick(at == NONE, UNKNOWN, (at + IST_OFFSET) // DAY * 1.0)


def carried_columns(policy: CompiledPolicy, values: dict[int, Any]) -> dict[str, Any]:
    """Return the memory after a look, in the columns from which the next look reads it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = {}
    for place in carried(policy):
        rule, part = policy.layout.memory[place]
        made = pa.array(values[place], pa.float64())
        nothing = pa.scalar(None, pa.float64())
        if part.startswith(SIDE_OF):
            side = pc.if_else(pc.greater(made, 0.0), 1.0, 0.0)
            made = pc.if_else(pc.equal(made, NOT_SEEN), nothing, pc.if_else(pc.is_nan(made), -1.0, side))
        elif part == BEST_SLOT:
            made = pc.if_else(pc.is_nan(made), nothing, made)
        else:
            made = pc.cast(pc.if_else(pc.less(made, 0.0), nothing, made), pa.int64())
        found[column_name(part, policy.layout.rules[rule])] = made
    return found
