"""`--settings` of commands, and the settings that then hold for the whole of the process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rulekit.settings import Settings

SETTINGS = "rulekit.toml"
"""Where settings stand that nobody names."""

Command = TypeVar("Command", bound=Callable[..., Any])


def settings_option(command: Command) -> Command:
    """Add `--settings FILE`."""
    return click.option(
        "--settings",
        "settings_path",
        type=click.Path(path_type=Path),
        help=f"settings file [default: {SETTINGS} in this folder, if there is one]",
    )(command)


def settings_in_force(path: Path | None = None) -> Settings:
    """Read the settings, and let their calendar hold wherever this process asks for a day of an exchange.

    Raises:
        RulekitError: a settings file is unreadable or wrong.
    """
    from rulekit.model.calendar import put_in_force
    from rulekit.settings import load_settings

    settings = load_settings(path)
    put_in_force(settings.calendar.calendar())
    return settings


def calendar_in_force() -> None:
    """Let the calendar of this folder's settings hold, for a command that has no other use for settings.

    Raises:
        RulekitError: they are unreadable or wrong.
    """
    if Path(SETTINGS).is_file():
        settings_in_force()
