"""Binds the entries of one instrument to its prices, days and facts as arrays, and runs a policy's loop over them."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from attrs import define, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.market.bar_path import offsets
from rulekit.market.numbers import scale_of
from rulekit.model.calendar import Calendar
from rulekit.model.instant import DAY, MINUTE, SECOND, Instant
from rulekit.model.instrument import Instrument
from rulekit.model.prices import UNKNOWN
from rulekit.replay.bars import Series, first_of
from rulekit.replay.entries import Entry
from rulekit.replay.fact_column import Column
from rulekit.replay.facts import fact_columns
from rulekit.replay.gathering import one_piece
from rulekit.replay.kernel import Kernel
from rulekit.replay.loop import ARRAYS, SETTINGS
from rulekit.replay.options import Options
from rulekit.replay.quotes import quote_of
from rulekit.replay.sessions import Days, days_between

ROOM = 1 << 14
"""Rows of the record that one call of a loop may fill; then it is emptied and the loop goes on."""
MARGIN = 64
"""Rows that one look may write at most."""
_SQUARED_PRODUCTS = frozenset({"MIS"})


@define
class Block:
    """The entries of one instrument, product and strategy under one policy."""

    policy: CompiledPolicy
    series: Series
    entries: list[tuple[int, Entry]]


@frozen
class Bound:
    """A block as arrays, ready to run.

    Args:
        given: the loop's arrays by name. settings: its plain numbers. columns: facts. flat: one at a time.
        numbers: what the policy's look is handed at each run.
    """

    block: Block
    kernel: Kernel
    instrument: Instrument
    given: dict[str, Any]
    settings: dict[str, Any]
    columns: list[Column]
    flat: bool
    numbers: tuple[float, ...] = ()

    def run(self, first: int, last: int, busy: int, record: Record) -> tuple[int, int, int]:
        """Run the loop over some entries.

        Returns:
            The entry to go on with, the rows that were recorded, and until when something is held.
        """
        arrays = {**self.given, **record.arrays}
        settings = {**self.settings, "room": record.room - MARGIN}
        reached, used, until = self.kernel.run(
            first, last, int(self.flat), busy, *(arrays[name] for name in ARRAYS),
            *(settings[name] for name in SETTINGS), *(column.values for column in self.columns),
            *(column.shift for column in self.columns), *self.numbers,
        )  # fmt: skip
        return int(reached), int(used), int(until)

    def record(self, room: int) -> Record:
        """Return an empty record for so many rows."""
        return Record(Arrays(self.kernel.native), room)


def bind(
    block: Block, kernel: Kernel, options: Options, instrument: Instrument | None, calendar: Calendar,
    feed_end: Instant, *, flat: bool,
) -> Bound:  # fmt: skip
    """Turn a block into arrays, and let the market make its facts."""
    series = block.series
    at_close = options.looks == "close" and not series.is_ticks
    block.entries.sort(key=lambda pair: (pair[1].at, pair[0]))
    instrument = instrument or Instrument(*series.key, scale=scale_of(series.key.exchange))
    first_entry = block.entries[0][1]
    days = days_between(
        calendar, series.key.exchange, min(first_of(series), first_entry.at), feed_end,
        always=options.sessions == "always", squares=first_entry.product in _SQUARED_PRODUCTS,
    )  # fmt: skip
    arrays = Arrays(kernel.native)
    given = _series_arrays(series, arrays) | _day_arrays(days, arrays)
    if options.looks_at == "quote":
        given |= dict.fromkeys(("closes", "opens", "highs", "lows"), arrays.numbers(quote_of(series, first_entry.side)))
    given |= _entry_arrays(block, days, arrays, given["at"], at_close)
    count = len(block.entries)
    for name in ("o_state", "o_entry", "o_quantity", "o_realised"):
        given[name] = arrays.blank(count)
    for name in ("o_entered", "o_until"):
        given[name] = arrays.blank_times(count)
    facts = fact_columns(
        kernel.look.facts, series, given=options.facts, calendar=calendar, at_close=at_close,
        since=first_entry.at - DAY,  # the first look may be at a price from before the entry
    )  # fmt: skip
    columns = [Column(arrays.numbers(column.values), column.shift) for column in facts]
    return Bound(block, kernel, instrument, given, _settings(options, block, instrument, feed_end, days), columns, flat)


class Arrays:
    """Makes arrays: numpy's for a compiled loop, lists for a plain one."""

    def __init__(self, native: bool) -> None:
        self._native = native

    def numbers(self, values: Any) -> Any:
        """Return floats."""
        return self._made(values, "float64")

    def times(self, values: Any) -> Any:
        """Return whole numbers."""
        return self._made(values, "int64")

    def _made(self, values: Any, kind: str) -> Any:
        if not self._native:
            written = next((name for name in ("to_pylist", "tolist") if hasattr(values, name)), None)
            return list(values) if written is None else getattr(values, written)()
        import numpy as np

        if hasattr(values, "to_numpy"):
            values = values.to_numpy()
        return np.ascontiguousarray(values, dtype=kind)

    def blank(self, count: int) -> Any:
        """Return so many zeros."""
        return self._zeros(count, "float64", 0.0)

    def blank_times(self, count: int) -> Any:
        """Return so many whole zeros."""
        return self._zeros(count, "int64", 0)

    def _zeros(self, count: int, kind: str, zero: float) -> Any:
        if not self._native:
            return [zero] * count
        import numpy as np

        return np.zeros(count, dtype=kind)


