"""Looks through bars and ticks: what cannot be is refused with its row, what is odd is told; nothing goes silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from rulekit.errors import InputError
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


def bad_bars(table: Any) -> dict[str, Any]:
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


def bad_ticks(table: Any) -> dict[str, Any]:
    """Mark the ticks that cannot be, by reason."""
    import pyarrow.compute as pc

    price = table["price"]
    return {
        "the price is missing or no number": pc.invert(pc.fill_null(pc.is_finite(price), False)),
        "the price is zero or negative": pc.less_equal(price, 0.0),
    }


@frozen
class Whole:
    """All rows of one file, by column.

    Args:
        columns: each in one piece; among them owner and at.
        where, word: what the file is called, and a row of it. number: the number by which people know a row.
        symbols: the instruments, by owner.
    """

    columns: dict[str, Any]
    where: str
    word: str
    number: Callable[[int], int]
    symbols: tuple[InstrumentKey, ...]

    def wrong(self, row: int, what: str, help: str) -> InputError:
        """Make the error for one row of bars."""
        cell = f"{self.word} {self.number(row):,}, column `open, high, low, close`"
        return InputError(f"`{self.where}`, {cell}: {what}", help)

    def chosen(self, choose: Callable[[Any], Any]) -> None:
        """Choose rows of every column; each old one is let go before the next is looked at."""
        for name in list(self.columns):
            self.columns[name] = choose(self.columns.pop(name))

    def filter(self, kept: Any) -> None:
        """Keep the rows that are marked."""
        self.chosen(lambda column: column.filter(kept))


def sound_bars(whole: Whole, skip_bad: bool, *, plain: bool) -> list[Note]:
    """Put bars in the order of instrument and time, each once; return what was odd about them.

    Args:
        plain: each bar of an owner is known to come after the one before, and the owners one after another.

    Raises:
        InputError: two different bars of one time, unless such are to be skipped.
    """
    if plain:
        return []
    places, notes = _in_order(whole)
    return notes + _once(whole, places, skip_bad)


def _in_order(whole: Whole) -> tuple[Any, list[Note]]:
    """Sort bars by instrument and start; return where each stood, and a note on those that were not in order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = whole.columns
    table = pa.table({name: columns[name] for name in ("owner", "at")})
    # the sort is stable
    places = pc.sort_indices(table, sort_keys=[("owner", "ascending"), ("at", "ascending")])
    del table
    whole.chosen(lambda column: column.take(places))
    if len(places) < 2:
        return places, []
    owner = pc.pairwise_diff(pc.cast(columns["owner"], pa.int64()))
    back = pc.less(pc.pairwise_diff(pc.cast(places, pa.int64())), 0)
    back = pc.fill_null(pc.and_(pc.equal(owner, 0), back), False)
    count = pc.sum(back).as_py() or 0
    if not count:
        return places, []
    place = pc.index(back, pa.scalar(True)).as_py()
    late, early = (whole.number(places[each].as_py()) for each in (place - 1, place))
    at = columns["at"]
    what = (
        f"{whole.symbols[columns['owner'][place].as_py()].symbol} of {_clock(at[place].as_py())} stands before "
        f"{_clock(at[place - 1].as_py())} of {whole.word} {late:,}; "
        f"the bars were put in order ({count:,} such places)"
    )
    help = "sort the file by symbol and time if the order means something"
    return places, [Note(f"{whole.where}, {whole.word} {early:,}", what, help)]


