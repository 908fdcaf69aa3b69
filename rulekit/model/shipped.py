"""Where what ships beside the code lies: inside an installed wheel, else beside the source checkout."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from rulekit.errors import UnreadableFileError

SHIPPED = {"grammar": "grammar", "rules": "rules", "lints": "docs/lints"}
"""Folders that travel in the wheel as `rulekit/<name>`, each with its place in the project."""


def shipped_folder(name: str) -> Traversable:
    """Return one of the folders of SHIPPED.

    Raises:
        UnreadableFileError: it is in neither place, so the installation is broken.
    """
    packaged = files("rulekit").joinpath(name)
    if packaged.is_dir():
        return packaged
    beside = Path(__file__).resolve().parents[2] / SHIPPED.get(name, name)
    if name in SHIPPED and beside.is_dir():
        return beside
    raise UnreadableFileError(
        f"the folder `{name}` of this installation is missing",
        "install again with `python -m pip install .` in the project's folder",
    )


def shipped_text(folder: str, name: str) -> str:
    """Return the text of one shipped file, for example `shipped_text("grammar", "policy.lark")`."""
    place = shipped_folder(folder).joinpath(name)
    try:
        return place.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableFileError(
            f"`{name}` of this installation cannot be read: {error.strerror or error}",
            "install again with `python -m pip install .` in the project's folder",
        ) from None
