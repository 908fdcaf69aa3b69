"""The policies that a command is given: files, and folders that are searched for them; and files written back whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import click

from rulekit.errors import RulekitError, UnreadableFileError, UsageError


def policy_files(paths: tuple[Path, ...], unreadable: list[RulekitError]) -> list[Path]:
    """List the files, each once; a folder without any policy is unreadable."""
    files: list[Path] = []
    for path in paths:
        if not _is_folder(path):
            files.append(path)
            continue
        inside = sorted(each for each in path.rglob("*.policy") if each.is_file())
        if not inside:
            unreadable.append(UnreadableFileError(f"there is no policy in `{path}`", "policies end with .policy"))
        files += inside
    return list(dict.fromkeys(files))


class PolicyPath(click.Path):
    """A path that was given: an empty text is none, where a path would be read as the folder one stands in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or fail."""
        if value == "":
            raise UsageError("an empty text is no path", "name a file or a folder; `.` is the folder you are in")
        return super().convert(value, param, ctx)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that no file can have; reading it will say so
        return False


def counted(count: int, one: str, many: str) -> str:
    """Write a count with its word: `1 policy`, `3 policies`."""
    return f"1 {one}" if count == 1 else f"{count:,} {many}"


def write_whole(path: Path, text: str) -> None:
    """Replace a text file at once, so that a reader sees the old or the new one; its permissions stay.

    A link stays a link: the file that it leads to is replaced.

    Raises:
        UnreadableFileError: it may not be written.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    if not os.access(target, os.W_OK):
        raise UnreadableFileError(f"`{path}` may not be written", "give yourself the right to write it")
    try:
        with beside.open("wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, beside)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UnreadableFileError(
            f"`{path}` cannot be written: {error.strerror or error}", "it was left as it was"
        ) from None
