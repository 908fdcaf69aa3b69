"""The charting library of the reports: TradingView's Lightweight Charts, as the package lightweight-charts carries it.

Its text goes into a report as it is, with the notice of its licence at its head.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from attrs import frozen

from rulekit.errors import InputError

NOTICE = (
    "TradingView Lightweight Charts™, Copyright (c) TradingView, Inc., https://www.tradingview.com/, licensed under "
    "the Apache License 2.0, https://www.apache.org/licenses/LICENSE-2.0"
)
_LICENCE = "@license"


@frozen
class ChartLibrary:
    """The library's text, which begins with its licence, and the line that names it on a page."""

    script: str
    notice: str = NOTICE


@cache
def chart_library() -> ChartLibrary:
    """Read the library out of its package, which is not imported: it would start a window system.

    Raises:
        InputError: it is not installed, or its licence is missing.
    """
    found = find_spec("lightweight_charts")
    folders = [] if found is None else list(found.submodule_search_locations or ())
    for folder in folders:
        path = Path(folder) / "js" / "lightweight-charts.js"
        if path.is_file():
            script = path.read_text(encoding="utf-8")
            if _LICENCE not in script[:400] or "</script" in script:
                raise InputError(f"`{path}` is not the library that was expected", "install lightweight-charts 2.1")
            return ChartLibrary(script)
    raise InputError(
        "a report with charts needs the package lightweight-charts", "install the extra `replay` of rulekit-policy"
    )
