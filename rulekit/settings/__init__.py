"""Settings: `rulekit.toml`, overridden by the environment."""

from __future__ import annotations

from rulekit.settings.reading import ENVIRONMENT, FILE_NAME, find_settings, load_settings
from rulekit.settings.sections import (
    CalendarSettings,
    EngineSettings,
    InstrumentSettings,
    InstrumentsSettings,
    JournalSettings,
    PagePerson,
    PageSettings,
    PolicySettings,
    Settings,
)

__all__ = [
    "ENVIRONMENT",
    "FILE_NAME",
    "CalendarSettings",
    "EngineSettings",
    "InstrumentSettings",
    "InstrumentsSettings",
    "JournalSettings",
    "PagePerson",
    "PageSettings",
    "PolicySettings",
    "Settings",
    "find_settings",
    "load_settings",
]
