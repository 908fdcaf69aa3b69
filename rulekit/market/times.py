"""Times in a price file: aware, naive (then India's) or counted since 1970, turned into instants column by column."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rulekit.errors import InputError
from rulekit.market.rows import Rows
from rulekit.model.instant import IST, instant_of

_INDIA_US = 19_800_000_000
_EPOCHS = ((10**17, 1, 1000), (10**14, 1, 1), (10**11, 1000, 1), (0, 1_000_000, 1))
"""From which size on a count is read as nanoseconds, microseconds, milliseconds or seconds: (bound, times, by)."""

NAIVE = "times without a zone were read as India's"


def instants(column: Any, rows: Rows, name: str) -> tuple[Any, str | None]:
    """Return a column's instants in microseconds since 1970 UTC, and a note where a zone had to be assumed.

    Args:
        column: an Arrow array of timestamps, numbers or text.
        rows: says where a row stands, for messages.
        name: the column's name, for messages.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count:
        rows.refuse_first(pc.is_null(column), name, "is empty", "every row needs its time")
    kind = column.type
    if pa.types.is_timestamp(kind):
        micro = pc.cast(column, pa.timestamp("us", tz=kind.tz), safe=False)
        return _zoned(pc.cast(micro, pa.int64()), kind.tz is None)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _counted(pc.cast(column, pa.float64()), rows, name), None
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _written(pc.utf8_trim_whitespace(pc.cast(column, pa.string())), rows, name)
    raise InputError(
        f"`{rows.where}`: column `{name}` holds {kind}, which is not a time",
        "write times like 2026-11-20T09:15:00+05:30",
    )


def _zoned(micro: Any, naive: bool) -> tuple[Any, str | None]:
    """Shift naive times from India's clock to UTC."""
    import pyarrow.compute as pc

    return (pc.subtract(micro, _INDIA_US), NAIVE) if naive else (micro, None)


def _counted(numbers: Any, rows: Rows, name: str) -> Any:
    """Read counts since 1970; the size of the first one says whether they are seconds or finer."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows.refuse_first(
        pc.invert(pc.and_(pc.is_finite(numbers), pc.greater(numbers, 0.0))),
        name,
        "is not a time",
        "write seconds since 1970, or a time like 2026-11-20T09:15:00+05:30",
    )
    first = numbers[0].as_py()
    times, by = next((times, by) for bound, times, by in _EPOCHS if first >= bound)
    return pc.cast(pc.round(pc.divide(pc.multiply(numbers, float(times)), float(by))), pa.int64())


def _written(texts: Any, rows: Rows, name: str) -> tuple[Any, str | None]:
    """Read times written as text: all of one form fast, mixed ones one by one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return _counted(pc.cast(texts, pa.float64()), rows, name), None
    except pa.ArrowInvalid:
        pass
    for zone in ("UTC", None):
        try:
            micro = pc.cast(pc.cast(texts, pa.timestamp("us", tz=zone)), pa.int64())
        except pa.ArrowInvalid:
            continue
        return _zoned(micro, zone is None)
    return _one_by_one(texts.to_pylist(), rows, name)


def _one_by_one(texts: list[str], rows: Rows, name: str) -> tuple[Any, str | None]:
    """Read each time by itself; the first that is none is named with its row."""
    import pyarrow as pa

    found, naive = [], False
    for index, text in enumerate(texts):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise rows.wrong(
                index, name, f"`{text}` is not a time", "write it like 2026-11-20T09:15:00+05:30"
            ) from None
        if moment.tzinfo is None:
            moment, naive = moment.replace(tzinfo=IST), True
        found.append(instant_of(moment))
    return pa.array(found, pa.int64()), NAIVE if naive else None
