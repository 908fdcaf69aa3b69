"""One piece of a sweep: a symbol's entries replayed with some combinations of values, on whatever worker it lands."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.errors import UsageError
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.model.calendar import Calendar
from rulekit.model.calendar import default as default_calendar
from rulekit.model.instant import DAY, Instant
from rulekit.model.instrument import Instrument
from rulekit.model.version import VERSION
from rulekit.replay.api import facts_of
from rulekit.replay.bars import Bars
from rulekit.replay.binding import Bound
from rulekit.replay.entries import Entry
from rulekit.replay.loop import CLOSED, NEVER, OPEN
from rulekit.replay.options import Options
from rulekit.replay.plugged import with_plugged_facts
from rulekit.replay.running import Prepared, prepare
from rulekit.replay.soundness import Note
from rulekit.replay.sweep_parts import SeriesPart, read_part
from rulekit.replay.sweep_program import families
from rulekit.replay.sweep_shared import shared
from rulekit.replay.sweep_values import Variants

COLUMNS = ("combination", "entered", "left", "trades", "won", "held", "paise")
"""One row: of a combination, the trades that were entered on one day and left on one, and what they earned."""
_OUTCOME = ("o_state", "o_entered", "o_until", "o_realised")
_INDIA_US = 19_800_000_000
_AT_HAND = 2
"""So many symbols with their arrays are kept by a worker: the next task is mostly about the same one."""


@frozen
class Study:
    """What all tasks of a sweep share.

    Args:
        witnesses: for each family the texts of the policy that together give its one program.
        every, side, quantity: of regular entries. feed_end: when the last price of all comes.
        mark: a digest of everything that the outcome rests on.
    """

    witnesses: tuple[tuple[str, ...], ...]
    path: str
    options: Options
    every: int | None
    side: int
    quantity: int
    calendar: Calendar
    feed_end: Instant
    mark: str
    version: str = VERSION
    vocabulary: Vocabulary | None = None


@frozen
class Task:
    """A piece of work: these combinations, on this symbol. `numbers` are what the program of the family is handed."""

    number: int
    study: Study
    part: SeriesPart
    entries: tuple[Entry, ...] | None
    instrument: Instrument | None
    family: int
    combinations: tuple[int, ...]
    numbers: tuple[tuple[float, ...], ...]
    beside: SeriesPart | None = None
    """What the symbol is written on, if that is among the bars: facts of plug-ins may need it."""
    laid_out: str = ""
    """Where the prices of the symbol may be laid out on this machine."""


@frozen(eq=False)
class Outcome:
    """What came of a task: columns as `COLUMNS` names them, and what is to be said of the data."""

    number: int
    columns: dict[str, list[int]]
    notes: tuple[Note, ...]
    native: bool


def run_task(task: Task) -> Outcome:
    """Do a piece of work; the same task gives the same outcome wherever and however often it is done.

    Raises:
        InputError: the data cannot be.
        UnreadableFileError: this machine does not have the file.
        UsageError: this worker runs another version.
    """
    if task.study.version != VERSION:
        raise UsageError(
            f"a worker runs rulekit {VERSION}, and the sweep was started by {task.study.version}",
            "install the same version on every machine",
        )
    ready = _ready(task)
    columns: dict[str, list[int]] = {name: [] for name in COLUMNS}
    for combination, numbers in zip(task.combinations, task.numbers, strict=True):
        bound = [evolve(one, numbers=numbers) for one in ready.bound]
        rows = list(_days_of(evolve(ready, bound=bound)))
        columns[COLUMNS[0]] += [combination] * len(rows)
        for name, column in zip(COLUMNS[1:], zip(*rows, strict=True), strict=False):
            columns[name] += column
    native = any(one.kernel.native for one in ready.bound)
    return Outcome(task.number, columns, (*ready.notes, *_never_taken(ready, task)), native)


def _never_taken(ready: Prepared, task: Task) -> list[Note]:
    """Say how many entries no price came after."""
    never = sum(float(state) == NEVER for one in ready.bound for state in one.given["o_state"])
    where, what = f"the entries of {task.part.key.symbol}", f"{never:,} were not taken: no price came after them"
    return [Note(where, what, "give bars of later times")] if never else []


# --- what a worker keeps at hand -------------------------------------------------------------------------------------


class _Hand(threading.local):
    """What one thread keeps: a loop writes into arrays of its own."""

    def __init__(self) -> None:
        self.policies: dict[tuple[str, int], CompiledPolicy] = {}
        self.ready: OrderedDict[tuple[Any, ...], Prepared] = OrderedDict()


_HAND = _Hand()


def _ready(task: Task) -> Prepared:
    """Read the task's symbol and bind it to the loop, unless it is at hand."""
    study = task.study
    place = (study.mark, task.part.key, task.family)
    if place in _HAND.ready:
        _HAND.ready.move_to_end(place)
        return _HAND.ready[place]
    policy = _policy(study, task.family)
    options = study.options
    facts = facts_of([policy])
    bars = shared(task.part, task.laid_out, facts)
    if bars is None:
        bars = read_part(task.part, exchange=options.exchange, skip_bad=options.skip_bad, facts=facts)
    if task.beside is not None:
        bars = _with_facts_of_plugins(task, task.beside, bars, policy)
    ready = prepare(
        [policy], bars, task.entries, options, every=study.every, side=study.side, quantity=study.quantity,
        instruments=lambda key: task.instrument, calendar=study.calendar, feed_end=study.feed_end,
    )  # fmt: skip
    _HAND.ready[place] = ready
    while len(_HAND.ready) > _AT_HAND:
        _HAND.ready.popitem(last=False)
    return ready


