"""Gathers the rows of one price file, part by part, into columns in one piece; what cannot be is refused by its row."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from attrs import define, evolve, field, frozen

from rulekit.errors import InputError
from rulekit.market.columns import ALIASES, find_columns
from rulekit.market.feed import price_table
from rulekit.market.rows import Rows
from rulekit.model.instrument import InstrumentKey
from rulekit.replay.laid_out import Column
from rulekit.replay.soundness import Note, Whole, bad_bars, bad_ticks, runs_of, sound_bars, sound_ticks

WRITE_OFFSET = "write the offset, for example 2026-11-20T09:15:00+05:30"
_BARS = ("owner", "at", "open", "high", "low", "close")
_TICKS = ("owner", "at", "price")
_MAY_BE = ("volume", "seq", "bid", "ask")


def wanted_columns(names: Sequence[str], where: str, facts: Sequence[str], *, needs_symbol: bool) -> list[str]:
    """Return the columns of a price file that are read; those that it needs must be there."""
    find_columns(names, where, needs_symbol=needs_symbol)
    known = {alias for aliases in ALIASES.values() for alias in aliases}
    return [name for name in names if name.strip().lower() in known or fact_of_column(name) in facts]


def fact_of_column(name: str) -> str:
    """Return the fact that a column of this name would be: `iv_rank` for `iv rank`."""
    return " ".join(name.lower().replace("_", " ").split())


@define
class _Bad:
    """How many rows cannot be for one reason, and the first of them."""

    count: int = 0
    first: str = ""


@frozen
class _Part:
    """Where a part of the rows that were taken stands in the file: `kept` are its places, None for all."""

    rows: Rows
    kept: Any

    def number(self, index: int) -> int:
        return self.rows.number(index if self.kept is None else self.kept[index].as_py())


@define
class Gathering:
    """The rows of one file while they are read.

    Args:
        skip_bad: leave rows out that cannot be, and say so. facts: names of further columns that are facts.
    """

    exchange: str
    skip_bad: bool
    facts: Sequence[str]
    notes: list[Note] = field(factory=list)
    where: str = ""
    word: str = ""
    is_bars: bool = False
    _owners: dict[InstrumentKey, int] = field(factory=dict)
    _columns: dict[str, Column] = field(factory=dict)
    _parts: list[_Part] = field(factory=list)
    _starts: list[int] = field(factory=list)
    _count: int = 0
    _bad: dict[str, _Bad] = field(factory=dict)
    _last: tuple[int, int] = (-1, 0)
    _plain: bool = True

    def take(self, rows: Rows, symbol: str | None) -> None:
        """Take the next rows; `symbol` is theirs where no column names it.

        Raises:
            InputError: a cell that cannot be read.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        table, symbols, columns, note = price_table(rows, exchange=self.exchange, symbol=symbol)
        self.where, self.word, self.is_bars = rows.where, rows.word, columns.bars
        if note and not any(each.what == note for each in self.notes):
            self.notes.append(Note(rows.where, note, WRITE_OFFSET, False))
        owners = pa.array([self._owners.setdefault(key, len(self._owners)) for key in symbols], pa.int32())
        parts = {name: table[name] for name in (_BARS if self.is_bars else _TICKS)}
        parts["owner"] = owners.take(one_piece(table["owner"]))
        parts |= {name: table[name] for name in _MAY_BE if name in columns and name in table.column_names}
        parts |= self._facts(rows)
        keep = self._sound(table, rows)
        kept = None if keep is None else pc.indices_nonzero(keep)
        if keep is not None:
            parts = {name: one_piece(column).filter(one_piece(keep)) for name, column in parts.items()}
        for name, column in parts.items():
            piece = one_piece(column)
            self._columns.setdefault(name, Column(piece.type)).put(piece, rows.whole)
        self._parts.append(_Part(evolve(rows, table=None), kept))
        self._starts.append(self._count)
        self._count += rows.table.num_rows if kept is None else len(kept)
        self._look_whether_plain(one_piece(parts["owner"]), one_piece(parts["at"]))

    def _facts(self, rows: Rows) -> dict[str, Any]:
        """Read the columns that are facts of the language."""
        from rulekit.market.numbers import floats

        by_name = {fact_of_column(name): name for name in rows.table.column_names}
        return {
            f"fact {phrase}": floats(one_piece(rows.table[name]), rows, name)
            for phrase in self.facts
            if (name := by_name.get(phrase)) is not None
        }

    def _sound(self, table: Any, rows: Rows) -> Any:
        """Count the rows that cannot be by their reasons; return which are left, or None for all."""
        import pyarrow as pa
        import pyarrow.compute as pc

        keep = None
        for what, mask in (bad_bars if self.is_bars else bad_ticks)(table).items():
            hit = pc.fill_null(mask, False)
            if keep is not None:
                hit = pc.and_(keep, hit)
            count = pc.sum(hit).as_py() or 0
            bad = self._bad.setdefault(what, _Bad())
            if not count:
                continue
            if not bad.count:
                bad.first = f"{rows.number(pc.index(hit, pa.scalar(True)).as_py()):,}"
            bad.count += count
            keep = pc.invert(hit) if keep is None else pc.and_(keep, pc.invert(hit))
        return keep

    def _look_whether_plain(self, owner: Any, at: Any) -> None:
        """Note where a row does not come after the one before, owner by owner."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self._plain or not self.is_bars or not len(at):
            return
        first = (owner[0].as_py(), at[0].as_py())
        steps, more = (pc.pairwise_diff(pc.cast(column, pa.int64())) for column in (owner, at))
        wrong = pc.or_(pc.less(steps, 0), pc.and_(pc.equal(steps, 0), pc.less_equal(more, 0)))
        self._plain = self._last < first and not pc.any(wrong).as_py()
        self._last = (owner[-1].as_py(), at[-1].as_py())

    def tables(self) -> dict[InstrumentKey, Any]:
        """Return the rows by instrument, in order; a column of volumes is there in any case.

        Raises:
            InputError: rows that cannot be, unless they are to be skipped.
        """
        import pyarrow as pa

        self._tell_bad()
        pa.default_memory_pool().release_unused()
        columns = {name: column.array() for name, column in self._columns.items()}
        self._columns.clear()
        whole = Whole(columns, self.where, self.word, self._number, tuple(self._owners))
        if self.is_bars:
            whole.columns.pop("seq", None)
            self.notes += sound_bars(whole, self.skip_bad, plain=self._plain)
        else:
            self.notes += sound_ticks(whole)
        owner = whole.columns.pop("owner")
        if "volume" not in whole.columns:
            whole.columns["volume"] = pa.nulls(len(owner))  # takes no room
        table = pa.table(whole.columns)
        return {
            whole.symbols[owner[first].as_py()]: table.slice(first, behind - first) for first, behind in runs_of(owner)
        }

    def _number(self, row: int) -> int:
        """Return the number by which people know a row that was taken."""
        place = bisect_right(self._starts, row) - 1
        return self._parts[place].number(row - self._starts[place])

    def _tell_bad(self) -> None:
        for what, bad in self._bad.items():
            if not bad.count:
                continue
            if not self.skip_bad:
                others = f" ({bad.count:,} such rows)" if bad.count > 1 else ""
                column = "open, high, low, close" if self.is_bars else "price"
                raise InputError(
                    f"`{self.where}`, {self.word} {bad.first}, column `{column}`: {what}{others}",
                    f"mend or delete the {self.word}, or leave such rows out: --skip-bad-rows",
                )
            others = f" ({bad.count:,} such rows)" if bad.count > 1 else ""
            where = f"{self.where}, {self.word} {bad.first}"
            self.notes.append(Note(where, f"left out: {what}{others}", "mend the file"))


def one_piece(column: Any) -> Any:
    """Return a column in one piece, without a copy where it is in one already."""
    if not hasattr(column, "num_chunks"):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
