"""The system's own Chromium, driven by Playwright: where it is, and why there is none."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
VARIABLE = "RULEKIT_TEST_BROWSER"


def browser_path() -> str:
    """Return the browser's program, empty where there is none."""
    named = os.environ.get(VARIABLE, "")
    found = (shutil.which(name) for name in ((named,) if named else NAMES))
    return next((path for path in found if path), "")


def why_no_browser() -> str:
    """Say why no browser can be driven here; empty where one can."""
    if find_spec("playwright") is None:
        return "the package playwright is not installed"
    if not browser_path():
        return f"no Chromium is installed ({', '.join(NAMES)}), and {VARIABLE} names none"
    return ""
