"""Where a user's own files lie on each system: the day's instruments, and the access token."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

NAME = "rulekit"


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder for what can be fetched again; it need not exist."""
    environ = os.environ if environ is None else environ
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / NAME / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / NAME
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / NAME


def state_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder for what must be kept; it need not exist."""
    environ = os.environ if environ is None else environ
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / NAME
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / NAME
    return Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / NAME
