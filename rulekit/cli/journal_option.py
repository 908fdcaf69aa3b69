"""The options that every command on a journal shares, and how its tables look."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from rulekit.cli.journal_place import account_option, place_option
from rulekit.errors import RulekitError
from rulekit.model.instant import Instant

Command = TypeVar("Command", bound=Callable[..., Any])


def journal_option(command: Command) -> Command:
    """Add `--journal FILE|URL` and `--account NAME`."""
    return place_option(account_option(command))


def format_option(command: Command) -> Command:
    """Add `--format text|json`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="a table for people, or JSON",
    )(command)


class MomentType(click.ParamType):  # type: ignore[type-arg]
    """A day, from its beginning at the exchange on, or a moment with its zone."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Instant:
        """Read it."""
        from rulekit.model.instant import parse_instant

        if not isinstance(value, str):
            return int(value)
        text = f"{value}T00:00:00+05:30" if len(value) == 10 else value
        try:
            return parse_instant(text)
        except (ValueError, RulekitError):
            self.fail(f"`{value}` is no day like 2026-11-20 and no moment like 2026-11-20T10:00:00+05:30", param, ctx)


def since_option(command: Command) -> Command:
    """Add `--since DAY`."""
    return click.option(
        "--since", type=MomentType(), metavar="DAY|TIME", help="only what was decided on this day or later"
    )(command)


def last_option(command: Command) -> Command:
    """Add `--last N`."""
    return click.option("--last", type=click.IntRange(min=1), metavar="N", help="only the last N actions")(command)


def print_json(value: Any) -> None:
    """Print a value as JSON; whatever the console's alphabet is, the text is plain ASCII."""
    click.echo(json.dumps(value, indent=2))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; numbers stand to the right, and nothing is cut off where nobody watches."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        figures = [row[number] for row in rows if row[number] not in ("", "-")]
        right = bool(figures) and all(text.lstrip("-+₹").replace(",", "")[:1].isdigit() for text in figures)
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    console.print(table)


def money(value: float | None) -> str:
    """Write rupees, `-` for what is not known."""
    return "-" if value is None else f"{value:,.2f}"


def clock_time(text: str) -> str:
    """Shorten an ISO time to date and time of the exchange."""
    return text[:19].replace("T", " ")
