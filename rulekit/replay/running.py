"""Replays policies over bars: binds entries to series, runs each policy's loop, and reads the trades out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.applies import covers
from rulekit.errors import InputError
from rulekit.market.numbers import scale_of
from rulekit.model.calendar import Calendar
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import STOP_REACHED, TARGET_REACHED
from rulekit.model.instant import DAY, MINUTE, SECOND, Instant
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.prices import UNKNOWN
from rulekit.model.snapshot import Snapshot
from rulekit.replay.bars import Bars, Series
from rulekit.replay.charges import charge
from rulekit.replay.entries import Entry, refuse_outside
from rulekit.replay.facts import fact_columns, refuse_unknown_facts
from rulekit.replay.kernel import Kernel, build
from rulekit.replay.loop import (
    AIMED,
    ARRAYS,
    CLOSED,
    FILLED,
    NEVER,
    SETTINGS,
    SKIPPED,
    SQUARED_OFF,
    STOPPED,
    TOLD,
    UNFILLED,
)  # fmt: skip
from rulekit.replay.options import Options
from rulekit.replay.sessions import Days, days_between
from rulekit.replay.soundness import Note
from rulekit.replay.trades import SQUARE_OFF, Fill, Mark, Replay, Trade, side_of

ROOM = 1 << 16
"""Rows of the record that one call of a loop may fill; then it is emptied and the loop goes on."""
PART = 256
"""Entries that one call of a loop takes, so that progress can be told."""
_SQUARED_PRODUCTS = frozenset({"MIS"})

Progress = Callable[[int, int], None]
"""Told how many entries of how many are done."""
Instruments = Callable[[InstrumentKey], Instrument | None]


@frozen
class Plan:
    """What a replay is made of, looked through and ready to run."""

    policies: tuple[CompiledPolicy, ...]
    bars: Bars
    options: Options
    instruments: Instruments
    calendar: Calendar


@define
class Block:
    """The entries of one instrument, product and strategy under one policy."""

    policy: CompiledPolicy
    series: Series
    entries: list[tuple[int, Entry]]


def run(
    policies: Sequence[CompiledPolicy],
    bars: Bars,
    entries: Sequence[Entry] | None,
    options: Options,
    *,
    every: int | None = None,
    side: int = 1,
    quantity: int = 100,
    instruments: Instruments | None = None,
    calendar: Calendar | None = None,
    progress: Progress | None = None,
) -> Replay:
    """Replay.

    Args:
        entries: or None with `every`: enter `quantity` on `side` at every so many bars when flat.
        instruments: lots and ticks; plain equity defaults where there are none.
        progress: told how far it is.

    Raises:
        InputError: an entry outside the bars, a policy that reads what they do not tell.
    """
    plan = Plan(tuple(policies), bars, options, instruments or (lambda key: None), calendar or default_calendar())
    notes = list(bars.notes)
    flat = entries is None or options.one_at_a_time
    if entries is None:
        if every is None:
            raise InputError("there is nothing to enter", "give entries, or say when: every 50 bars")
        entries = _regular(bars, every, side, quantity)
    spans = {key: (first_of(one), last_of(one)) for key, one in bars.series.items()}
    for entry in entries:
        refuse_outside(entry, spans)
    blocks = _blocks(plan, entries, notes)
    notes += _look_through(plan, blocks)
    feed_end = max(last_of(one) for one in bars.series.values())
    kernels: dict[int, Kernel] = {}
    total, done, skipped, never = len(entries), 0, 0, 0
    trades: list[tuple[int, Trade]] = []
    for block in blocks:
        kernel = kernels.get(id(block.policy))
        if kernel is None:
            path = "ticks" if block.series.is_ticks else options.path
            looks = "path" if block.series.is_ticks and options.looks == "close" else options.looks
            kernel = kernels[id(block.policy)] = build(
                block.policy, looks=looks, path=path, fill=options.fill, native=options.native
            )
        found, states = _run_block(plan, block, kernel, flat, feed_end, done, total, progress)
        trades += found
        done += len(block.entries)
        skipped += states.count(SKIPPED)
        never += states.count(NEVER)
    if never:
        notes.append(
            Note("the entries", f"{never:,} were not taken: no price came after them", "give bars of later times")
        )
    native = any(kernel.native for kernel in kernels.values())
    ordered = tuple(trade for _, trade in sorted(trades, key=lambda pair: pair[0]))
    return Replay(ordered, tuple(notes), bars.rows, native, skipped)


def first_of(series: Series) -> Instant:
    """Return when a series begins."""
    return int(series.table["at"][0].as_py())


def last_of(series: Series) -> Instant:
    """Return the time of the last price: the end of the last bar."""
    last = int(series.table["at"][-1].as_py())
    return last + 1 if series.is_ticks else last + series.length


def _regular(bars: Bars, every: int, side: int, quantity: int) -> list[Entry]:
    """Enter at every so many bars of each symbol; what is held then is left alone."""
    entries = []
    for key, series in bars.series.items():
        starts = series.table["at"].to_pylist()
        for place in range(0, len(starts), every):
            entries.append(Entry(key, side, quantity, starts[place], where=f"bar {place:,} of {key.symbol}"))
    return entries


def _product(policy: CompiledPolicy, entry: Entry, options: Options) -> str:
    """Return the product of an entry: its own, the one chosen, the policy's first, or one that is held overnight."""
    return entry.product or options.product or next(iter(policy.applies.products), "") or "NRML"


