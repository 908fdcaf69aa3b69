"""Prices that a plug-in reads: `NAME:SOURCE` where a price file may stand, read in a process of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from rulekit.errors import InputError, UnreadableFileError
from rulekit.plugins.names import names

GROUP = "rulekit.feeds"
READ_S = 600.0
"""Seconds in which all prices of a source must have been read."""


def is_of_plugin(path: Path) -> bool:
    """Tell whether a path is the name of a feed that a package adds, a colon, and a source."""
    name, colon, _ = str(path).partition(":")
    return bool(colon) and name.lower() in names(GROUP)


def plugged_table(path: Path) -> Any:
    """Read a source through its plug-in; return an Arrow table with the columns of a price file.

    Raises:
        UnreadableFileError: the plug-in cannot be used, or did not give a table in time.
        InputError: it gave no row.
    """
    import pyarrow.feather as feather

    from rulekit.plugins.computing import Computing
    from rulekit.plugins.facts import declared

    name, _, source = str(path).partition(":")
    found = declared(name.lower(), GROUP)
    assert found is not None
    who, help = f"the feed `{name}` of the plug-in `{found.entry.package}`", "`rulekit plugins` says more"
    if found.trouble:
        raise UnreadableFileError(f"{who} cannot be used: {found.trouble}", help)
    computing = Computing()
    try:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "prices.arrow"
            outcome = computing.call(found.entry, "read", source, str(target), within_s=READ_S).wait()
            if outcome.trouble:
                raise UnreadableFileError(f"{who} {outcome.trouble}", help)
            if not outcome.answer:
                raise InputError(f"{who} has no price of `{source}`", "ask it for something else")
            return feather.read_table(target, memory_map=False)
    finally:
        computing.close()