def _once(whole: Whole, places: Any, skip: bool) -> list[Note]:
    """Keep each bar once: an exact repeat is told, two different bars of one time are refused."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = whole.columns
    if len(places) < 2:
        return []
    owner, at = (pc.pairwise_diff(pc.cast(columns[name], pa.int64())) for name in ("owner", "at"))
    again = pc.fill_null(pc.and_(pc.equal(owner, 0), pc.equal(at, 0)), False)
    found = pc.indices_nonzero(again).to_pylist()
    if not found:
        return []
    told = [name for name in (*_PARTS, "volume") if name in columns]
    for place in found:
        ours, before = ({name: columns[name][each].as_py() for name in told} for each in (place, place - 1))
        if ours != before and not skip:
            symbol = whole.symbols[columns["owner"][place].as_py()].symbol
            first = whole.number(places[place - 1].as_py())
            raise whole.wrong(
                places[place].as_py(),
                f"{symbol} of {_clock(columns['at'][place].as_py())} stands in {whole.word} {first:,} "
                "with other prices",
                f"delete one of the two {whole.word}s, or keep the first of each: --skip-bad-rows",
            )
    row, first = (whole.number(places[each].as_py()) for each in (found[0], found[0] - 1))
    whole.filter(pc.invert(again))
    what = f"the bar of {whole.word} {first:,} stands here again; it was left out ({len(found):,} such rows)"
    return [Note(f"{whole.where}, {whole.word} {row:,}", what, "delete the repeats")]


def sound_ticks(whole: Whole) -> list[Note]:
    """Put ticks in the order of arrival by instrument, without those that a market would not take; return notes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = whole.columns
    keyed = {"owner": columns["owner"]}
    if "seq" in columns and not columns["seq"].null_count:
        keyed |= {"day": pc.divide(pc.add(columns["at"], _INDIA_US), DAY), "seq": columns["seq"]}
    places = pc.sort_indices(pa.table(keyed), sort_keys=[(name, "ascending") for name in keyed])
    del keyed
    columns.pop("seq", None)
    whole.chosen(lambda column: column.take(places))
    notes = []
    for take, what in (
        (_not_late, "come behind a later one of their symbol"),
        (_not_again, "repeat the one before them"),
    ):
        kept = take(columns)
        count = len(kept) - (pc.sum(kept).as_py() or 0)
        if count:
            whole.filter(kept)
            text = f"{count:,} ticks {what}; they move nothing, as in a live run"
            notes.append(Note(whole.where, text, "", False))
    columns["close"] = columns.pop("price")
    return notes


def _not_late(columns: dict[str, Any]) -> Any:
    """Mark the ticks of which no earlier one of the symbol is younger."""
    import pyarrow as pa
    import pyarrow.compute as pc

    at = columns["at"]
    latest = [pc.cumulative_max(at.slice(first, behind - first)) for first, behind in runs_of(columns["owner"])]
    return pc.equal(at, pa.concat_arrays(latest)) if latest else pa.array([], pa.bool_())


def _not_again(columns: dict[str, Any]) -> Any:
    """Mark the ticks that are not those before them once more: of one symbol, time, price and volume."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(columns["at"])
    again = None
    for name in ("owner", "at", "price", "volume"):
        if count and name in columns:
            one, other = columns[name].slice(1), columns[name].slice(0, count - 1)
            same = pc.or_(pc.fill_null(pc.equal(one, other), False), pc.and_(pc.is_null(one), pc.is_null(other)))
            again = same if again is None else pc.and_(again, same)
    rest = pa.array([], pa.bool_()) if again is None else pc.invert(again)
    return pa.concat_arrays([pa.array([True] * min(count, 1), pa.bool_()), rest])


_TAKEN: tuple[tuple[Callable[[dict[str, Any]], Any], str], ...] = (
    (_not_late, "come behind a later one of their symbol"),
    (_not_again, "repeat the one before them"),
)
"""Which ticks a market takes, and what is said of the others."""


def runs_of(owner: Any) -> list[tuple[int, int]]:
    """Return from where to where each owner stands in a column that is sorted by them."""
    import pyarrow.compute as pc

    ends = pc.run_end_encode(owner).run_ends.to_pylist()
    return list(zip([0, *ends], ends, strict=False))


def _clock(instant: Instant) -> str:
    """Write a time for people: `2026-11-20 09:15`."""
    return iso(instant)[:16].replace("T", " ")