def _blocks(plan: Plan, entries: Sequence[Entry], notes: list[Note]) -> list[Block]:
    """Choose each entry's policy, and gather those that run together."""
    blocks: dict[tuple[Any, ...], Block] = {}
    left: list[Entry] = []
    chosen: dict[tuple[Any, ...], tuple[CompiledPolicy, str] | None] = {}
    for number, entry in enumerate(entries):
        strategy = entry.strategy or plan.options.strategy
        about = (entry.key, entry.side, entry.product, strategy)
        if about not in chosen:
            chosen[about] = _policy_for(plan, evolve(entry, strategy=strategy))
        found = chosen[about]
        if found is None:
            left.append(entry)
            continue
        policy, product = found
        place = (id(policy), entry.key, product, strategy)
        if place not in blocks:
            blocks[place] = Block(policy, plan.bars.series[entry.key], [])
        blocks[place].entries.append((number, evolve(entry, product=product, strategy=strategy)))
    if left:
        first = left[0]
        word = "long" if first.side > 0 else "short"
        raise InputError(
            f"{first.where}: no policy is for a {word} of {first.key.exchange}:{first.key.symbol}"
            + (f", product {first.product}" if first.product else "")
            + (f" ({len(left):,} such entries)" if len(left) > 1 else ""),
            "see `applies to`; --product and --exchange say what the entries are",
        )
    return list(blocks.values())


def _policy_for(plan: Plan, entry: Entry) -> tuple[CompiledPolicy, str] | None:
    """Return the first policy that covers an entry, and the entry's product under it."""
    for policy in plan.policies:
        if not policy.rules:
            continue
        product = _product(policy, entry, plan.options)
        snapshot = Snapshot(
            symbol=entry.key.symbol, side=entry.side, quantity=entry.quantity, entry=1.0, price=1.0, now=entry.at,
            exchange=entry.key.exchange, product=product, strategy=entry.strategy,
        )  # fmt: skip
        if covers(policy.applies, snapshot):
            return policy, product
    return None


