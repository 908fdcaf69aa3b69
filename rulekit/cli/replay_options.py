"""What `rulekit replay` and `rulekit sweep` share: prices, entries, ways of looking and filling, and how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rulekit.errors import UsageError

if TYPE_CHECKING:
    from rulekit.replay.options import Options
    from rulekit.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])
_NAMED = ("looks", "looks_at", "path", "fill", "spread", "slippage", "charges", "product", "exchange", "sessions")
"""Options of the command line that are those of a replay, by the same names."""

_WHAT = (
    click.option(
        "--bars", type=click.Path(path_type=Path), multiple=True, required=True,
        help="bars or ticks: CSV, Parquet or Arrow, or a folder of them; may be given several times",
    ),
    click.option("--entries", type=click.Path(path_type=Path), help="CSV: symbol,side,quantity,at[,price,stop]"),
    click.option("--enter", metavar="TEXT", help='enter by itself when flat, for example "every 50 bars"'),
    click.option("--side", type=click.Choice(["long", "short"]), default="long", show_default=True, help="of --enter"),
    click.option("--quantity", type=click.IntRange(1), default=100, show_default=True, help="of --enter"),
)  # fmt: skip
_LOOKS = (
    click.option(
        "--looks", type=click.Choice(["live", "path", "close"]), default="live", show_default=True,
        help="when the policy is asked: as in a live run, at each price of a bar's path, or once at its close",
    ),
    click.option(
        "--path", type=click.Choice(["colour", "stop-first"]), default="colour", show_default=True,
        help="which end of a bar comes first: by its colour as in a live run, or the stop's",
    ),
    click.option(
        "--looks-at", type=click.Choice(["last", "quote"]), default="last", show_default=True,
        help="the last price, or (ticks with bid and ask) the quote at which the position could be left",
    ),
)  # fmt: skip
_FILLS = (
    click.option(
        "--fill", type=click.Choice(["last", "open", "touch"]), default="last", show_default=True,
        help="where an order fills: at the price of the look, at the next bar's open, or where its rule first held",
    ),
    click.option("--spread", type=click.FloatRange(0), default=0.0, help="in ticks; an order pays half of it"),
    click.option("--slippage", type=click.FloatRange(0), default=0.0, help="in ticks, against every order"),
    click.option(
        "--charges", metavar="KIND", default="", help="intraday, delivery, futures or options: taken off profits"
    ),
    click.option("--product", default="", help="of the entries [default: the policy's own, else NRML]"),
    click.option("--exchange", default="NSE", show_default=True, help="of symbols that do not name theirs"),
    click.option("--lot", type=click.IntRange(1), help="of all symbols, where the settings do not say it"),
    click.option("--tick", metavar="RUPEES", help="of all symbols, where the settings do not say it"),
    click.option(
        "--sessions", type=click.Choice(["exchange", "always"]), default="exchange", show_default=True,
        help="decide while the exchange trades, or at any time",
    ),
    click.option("--fact", "facts", multiple=True, metavar="NAME=VALUE", help="a fact that the bars do not tell"),
    click.option("--skip-bad-rows", is_flag=True, help="leave rows out that cannot be, and say how many"),
    click.option("--one-at-a-time", is_flag=True, help="pass over entries of a symbol while one of it is held"),
)  # fmt: skip
_HOW = (
    click.option("--no-numba", is_flag=True, help="run the plain Python loop"),
    click.option(
        "--settings", "settings_path", type=click.Path(path_type=Path),
        help="settings file, for lots and ticks [default: rulekit.toml in this folder, if there is one]",
    ),
)  # fmt: skip


def _added(options: tuple[Callable[[_Command], _Command], ...]) -> Callable[[_Command], _Command]:
    """Return a decorator that adds options, in the order in which they stand."""

    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


prices_and_entries = _added(_WHAT)
looks = _added(_LOOKS)
fills = _added(_FILLS)
how_it_runs = _added(_HOW)


def refuse_unclear_entries(given: Mapping[str, Any]) -> None:
    """Refuse entries that are given in no way, or in two."""
    if (given["entries"] is None) == (given["enter"] is None):
        raise UsageError("which entries?", 'give --entries FILE.csv, or --enter "every 50 bars"')


def replay_options(given: Mapping[str, Any], settings: Settings, **more: Any) -> Options:
    """Return the rules of a replay, by the command line and the settings."""
    from rulekit.replay.options import Options

    return Options(
        **{name: given[name] for name in _NAMED},
        skip_bad=given["skip_bad_rows"],
        one_at_a_time=given["one_at_a_time"],
        facts=_facts(given["facts"]),
        cycle_s=settings.engine.cycle_s,
        native=False if given["no_numba"] else None,
        plugins=settings.plugins,
        **more,
    )


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


def instruments(settings: Settings, given: Mapping[str, Any]) -> Any:
    """Return lots and ticks: the settings, then the command line."""
    from decimal import Decimal, InvalidOperation

    from attrs import evolve

    lot, tick, known = given["lot"], given["tick"], settings.instruments
    if lot is not None:
        known = evolve(known, lot=lot)
    if tick is not None:
        try:
            size = Decimal(tick)
        except InvalidOperation:
            size = Decimal(0)
        if not size > 0:
            raise UsageError(f"`{tick}` is no tick", "write it in rupees, like 0.05")
        known = evolve(known, tick=size)
    return known.lookup


@contextmanager
def progress(quiet: bool, what: str) -> Iterator[tuple[Callable[[str], None], Callable[[int, int], None]]]:
    """Show on standard error how far it is, from the first moment on; nothing where nobody watches.

    Args:
        what: is counted.
    """
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
            bar.update(task, description=what, completed=done, total=total)

        yield say, advance
