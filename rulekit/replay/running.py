"""Replays policies over bars: binds entries to series, runs each policy's loop, and reads the trades out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import define, evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.applies import covers
from rulekit.errors import InputError
from rulekit.model.calendar import Calendar
from rulekit.model.calendar import default as default_calendar
from rulekit.model.instant import Instant
from rulekit.model.instrument import Instrument, InstrumentKey
from rulekit.model.snapshot import Snapshot
from rulekit.replay.bars import Bars, first_of, last_of
from rulekit.replay.binding import ROOM, Block, Bound, bind
from rulekit.replay.entries import Entry, refuse_outside
from rulekit.replay.facts import refuse_unknown_facts
from rulekit.replay.kernel import Kernel, build
from rulekit.replay.loop import NEVER, SKIPPED
from rulekit.replay.options import Options
from rulekit.replay.plugged import with_plugged_facts
from rulekit.replay.quotes import entered_at_quote, notes_on_quotes, refuse_without_quotes
from rulekit.replay.reading import trades_of
from rulekit.replay.soundness import Note
from rulekit.replay.trades import Replay, Trade

PART = 2048
"""Entries that one call of a loop takes, so that progress can be told."""

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
class Prepared:
    """A replay that is ready to run: every block bound to its arrays, with what is to be said of the data."""

    plan: Plan
    bound: list[Bound]
    notes: list[Note]
    entries: int

    def loop(self) -> None:
        """Run all loops once without reading the trades out."""
        for one in self.bound:
            for _ in _pieces(one, len(one.block.entries)):
                pass

    def run(self, progress: Progress | None = None) -> Replay:
        """Run all loops and read the trades out."""
        trades: list[tuple[int, Trade]] = []
        states: list[float] = []
        done = 0
        for one in self.bound:
            rows: list[tuple[Any, ...]] = []
            for reached, found in _pieces(one, PART):
                rows += found()
                if progress is not None:
                    progress(done + reached, self.entries)
            done += len(one.block.entries)
            trades += trades_of(one, rows, self.plan.options.charges)
            states += [float(state) for state in one.given["o_state"]]
        notes = list(self.notes)
        if never := states.count(NEVER):
            what = f"{never:,} were not taken: no price came after them"
            notes.append(Note("the entries", what, "give bars of later times"))
        native = any(one.kernel.native for one in self.bound)
        ordered = tuple(trade for _, trade in sorted(trades, key=lambda pair: pair[0]))
        return Replay(ordered, tuple(notes), self.plan.bars.rows, native, states.count(SKIPPED))


def _pieces(bound: Bound, part: int) -> Iterator[tuple[int, Callable[[], list[tuple[Any, ...]]]]]:
    """Run a loop piece by piece; yield how far it is, and what gives the rows of the last piece."""
    record = bound.record(ROOM)
    start, count, busy = 0, len(bound.block.entries), 0
    while start < count:
        reached, used, busy = bound.run(start, min(count, start + part), busy, record)
        if reached == start:
            # one position alone fills the record
            record = bound.record(record.room * 4)
            continue
        start = reached
        yield start, partial(record.rows, used)


def run(
    policies: Sequence[CompiledPolicy], bars: Bars, entries: Sequence[Entry] | None, options: Options, *,
    progress: Progress | None = None, **more: Any,
) -> Replay:  # fmt: skip
    """Replay; the arguments are those of `prepare`, and `progress` is told how far it is."""
    return prepare(policies, bars, entries, options, **more).run(progress)


def prepare(
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
    feed_end: Instant | None = None,
) -> Prepared:
    """Look everything through and bind it.

    Args:
        feed_end: when the last price of all comes, where these bars are a part of them.
        entries: or None with `every`: enter `quantity` on `side` at every so many bars when flat.
        instruments: lots and ticks; plain equity defaults where there are none.

    Raises:
        InputError: an entry outside the bars, a policy that reads what they do not tell.
    """
    calendar = calendar or default_calendar()
    bars = with_plugged_facts(bars, policies, options.facts, calendar, options.plugins)
    plan = Plan(tuple(policies), bars, options, instruments or (lambda key: None), calendar)
    flat = entries is None or options.one_at_a_time
    if entries is None:
        if every is None:
            raise InputError("there is nothing to enter", "give entries, or say when: every 50 bars")
        entries = _regular(plan, every, side, quantity)
    spans = {key: (first_of(one), last_of(one)) for key, one in bars.series.items()}
    for entry in entries:
        _refuse_outside(entry, spans, plan)
    blocks = _blocks(plan, entries)
    notes = [*bars.notes, *_look_through(plan, blocks)]
    feed_end = feed_end or max(last for _, last in spans.values())
    kernels: dict[int, Kernel] = {}
    bound = []
    for block in blocks:
        kernel = kernels.get(id(block.policy))
        if kernel is None:
            kernel = kernels[id(block.policy)] = _kernel(block, options)
        instrument = plan.instruments(block.series.key)
        bound.append(bind(block, kernel, options, instrument, plan.calendar, feed_end, flat=flat))
    return Prepared(plan, bound, notes, len(entries))


def _refuse_outside(entry: Entry, spans: Mapping[InstrumentKey, tuple[int, int]], plan: Plan) -> None:
    """Refuse an entry outside its bars; if their times are another zone's, that is said instead."""
    try:
        refuse_outside(entry, spans)
    except InputError:
        if entry.key in spans and plan.options.sessions == "exchange":
            from rulekit.replay.odd import odd_series

            odd_series(plan.bars.series[entry.key], plan.calendar)
        raise


