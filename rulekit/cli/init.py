"""`rulekit init`: write a first policy, its settings and a positions file, and never overwrite anything."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from rulekit.errors import UnreadableFileError, UsageError

STARTERS = {
    "my.policy": "the policy: sentences to change",
    "rulekit.toml": "settings, each with its default",
    "positions.csv": "an example of a positions file",
}
"""The files, and what each one is."""


@click.command(
    "init",
    epilog="""\b
Examples:
  rulekit init
  rulekit init trading
Exit codes: 0 done, also where the files were there already, 2 the folder cannot be written to.""",
)
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
def command(folder: Path) -> None:
    """Write a commented policy, rulekit.toml and positions.csv into FOLDER (this folder if left out).

    A file that is there already is kept as it is.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"`{folder}` is a file, not a folder", "give a folder, or none for the current one")
    written = [name for name in STARTERS if _write(folder, name)]
    for name, what in STARTERS.items():
        click.echo(f"{'wrote' if name in written else 'kept '} {folder / name}  {what}")
    click.echo(f"next: rulekit lint {_shown(folder / 'my.policy')}")


def _write(folder: Path, name: str) -> bool:
    """Write one file unless it exists; tell whether it was written."""
    text = files("rulekit.cli").joinpath("starter", name).read_text(encoding="utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise UnreadableFileError(
            f"`{folder / name}` cannot be written: {error.strerror or error}", "give a folder that you may write to"
        ) from None
    return True


def _shown(path: Path) -> str:
    """Write a path as it can be typed."""
    return f'"{path}"' if " " in str(path) else str(path)
