"""Columns as loops read them: numpy's arrays for a compiled loop, lists for a plain one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from attrs import frozen

from rulekit.bulk.frames import Column
from rulekit.errors import InputError
from rulekit.model.instant import Instant, instant_of, parse_instant
from rulekit.model.prices import UNKNOWN

NONE = -(1 << 62)
"""Stands for an instant that is not there."""
_SIDES = {"long": 1.0, "short": -1.0, "buy": 1.0, "sell": -1.0}


@frozen
class Arrays:
    """Makes what a loop takes out of columns.

    Args:
        native: for a compiled loop.
    """

    native: bool

    # --- from a frame ----------------------------------------------------------------------------------------

    def numbers(self, column: Column) -> Any:
        """Return numbers; what is missing is NaN. One value stays one."""
        if column.same:
            return _number(column)
        import pyarrow as pa
        import pyarrow.compute as pc

        values, kind = column.values, column.values.type
        if pa.types.is_null(kind):
            return UNKNOWN
        if pa.types.is_float16(kind) or pa.types.is_float32(kind):
            # the shortest decimal that prints it, as everywhere: 1998.55 is no 1998.550048828125
            values = pc.cast(pc.cast(pc.cast(values, pa.float32()), pa.string()), pa.float64())
        elif pa.types.is_decimal(kind):
            values = pc.cast(values, pa.float64())
        elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            raise _wrong(column, _first(values), "is no number", "give a column of numbers")
        if values.null_count:
            values = pc.fill_null(pc.cast(values, pa.float64(), safe=False), UNKNOWN)
        elif not self.native or values.type not in (pa.float64(), pa.int64()):
            values = pc.cast(values, pa.float64(), safe=False)
        return self.made(values)

    def sides(self, column: Column) -> Any:
        """Return 1 for long and -1 for short; anything else stays as it is and is refused by the loop."""
        text = self.texts(column)
        if text is None:
            return self.numbers(column)
        words, take = text
        codes = []
        for word in words:
            if word is None or word.strip().casefold() not in _SIDES:
                raise _wrong(column, _row_of(column, word), "is no side", "write long or short, or 1 and -1")
            codes.append(_SIDES[word.strip().casefold()])
        return take(codes)

    def flags(self, column: Column) -> Any:
        """Return 1 for true, and 0 for false and for what is missing."""
        if column.same:
            return 1.0 if column.values else 0.0
        import pyarrow as pa
        import pyarrow.compute as pc

        if pa.types.is_boolean(column.values.type):
            return self.made(pc.cast(pc.fill_null(column.values, False), pa.float64()))
        found = self.numbers(column)
        return found if found == found else 0.0 if isinstance(found, float) else found

    def times(self, column: Column) -> Any:
        """Return instants as whole numbers; NONE where there is none."""
        if column.same:
            return _instant(column)
        import pyarrow as pa
        import pyarrow.compute as pc

        values, kind = column.values, column.values.type
        if pa.types.is_null(kind):
            return NONE
        if pa.types.is_timestamp(kind):
            if kind.tz is None:
                raise _wrong(column, 0, "has no time zone", "give times with their zone, for example Asia/Kolkata")
            values = pc.cast(pc.cast(values, pa.timestamp("us", kind.tz), safe=False), pa.int64())
        elif not pa.types.is_integer(kind):
            text = self.texts(column)
            if text is None:
                raise _wrong(
                    column, _first(values), "is no time",
                    "give datetimes with their zone, ISO texts, or whole microseconds since 1970 UTC",
                )  # fmt: skip
            words, take = text
            return take([NONE if word is None else self._read_time(column, word) for word in words], whole=True)
        values = values if values.type == pa.int64() else pc.cast(values, pa.int64())
        return self.made(pc.fill_null(values, NONE) if values.null_count else values)

    def _read_time(self, column: Column, word: str) -> Instant:
        try:
            return parse_instant(word)
        except InputError as error:
            row = _row_of(column, word)
            raise InputError(f"the column `{column.written}`, row {row}: {error.message}", error.help) from None

    def days(self, column: Column) -> Any:
        """Return days since 1970 as numbers; NaN where there is none."""
        if column.same:
            value = column.values
            if value is None:
                return UNKNOWN
            if not isinstance(value, date) or isinstance(value, datetime):
                raise InputError(f"`{column.written}`: `{value}` is no day", "give a date")
            return float(value.toordinal() - date(1970, 1, 1).toordinal())
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = column.values.type
        if pa.types.is_null(kind):
            return UNKNOWN
        if not pa.types.is_date(kind):
            raise _wrong(column, _first(column.values), "is no day", "give a column of dates")
        whole = pc.cast(pc.cast(column.values, pa.date32()), pa.int32())
        return self.made(pc.fill_null(pc.cast(whole, pa.float64()), UNKNOWN))

    def texts(self, column: Column) -> tuple[list[str | None], Callable[..., Any]] | None:
        """Return the different texts, and what turns a value for each of them into a column; None for no texts."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if column.same:
            known = isinstance(column.values, str) or column.values is None
            return ([column.values], lambda values, whole=False: values[0]) if known else None
        values = column.values
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode() if values.dictionary.null_count else values
        if not pa.types.is_dictionary(values.type):
            if pa.types.is_null(values.type):
                return [None], lambda values, whole=False: values[0]
            if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type) or _is_view(values.type)):
                return None
            values = pc.dictionary_encode(values)
        if not _is_text(values.dictionary.type):
            return None
        words: list[str | None] = [*values.dictionary.to_pylist(), None]
        places = pc.fill_null(pc.cast(values.indices, pa.int64()), len(words) - 1)
        if values.null_count == 0:
            words.pop()

        def take(codes: Sequence[Any], whole: bool = False) -> Any:
            return self.made(pc.take(pa.array(codes, pa.int64() if whole else pa.float64()), places))

        return words, take

    # --- what a loop takes -----------------------------------------------------------------------------------

    def made(self, values: Any) -> Any:
        """Return an Arrow array without gaps as a loop takes it."""
        return values.to_numpy(zero_copy_only=False) if self.native else values.to_pylist()

    def mapped(self, change: Callable[..., Any], *columns: Any, whole: bool = False) -> Any:
        """Return a value for each row from the values of some columns; rows that are alike are worked out once."""
        if not any(map(is_column, columns)):
            return change(*columns)
        import pyarrow as pa
        import pyarrow.compute as pc

        length = next(len(column) for column in columns if is_column(column))
        alike: Any = pa.scalar(0, pa.int64())
        words: list[list[Any]] = []
        for column in columns:
            if not is_column(column):
                words.append([column])
                continue
            coded = pc.dictionary_encode(pa.array(column))
            words.append(coded.dictionary.to_pylist())
            alike = pc.add(pc.multiply(alike, len(words[-1])), pc.cast(coded.indices, pa.int64()))
        sorts = pc.dictionary_encode(alike)
        values = []
        for number in sorts.dictionary.to_pylist():
            row = []
            for known in reversed(words):
                number, place = divmod(number, len(known))
                row.append(known[place])
            values.append(change(*reversed(row)))
        assert len(sorts) == length
        return self.made(pc.take(pa.array(values, pa.int64() if whole else pa.float64()), sorts.indices))

    def each(self, change: Callable[..., Any], *columns: Any) -> Any:
        """Return what a formula gives for each row; its first argument picks by a condition, as `numpy.where` does."""
        length = next((len(column) for column in columns if is_column(column)), None)
        if length is None:
            return change(_pick, *columns)
        if self.native:
            import numpy as np

            return change(np.where, *columns)
        rows = zip(*(column if is_column(column) else [column] * length for column in columns), strict=True)
        return [change(_pick, *row) for row in rows]

    def listed(self, values: list[Any]) -> Any:
        """Return a list as a loop takes it."""
        if not self.native:
            return values
        import numpy as np

        return np.array(values)

    def blank(self, count: int, kind: str) -> Any:
        """Return room for so many results."""
        if not self.native:
            return [0] * count
        import numpy as np

        return np.empty(count, dtype=kind)