def _kernel(block: Block, options: Options) -> Kernel:
    """Build the loop of a block's policy; ticks have no path and no close."""
    ticks = block.series.is_ticks
    path = "ticks" if ticks else "finer" if block.series.ups is not None else options.path
    looks = "path" if ticks and options.looks == "close" else options.looks
    return build(block.policy, looks=looks, path=path, fill=options.fill, native=options.native)


def _regular(plan: Plan, every: int, side: int, quantity: int) -> list[Entry]:
    """Enter at every so many bars of each symbol within its hours; what is held then is left alone."""
    from rulekit.replay.odd import places_inside

    entries = []
    for key, series in plan.bars.series.items():
        always = plan.options.sessions == "always"
        inside = None if always else places_inside(series, plan.calendar, every)
        places = list(range(0, series.rows, every)) if inside is None else inside
        for place, start in zip(places, series.table["at"].take(places).to_pylist(), strict=True):
            entries.append(Entry(key, side, quantity, start, where=f"bar {place:,} of {key.symbol}"))
    return entries


def _product(policy: CompiledPolicy, entry: Entry, options: Options) -> str:
    """Return the product of an entry: its own, the one chosen, the policy's first, or one that is held overnight."""
    return entry.product or options.product or next(iter(policy.applies.products), "") or "NRML"


def _blocks(plan: Plan, entries: Sequence[Entry]) -> list[Block]:
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
        series = plan.bars.series[entry.key]
        at_quote = plan.options.looks_at == "quote"
        place = (id(policy), entry.key, product, strategy, entry.side if at_quote else 0)
        if place not in blocks:
            if at_quote:
                refuse_without_quotes(series, policy)
            blocks[place] = Block(policy, series, [])
        if at_quote:
            entry = entered_at_quote(entry, series)
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
    if plan.options.looks_at == "quote":
        notes += notes_on_quotes([*{id(block.series): block.series for block in blocks}.values()])
    for policy in plan.policies:
        if policy.book:
            notes.append(
                Note(policy.title or "the policy", f"`{policy.book[0].name}` is for the whole book and not replayed",
                     "each entry is replayed by itself")
            )  # fmt: skip
    return notes
