"""Looks through bars and ticks: what cannot be is refused with its row, what is odd is told; nothing goes silently."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from rulekit.market.rows import Rows
from rulekit.model.instant import DAY, Instant, iso
from rulekit.model.instrument import InstrumentKey

_INDIA_US = 19_800_000_000
_PARTS = ("open", "high", "low", "close")


@frozen
class Note:
    """Something that a person should know: where, what, how to mend it; `serious` where a result may rest on it."""

    where: str
    what: str
    help: str
    serious: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" (help: {self.help})" if self.help else "")


def sound_bars(table: Any, rows: Rows, symbols: tuple[InstrumentKey, ...], skip_bad: bool) -> tuple[Any, list[Note]]:
    """Return the bars by instrument and time, each once, and what was odd about them.

    Raises:
        InputError: a row that cannot be, unless they are to be skipped.
    """
    table, notes = _without_bad(_numbered(table), rows, _bad_bars(table), skip_bad)
    table, more = _in_order(table, rows, symbols)
    notes += more
    table, more = _once(table, rows, symbols, skip_bad)
    return table.select([name for name in table.column_names if name not in ("row", "price", "seq")]), notes + more


def _bad_bars(table: Any) -> dict[str, Any]:
    """Mark the bars that cannot be, by reason."""
    import pyarrow.compute as pc

    parts = [table[name] for name in _PARTS]
    total = pc.add(pc.add(parts[0], parts[1]), pc.add(parts[2], parts[3]))
    top, bottom = pc.max_element_wise(*parts), pc.min_element_wise(*parts)
    return {
        "a price is missing or no number": pc.invert(pc.fill_null(pc.is_finite(total), False)),
        "a price is zero or negative": pc.less_equal(bottom, 0.0),
        "the high is not the highest price, or the low not the lowest": pc.or_(
            pc.not_equal(top, table["high"]), pc.not_equal(bottom, table["low"])
        ),
    }


def sound_ticks(table: Any, rows: Rows, symbols: tuple[InstrumentKey, ...], skip_bad: bool) -> tuple[Any, list[Note]]:
    """Return the ticks by instrument in the order of arrival, without those that a market would not take.

    Raises:
        InputError: a row that cannot be, unless they are to be skipped.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    price = table["price"]
    bad = {
        "the price is missing or no number": pc.invert(pc.fill_null(pc.is_finite(price), False)),
        "the price is zero or negative": pc.less_equal(price, 0.0),
    }
    table, notes = _without_bad(_numbered(table), rows, bad, skip_bad)
    keys = [("owner", "ascending")]
    if table["seq"].null_count == 0:
        day = pc.divide(pc.add(table["at"], _INDIA_US), DAY)
        table = table.append_column("day", day)
        keys += [("day", "ascending"), ("seq", "ascending")]
    else:
        keys += [("row", "ascending")]
    table = table.take(pc.sort_indices(table, sort_keys=keys))
    keep, late, repeated = _taken(table)
    for count, what in ((late, "come behind a later one of their symbol"), (repeated, "repeat the one before them")):
        if count:
            notes.append(Note(rows.where, f"{count:,} ticks {what}; they move nothing, as in a live run", "", False))
    table = table.filter(pa.array(keep))
    names = {"price": "close"}
    kept = [name for name in table.column_names if name not in ("row", "seq", "day", *_PARTS)]
    table = table.select(kept)
    return table.rename_columns([names.get(name, name) for name in kept]), notes


def _taken(table: Any) -> tuple[list[bool], int, int]:
    """Tell which ticks a market takes: none that is older than the last of its symbol, none that repeats it."""
    keep: list[bool] = []
    late = repeated = 0
    last: tuple[Any, ...] = (None,)
    columns = (table[name].to_pylist() for name in ("owner", "at", "price", "volume"))
    for owner, at, price, volume in zip(*columns, strict=True):
        if owner == last[0] and at <= last[1]:
            if at < last[1]:
                late += 1
                keep.append(False)
                continue
            if (price, volume) == last[2:]:
                repeated += 1
                keep.append(False)
                continue
        last = (owner, at, price, volume)
        keep.append(True)
    return keep, late, repeated


def _numbered(table: Any) -> Any:
    """Number the rows as they stand in the file."""
    import pyarrow as pa

    return table.append_column("row", pa.array(range(table.num_rows), pa.int64()))


