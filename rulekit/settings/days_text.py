"""The settings' days of exchanges as one text, for another process of this program."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rulekit.settings.sections import CalendarSettings

if TYPE_CHECKING:
    from cattrs.preconf.json import JsonConverter


@cache
def _converter() -> JsonConverter:
    from cattrs.preconf.json import make_converter

    made = make_converter()
    made.register_unstructure_hook(Path, lambda path: str(path.absolute()))
    made.register_structure_hook(Path, lambda text, _: Path(text))
    return made


def calendar_text(settings: CalendarSettings) -> str:
    """Write the days; files are named, and read where they are asked for."""
    return _converter().dumps(settings)


def read_calendar(text: str) -> CalendarSettings:
    """Read them back."""
    return _converter().loads(text, CalendarSettings)