def _with_facts_of_plugins(task: Task, beside: SeriesPart, bars: Bars, policy: CompiledPolicy) -> Bars:
    """Append the facts of plug-ins, which may look at what the symbol is written on; nothing is decided on that."""
    options = task.study.options
    other = read_part(beside, exchange=options.exchange, skip_bad=options.skip_bad)
    both = Bars({**other.series, **bars.series}, bars.notes)
    calendar = task.study.calendar or default_calendar()
    found = with_plugged_facts(both, [policy], options.facts, calendar, options.plugins, [task.part.key])
    return Bars({task.part.key: found.series[task.part.key]}, found.notes)


def _policy(study: Study, family: int) -> CompiledPolicy:
    """Compile the one program of a family from the texts that it stands for."""
    place = (study.mark, family)
    if place not in _HAND.policies:
        vocabulary = study.vocabulary or STANDARD
        trees = [Variants(text, study.path, vocabulary).tree for text in study.witnesses[family]]
        (found,) = families(trees, vocabulary)
        _HAND.policies[place] = found.policy
    return _HAND.policies[place]


# --- from trades to days ---------------------------------------------------------------------------------------------


def _days_of(prepared: Prepared) -> Iterator[tuple[int, ...]]:
    """Run the loops and yield rows of `COLUMNS` without the combination, in the order of the days."""
    if prepared.plan.options.charges:
        return by_day(
            (trade.entered, trade.last, trade.exited is None, round(trade.profit * 100))
            for trade in prepared.run().trades
        )
    prepared.loop()
    if all(one.kernel.native for one in prepared.bound):
        return columns_by_day(prepared.bound)
    return by_day(trade for one in prepared.bound for trade in trades_of(one))


def by_day(trades: Iterable[tuple[int, int, bool, int]]) -> Iterator[tuple[int, ...]]:
    """Sum trades up by the days on which they were entered and left."""
    sums: dict[tuple[int, int], list[int]] = {}
    for entered, left, held, paise in trades:
        days = ((entered + _INDIA_US) // DAY, (left + _INDIA_US) // DAY)
        have = sums.get(days)
        if have is None:
            have = sums[days] = [0, 0, 0, 0]
        have[0] += 1
        have[1] += paise > 0
        have[2] += held
        have[3] += paise
    for days in sorted(sums):
        yield (*days, *sums[days])


def trades_of(bound: Bound) -> Iterator[tuple[int, int, bool, int]]:
    """Yield when each trade was entered and left, whether it is still held, and its profit as a replay rounds it."""
    columns = (bound.given[name] for name in _OUTCOME)
    instrument = bound.instrument
    for state, entered, until, realised in zip(*columns, strict=True):
        if state in (CLOSED, OPEN):
            yield entered, until, state == OPEN, _paise(realised * instrument.multiplier / instrument.scale)


def _paise(rupees: float) -> int:
    """Return the paise of a profit, rounded as a replay does."""
    return round(round(rupees, 2) * 100)


def columns_by_day(blocks: Iterable[Bound]) -> Iterator[tuple[int, ...]]:
    """Do the same as `by_day` with whole columns."""
    import numpy as np

    parts = []
    for one in blocks:
        state, entered, until, realised = (one.given[name] for name in _OUTCOME)
        taken = (state == CLOSED) | (state == OPEN)
        rupees = realised[taken] * one.instrument.multiplier / one.instrument.scale
        paise = np.rint(rupees * 100).astype(np.int64)
        # where it is close which way to round, the product above may have decided wrongly
        for place in np.nonzero(np.abs(np.abs(rupees * 100 - paise) - 0.5) < 1e-3)[0]:
            paise[place] = _paise(float(rupees[place]))
        days = ((moment[taken] + _INDIA_US) // DAY for moment in (entered, until))
        parts.append((*days, state[taken] == OPEN, paise))
    entered, left, held, paise = (np.concatenate(column) for column in zip(*parts, strict=True))
    if not len(paise):
        return
    order = np.lexsort((left, entered))
    entered, left, held, paise = (column[order] for column in (entered, left, held, paise))
    starts = np.flatnonzero(np.r_[True, (entered[1:] != entered[:-1]) | (left[1:] != left[:-1])])
    amounts = (np.add.reduceat(column.astype(np.int64), starts) for column in (paise > 0, held, paise))
    counts = np.diff(np.r_[starts, len(paise)])
    columns = (entered[starts], left[starts], counts, *amounts)
    yield from zip(*(column.tolist() for column in columns), strict=True)
