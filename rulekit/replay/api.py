"""The way in from Python: policies, bars and entries in any of their forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import evolve

from rulekit.compile.policy import CompiledPolicy
from rulekit.errors import InputError
from rulekit.market.feed import instrument_key
from rulekit.market.numbers import scale_of
from rulekit.market.times import NAIVE
from rulekit.model.calendar import Calendar
from rulekit.model.instant import exchange_instant
from rulekit.model.prices import UNKNOWN, to_units
from rulekit.replay.bars import Bars, read_bars
from rulekit.replay.entries import Entry, every_bars, read_entries
from rulekit.replay.finer import with_finer
from rulekit.replay.gathering import WRITE_OFFSET
from rulekit.replay.options import Options
from rulekit.replay.running import Instruments, Prepared, prepare
from rulekit.replay.soundness import Note
from rulekit.replay.trades import Replay

_SIDES = {"long": 1, "short": -1}


def replay(
    policy: Any,
    bars: Any,
    entries: Any = None,
    *,
    enter: str | None = None,
    side: str = "long",
    quantity: int = 100,
    options: Options | None = None,
    instruments: Instruments | None = None,
    calendar: Calendar | None = None,
    progress: Callable[[int, int], None] | None = None,
    **more: Any,
) -> Replay:
    """Replay one or more policies over bars.

    Args:
        policy: a loaded or compiled policy, or several in the order in which they are tried for an entry.
        bars: a path (CSV, Parquet, Arrow, a folder), a frame of polars, pandas or pyarrow, or from `read_bars`.
        entries: a path of a CSV, or a sequence of mappings with `symbol`, `side`, `quantity`, `at` and, if known,
            `price` and `stop` in rupees.
        enter: instead of entries, for example `every 50 bars`: then `quantity` on `side`, when flat.
        options: the rules of the replay; single ones may be given by name instead (`looks="close"`).
        instruments: lots and ticks by instrument; plain equity defaults where it answers None.
        more: single options, or `finer`: shorter bars or ticks, which say which end of a bar came first.

    Raises:
        InputError: bars, entries or options that cannot be.
    """
    return prepared(
        policy, bars, entries, enter=enter, side=side, quantity=quantity, options=options, instruments=instruments,
        calendar=calendar, **more,
    ).run(progress)  # fmt: skip


def prepared(
    policy: Any,
    bars: Any,
    entries: Any = None,
    *,
    enter: str | None = None,
    side: str = "long",
    quantity: int = 100,
    options: Options | None = None,
    instruments: Instruments | None = None,
    calendar: Calendar | None = None,
    finer: Any = None,
    **more: Any,
) -> Prepared:
    """Look a replay through and bind it; the arguments are those of `replay`."""
    chosen = options if options is not None else Options(**more)
    if options is not None and more:
        raise InputError("options are given twice", "give `options`, or single ones by name")
    if (entries is None) == (enter is None):
        raise InputError("which entries?", "give `entries`, or `enter`, for example `every 50 bars`")
    policies = compiled(policy)
    if not isinstance(bars, Bars):
        bars = read_bars(
            bars, exchange=chosen.exchange, skip_bad=chosen.skip_bad, facts=facts_of(policies),
        )  # fmt: skip
    if finer is not None:
        if chosen.path == "stop-first":
            raise InputError("`finer` says which end of a bar came first, and so does `path`", "leave one of them out")
        bars = with_finer(bars, read_bars(finer, exchange=chosen.exchange, skip_bad=chosen.skip_bad))
    made = None if entries is None else entries_of(entries, chosen.exchange)
    if made and (first := next((entry for entry in made if not entry.has_zone), None)):
        bars = evolve(bars, notes=(*bars.notes, Note(first.where, NAIVE, WRITE_OFFSET, False)))
    return prepare(
        policies,
        bars,
        made,
        chosen,
        every=None if enter is None else every_bars(enter),
        side=side_number(side, "side"),
        quantity=quantity,
        instruments=instruments,
        calendar=calendar,
    )


def facts_of(policies: Iterable[CompiledPolicy]) -> list[str]:
    """Return the names by which columns of the bars may give facts of these policies."""
    slots = [slot for policy in policies for slot in policy.layout.facts.values()]
    return list(dict.fromkeys(name for slot in slots for name in (slot.phrase, slot.bare)))


def compiled(policy: Any) -> list[CompiledPolicy]:
    """Accept a policy as a host holds it, a compiled one, or several."""
    many = policy if isinstance(policy, list | tuple) else [policy]
    return [one if isinstance(one, CompiledPolicy) else one.compiled for one in many]


def side_number(text: str, where: str) -> int:
    """Return +1 for long, -1 for short."""
    if text not in _SIDES:
        raise InputError(f"{where}: `{text}` is no side", "write long or short")
    return _SIDES[text]


def entries_of(entries: Any, exchange: str) -> list[Entry]:
    """Accept a path, or entries as mappings."""
    if isinstance(entries, str | Path):
        return read_entries(Path(entries), exchange=exchange)
    return [
        each if isinstance(each, Entry) else _entry(each, f"entry {number}", exchange)
        for number, each in enumerate(_rows(entries), start=1)
    ]


def _rows(entries: Any) -> Sequence[Any]:
    if hasattr(entries, "to_dicts"):
        return list(entries.to_dicts())
    if hasattr(entries, "to_pylist"):
        return list(entries.to_pylist())
    if hasattr(entries, "to_dict"):
        return list(entries.to_dict("records"))
    return list(entries)


def _entry(row: Mapping[str, Any], where: str, exchange: str) -> Entry:
    """Read one mapping."""
    missing = [name for name in ("symbol", "side", "quantity", "at") if row.get(name) in (None, "")]
    if missing:
        raise InputError(
            f"{where} lacks {', '.join(f'`{name}`' for name in missing)}", "give symbol, side, quantity, at"
        )
    key = instrument_key(str(row["symbol"]), str(row.get("exchange") or exchange))
    quantity = row["quantity"]
    if isinstance(quantity, bool) or int(quantity) != quantity or quantity < 1:
        raise InputError(f"{where}: `{quantity}` is no quantity", "give a whole number above 0")
    moment, naive = row["at"], False
    if isinstance(moment, datetime | str):
        moment, naive = exchange_instant(moment if isinstance(moment, str) else moment.isoformat())

    def units(name: str) -> float:
        value = row.get(name)
        return UNKNOWN if value is None or value != value else to_units(value, scale_of(key.exchange))

    return Entry(
        key=key,
        side=side_number(str(row["side"]), where),
        quantity=int(quantity),
        at=int(moment),
        price=units("price"),
        stop=units("stop"),
        product=str(row.get("product") or ""),
        strategy=str(row.get("strategy") or ""),
        where=where,
        has_zone=not naive,
    )