class Record:
    """The rows that a loop writes."""

    NAMES = ("v_entry", "v_at", "v_price", "v_quantity", "v_kind", "v_rule", "v_seen")

    def __init__(self, arrays: Arrays, room: int) -> None:
        self.room = room
        whole = {"v_entry", "v_at", "v_seen", "v_kind"}
        self.arrays = {name: arrays.blank_times(room) if name in whole else arrays.blank(room) for name in self.NAMES}

    def rows(self, used: int) -> list[tuple[Any, ...]]:
        """Return the first rows as Python values."""
        columns = []
        for name in self.NAMES:
            column = self.arrays[name][:used]
            columns.append(column if isinstance(column, list) else column.tolist())
        return list(zip(*columns, strict=True))


def _series_arrays(series: Series, arrays: Arrays) -> dict[str, Any]:
    """Return the columns of a series."""
    table = series.table
    close = arrays.numbers(one_piece(table["close"]))
    found = {"at": arrays.times(one_piece(table["at"])), "closes": close}
    found["ups"] = arrays.numbers(series.ups or [])
    for name, column in (("opens", "open"), ("highs", "high"), ("lows", "low")):
        found[name] = close if series.is_ticks else arrays.numbers(one_piece(table[column]))
    return found


def _day_arrays(days: Days, arrays: Arrays) -> dict[str, Any]:
    return {
        "days": arrays.times(days.starts),
        "day_opens": arrays.times(days.opens),
        "day_closes": arrays.times(days.closes),
        "day_square": arrays.times(days.square),
        "day_counts": arrays.numbers(days.counts),
    }


def _entry_arrays(block: Block, days: Days, arrays: Arrays, column: Any, at_close: bool) -> dict[str, Any]:
    """Return the entries as columns, each with the first price that comes after it; `column` are the prices' times."""
    steps = offsets(block.series.length)

    def first(entry: Entry) -> int:
        place = bisect_left(column, entry.at)
        if block.series.is_ticks or at_close:
            return place
        if place and entry.price == entry.price:
            inside = [step for step, offset in enumerate(steps) if column[place - 1] + offset >= entry.at]
            if inside:
                return int((place - 1) * 4 + inside[0])
        return place * 4

    entries = [entry for _, entry in block.entries]
    rows = [days.row(entry.at) for entry in entries]
    return {
        "e_first": arrays.times([first(entry) for entry in entries]),
        "e_at": arrays.times([entry.at for entry in entries]),
        "e_side": arrays.numbers([float(entry.side) for entry in entries]),
        "e_quantity": arrays.numbers([float(entry.quantity) for entry in entries]),
        "e_price": arrays.numbers([entry.price for entry in entries]),
        "e_stop": arrays.numbers([entry.stop for entry in entries]),
        "e_day": arrays.times(rows),
        "e_count": arrays.numbers([days.counts[row] for row in rows]),
    }


def _settings(options: Options, block: Block, instrument: Instrument, feed_end: Instant, days: Days) -> dict[str, Any]:
    """Return the plain numbers of a loop."""
    series = block.series
    entry, texts = block.entries[0][1], block.policy.layout.texts
    length = series.length

    def text(value: str) -> float:
        return texts.get(value.casefold(), 0.0) if value else UNKNOWN

    day_profit = options.facts.get("day profit", -options.facts["day loss"] if "day loss" in options.facts else UNKNOWN)
    charges = options.facts.get("charges", 0.0)
    return {
        "cycle": max(1, round(options.cycle_s * SECOND)),
        "stale": max(5 * SECOND, length),
        "latency": options.latency,
        "price_age": max(60 * SECOND, length),
        "spread": float(options.spread),
        "slippage": float(options.slippage),
        "length": length,
        "feed_end": feed_end - 1 if series.is_ticks else feed_end - min(SECOND, length // 10),
        "tick": instrument.tick,
        "lot": float(instrument.lot),
        "scale": float(instrument.scale),
        "multiplier": instrument.multiplier,
        "s_charges": charges * instrument.scale,
        "s_expiry": UNKNOWN if instrument.expiry is None else float(instrument.expiry.toordinal() - 719_163),
        "s_equity": 1.0 if instrument.kind == "equity" else 0.0,
        "s_bar": float(length or MINUTE),
        "s_day_profit": day_profit,
        "s_symbol": text(series.key.symbol),
        "s_exchange": text(series.key.exchange),
        "s_product": text(entry.product),
        "s_strategy": text(entry.strategy),
        "levels": int(options.marks),
        "bars": series.rows,
        "day_rows": len(days.starts),
        "room": 0,
    }
