"""A sweep: one policy replayed with many values behind its names, by processes here or workers on many machines."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from rulekit.compile.native import has_numba
from rulekit.errors import InputError, UsageError
from rulekit.language.vocabulary import STANDARD
from rulekit.market.times import NAIVE
from rulekit.market.underlying import underlying_of
from rulekit.model.calendar import Calendar
from rulekit.model.calendar import default as default_calendar
from rulekit.model.instrument import InstrumentKey
from rulekit.model.version import VERSION
from rulekit.replay.api import compiled as all_compiled
from rulekit.replay.api import entries_of, side_number
from rulekit.replay.bars import as_arrow
from rulekit.replay.entries import Entry, every_bars, refuse_outside
from rulekit.replay.gathering import WRITE_OFFSET
from rulekit.replay.options import Options
from rulekit.replay.running import Instruments
from rulekit.replay.sessions import days_between
from rulekit.replay.soundness import Note
from rulekit.replay.sweep_crew import done_by_processes, done_here
from rulekit.replay.sweep_figures import MEASURES, Cell, Sweep, rows_of
from rulekit.replay.sweep_keep import Keep
from rulekit.replay.sweep_parts import Survey, survey
from rulekit.replay.sweep_program import Family, families
from rulekit.replay.sweep_values import Grid, Variants, read_grid
from rulekit.replay.sweep_work import COLUMNS, Outcome, Study, Task

PIECES = 64
"""A sweep is cut into about so many pieces at least, however many workers there are."""
_MUCH, _MUCH_PLAIN = 50_000_000, 2_000_000
"""So many bars in all, combination by combination, pay for the start of further processes."""
MOST_AT_ONCE = 250
"""So many combinations are one piece at most."""

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
    with _on_disk(bars, scheduler) as paths:
        plan = prepare_sweep(
            policy, paths, entries, values=values, enter=enter, side=side, quantity=quantity,
            options=options or Options(), instruments=instruments, calendar=calendar,
        )  # fmt: skip
        kept = None if keep is None else Keep.open(keep, plan.about, resume=resume)
        outcomes = dict(kept.known) if kept else {}
        waiting = [task for task in plan.tasks if task.number not in outcomes]
        if progress is not None:
            progress(len(outcomes), len(plan.tasks))
        for outcome in _done(waiting, jobs or _jobs_that_pay(plan), scheduler):
            outcomes[outcome.number] = outcome
            if kept is not None:
                kept.add(outcome)
            if progress is not None:
                progress(len(outcomes), len(plan.tasks))
    found = _summed(plan, [outcomes[task.number] for task in plan.tasks], by)
    if kept is not None:
        kept.remove()
    return found


def _jobs_that_pay(plan: Plan) -> int:
    """Return how many processes are worth their start."""
    native = has_numba() if plan.native is None else plan.native
    much = plan.survey.rows * len(plan.grid) >= (_MUCH if native else _MUCH_PLAIN)
    return (os.cpu_count() or 1) if much else 1


def _done(tasks: Sequence[Task], jobs: int, scheduler: str) -> Iterator[Outcome]:
    """Let the pieces be done where it was asked for."""
    if not tasks:
        return iter(())
    if scheduler:
        from rulekit.replay.sweep_cluster import done_by_cluster

        return done_by_cluster(tasks, scheduler)
    return done_here(tasks) if jobs == 1 else done_by_processes(tasks, min(jobs, len(tasks)))


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


def prepare_sweep(
    policy: Any,
    paths: Sequence[Path],
    entries: Any,
    *,
    values: Mapping[str, str | Sequence[str]] | Sequence[str],
    enter: str | None,
    side: str,
    quantity: int,
    options: Options,
    instruments: Instruments | None = None,
    calendar: Calendar | None = None,
) -> Plan:
    """Look everything through and cut it into pieces; the arguments are those of `sweep`."""
    (compiled,) = all_compiled(policy)
    if (entries is None) == (enter is None):
        raise InputError("which entries?", "give `entries`, or `enter`, for example `every 50 bars`")
    path = str(getattr(policy, "path", "") or compiled.tree.path)
    vocabulary = compiled.vocabulary
    variants = Variants(compiled.tree.source, path, vocabulary)
    grid = read_grid(_written(values), variants)
    names = [axis.name for axis in grid.axes]
    chosen = [dict(zip(names, each, strict=True)) for each in grid.combinations()]
    groups = families([variants.tried(each) for each in chosen], vocabulary)
    known = survey(paths, exchange=options.exchange)
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


def _summed(plan: Plan, outcomes: Sequence[Outcome], by: str) -> Sweep:
    """Put the pieces together, in their order; sums of paise do not depend on how the work was cut."""
    sums: list[dict[tuple[int, int], list[int]]] = [{} for _ in range(len(plan.grid))]
    for outcome in outcomes:
        columns = (outcome.columns[name] for name in COLUMNS)
        for combination, entered, left, *amounts in zip(*columns, strict=True):
            have = sums[combination].setdefault((entered, left), [0, 0, 0, 0])
            for place, amount in enumerate(amounts):
                have[place] += amount
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        tuple((entered, left, *have) for (entered, left), have in sorted(of_this.items()))  # type: ignore[misc]
        for of_this in sums
    )
    days = plan.survey.days
    notes = tuple(dict.fromkeys([*plan.notes, *(note for outcome in outcomes for note in outcome.notes)]))
    native = any(outcome.native for outcome in outcomes)
    rows = rows_of(plan.grid, cells, days)
    return Sweep(plan.grid, rows, days, cells, by, notes, native, plan.families, plan.title)
