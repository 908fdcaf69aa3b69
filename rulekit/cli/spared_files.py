"""Files that a command must not write over: what it reads, and what is no earlier outcome of its own kind."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rulekit.errors import UsageError


def spare(path: Path, endings: tuple[str, ...], what: str, read: Iterable[Path | None] = ()) -> None:
    """Refuse to write over a file of another kind, or over one that the same command reads.

    Args:
        endings: how an earlier outcome may end, lower-case: (".svg",).
        what: what would be written, in a word: `picture`.
        read: files and folders that the command reads.

    Raises:
        UsageError: the file is there, and is not this command's to replace.
    """
    if not _is_file(path):
        return
    for each in read:
        if each is not None and _holds(each, path):
            raise UsageError(f"`{path}` is read by this command", f"give the {what} another name; nothing was written")
    if path.suffix.lower() not in endings:
        raise UsageError(
            f"`{path}` is there already, and is no {what}",
            f"give a name that ends with {' or '.join(endings)}; nothing was written",
        )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have; writing it will say so
        return False


def _holds(read: Path, path: Path) -> bool:
    try:
        return read.samefile(path) or (read.is_dir() and path.resolve().is_relative_to(read.resolve()))
    except OSError:
        return False
