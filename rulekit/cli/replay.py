"""`rulekit replay`: what a policy would have done with given entries over given prices."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
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
    from rulekit.replay.studying import Study
    from rulekit.replay.trades import Replay
    from rulekit.runtime.policy import Policy


@click.command(
    "replay",
    epilog="""\b
Examples:
  rulekit replay my.policy --bars minutes.parquet --entries entries.csv
  rulekit replay my.policy --bars folder --enter "every 50 bars" --looks close --fill open --format json
  rulekit replay my.policy --bars ticks.csv --entries entries.csv --charges intraday --out tables --report page.html
  rulekit replay my.policy --bars ticks.csv --entries entries.csv --rules --against edited.policy --monte-carlo 1000

An entries file: symbol,side,quantity,at and, if known, price,stop; also exchange,product,strategy.
Exit codes: 0 done, 1 an input is wrong, 2 usage or an unreadable file.""",
)
@click.argument("policies", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="POLICY...")
@prices_and_entries
@looks
@click.option(
    "--finer", type=click.Path(path_type=Path), multiple=True,
    help="shorter bars or ticks of the same time, which say which end of a bar came first",
)  # fmt: skip
@fills
@click.option("--rules", is_flag=True, help="say what each rule's actions earned")
@click.option("--without-each", is_flag=True, help="--rules, and what the policy would earn without each of them")
@click.option(
    "--against", type=click.Path(path_type=Path), multiple=True, metavar="POLICY",
    help="replay the same entries by this policy, too, and say where and why it parts; may be given several times",
)  # fmt: skip
@click.option(
    "--monte-carlo", type=click.IntRange(1), metavar="N", help="shuffle the trades so often: how much is their order"
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="of --monte-carlo")
@click.option(
    "--out", "--tables", "out", type=click.Path(path_type=Path), metavar="FOLDER",
    help="write all tables there, as Parquet and as JSON",
)  # fmt: skip
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.html",
    help="write one page with charts of the trades, for a browser",
)  # fmt: skip
@how_it_runs
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="a table for people, or the trades as JSON",
)  # fmt: skip
@click.option("--quiet", is_flag=True, help="no notes and no progress bar")
def command(policies: tuple[Path, ...], bars: tuple[Path, ...], form: str, quiet: bool, **given: Any) -> None:
    """Replay POLICY over bars or ticks: what it would have done with these entries, and earned."""
    _refuse_what_cannot_be_written(given["out"], given["report"])
    studied = None
    with progress(quiet, "entries") as (say, advance):
        if any(given[name] for name in _STUDIED):
            studied = _study(policies, bars, given, say, advance)
            outcome = studied.replay
        else:
            outcome = _replay(policies, bars, given, say, advance)
    if not quiet:
        for note in outcome.notes:
            click.echo(f"note: {note}", err=True)
    if studied is not None:
        _write(studied, given["out"], given["report"])
    if form == "json":
        plain = not (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
        rows = [trade.as_json() for trade in outcome.trades]
        click.echo(json.dumps(rows, indent=1, ensure_ascii=plain, allow_nan=False))
        return
    from rulekit.cli.replay_told import print_study, print_trades

    print_trades(outcome)
    if studied is not None:
        print_study(studied, given)


_STUDIED = ("rules", "without_each", "against", "monte_carlo", "out", "report")
"""Options that ask for more than the trades."""


def _refuse_what_cannot_be_written(out: Path | None, page: Path | None) -> None:
    """Say before the work what could not be written after it."""
    if out is not None and out.exists() and not out.is_dir():
        raise UsageError(f"`{out}` cannot be written: it is a file", "give a folder for the tables")
    if page is not None:
        from rulekit.cli.spared_files import spare
        from rulekit.report.chart_library import chart_library

        if not page.absolute().parent.is_dir():
            raise UsageError(f"`{page}` cannot be written: there is no such folder", "make the folder first")
        spare(page, (".html", ".htm"), "report")
        chart_library()


def _write(studied: Study, out: Path | None, page: Path | None) -> None:
    """Write the tables and the page."""
    if out is not None:
        from rulekit.replay.tables import write_tables

        write_tables(studied.tables(), out)
    if page is not None:
        from rulekit.runtime.replay_report import write_report

        write_report(studied, page)


def _replay(
    policies: tuple[Path, ...],
    bars: tuple[Path, ...],
    given: dict[str, Any],
    say: Callable[[str], None],
    advance: Callable[[int, int], None],
) -> Replay:
    """Read everything and run."""
    from rulekit.replay.api import replay

    loaded, _, asked = _asked(policies, bars, given, say)
    say("replaying")
    return replay(loaded, progress=advance, **asked)


def _study(
    policies: tuple[Path, ...],
    bars: tuple[Path, ...],
    given: dict[str, Any],
    say: Callable[[str], None],
    advance: Callable[[int, int], None],
) -> Study:
    """Read everything, run, and work out what is asked for."""
    from rulekit.replay.studying import study

    loaded, against, asked = _asked(policies, bars, given, say)
    say("replaying")
    return study(
        loaded, against=against or None, without_each=given["without_each"], monte_carlo=given["monte_carlo"] or 0,
        seed=given["seed"], progress=advance, **asked,
    )  # fmt: skip


def _asked(
    policies: tuple[Path, ...], bars: tuple[Path, ...], given: dict[str, Any], say: Callable[[str], None]
) -> tuple[list[Policy], list[Policy], dict[str, Any]]:
    """Read policies, settings and prices."""
    from rulekit.replay.api import facts_of
    from rulekit.replay.bars import read_bars
    from rulekit.runtime.policy import load

    refuse_unclear_entries(given)
    settings = settings_in_force(given["settings_path"])
    loaded, against = [load(path) for path in policies], [load(path) for path in given["against"]]
    options = replay_options(given, settings, marks=False)
    say("reading")
    prices = read_bars(
        list(bars), exchange=options.exchange, skip_bad=options.skip_bad,
        facts=facts_of([one.compiled for one in [*loaded, *against]]),
    )  # fmt: skip
    return loaded, against, {
        "bars": prices, "entries": given["entries"], "enter": given["enter"], "side": given["side"],
        "quantity": given["quantity"], "options": options,
        "instruments": instruments(settings, given),
        "calendar": settings.calendar.calendar(), "finer": list(given["finer"]) or None,
    }  # fmt: skip
