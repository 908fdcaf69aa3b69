"""Who sits at this machine: the name that stands in the journal beside what was asked for."""

from __future__ import annotations

import getpass

NOBODY_KNOWN = "somebody at this machine"


def login_name() -> str:
    """Return the operating system's name of who runs the program."""
    try:
        return getpass.getuser() or NOBODY_KNOWN
    except (OSError, KeyError, ImportError):
        return NOBODY_KNOWN