def _without_bad(table: Any, rows: Rows, bad: dict[str, Any], skip: bool) -> tuple[Any, list[Note]]:
    """Refuse the first row that cannot be; or leave such rows out, each reason counted."""
    import pyarrow as pa
    import pyarrow.compute as pc

    notes: list[Note] = []
    keep = pa.chunked_array([pa.array([True] * table.num_rows, pa.bool_())])
    for what, mask in bad.items():
        hit = pc.and_(keep, pc.fill_null(mask, False))
        count = pc.sum(hit).as_py() or 0
        if not count:
            continue
        first = pc.index(hit, pa.scalar(True)).as_py()
        others = f" ({count:,} such rows)" if count > 1 else ""
        if not skip:
            column = rows.word
            raise rows.wrong(
                first,
                "open, high, low, close"
                if "open" in table.column_names and table["open"].null_count < table.num_rows
                else "price",
                f"{what}{others}",
                f"mend or delete the {column}, or leave such rows out: --skip-bad-rows",
            )
        notes.append(
            Note(f"{rows.where}, {rows.word} {rows.number(first):,}", f"left out: {what}{others}", "mend the file")
        )
        keep = pc.and_(keep, pc.invert(hit))
    return (table.filter(keep) if notes else table), notes


def _in_order(table: Any, rows: Rows, symbols: tuple[InstrumentKey, ...]) -> tuple[Any, list[Note]]:
    """Sort bars by instrument and start; tell where they were not in order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    owner, at = (pc.pairwise_diff(pc.cast(table[name].combine_chunks(), pa.int64())) for name in ("owner", "at"))
    if not pc.any(pc.or_(pc.less(owner, 0), pc.and_(pc.equal(owner, 0), pc.less(at, 0)))).as_py():
        return table, []
    ordered = table.take(
        pc.sort_indices(table, sort_keys=[("owner", "ascending"), ("at", "ascending"), ("row", "ascending")])
    )
    if ordered.num_rows < 2:
        return ordered, []
    owner, row = (pc.pairwise_diff(pc.cast(ordered[name].combine_chunks(), pa.int64())) for name in ("owner", "row"))
    back = pc.fill_null(pc.and_(pc.equal(owner, 0), pc.less(row, 0)), False)
    count = pc.sum(back).as_py() or 0
    if not count:
        return ordered, []
    place = pc.index(back, pa.scalar(True)).as_py()
    late = ordered["row"][place - 1].as_py()
    early = ordered["row"][place].as_py()
    what = (
        f"{symbols[ordered['owner'][place].as_py()].symbol} of {_clock(ordered['at'][place].as_py())} stands before "
        f"{_clock(ordered['at'][place - 1].as_py())} of {rows.word} {rows.number(late):,}; "
        f"the bars were put in order ({count:,} such places)"
    )
    help = "sort the file by symbol and time if the order means something"
    return ordered, [Note(f"{rows.where}, {rows.word} {rows.number(early):,}", what, help)]


def _once(table: Any, rows: Rows, symbols: tuple[InstrumentKey, ...], skip: bool) -> tuple[Any, list[Note]]:
    """Keep each bar once: an exact repeat is told, two different bars of one time are refused."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if table.num_rows < 2:
        return table, []
    owner, at = (pc.pairwise_diff(pc.cast(table[name].combine_chunks(), pa.int64())) for name in ("owner", "at"))
    again = pc.fill_null(pc.and_(pc.equal(owner, 0), pc.equal(at, 0)), False)
    places = pc.indices_nonzero(again).to_pylist()
    if not places:
        return table, []
    for place in places:
        ours, before = ({name: table[name][at].as_py() for name in (*_PARTS, "volume")} for at in (place, place - 1))
        if ours != before and not skip:
            symbol = symbols[table["owner"][place].as_py()].symbol
            first = rows.number(table["row"][place - 1].as_py())
            raise rows.wrong(
                table["row"][place].as_py(),
                "open, high, low, close",
                f"{symbol} of {_clock(table['at'][place].as_py())} stands in {rows.word} {first:,} with other prices",
                f"delete one of the two {rows.word}s, or keep the first of each: --skip-bad-rows",
            )
    row, first = (rows.number(table["row"][place].as_py()) for place in (places[0], places[0] - 1))
    what = f"the bar of {rows.word} {first:,} stands here again; it was left out ({len(places):,} such rows)"
    return table.filter(pc.invert(again)), [Note(f"{rows.where}, {rows.word} {row:,}", what, "delete the repeats")]


def _clock(instant: Instant) -> str:
    """Write a time for people: `2026-11-20 09:15`."""
    return iso(instant)[:16].replace("T", " ")