def is_column(value: Any) -> bool:
    """Tell whether a value differs from row to row."""
    return hasattr(value, "__len__") and not isinstance(value, str)


def _pick(condition: bool, one: Any, other: Any) -> Any:
    return one if condition else other


def _is_view(kind: Any) -> bool:
    import pyarrow as pa

    return bool(getattr(pa.types, "is_string_view", lambda kind: False)(kind))


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_view(kind))


def _number(column: Column) -> float:
    value = column.values
    if value is None:
        return UNKNOWN
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        raise InputError(f"`{column.written}`: `{value}` is no number", "give a number, or a column of them")
    return float(value)


def _instant(column: Column) -> Instant:
    value = column.values
    try:
        if value is None:
            return NONE
        if isinstance(value, datetime):
            return instant_of(value)
        return parse_instant(value) if isinstance(value, str) else int(value)
    except (InputError, TypeError, ValueError) as error:
        said = error.message if isinstance(error, InputError) else f"`{value}` is no time"
        raise InputError(f"`{column.written}`: {said}", "write it like 2026-11-20T09:15:00+05:30") from None


def _first(values: Any) -> int:
    """Return the first row that holds something."""
    return next((row for row in range(len(values)) if values[row].is_valid), 0)


def _row_of(column: Column, word: str | None) -> int:
    return 0 if column.same else column.values.to_pylist().index(word)


def _wrong(column: Column, row: int, what: str, help: str) -> InputError:
    value = column.values if column.same else column.values[row].as_py() if len(column.values) else ""
    return InputError(f"the column `{column.written}`, row {row}: `{value}` {what}", help)
