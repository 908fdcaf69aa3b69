"""One piece of a sweep: a symbol's entries replayed with some combinations of values, on whatever worker it lands."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Any

from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.errors import UsageError
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.model.calendar import Calendar
from rulekit.model.instant import DAY, Instant
from rulekit.model.instrument import Instrument
from rulekit.model.version import VERSION
from rulekit.replay.api import facts_of
from rulekit.replay.binding import Bound
from rulekit.replay.entries import Entry
from rulekit.replay.loop import CLOSED, NEVER, OPEN
from rulekit.replay.options import Options
from rulekit.replay.running import Prepared, prepare
from rulekit.replay.soundness import Note
from rulekit.replay.sweep_parts import SeriesPart, read_part
from rulekit.replay.sweep_program import families
from rulekit.replay.sweep_values import Variants

COLUMNS = ("combination", "entered", "left", "trades", "won", "held", "paise")
"""One row: of a combination, the trades that were entered on one day and left on one, and what they earned."""
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
        for row in _days_of(evolve(ready, bound=bound)):
            for name, value in zip(COLUMNS, (combination, *row), strict=True):
                columns[name].append(value)
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
    bars = read_part(task.part, exchange=options.exchange, skip_bad=options.skip_bad, facts=facts_of([policy]))
    ready = prepare(
        [policy], bars, task.entries, options, every=study.every, side=study.side, quantity=study.quantity,
        instruments=lambda key: task.instrument, calendar=study.calendar, feed_end=study.feed_end,
    )  # fmt: skip
    _HAND.ready[place] = ready
    while len(_HAND.ready) > _AT_HAND:
        _HAND.ready.popitem(last=False)
    return ready


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
        trades = (
            (trade.entered, trade.last, trade.exited is None, round(trade.profit * 100))
            for trade in prepared.run().trades
        )
    else:
        prepared.loop()
        trades = (trade for one in prepared.bound for trade in _trades(one))
    sums: dict[tuple[int, int], Counter[str]] = {}
    for entered, left, held, paise in trades:
        days = ((entered + _INDIA_US) // DAY, (left + _INDIA_US) // DAY)
        one = sums.setdefault(days, Counter())
        one["trades"] += 1
        one["won"] += paise > 0
        one["held"] += held
        one["paise"] += paise
    for days in sorted(sums):
        yield (*days, *(sums[days][name] for name in COLUMNS[3:]))


def _trades(bound: Bound) -> Iterator[tuple[int, int, bool, int]]:
    """Yield when each trade was entered and left, whether it is still held, and its profit as a replay rounds it."""
    names = ("o_state", "o_entered", "o_until", "o_realised")
    arrays = [bound.given[name] for name in names]
    columns = [array if isinstance(array, list) else array.tolist() for array in arrays]
    instrument = bound.instrument
    for state, entered, until, realised in zip(*columns, strict=True):
        if state in (CLOSED, OPEN):
            profit = round(realised * instrument.multiplier / instrument.scale, 2)
            yield entered, until, state == OPEN, round(profit * 100)
