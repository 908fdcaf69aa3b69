"""The options that every command on a journal shares, and how its tables look."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from rulekit.cli.journal_place import account_option, place_option

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
