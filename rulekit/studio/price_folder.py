"""The folder of price files on which a person may replay."""

from __future__ import annotations

from pathlib import Path

from rulekit.errors import UnreadableFileError, UsageError

ENDINGS = (".csv", ".parquet", ".pq", ".arrow", ".feather", ".ipc")


def price_files(folder: Path) -> list[str]:
    """List the price files of a folder by name.

    Raises:
        UnreadableFileError: it cannot be read.
    """
    try:
        return sorted(each.name for each in folder.iterdir() if each.is_file() and each.suffix.lower() in ENDINGS)
    except OSError as error:
        raise UnreadableFileError(f"`{folder}` cannot be read: {error.strerror or error}") from None


def price_file(folder: Path, name: str) -> Path:
    """Return a price file of the folder, and of nowhere else.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in price_files(folder):
        raise UsageError(f"there is no price file `{name[:80]}`", "choose one of the list")
    return folder / name