def _look_through(plan: Plan, blocks: Sequence[Block]) -> list[Note]:
    """Refuse what cannot be replayed, and note what is odd."""
    from rulekit.replay.odd import odd_series

    for block in blocks:
        readers: dict[str, str] = {}
        slots = list(block.policy.layout.slots)
        for index, needed in enumerate(block.policy.needs):
            for place in needed:
                fact = block.policy.layout.facts.get(slots[place])
                if fact is not None:
                    readers.setdefault(fact.phrase, block.policy.rules[index].name)
        refuse_unknown_facts(tuple(block.policy.layout.facts.values()), readers, block.series, plan.options.facts)
        if "day_profit" in slots and not {"day profit", "day loss"} & set(plan.options.facts):
            index = next(at for at, needed in enumerate(block.policy.needs) if slots.index("day_profit") in needed)
            raise InputError(
                f"the rule `{block.policy.rules[index].name}` reads `day profit`, and bars do not tell it",
                'give the fact: --fact "day profit=VALUE"',
            )
    notes = []
    if plan.options.sessions == "exchange":
        for series in {id(block.series): block.series for block in blocks}.values():
            notes += odd_series(series, plan.calendar)
    for policy in plan.policies:
        if policy.book:
            notes.append(
                Note(policy.title or "the policy", f"`{policy.book[0].name}` is for the whole book and not replayed",
                     "each entry is replayed by itself")
            )  # fmt: skip
    return notes


# --- one block ---------------------------------------------------------------------------------------------------


def _run_block(
    plan: Plan, block: Block, kernel: Kernel, flat: bool, feed_end: Instant, done: int, total: int,
    progress: Progress | None,
) -> tuple[list[tuple[int, Trade]], list[float]]:  # fmt: skip
    """Run one policy's loop over the entries of one instrument."""
    series, options = block.series, plan.options
    at_close = options.looks == "close" and not series.is_ticks
    block.entries.sort(key=lambda pair: (pair[1].at, pair[0]))
    instrument = plan.instruments(series.key) or Instrument(*series.key, scale=scale_of(series.key.exchange))
    first_entry = block.entries[0][1]
    days = days_between(
        plan.calendar, series.key.exchange, min(first_of(series), first_entry.at), feed_end,
        always=options.sessions == "always", squares=first_entry.product in _SQUARED_PRODUCTS,
    )  # fmt: skip
    arrays = _Arrays(kernel.native)
    given = _series_arrays(series, arrays)
    given |= _day_arrays(days, arrays)
    given |= _entry_arrays(block, days, arrays, at_close)
    count = len(block.entries)
    for name in ("o_state", "o_entry", "o_quantity", "o_realised"):
        given[name] = arrays.blank(count)
    for name in ("o_entered", "o_until"):
        given[name] = arrays.blank_times(count)
    room = ROOM
    facts = fact_columns(
        kernel.look.facts, series, given=options.facts, calendar=plan.calendar, at_close=at_close,
        since=first_entry.at - DAY,  # the first look may be at a price from before the entry
    )  # fmt: skip
    columns = [arrays.numbers(column) for column in facts]
    settings = _settings(plan, block, instrument, feed_end, days)
    record = _Record(arrays, room)
    rows: list[tuple[Any, ...]] = []
    start = 0
    while start < count:
        end = min(count, start + PART)
        settings["room"] = record.room - 64
        given |= record.arrays
        reached, used = kernel.run(
            start, end, int(flat), *(given[name] for name in ARRAYS), *(settings[name] for name in SETTINGS), *columns
        )
        if reached == start and used == 0 and end > start:
            record = _Record(arrays, record.room * 4)
            continue
        rows += record.rows(used)
        start = reached
        if progress is not None:
            progress(done + start, total)
    return _trades(plan, block, given, rows, instrument), [float(state) for state in given["o_state"]]


class _Arrays:
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
            return values.to_pylist() if hasattr(values, "to_pylist") else list(values)
        import numpy as np

        if hasattr(values, "to_numpy"):
            values = values.to_numpy()
        return np.ascontiguousarray(values, dtype=kind)

    def blank(self, count: int) -> Any:
        """Return so many zeros."""
        return self.numbers([0.0] * count)

    def blank_times(self, count: int) -> Any:
        """Return so many whole zeros."""
        return self.times([0] * count)


class _Record:
    """The rows that a loop writes."""

    NAMES = ("v_entry", "v_at", "v_price", "v_quantity", "v_kind", "v_rule", "v_seen")

    def __init__(self, arrays: _Arrays, room: int) -> None:
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


