"""`rulekit replay`: what a policy would have done with given entries over given prices."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

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
@click.option(
    "--bars", type=click.Path(path_type=Path), multiple=True, required=True,
    help="bars or ticks: CSV, Parquet or Arrow, or a folder of them; may be given several times",
)  # fmt: skip
@click.option("--entries", type=click.Path(path_type=Path), help="CSV: symbol,side,quantity,at[,price,stop]")
@click.option("--enter", metavar="TEXT", help='enter by itself when flat, for example "every 50 bars"')
@click.option("--side", type=click.Choice(["long", "short"]), default="long", show_default=True, help="of --enter")
@click.option("--quantity", type=click.IntRange(1), default=100, show_default=True, help="of --enter")
@click.option(
    "--looks", type=click.Choice(["live", "path", "close"]), default="live", show_default=True,
    help="when the policy is asked: as in a live run, at each price of a bar's path, or once at its close",
)  # fmt: skip
@click.option(
    "--path", type=click.Choice(["colour", "stop-first"]), default="colour", show_default=True,
    help="which end of a bar comes first: by its colour as in a live run, or the stop's",
)  # fmt: skip
@click.option(
    "--finer", type=click.Path(path_type=Path), multiple=True,
    help="shorter bars or ticks of the same time, which say which end of a bar came first",
)  # fmt: skip
@click.option(
    "--fill", type=click.Choice(["last", "open", "touch"]), default="last", show_default=True,
    help="where an order fills: at the price of the look, at the next bar's open, or where its rule first held",
)  # fmt: skip
@click.option("--spread", type=click.FloatRange(0), default=0.0, help="in ticks; an order pays half of it")
@click.option("--slippage", type=click.FloatRange(0), default=0.0, help="in ticks, against every order")
@click.option("--charges", metavar="KIND", default="", help="intraday, delivery, futures or options: taken off profits")
@click.option("--product", default="", help="of the entries [default: the policy's own, else NRML]")
@click.option("--exchange", default="NSE", show_default=True, help="of symbols that do not name theirs")
@click.option("--lot", type=click.IntRange(1), help="of all symbols, where the settings do not say it")
@click.option("--tick", metavar="RUPEES", help="of all symbols, where the settings do not say it")
@click.option(
    "--sessions", type=click.Choice(["exchange", "always"]), default="exchange", show_default=True,
    help="decide while the exchange trades, or at any time",
)  # fmt: skip
@click.option("--fact", "facts", multiple=True, metavar="NAME=VALUE", help="a fact that the bars do not tell")
@click.option("--skip-bad-rows", is_flag=True, help="leave rows out that cannot be, and say how many")
@click.option("--one-at-a-time", is_flag=True, help="pass over entries of a symbol while one of it is held")
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
@click.option("--no-numba", is_flag=True, help="run the plain Python loop")
@click.option(
    "--settings", "settings_path", type=click.Path(path_type=Path),
    help="settings file, for lots and ticks [default: rulekit.toml in this folder, if there is one]",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="a table for people, or the trades as JSON",
)  # fmt: skip
@click.option("--quiet", is_flag=True, help="no notes and no progress bar")
def command(policies: tuple[Path, ...], bars: tuple[Path, ...], form: str, quiet: bool, **given: Any) -> None:
    """Replay POLICY over bars or ticks: what it would have done with these entries, and earned."""
    _refuse_what_cannot_be_written(given["out"], given["report"])
    studied = None
    with _progress(quiet) as (say, advance):
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
        from rulekit.report.chart_library import chart_library

        if not page.absolute().parent.is_dir():
            raise UsageError(f"`{page}` cannot be written: there is no such folder", "make the folder first")
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
    from rulekit.replay.options import Options
    from rulekit.runtime.policy import load
    from rulekit.settings import load_settings

    if (given["entries"] is None) == (given["enter"] is None):
        raise UsageError("which entries?", 'give --entries FILE.csv, or --enter "every 50 bars"')
    settings = load_settings(given["settings_path"])
    loaded, against = [load(path) for path in policies], [load(path) for path in given["against"]]
    options = Options(
        **{name: given[name] for name in ("looks", "path", "fill", "spread", "slippage", "charges", "product",
                                          "exchange", "sessions")},
        skip_bad=given["skip_bad_rows"],
        one_at_a_time=given["one_at_a_time"],
        marks=False,
        facts=_facts(given["facts"]),
        cycle_s=settings.engine.cycle_s,
        native=False if given["no_numba"] else None,
        plugins=settings.plugins,
    )  # fmt: skip
    say("reading")
    prices = read_bars(
        list(bars), exchange=options.exchange, skip_bad=options.skip_bad,
        facts=facts_of([one.compiled for one in [*loaded, *against]]),
    )  # fmt: skip
    return loaded, against, {
        "bars": prices, "entries": given["entries"], "enter": given["enter"], "side": given["side"],
        "quantity": given["quantity"], "options": options,
        "instruments": _instruments(settings.instruments, given["lot"], given["tick"]),
        "calendar": settings.calendar.calendar(), "finer": list(given["finer"]) or None,
    }  # fmt: skip


def _facts(texts: tuple[str, ...]) -> dict[str, float]:
    """Read `NAME=VALUE`."""
    facts = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            facts[" ".join(name.lower().split())] = float(value)
        except ValueError:
            raise UsageError(f"`{text}` is no fact", 'write it like --fact "open positions=3"') from None
    return facts


def _instruments(settings: Any, lot: int | None, tick: str | None) -> Any:
    """Return lots and ticks: the settings, then the command line."""
    from decimal import Decimal, InvalidOperation

    from attrs import evolve

    if lot is not None:
        settings = evolve(settings, lot=lot)
    if tick is not None:
        try:
            size = Decimal(tick)
        except InvalidOperation:
            size = Decimal(0)
        if not size > 0:
            raise UsageError(f"`{tick}` is no tick", "write it in rupees, like 0.05")
        settings = evolve(settings, tick=size)
    return settings.lookup


@contextmanager
def _progress(quiet: bool) -> Iterator[tuple[Callable[[str], None], Callable[[int, int], None]]]:
    """Show on standard error how far it is; nothing where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield (lambda text: None), (lambda done, total: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def say(text: str) -> None:
            bar.update(task, description=text)

        def advance(done: int, total: int) -> None:
            bar.update(task, description="entries", completed=done, total=total)

        yield say, advance
