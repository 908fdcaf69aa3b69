"""How other programs name a file: relative to the folder of the run, with forward slashes."""

from __future__ import annotations

from pathlib import Path


def plain_path(path: str) -> str:
    """Return a path relative to the present folder if it lies in it, with forward slashes."""
    absolute = Path(path).absolute()
    try:
        return absolute.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return absolute.as_posix()


def is_inside(path: str) -> bool:
    """Tell whether a path lies in the present folder."""
    return Path(path).absolute().is_relative_to(Path.cwd())