def _series_arrays(series: Series, arrays: _Arrays) -> dict[str, Any]:
    """Return the columns of a series."""
    table = series.table
    close = arrays.numbers(
        table["close"].combine_chunks() if hasattr(table["close"], "combine_chunks") else table["close"]
    )
    found = {"at": arrays.times(table["at"].combine_chunks()), "closes": close}
    for name, column in (("opens", "open"), ("highs", "high"), ("lows", "low")):
        found[name] = close if series.is_ticks else arrays.numbers(table[column].combine_chunks())
    return found


def _day_arrays(days: Days, arrays: _Arrays) -> dict[str, Any]:
    return {
        "days": arrays.times(days.starts),
        "day_opens": arrays.times(days.opens),
        "day_closes": arrays.times(days.closes),
        "day_square": arrays.times(days.square),
        "day_counts": arrays.numbers(days.counts),
    }


def _entry_arrays(block: Block, days: Days, arrays: _Arrays, at_close: bool) -> dict[str, Any]:
    """Return the entries as columns, each with the first price that comes after it."""
    starts = block.series.table["at"].to_pylist() if len(block.entries) < 64 else None
    column = block.series.table["at"].to_numpy() if starts is None else starts
    length = block.series.length
    offsets = (0, length // 3, 2 * length // 3, length - min(SECOND, length // 10))

    def first(entry: Entry) -> int:
        place = bisect_left(column, entry.at)
        if block.series.is_ticks or at_close:
            return place
        if place and entry.price == entry.price:
            inside = [step for step, offset in enumerate(offsets) if column[place - 1] + offset >= entry.at]
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


def _settings(plan: Plan, block: Block, instrument: Instrument, feed_end: Instant, days: Days) -> dict[str, Any]:
    """Return the plain numbers of a loop."""
    series, options = block.series, plan.options
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
        "levels": 1,
        "bars": series.rows,
        "day_rows": len(days.starts),
        "room": 0,
    }


# --- reading the trades out --------------------------------------------------------------------------------------


_MARKS = {STOPPED: "stop", AIMED: "target", TOLD: "alert", UNFILLED: "unfilled"}


def _trades(
    plan: Plan, block: Block, given: Mapping[str, Any], rows: Sequence[tuple[Any, ...]], instrument: Instrument
) -> list[tuple[int, Trade]]:
    """Turn a loop's record into trades."""
    names = {-1.0: STOP_REACHED, -2.0: TARGET_REACHED, SQUARED_OFF: SQUARE_OFF}
    names |= {place + 1.0: rule.name for place, rule in enumerate(block.policy.rules)}
    fills: dict[int, list[Fill]] = {}
    marks: dict[int, list[Mark]] = {}
    for place, at, price, quantity, kind, rule, seen in rows:
        if kind == FILLED:
            fill = Fill(int(at), price, int(abs(quantity)), side_of(quantity), names[rule], int(seen))
            fills.setdefault(place, []).append(fill)
        else:
            marks.setdefault(place, []).append(Mark(int(at), _MARKS[kind], price, names[rule], int(abs(quantity))))
    found = []
    for place, (number, entry) in enumerate(block.entries):
        state = float(given["o_state"][place])
        if state in (SKIPPED, NEVER):
            continue
        entry_price = float(given["o_entry"][place])
        these = tuple(fills.get(place, ()))
        gross = float(given["o_realised"][place]) * instrument.multiplier / instrument.scale
        first = Fill(int(given["o_entered"][place]), entry_price, entry.quantity, side_of(entry.side), "", 0)
        paid = charge(plan.options.charges, (first, *these), instrument) if plan.options.charges else 0.0
        closed = state == CLOSED
        trade = Trade(
            key=entry.key,
            side=entry.side,
            entered=first.at,
            entry=entry_price,
            quantity=entry.quantity,
            fills=these,
            marks=tuple(marks.get(place, ())),
            exited=these[-1].at if closed else None,
            left=int(given["o_quantity"][place]),
            last=int(given["o_until"][place]),
            profit=round(gross - paid, 2),
            charges=paid,
            scale=instrument.scale,
            row=number,
        )
        found.append((number, trade))
    return found
