"""A sweep: one policy replayed with many values behind its names, by processes here or workers on many machines."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from operator import add
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from rulekit.compile.native import has_numba
from rulekit.compile.policy import CompiledPolicy
from rulekit.errors import InputError, UsageError
from rulekit.language.vocabulary import STANDARD
from rulekit.market.times import NAIVE
from rulekit.market.underlying import underlying_of
from rulekit.model.calendar import Calendar
from rulekit.model.calendar import default as default_calendar
from rulekit.model.instrument import InstrumentKey
from rulekit.model.version import VERSION
from rulekit.replay.api import compiled as all_compiled
from rulekit.replay.api import entries_of, facts_of, side_number
from rulekit.replay.bars import as_arrow
from rulekit.replay.entries import Entry, every_bars, refuse_outside
from rulekit.replay.gathering import WRITE_OFFSET
from rulekit.replay.options import Options
from rulekit.replay.running import Instruments
from rulekit.replay.sessions import days_between
from rulekit.replay.soundness import Note
from rulekit.replay.sweep_crew import Crew, done_here
from rulekit.replay.sweep_figures import MEASURES, Cell, Sweep, rows_of
from rulekit.replay.sweep_keep import Keep
from rulekit.replay.sweep_parts import SeriesPart, Survey, survey
from rulekit.replay.sweep_program import Family, families
from rulekit.replay.sweep_shared import Sharing
from rulekit.replay.sweep_values import Grid, Variants, read_grid
from rulekit.replay.sweep_work import COLUMNS, Outcome, Study, Task

PIECES = 64
"""A sweep is cut into about so many pieces at least, however many workers there are."""
_MUCH, _MUCH_PLAIN = 50_000_000, 2_000_000
"""So many bars in all, combination by combination, pay for the start of further processes."""
MOST_AT_ONCE = 250
"""So many combinations are one piece at most."""
SHARED = 20_000_000
"""Up to so many bars are laid out once for all workers; beyond that each reads the symbols that it is given."""

Progress = Callable[[int, int], None]
"""Told how many pieces of how many are done."""


@frozen
class Plan:
    """A sweep that is ready to run. `about` says what its outcome rests on."""

    grid: Grid
    survey: Survey
    tasks: tuple[Task, ...]
    families: int
    notes: tuple[Note, ...]
    about: dict[str, str]
    title: str
    native: bool | None


def sweep(
    policy: Any,
    bars: Any,
    entries: Any = None,
    *,
    values: Mapping[str, str | Sequence[str]] | Sequence[str],
    enter: str | None = None,
    side: str = "long",
    quantity: int = 100,
    options: Options | None = None,
    instruments: Instruments | None = None,
    calendar: Calendar | None = None,
    jobs: int | None = 1,
    scheduler: str = "",
    keep: Path | None = None,
    resume: bool = False,
    by: str = "sharpe",
    progress: Progress | None = None,
) -> Sweep:
    """Replay a policy with every combination of values behind its names.

    Args:
        policy: a loaded or compiled policy. bars, entries, enter, side, quantity, options: as for `replay`.
        values: by name what to try, `{"first target": "5%..25%:1%"}` or a list of values.
        jobs: processes of this machine, None for as many as pay; more than one needs `if __name__ == "__main__"`.
        scheduler: address of a Dask scheduler; its workers must see the price files under the same paths.
        keep: folder for what is done so far; it is deleted at the end. resume: go on with what it holds.
        by: `sharpe`, `profit` or `per-trade`, by which the best is chosen.

    Raises:
        UsageError: a name or a value that cannot be, or a scheduler that does not answer.
        InputError: bars or entries that cannot be.
    """
    if by not in MEASURES:
        raise UsageError(f"`{by}` is no measure", f"use one of {', '.join(MEASURES)}")
    chosen = options or Options()
    with _on_disk(bars, scheduler) as paths:
        looked = look_through(policy, paths, values=values, exchange=chosen.exchange)
        jobs = 1 if scheduler else jobs or _jobs_that_pay(looked, chosen.native)
        with nullcontext() if jobs == 1 else Crew(jobs) as crew:
            if crew is not None and looked.known.rows <= SHARED:
                crew.lay_out(_sharings(looked, chosen, crew))
            plan = prepare_sweep(
                looked, entries, enter=enter, side=side, quantity=quantity,
                options=chosen, instruments=instruments, calendar=calendar,
            )  # fmt: skip
            kept = None if keep is None else Keep.open(keep, plan.about, resume=resume)
            sums = Sums(plan)
            for known in kept.known.values() if kept else ():
                sums.take(known)
            waiting = [task for task in plan.tasks if task.number not in sums.done]
            if progress is not None:
                progress(len(sums.done), len(plan.tasks))
            for outcome in _done(waiting, crew, scheduler):
                if kept is not None:
                    kept.add(outcome)
                sums.take(outcome)
                if progress is not None:
                    progress(len(sums.done), len(plan.tasks))
    found = sums.sweep(by)
    if kept is not None:
        kept.remove()
    return found


def _jobs_that_pay(looked: Looked, native: bool | None) -> int:
    """Return how many processes are worth their start."""
    native = has_numba() if native is None else native
    much = looked.known.rows * len(looked.grid) >= (_MUCH if native else _MUCH_PLAIN)
    return (os.cpu_count() or 1) if much else 1


def _sharings(looked: Looked, options: Options, crew: Crew) -> list[Sharing]:
    """Say what is to be laid out for all workers."""
    facts = tuple(facts_of([looked.compiled]))
    return [
        Sharing(part, _laid_out(crew, part), options.exchange, options.skip_bad, facts)
        for part in looked.known.parts.values()
    ]


def _laid_out(crew: Crew, part: SeriesPart) -> str:
    """Return where the prices of a symbol are laid out."""
    return str(crew.folder / f"{_digest(part.key)[:24]}.arrow")


def _done(tasks: Sequence[Task], crew: Crew | None, scheduler: str) -> Iterator[Outcome]:
    """Let the pieces be done where it was asked for."""
    if not tasks:
        return iter(())
    if scheduler:
        from rulekit.replay.sweep_cluster import done_by_cluster

        return done_by_cluster(tasks, scheduler)
    if crew is None:
        return done_here(tasks)
    return crew.done([evolve(task, laid_out=_laid_out(crew, task.part)) for task in tasks])


@contextmanager
def _on_disk(bars: Any, scheduler: str) -> Iterator[list[Path]]:
    """Give price files; a frame is written into one for as long as it is needed."""
    if isinstance(bars, str | Path):
        yield [Path(bars)]
    elif isinstance(bars, list | tuple) and all(isinstance(each, str | Path) for each in bars):
        yield [Path(each) for each in bars]
    elif scheduler:
        raise UsageError("workers on other machines cannot read a frame", "give a path that all of them see")
    else:
        import pyarrow.parquet as pq

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "frame.parquet"
            pq.write_table(as_arrow(bars), path)
            yield [path]


# --- the plan --------------------------------------------------------------------------------------------------------


@frozen(eq=False)
class Looked:
    """What is known before anything is planned: the policy, what is tried, and what stands where in the price files."""

    compiled: CompiledPolicy
    path: str
    variants: Variants
    grid: Grid
    known: Survey


def look_through(
    policy: Any, paths: Sequence[Path], *, values: Mapping[str, str | Sequence[str]] | Sequence[str], exchange: str
) -> Looked:
    """Read the values, and look the price files through; the arguments are those of `sweep`."""
    (compiled,) = all_compiled(policy)
    path = str(getattr(policy, "path", "") or compiled.tree.path)
    variants = Variants(compiled.tree.source, path, compiled.vocabulary)
    grid = read_grid(_written(values), variants)
    return Looked(compiled, path, variants, grid, survey(paths, exchange=exchange))


def prepare_sweep(
    looked: Looked,
    entries: Any,
    *,
    enter: str | None,
    side: str,
    quantity: int,
    options: Options,
    instruments: Instruments | None = None,
    calendar: Calendar | None = None,
) -> Plan:
    """Cut everything into pieces; the arguments are those of `sweep`."""
    if (entries is None) == (enter is None):
        raise InputError("which entries?", "give `entries`, or `enter`, for example `every 50 bars`")
    compiled, path, variants, grid, known = looked.compiled, looked.path, looked.variants, looked.grid, looked.known
    vocabulary = compiled.vocabulary
    names = [axis.name for axis in grid.axes]
    chosen = [dict(zip(names, each, strict=True)) for each in grid.combinations()]
    groups = families([variants.tried(each) for each in chosen], vocabulary)
    made = None if entries is None else entries_of(entries, options.exchange)
    for entry in made or ():
        refuse_outside(entry, known.spans)
    notes = [Note(path, f"no rule uses `{name}`", "", False) for name in names if name.lower() not in variants.used]
    if made and (first := next((entry for entry in made if not entry.has_zone), None)):
        notes.append(Note(first.where, NAIVE, WRITE_OFFSET, False))
    calendar = calendar or default_calendar()
    options = evolve(options, marks=False)
    lookup = instruments or (lambda key: None)
    about = {
        "rulekit": VERSION,
        "policy": _digest(compiled.tree.source),
        "values": _digest(grid),
        "prices": _digest(known.stamps),
        "entries": _digest(made, enter, side, quantity),
        "options": _digest(options, *(lookup(key) for key in known.parts), *_hours(known, options, calendar)),
    }
    study = Study(
        tuple(tuple(variants.text(chosen[place]) for place in group.witnesses) for group in groups),
        path, options, None if enter is None else every_bars(enter), side_number(side, "side"), quantity, calendar,
        known.feed_end, _digest(about), VERSION, None if vocabulary is STANDARD else vocabulary,
    )  # fmt: skip
    return Plan(
        grid,
        known,
        _tasks(study, known, made, groups, lookup),
        len(groups),
        tuple(notes),
        about,
        compiled.title,
        options.native,
    )


def _written(values: Mapping[str, str | Sequence[str]] | Sequence[str]) -> list[str]:
    """Bring values into the form of the command line."""
    if not isinstance(values, Mapping):
        return list(values)
    return [f"{name}={text if isinstance(text, str) else ','.join(text)}" for name, text in values.items()]


def _digest(*things: object) -> str:
    return hashlib.sha256("\n".join(map(repr, things)).encode()).hexdigest()


def _hours(known: Survey, options: Options, calendar: Calendar) -> list[object]:
    """Return the hours of all sessions, which the outcome rests on too."""
    first = min(first for first, _ in known.spans.values())
    exchanges = dict.fromkeys(key.exchange for key in known.parts)
    always = options.sessions == "always"
    return [
        days_between(calendar, exchange, first, known.feed_end, always=always, squares=not always)
        for exchange in exchanges
    ]


def _tasks(
    study: Study, known: Survey, entries: list[Entry] | None, groups: Sequence[Family], instruments: Instruments
) -> tuple[Task, ...]:
    """Cut the work: a symbol with some combinations is a piece."""
    of_symbol: dict[InstrumentKey, list[Entry]] = {}
    for entry in entries or ():
        of_symbol.setdefault(entry.key, []).append(entry)
    keys = [key for key in known.parts if entries is None or key in of_symbol]
    tasks: list[Task] = []
    for key in keys:
        mine = None if entries is None else tuple(of_symbol[key])
        instrument = instruments(key)
        below = underlying_of(key)
        beside = None if below is None else known.parts.get(below)
        for family, group in enumerate(groups):
            count = len(group.members)
            size = max(1, min(MOST_AT_ONCE, count * len(keys) // PIECES))
            for start in range(0, count, size):
                part = slice(start, start + size)
                tasks.append(
                    Task(len(tasks), study, known.parts[key], mine, instrument, family,
                         group.members[part], group.numbers[part], beside)
                )  # fmt: skip
    return tuple(tasks)


# --- the outcome -----------------------------------------------------------------------------------------------------


class Sums:
    """Puts pieces together as they come; sums of paise do not depend on how the work was cut, nor on their order."""

    def __init__(self, plan: Plan) -> None:
        self.done: set[int] = set()
        self._plan = plan
        self._sums: list[dict[tuple[int, int], list[int]]] = [{} for _ in range(len(plan.grid))]
        self._notes: dict[int, tuple[Note, ...]] = {}
        self._native = False

    def take(self, outcome: Outcome) -> None:
        """Add a piece."""
        self.done.add(outcome.number)
        self._notes[outcome.number] = outcome.notes
        self._native |= outcome.native
        columns = (outcome.columns[name] for name in COLUMNS)
        for combination, entered, left, *amounts in zip(*columns, strict=True):
            sums = self._sums[combination]
            have = sums.get((entered, left))
            sums[entered, left] = amounts if have is None else list(map(add, have, amounts))

    def sweep(self, by: str) -> Sweep:
        """Return the whole."""
        plan, days = self._plan, self._plan.survey.days
        cells: tuple[tuple[Cell, ...], ...] = tuple(
            tuple((entered, left, *have) for (entered, left), have in sorted(of_this.items()))  # type: ignore[misc]
            for of_this in self._sums
        )
        told = [note for task in plan.tasks for note in self._notes[task.number]]
        notes = tuple(dict.fromkeys([*plan.notes, *told]))
        rows = rows_of(plan.grid, cells, days)
        return Sweep(plan.grid, rows, days, cells, by, notes, self._native, plan.families, plan.title)
