"""`rulekit sweep`: one policy with many values behind its names, and how far the best of them can be relied on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rulekit.cli.replay_options import (
    fills,
    how_it_runs,
    instruments,
    looks,
    prices_and_entries,
    progress,
    refuse_unclear_entries,
    replay_options,
)
from rulekit.cli.settings_option import settings_in_force
from rulekit.errors import UsageError

if TYPE_CHECKING:
    from rulekit.replay.sweep_figures import Sweep
    from rulekit.replay.sweep_forward import Forward


@click.command(
    "sweep",
    epilog="""\b
Examples:
  rulekit sweep my.policy --bars minutes.parquet --entries entries.csv --set "first target=5%..25%:1%"
  rulekit sweep my.policy --bars folder --enter "every 50 bars" --set "patience=30 minutes,1 hour" \\
      --set "first target=5%,10%,15%" --walk-forward 4 --out sweep.parquet --report sweep.html
  rulekit sweep my.policy --bars /shared/minutes --entries entries.csv --set "first target=5%..25%:1%" \\
      --out sweep.parquet --scheduler tcp://127.0.0.1:8786

The names are those of the policy: `set first target to 15%`. A range is LOW..HIGH:STEP, a list ONE,TWO.
Exit codes: 0 done, 1 an input is wrong, 2 usage or an unreadable file, 130 stopped; --resume goes on.""",
)
@click.argument("policy", type=click.Path(path_type=Path))
@click.option(
    "--set", "values", multiple=True, required=True, metavar="NAME=VALUES",
    help="what to try behind a name of the policy; several names make every combination",
)  # fmt: skip
@prices_and_entries
@click.option("--by", type=click.Choice(["sharpe", "profit", "per-trade"]), default="sharpe", show_default=True,
              help="by what the best is chosen")  # fmt: skip
@click.option("--walk-forward", "splits", type=click.IntRange(1), metavar="N",
              help="choose on the days before, try on the days after, N times")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1), help="processes of this machine [default: as many as pay]")
@click.option("--scheduler", default="", metavar="ADDRESS", help="of Dask: its workers do the work (extra `cluster`)")
@click.option("--out", type=click.Path(path_type=Path), help="write every row there: .parquet, .csv or .json")
@click.option("--report", type=click.Path(path_type=Path), help="write a page with heat maps there: FILE.html")
@click.option("--resume", is_flag=True, help="go on with a sweep to the same --out that was stopped")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="so many rows are shown")
@looks
@fills
@how_it_runs
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="a table for people, or everything as JSON")  # fmt: skip
@click.option("--quiet", is_flag=True, help="no notes and no progress bar")
def command(policy: Path, form: str, quiet: bool, **given: Any) -> int:
    """Replay POLICY with every combination of values, and say which did best and what that is worth."""
    from rulekit.cli.spared_files import spare
    from rulekit.replay.sweep_forward import walk_forward
    from rulekit.replay.sweep_out import ENDINGS, as_json, check_ending, refuse_without_folder, write

    if given["out"] is not None:
        check_ending(given["out"])
        read = (policy, *given["bars"], given["entries"], given["settings_path"])
        spare(given["out"], ENDINGS, "table", read)
    if given["report"] is not None:
        refuse_without_folder(given["report"])
        spare(given["report"], (".html", ".htm"), "report")
    if given["resume"] and given["out"] is None:
        raise UsageError("what is to be resumed?", "give the --out of the sweep that was stopped")
    if given["resume"] and not _kept_beside(given["out"]).exists():
        click.echo(f"note: nothing is kept beside `{given['out']}`, so the sweep begins anew", err=True)
    told = _Told()
    try:
        found = _swept(policy, given, told, quiet=quiet)
    except KeyboardInterrupt:
        click.echo(f"stopped: {told.stopped(given['out'])}", err=True)
        return 130
    forward = None if given["splits"] is None else walk_forward(found, given["splits"])
    if given["out"] is not None:
        write(found, forward, given["out"])
    if given["report"] is not None:
        _write_page(found, forward, policy, given["report"])
    if not quiet:
        for note in found.notes:
            click.echo(f"note: {note}", err=True)
    if form == "json":
        click.echo(json.dumps(as_json(found, forward), indent=1, ensure_ascii=True, allow_nan=False))
    else:
        _print(found, forward, given)
    return 0


def _write_page(found: Sweep, forward: Forward | None, policy: Path, path: Path) -> None:
    """Write the page."""
    from rulekit.cli.sweep_drawn import page_of
    from rulekit.report.sweep_page import render_sweep

    text = render_sweep(page_of(found, forward, found.title or policy.stem))
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {error.strerror or error}", "give another place") from None


def _kept_beside(out: Path) -> Path:
    """Return where what is done is kept until the end."""
    return out.with_name(f"{out.name}.partial")


class _Told:
    """How far a sweep is, as it was told last."""

    def __init__(self) -> None:
        self.done = self.all = 0

    def stopped(self, out: Path | None) -> str:
        """Say what is kept."""
        if out is None:
            return "nothing is kept without --out"
        return f"{self.done} of {self.all} pieces are kept beside `{out}`; the same command with --resume goes on"


def _swept(path: Path, given: dict[str, Any], told: _Told, *, quiet: bool) -> Sweep:
    """Read everything and run."""
    from rulekit.replay.sweep import sweep
    from rulekit.runtime.policy import load

    refuse_unclear_entries(given)
    settings = settings_in_force(given["settings_path"])
    options = replay_options(given, settings)
    out: Path | None = given["out"]
    with progress(quiet, "pieces") as (say, advance):
        say("looking through")

        def tell(done: int, whole: int) -> None:
            told.done, told.all = done, whole
            advance(done, whole)

        return sweep(
            load(path), list(given["bars"]), given["entries"], values=given["values"], enter=given["enter"],
            side=given["side"], quantity=given["quantity"], options=options,
            instruments=instruments(settings, given),
            calendar=settings.calendar.calendar(), jobs=given["jobs"],
            scheduler=given["scheduler"], keep=None if out is None else _kept_beside(out),
            resume=given["resume"], by=given["by"], progress=tell,
        )  # fmt: skip


# --- for people ------------------------------------------------------------------------------------------------------


def _print(found: Sweep, forward: Forward | None, given: dict[str, Any]) -> None:
    """Write the best rows, what walk-forward found, and the warnings."""
    from rulekit.cli.sweep_drawn import COLUMNS
    from rulekit.replay.sweep_forward import warnings
    from rulekit.replay.sweep_out import day_text

    rows = found.table().to_pylist()
    names = [axis.name for axis in found.grid.axes]
    shown = [rows[place] for place in found.order[: given["top"]]]
    table = [[*names, *(name for name, _ in COLUMNS)]]
    table += [[*(row[name] for name in names), *(write(row) for _, write in COLUMNS)] for row in shown]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    click.echo(
        f"{len(rows):,} combinations over {len(found.days):,} sessions, {day_text(found.days[0])} to "
        f"{day_text(found.days[-1])}; the best by {given['by']}:"
    )
    for line in table:
        cells = (
            cell.ljust(width) if place < len(names) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )  # fmt: skip
        click.echo(f"  {'  '.join(cells)}".rstrip())
    if forward is not None:
        _print_forward(found, forward)
    for warning in warnings(found, forward):
        click.echo(f"warning: {warning}")
    for path in (given["out"], given["report"]):
        if path is not None:
            click.echo(f"written: {path}")


def _print_forward(found: Sweep, forward: Forward) -> None:
    """Write one line a split."""
    from rulekit.cli.sweep_drawn import values_text
    from rulekit.replay.sweep_out import day_text

    click.echo("walk-forward: the choice on all days before, tried on")
    for fold in forward.folds:
        values = values_text(found, fold.before)
        before, after = (
            row.profit / count for row, count in zip((fold.before, fold.after), fold.sessions, strict=True)
        )
        click.echo(
            f"  {day_text(fold.begins)} to {day_text(fold.ends)}: {values}: {before:,.2f} a session before, "
            f"{after:,.2f} after; better than {fold.beaten:.0%} of the others"
        )
    click.echo(f"  in all {forward.before:,.2f} rupees a session before, {forward.after:,.2f} after")
