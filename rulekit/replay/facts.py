"""Facts of the market as columns: of whole days at once where they can be, else as they are made live."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rulekit.compile.layout import FactSlot
from rulekit.errors import InputError
from rulekit.market.bar_path import volume_before, walk_bars
from rulekit.market.line import Line
from rulekit.market.numbers import scale_of
from rulekit.market.requests import read_request
from rulekit.market.ticks import Tick
from rulekit.model.calendar import Calendar
from rulekit.model.instant import MINUTE, Instant
from rulekit.model.prices import UNKNOWN
from rulekit.replay.bars import Series
from rulekit.replay.fact_column import ALL, BAR, PRICE, Column, shaped

NEEDS_VOLUME = frozenset({"volume", "vwap"})


def fact_columns(
    slots: Sequence[FactSlot], series: Series, *, given: Mapping[str, float], calendar: Calendar, at_close: bool,
    since: Instant, whole: bool | None = None,
) -> list[Column]:  # fmt: skip
    """Return one column a fact: its value at each price of the series, or at each bar's end.

    Args:
        given: facts that stay the same all the time.
        at_close: one value a bar.
        since: nothing is asked before this instant.
        whole: make the facts of whole days at once, which comes to the same; None: if NumPy is installed.
    """
    scale = scale_of(series.key.exchange)
    one_a_row = PRICE if series.is_ticks or at_close else BAR
    columns: list[Column | None] = [None] * len(slots)
    for place, slot in enumerate(slots):
        written = (f"fact {name}" for name in (slot.phrase, slot.bare))
        name = next((name for name in written if name in series.table.column_names), None)
        constant = next((given[name] for name in (slot.phrase, slot.bare) if name in given), None)
        if name is not None:
            values = [shaped(slot, value, scale) for value in series.table[name].to_pylist()]
            columns[place] = Column(values, one_a_row)
        elif constant is not None:
            columns[place] = Column([shaped(slot, constant, scale)], ALL)
    asked = [place for place, column in enumerate(columns) if column is None]
    if asked:
        wanted = [slots[place] for place in asked]
        found = None
        if whole or (whole is None and importlib.util.find_spec("numpy") is not None):
            from rulekit.replay.whole_facts import whole_columns

            found = whole_columns(wanted, series, calendar, at_close)
        if found is None:
            found = _heard(wanted, series, calendar, at_close, since)
        for place, column in zip(asked, found, strict=True):
            columns[place] = column
    return [column for column in columns if column is not None]


# --- as they are made live -----------------------------------------------------------------------------------------


def _heard(
    slots: Sequence[FactSlot], series: Series, calendar: Calendar, at_close: bool, since: Instant
) -> list[Column]:
    """Let one instrument's line hear every price, and note its facts."""
    scale = scale_of(series.key.exchange)
    requests = [read_request(slot.phrase) for slot in slots]
    line = Line(series.key.exchange, series.length or MINUTE, calendar)
    exchange, symbol = series.key
    columns: list[list[float]] = [[] for _ in slots]
    take: list[tuple[Callable[[float], Any], Any, FactSlot]] = list(
        zip([column.append for column in columns], requests, slots, strict=True)
    )
    for place, (at, price, volume, bid, ask) in enumerate(prices_of(series)):
        line.hear(Tick(place, exchange, symbol, at, price, volume, bid, ask))
        if at_close and (place & 3) != 3 and not series.is_ticks:
            continue
        if at < since:
            for append, _, _ in take:
                append(UNKNOWN)
        else:
            for append, request, slot in take:
                append(shaped(slot, line.fact(request), scale))
    return [Column(column) for column in columns]


def prices_of(series: Series) -> Any:
    """Go through the prices as a feed would give them."""
    table = series.table
    if not series.is_ticks:
        import pyarrow as pa

        starts = table["at"].to_pylist()
        before = volume_before([0] * len(starts), starts, table["volume"].to_pylist())
        table = table.append_column("before", pa.array(before, pa.float64()))
        table = walk_bars(table.append_column("owner", pa.array([0] * len(starts), pa.int32())), series.length)
        table = table.rename_columns(["close" if name == "price" else name for name in table.column_names])
    unknown = [UNKNOWN] * table.num_rows
    quoted = [table[name].to_pylist() if name in table.column_names else unknown for name in ("bid", "ask")]
    quoted = [[UNKNOWN if value is None else value for value in column] for column in quoted]
    return zip(table["at"].to_pylist(), table["close"].to_pylist(), table["volume"].to_pylist(), *quoted, strict=True)


# --- what prices cannot tell ---------------------------------------------------------------------------------------


def refuse_unknown_facts(
    slots: Sequence[FactSlot], rules: Mapping[str, str], series: Series, given: Mapping[str, float]
) -> None:
    """Refuse a policy that reads what the data cannot tell.

    Args:
        rules: for each phrase the first rule that reads it.
    """
    for slot in slots:
        names = (slot.phrase, slot.bare)
        if any(name in given or f"fact {name}" in series.table.column_names for name in names):
            continue
        request = read_request(slot.phrase)
        lacks = None
        if request is None:
            lacks = "bars do not tell it"
        elif request.name in NEEDS_VOLUME and series.table["volume"].null_count == series.rows:
            lacks = "the bars have no column `volume`"
        elif request.name == "spread" and not _quoted(series):
            lacks = "the prices have no columns `bid` and `ask`"
        if lacks:
            raise InputError(
                f"the rule `{rules.get(slot.phrase, '?')}` reads `{slot.phrase}`, and {lacks} "
                f"({series.key.exchange}:{series.key.symbol})",
                f'add such a column to the bars, or give the fact: --fact "{slot.bare}=VALUE"',
            )


def _quoted(series: Series) -> bool:
    return all(
        name in series.table.column_names and series.table[name].null_count < series.rows for name in ("bid", "ask")
    )
